"""Penalties grow while they can be contested, and begin anew after that."""

import pytest

from commerce.devices import penalty as penalties
from commerce.devices.errors import PenaltyUnknown
from commerce.devices.penalty import load_penalty, penalty_clocks, penalty_id
from tests.commerce.devices.cold import FINE, WARM, Chain
from tests.commerce.world import DAY_MS


def test_each_addition_gives_the_whole_time_to_contest() -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    assert chain.penalty().due_ms == chain.at(90) + 2 * DAY_MS
    chain.report(90, 150, WARM)
    assert chain.penalty().due_ms == chain.at(150) + 2 * DAY_MS
    assert chain.penalty().opened_ms == chain.at(90)
    assert chain.amounts() == [("carrier", 1_000)]


def test_what_comes_after_the_settlement_is_another_penalty() -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    chain.until(90 + 2 * 1_440)
    assert chain.penalty().state == "SETTLED"
    chain.report(90 + 1_440, 150 + 1_440, FINE)
    # A gap of a whole day: 24 hours at 50 per mille are more than the cap leaves.
    assert chain.amounts() == [("carrier", 500), ("carrier", 5_500)]


def test_an_overdue_penalty_grows_no_more_although_its_clock_waits_its_turn() -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    chain.shop.limit_deadlines(0)
    chain.until(90 + 2 * 1_440)
    assert chain.penalty().state == "PENDING"
    chain.told(90 + 1_440, 150 + 1_440, FINE)
    assert [amount for _, amount in chain.amounts()] == [500, 5_500]


def test_a_parcel_has_so_many_penalties_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(penalties, "PENALTIES_MAX", 0)
    chain = Chain()
    told = chain.report(0, 90, WARM)
    assert told[-1].data["penalty_id"] is None
    assert chain.amounts() == []


def test_a_penalty_is_found_by_all_it_concerns() -> None:
    chain = Chain()
    chain.report(0, 90, WARM)
    known = penalty_id(chain.parcel_id, 0)
    parts = sorted(
        part for key, part in chain.shop.indexes.items() if key.startswith(b"account-penalty/")
    )
    assert parts == [b"buyer", b"custodian", b"seller"]
    assert penalty_clocks(chain.shop.state, known) == [
        (known, (chain.at(90) + 2 * DAY_MS, "sys.penalty.settle"))
    ]
    assert penalty_clocks(chain.shop.state, bytes(32)) == []
    with pytest.raises(PenaltyUnknown):
        load_penalty(chain.shop.state, bytes(32))
