"""Disputes as records: one deadline, the earlier of phase and cap; shares in money."""

import pytest

from chain.codec import decode, encode
from commerce.disputes.dispute import (
    DISPUTES,
    Dispute,
    Subject,
    dispute_clocks,
    is_disputed,
    load_dispute,
    require_lines,
)
from commerce.disputes.errors import DisputeUnknown, SharesMismatch
from commerce.records import altered
from tests.commerce.disputes.court import Court
from tests.commerce.world import DAY_MS, account

SUBJECT = Subject("case", account("buyer"), account("merchant"), (), "CNY", 0, (1_001, 3))


def test_a_record_is_read_back_as_it_was_written_in_every_phase() -> None:
    court = Court()
    dispute_id = court.seated()
    court.heard(dispute_id)
    court.commit(dispute_id, court.panel(dispute_id)[0], 1)
    dispute = court.dispute(dispute_id)
    assert decode(Dispute, encode(dispute)) == dispute


def test_the_clock_is_that_of_the_phase_until_the_cap_comes_first() -> None:
    court = Court()
    dispute_id = court.seated()
    dispute = court.dispute(dispute_id)
    assert dispute.clock() == (court.time_ms + 3 * DAY_MS, "sys.dispute.evidence")
    assert dispute_clocks(court.state, dispute_id) == [(dispute_id, dispute.clock())]
    due_ms = dispute.due_ms
    assert due_ms is not None
    assert altered(dispute, cap_ms=due_ms).clock() == (due_ms, "sys.dispute.cap")
    assert altered(dispute, cap_ms=due_ms + 1).clock() == (due_ms, "sys.dispute.evidence")
    assert altered(dispute, due_ms=None).clock() is None


def test_what_isn_t_in_dispute_has_no_dispute_and_no_clock() -> None:
    court = Court()
    assert dispute_clocks(court.state, bytes(32)) == []
    assert not is_disputed(court.state, bytes(32))
    with pytest.raises(DisputeUnknown):
        load_dispute(court.state, bytes(32))


def test_a_case_is_disputed_until_its_dispute_has_ended() -> None:
    court = Court()
    dispute_id = court.disputed()
    assert is_disputed(court.state, dispute_id)
    court.settle(dispute_id, 1)
    assert not is_disputed(court.state, dispute_id)
    assert DISPUTES.load(court.state, dispute_id) is not None
    assert dispute_clocks(court.state, dispute_id) == []


def test_shares_in_money_are_rounded_down_line_by_line() -> None:
    assert SUBJECT.stake_minor == 1_004
    assert SUBJECT.buyer_minor((500, 500)) == 500 + 1
    assert SUBJECT.buyer_minor((1_000, 0)) == 1_001
    require_lines(SUBJECT, (0, 0))
    for wrong in ((0,), (0, 0, 0)):
        with pytest.raises(SharesMismatch):
            require_lines(SUBJECT, wrong)


def test_an_opener_bounds_what_it_can_get() -> None:
    court = Court()
    dispute = court.dispute(court.take(court.rejected(), 700))
    assert dispute.bounds() == ((0, 700),)
    assert altered(dispute, opener=account("merchant")).bounds() == ((700, 1_000),)
