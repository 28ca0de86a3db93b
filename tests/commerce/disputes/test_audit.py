"""The whole-state check notices what no single transaction shows."""

from collections.abc import Callable

import pytest

from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.aftersale.cases import CASES, load_case
from commerce.audit import full_check
from commerce.disputes.arbiters import ARBITERS, arbiter_id, arbiter_of
from commerce.disputes.dispute import DISPUTES, Dispute, Ending, Ruling, Seat, load_dispute
from commerce.disputes.draws import WAITING, Waiting, draw_id_of
from commerce.records import altered
from tests.commerce.disputes.court import Court, arbiter
from tests.commerce.world import account

Slip = Callable[[Dispute], Dispute]
JUDGE = account(arbiter(0))


def without_clock(dispute: Dispute) -> Dispute:
    return altered(dispute, due_ms=None)


def ended_at_once(dispute: Dispute) -> Dispute:
    return altered(dispute, ending=Ending("default", (0,)))


def empty_panel(dispute: Dispute) -> Dispute:
    return altered(dispute, panel=altered(dispute.panel, seats=()))


def drawn_again(dispute: Dispute) -> Dispute:
    return altered(dispute, tries=3)


def another_arbiter(dispute: Dispute) -> Dispute:
    seats = (*dispute.panel.seats[:2], Seat(account("buyer"), None, None))
    return altered(dispute, panel=altered(dispute.panel, seats=seats))


def twice_in_one(dispute: Dispute) -> Dispute:
    former = (dispute.panel.seats[0].arbiter,)
    return altered(dispute, panel=altered(dispute.panel, former=former))


def vote_without_commitment(dispute: Dispute) -> Dispute:
    first, *others = dispute.panel.seats
    seats = (altered(first, vote=(1,)), *others)
    return altered(dispute, panel=altered(dispute.panel, seats=seats))


def decided_without_ruling(dispute: Dispute) -> Dispute:
    return altered(
        empty_panel(dispute), phase="DECIDED", rulings=(Ruling((1,), (JUDGE,)),), round=1
    )


def lost_bond(dispute: Dispute) -> Dispute:
    return altered(dispute, stakes=())


SLIPS = [
    *(without_clock, ended_at_once, empty_panel, drawn_again, another_arbiter, twice_in_one),
    *(vote_without_commitment, decided_without_ruling, lost_bond),
]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_a_slip_in_a_dispute_is_noticed(slip: Slip) -> None:
    court = Court()
    dispute_id = court.seated(by="merchant", bond_minor=60)
    full_check(court.state)
    overlay = Overlay(court.state)
    DISPUTES.store(overlay, slip(load_dispute(overlay, dispute_id)), dispute_id)
    with pytest.raises(InvariantBreach):
        full_check(overlay)


@pytest.mark.parametrize(
    "change",
    [
        {"seats": 1},
        {"symbol": None},
        {"due_ms": 5},
        {"leaving_minor": 5},
        {"bond_minor": 1},
        {"account": account("buyer")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_slip_in_an_arbiter_is_noticed(change: dict[str, object]) -> None:
    court = Court()
    overlay = Overlay(court.state)
    wrong = altered(arbiter_of(overlay, JUDGE), **change)  # type: ignore[arg-type]  # a test's own
    ARBITERS.store(overlay, wrong, arbiter_id(JUDGE))
    with pytest.raises(InvariantBreach):
        full_check(overlay)


def test_a_draw_for_nobody_and_one_that_nobody_makes_are_noticed() -> None:
    court = Court()
    dispute_id = court.disputed()
    overlay = Overlay(court.state)
    WAITING.remove(overlay, draw_id_of(dispute_id, 0))
    with pytest.raises(InvariantBreach, match="each draw under way"):
        full_check(overlay)
    overlay = Overlay(court.state)
    WAITING.store(overlay, Waiting(bytes(32), (), ()), bytes(32))
    with pytest.raises(InvariantBreach, match="each draw under way"):
        full_check(overlay)


def test_a_disputed_case_without_its_dispute_and_one_that_ended_alone_are_noticed() -> None:
    court = Court()
    dispute_id = court.seated()
    for change in ("DECIDED", "REFUNDED"):
        overlay = Overlay(court.state)
        CASES.store(overlay, altered(load_case(overlay, dispute_id), state=change), dispute_id)
        with pytest.raises(InvariantBreach):
            full_check(overlay)
    overlay = Overlay(court.state)
    CASES.store(overlay, load_case(overlay, dispute_id), bytes(32))
    with pytest.raises(InvariantBreach):
        full_check(overlay)
