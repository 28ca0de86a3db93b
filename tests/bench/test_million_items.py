"""A small history of the same shape: the trace is exact, and everything is told."""

import sys
from contextlib import closing

import pytest

from chain.store import Kind, open_store
from tests.bench import million_items
from tests.bench.million_items import capture, compare, opened
from tests.commerce.epcis.tea_history import History

# Thirteen totes, of which the fifth and the sixth are corrected and one is emptied.
BOTTLES = 3_900


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many events, of fewer items."""
    monkeypatch.setattr("tests.commerce.epcis.tea_history.FILLED_MAX", 300)
    monkeypatch.setattr("tests.commerce.epcis.tea_history.CASE_SIZE", 12)


def test_a_history_of_six_levels_is_traced_as_the_oracle_plays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["million_items", "--bottles", str(BOTTLES)])
    million_items.main()
    told = capsys.readouterr().out
    assert "exact" in told
    assert all(word in told for word in ("forward, first", "back, again", "after a block")), told


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_every_kind_of_store_gives_the_same_trace(
    kind: Kind, tmp_path_factory: pytest.TempPathFactory
) -> None:
    events = list(History(BOTTLES).run())
    with closing(open_store(tmp_path_factory.mktemp("small") / "db", kind=kind)) as store:
        ledger = opened(store)
        capture(ledger, events)
        assert compare(ledger, events) == ""
