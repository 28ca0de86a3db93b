"""Rules of dispute.commit and dispute.reveal; who doesn't vote is slashed, and replaced once."""

from dataclasses import replace
from hashlib import sha256

import pytest

from chain.errors import OperationMalformed
from commerce.disputes.votes import DisputeReveal, vote_commitment
from commerce.roles import RoleRevoke
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.disputes.court import BOND_MINOR, SLASH_MINOR, Court, arbiter
from tests.commerce.world import DAY_MS, QUORUM, account

COMMIT, REVEAL = "dispute.commit", "dispute.reveal"
NOWHERE = bytes(32)


def committing(court: Court) -> list[Row]:
    """The rows: of three arbiters one reveals its vote, and the two others are replaced."""
    dispute = court.seated()
    one, two, _ = court.panel(dispute)
    fourth, fifth, free, *_ = (
        court.names[known] for known in court.dispute(dispute).panel.reserves
    )

    vote, other = court.sealed(dispute, one, (700,)), court.sealed(dispute, one, (600,))
    unknown = replace(vote, dispute_id=NOWHERE)
    # fmt: off
    return [
        #       sender   type    payload                               with outcome
        Attempt("buyer", COMMIT, vote,                                 (), "RoleMissing"),
        Attempt(one,     COMMIT, unknown,                              (), "DisputeUnknown"),
        Attempt(fourth,  COMMIT, vote,                                 (), "NotOnThePanel"),
        Attempt(one,     COMMIT, vote,                                 (), "PhaseForbids"),
        Wait(3 * DAY_MS),
        Attempt(one,     COMMIT, vote,                                 (), "ok"),
        Attempt(one,     COMMIT, other,                                (), "ok"),
        Wait(2 * DAY_MS),
        Attempt(two,     COMMIT, court.sealed(dispute, two, (0,)),     (), "PhaseForbids"),
        Attempt(one,     REVEAL, court.opened(dispute, one, 600),      (), "ok"),
        Wait(DAY_MS),
        Attempt(one,     COMMIT, other,                                (), "VoteAlreadyRevealed"),
        Attempt(two,     COMMIT, court.sealed(dispute, two, (0,)),     (), "NotOnThePanel"),
        Attempt(free,    COMMIT, court.sealed(dispute, free, (0,)),    (), "NotOnThePanel"),
        Attempt(fourth,  COMMIT, court.sealed(dispute, fourth, (0,)),  (), "ok"),
        Attempt(fifth,   COMMIT, court.sealed(dispute, fifth, (900,)), (), "ok"),
        Attempt(fifth,   REVEAL, court.opened(dispute, fifth, 900),    (), "ok"),
        Attempt(fourth,  REVEAL, court.opened(dispute, fourth, 0),     (), "ok"),
        Attempt(fourth,  COMMIT, court.sealed(dispute, fourth, (0,)),  (), "NotOnThePanel"),
    ]
    # fmt: on


def revealing(court: Court) -> list[Row]:
    """The rows: the third arbiter commits to nothing, the second copies the first."""
    dispute = court.seated()
    one, two, three = court.panel(dispute)
    (free, *_) = (court.names[known] for known in court.dispute(dispute).panel.reserves)
    vote, copied = court.sealed(dispute, one, (700,)), court.sealed(dispute, one, (700,))
    shown = court.opened(dispute, one, 700)
    unknown, salted = replace(shown, dispute_id=NOWHERE), replace(shown, salt=NOWHERE)
    # fmt: off
    return [
        Wait(3 * DAY_MS),
        #       sender   type    payload                               with outcome
        Attempt(one,     COMMIT, vote,                                 (), "ok"),
        Attempt(two,     COMMIT, copied,                               (), "ok"),
        Attempt(one,     REVEAL, shown,                                (), "PhaseForbids"),
        Wait(2 * DAY_MS),
        Attempt("buyer", REVEAL, shown,                                (), "RoleMissing"),
        Attempt(one,     REVEAL, unknown,                              (), "DisputeUnknown"),
        Attempt(free,    REVEAL, shown,                                (), "NotOnThePanel"),
        Attempt(three,   REVEAL, shown,                                (), "CommitmentMissing"),
        Attempt(one,     REVEAL, court.opened(dispute, one, 700, 700), (), "SharesMismatch"),
        Attempt(one,     REVEAL, court.opened(dispute, one, 701),      (), "CommitmentMismatch"),
        Attempt(one,     REVEAL, salted,                               (), "CommitmentMismatch"),
        Attempt(one,     REVEAL, shown,                                (), "ok"),
        Attempt(one,     REVEAL, shown,                                (), "VoteAlreadyRevealed"),
        Attempt(two,     REVEAL, shown,                                (), "CommitmentMismatch"),
        Wait(DAY_MS),
        Attempt(two,     REVEAL, shown,                                (), "NotOnThePanel"),
    ]
    # fmt: on


def test_who_may_commit_and_when() -> None:
    court = Court(6, arbiters=6)
    play(court, committing(court))


def test_who_may_reveal_what() -> None:
    court = Court()
    play(court, revealing(court))


def test_a_vote_above_a_thousand_per_mille_is_malformed() -> None:
    court = Court()
    dispute_id = court.seated()
    with pytest.raises(OperationMalformed, match=r"dispute\.reveal"):
        court.send(arbiter(0), (REVEAL, DisputeReveal(dispute_id, (1_001,), NOWHERE)))
    with pytest.raises(OperationMalformed, match=r"dispute\.reveal"):
        court.send(arbiter(0), (REVEAL, DisputeReveal(dispute_id, (), NOWHERE)))


def test_a_commitment_is_bound_to_all_that_could_be_exchanged() -> None:
    one, two = bytes([1]) * 32, bytes([2]) * 32
    made = {
        vote_commitment(dispute_id, round_, judge, salt, shares)
        for dispute_id in (one, two)
        for round_ in (0, 1)
        for judge in (one, two)
        for salt in (one, two)
        for shares in ((0,), (1,), (256,), (0, 0))
    }
    assert len(made) == 64


def test_a_commitment_can_be_made_by_any_program() -> None:
    dispute_id, judge, salt = (bytes([number]) * 32 for number in (1, 2, 3))
    # docs/protocol.md § Hashes, by hand.
    hashed = sha256(
        b"hushang/1/dispute-vote\x00" + dispute_id + b"\x02" + judge + salt + b"\x03\xe8\x00\x07"
    )
    made = vote_commitment(dispute_id, 2, judge, salt, (1_000, 7))
    assert made == hashed.digest()


def test_copying_a_commitment_is_useless_even_once_the_salt_is_known() -> None:
    court = Court()
    dispute_id = court.seated()
    one, two, _ = court.panel(dispute_id)
    court.heard(dispute_id)
    court.commit(dispute_id, one, 700)
    copied = court.sealed(dispute_id, one, (700,))
    court.done(two, (COMMIT, copied))
    court.pass_phase(dispute_id)
    shown = court.opened(dispute_id, one, 700)
    court.done(one, (REVEAL, shown))
    assert court.send(two, (REVEAL, shown)).status == "CommitmentMismatch"
    court.pass_phase(dispute_id)
    assert court.arbiter(two).bond_minor == BOND_MINOR - SLASH_MINOR


def test_no_vote_is_in_the_state_before_all_commitments_are() -> None:
    court = Court()
    dispute_id = court.seated()
    court.heard(dispute_id)
    for name in court.panel(dispute_id):
        assert all(seat.vote is None for seat in court.dispute(dispute_id).panel.seats)
        assert court.dispute(dispute_id).phase == "COMMIT"
        court.commit(dispute_id, name, 300)
    # Nobody has to wait for a clock any more.
    assert court.dispute(dispute_id).phase == "REVEAL"
    assert court.dispute(dispute_id).due_ms == court.time_ms + DAY_MS


def test_revealing_at_the_deadline_is_too_late_even_before_the_clock_has_acted() -> None:
    court = Court()
    dispute_id = court.seated()
    one, *_ = court.panel(dispute_id)
    court.heard(dispute_id)
    court.commit(dispute_id, one, 700)
    court.pass_phase(dispute_id)
    court.limit_deadlines(0)
    court.wait(DAY_MS)
    assert court.dispute(dispute_id).phase == "REVEAL"
    late = court.send(one, (REVEAL, court.opened(dispute_id, one, 700)))
    assert late.status == "NotOnThePanel"
    assert court.dispute(dispute_id).phase == "COMMIT_AGAIN"
    assert court.arbiter(one).bond_minor == BOND_MINOR - SLASH_MINOR


def test_who_owes_a_vote_is_slashed_to_the_fund_and_replaced_once() -> None:
    court = Court()
    dispute_id = court.seated()
    one, two, three = court.panel(dispute_id)
    court.heard(dispute_id)
    court.commit(dispute_id, one, 700)
    court.commit(dispute_id, two, 200)
    court.pass_phase(dispute_id)
    court.reveal(dispute_id, one, 700)
    court.pass_phase(dispute_id)
    # The second committed and didn't reveal, the third did neither.
    assert [court.arbiter(name).bond_minor for name in (one, two, three)] == [
        BOND_MINOR,
        BOND_MINOR - SLASH_MINOR,
        BOND_MINOR - SLASH_MINOR,
    ]
    assert court.in_fund() == 2 * SLASH_MINOR
    again = court.panel(dispute_id)
    assert again[0] == one
    assert not {two, three} & set(again)
    assert court.dispute(dispute_id).phase == "COMMIT_AGAIN"
    court.commit(dispute_id, again[1], 400)
    court.pass_phase(dispute_id)
    court.reveal(dispute_id, again[1], 400)
    court.pass_phase(dispute_id)
    # The fifth was silent too: nobody replaces it, and two votes make the lower one the median.
    assert court.arbiter(again[2]).bond_minor == BOND_MINOR - SLASH_MINOR
    decided = court.dispute(dispute_id)
    assert (decided.phase, decided.rulings[0].shares) == ("DECIDED", (400,))
    assert [court.names[known] for known in decided.rulings[0].arbiters] == again[:2]
    assert all(court.arbiter(arbiter(number)).seats == 0 for number in range(8))


def test_who_was_slashed_below_the_least_bond_is_drawn_no_more() -> None:
    court = Court(3, arbiters=3)
    dispute_id = court.seated()
    while court.dispute(dispute_id).due_ms is not None:
        court.pass_phase(dispute_id)
    court.restock()
    court.drawn(court.disputed())
    assert all(court.arbiter(arbiter(number)).seats == 0 for number in range(3))


def test_without_reserves_the_votes_that_there_are_decide() -> None:
    court = Court(3, arbiters=3)
    dispute_id = court.seated()
    one, *_ = court.panel(dispute_id)
    court.heard(dispute_id)
    court.commit(dispute_id, one, 250)
    court.pass_phase(dispute_id)
    court.reveal(dispute_id, one, 250)
    court.pass_phase(dispute_id)
    assert court.dispute(dispute_id).phase == "DECIDED"
    assert court.dispute(dispute_id).rulings[0].shares == (250,)


def test_an_arbiter_whose_role_was_revoked_can_t_vote_and_isn_t_slashed_for_it() -> None:
    court = Court()
    dispute_id = court.seated()
    one, *_ = court.panel(dispute_id)
    court.heard(dispute_id)
    revoked = RoleRevoke(account(one), "arbiter", "")
    court.done("m0", ("role.revoke", revoked), with_=QUORUM)
    refused = court.send(one, (COMMIT, court.sealed(dispute_id, one, (1,))))
    assert refused.status == "RoleMissing"
    court.pass_phase(dispute_id)
    court.pass_phase(dispute_id)
    assert court.arbiter(one).bond_minor == BOND_MINOR
    assert one not in court.panel(dispute_id)


def test_who_owed_a_vote_is_not_drawn_again_in_the_same_dispute_however_large_its_bond() -> None:
    court = Court(0, arbiters=12)
    for number in range(12):
        court.bond(arbiter(number), 3 * BOND_MINOR)
    dispute_id = court.seated()
    one, two, three = court.panel(dispute_id)
    court.heard(dispute_id)
    court.commit(dispute_id, one, 500)
    court.pass_phase(dispute_id)
    court.reveal(dispute_id, one, 500)
    court.pass_phase(dispute_id)
    replacing = court.panel(dispute_id)[1:]
    court.pass_phase(dispute_id)
    court.pass_phase(dispute_id)
    court.appeal(dispute_id, "buyer", 120)
    court.drawn(dispute_id)
    panel = court.dispute(dispute_id).panel
    drawn = {court.names[seat.arbiter] for seat in panel.seats}
    drawn |= {court.names[known] for known in panel.reserves}
    assert drawn == {arbiter(number) for number in range(12)} - {one, two, three, *replacing}
