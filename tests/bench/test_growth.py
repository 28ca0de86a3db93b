"""A sample of `python -m tests.bench.growth`: what it grows is a real chain; it tells ratios."""

from pathlib import Path

import pytest

from commerce.audit import full_check
from tests.bench import growth
from tests.bench.growth import Bench, measure, sizes_up_to


def test_sizes_go_up_by_tens_and_end_with_the_one_that_is_asked_for() -> None:
    assert list(sizes_up_to(1_000_000, 10_000)) == [10_000, 100_000, 1_000_000]
    assert list(sizes_up_to(50, 10)) == [10, 50]
    assert list(sizes_up_to(10, 10)) == [10]


def test_a_grown_chain_passes_the_full_check_and_measures_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("BLOCKS", 1), ("ROUNDS", 1), ("TRADES", 5), ("ORDERS_MIN", 10)):
        monkeypatch.setattr(growth, name, value)
    ratios = measure(tmp_path / "db", 2_000, 10, 1_000)
    assert len(ratios) == 5
    assert min(ratios.values()) > 0
    assert "2000 accounts, 10 orders" in capsys.readouterr().out
    bench = Bench.found(tmp_path / "other")
    bench.chain.open_accounts(100)
    bench.chain.place_orders(1)
    full_check(bench.chain.world.ledger.state)
    assert {buyer for buyer, _ in bench.chain.orders} <= set(range(bench.chain.accounts))
    bench.store.close()
