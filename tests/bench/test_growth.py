"""A sample of `python -m tests.bench.growth`: what it grows is a real chain; it tells ratios."""

from contextlib import closing
from pathlib import Path

import pytest

from chain.store import open_store
from commerce.audit import full_check
from tests.bench import growth
from tests.bench.grown_chain import Grown, GrownChain
from tests.bench.growth import costs, grow, sizes_up_to


def test_sizes_go_up_by_tens_and_end_with_the_one_that_is_asked_for() -> None:
    assert list(sizes_up_to(1_000_000, 10_000)) == [10_000, 100_000, 1_000_000]
    assert list(sizes_up_to(50, 10)) == [10, 50]
    assert list(sizes_up_to(10, 10)) == [10]


def test_a_grown_chain_passes_the_full_check(tmp_path: Path) -> None:
    grown = grow(tmp_path / "db", Grown(), 300, 1)
    assert grown.accounts == 300
    assert {buyer for buyer, _ in grown.orders} <= set(range(300))
    with closing(open_store(tmp_path / "db")) as store:
        full_check(GrownChain(store, grown).world.ledger.state)


def test_what_transactions_cost_is_told_of_each_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("BLOCKS", 1), ("ROUNDS", 1), ("TRADES", 5), ("TREE_PAGES", 1)):
        monkeypatch.setattr(growth, name, value)
    grown = grow(tmp_path / "db", Grown(), 1_000, 10)
    _, found = costs(tmp_path / "db", grown, profile=False)
    assert len(found) == 5
    assert min(cost.cpu_us for cost in found.values()) > 0
    assert capsys.readouterr().out.count("a transaction") == 5
