"""What the API shows of a dispute: its phase, who may do what next, and when the clock acts."""

import pytest

from commerce.disputes.errors import ArbiterUnknown, DisputeUnknown
from commerce.disputes.panel import DisputeChallenge
from commerce.disputes.views import DisputeView, arbiter_view, dispute_view
from tests.commerce.disputes.court import BOND_MINOR, Court, arbiter
from tests.commerce.world import account


def steps(court: Court, view: DisputeView) -> dict[str, set[str]]:
    """Who can do what, by name; nobody for what a clock or a member does."""
    found: dict[str, set[str]] = {}
    for step in view.next_steps:
        names = {court.names[known] for known in step.accounts}
        found.setdefault(step.type, set()).update(names)
    return found


def test_what_isn_t_there_has_no_view() -> None:
    court = Court(0)
    with pytest.raises(DisputeUnknown):
        dispute_view(court.state, bytes(32))
    with pytest.raises(ArbiterUnknown):
        arbiter_view(court.state, account("buyer"))


def test_an_arbiters_view_is_its_record() -> None:
    court = Court(1)
    assert arbiter_view(court.state, account(arbiter(0))).bond_minor == BOND_MINOR


def test_a_view_tells_in_every_phase_who_can_do_what_next_and_when_the_clock_acts() -> None:
    court = Court()
    parties = {"buyer", "merchant"}
    dispute_id = court.disputed()
    view = dispute_view(court.state, dispute_id)
    assert (view.phase, view.clock_kind, view.clock_ms) == (
        "DRAWING",
        "sys.dispute.draw",
        court.dispute(dispute_id).due_ms,
    )
    assert set(steps(court, view)) == {
        *("beacon.reveal", "dispute.evidence", "dispute.settle", "sys.dispute.draw")
    }
    panel = court.drawn(dispute_id)
    court.done("buyer", ("dispute.challenge", DisputeChallenge(dispute_id, account(panel[0]))))
    panel = court.panel(dispute_id)
    view = dispute_view(court.state, dispute_id)
    assert [court.names[seat.arbiter] for seat in view.seats] == panel
    assert steps(court, view) == {
        "dispute.evidence": set(),
        "dispute.recuse": set(panel),
        "dispute.challenge": {"merchant"},
        "dispute.settle": parties,
        "sys.dispute.evidence": set(),
    }
    court.heard(dispute_id)
    court.commit(dispute_id, panel[0], 400)
    view = dispute_view(court.state, dispute_id)
    assert [(seat.committed, seat.revealed) for seat in view.seats] == [
        (True, False),
        (False, False),
        (False, False),
    ]
    assert steps(court, view)["dispute.commit"] == set(panel)
    court.pass_phase(dispute_id)
    view = dispute_view(court.state, dispute_id)
    assert steps(court, view)["dispute.reveal"] == {panel[0]}
    court.reveal(dispute_id, panel[0], 400)
    view = dispute_view(court.state, dispute_id)
    assert (view.seats[0].vote, view.seats[1].vote) == ((400,), None)
    court.pass_phase(dispute_id)
    view = dispute_view(court.state, dispute_id)
    assert steps(court, view)["dispute.commit"] == set(court.panel(dispute_id)) - {panel[0]}


def test_a_view_of_a_decided_dispute_shows_the_ruling_and_who_may_appeal() -> None:
    court = Court()
    dispute_id = court.seated()
    court.vote(dispute_id, *[(1_000,)] * 3)
    view = dispute_view(court.state, dispute_id)
    assert [ruling.shares for ruling in view.rulings] == [(1_000,)]
    assert steps(court, view) == {
        "dispute.appeal": {"merchant"},
        "dispute.settle": {"buyer", "merchant"},
        "sys.dispute.appeal": set(),
    }
    court.pass_phase(dispute_id)
    view = dispute_view(court.state, dispute_id)
    assert (view.next_steps, view.clock_ms, view.clock_kind) == ((), None, None)
    assert view.ending is not None
    assert view.ending.how == "ruling"
