"""Rules of dispute.evidence and dispute.settle."""

import pytest

from commerce.accounts import AccountOpen
from commerce.delegations import Delegate
from commerce.disputes.dispute import Shares
from commerce.disputes.hearing import DisputeEvidence, DisputeSettle
from commerce.disputes.limits import (
    EXHIBITS_OF_PARTY_MAX,
    EXHIBITS_OF_WITNESS_MAX,
    EXHIBITS_OF_WITNESSES_MAX,
)
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.disputes.court import DOCUMENT, Court
from tests.commerce.world import (
    DAY_MS,
    FUNDS_MINOR,
    GENESIS_MS,
    QUORUM,
    account,
    key,
    policy,
)

EVIDENCE, SETTLE = "dispute.evidence", "dispute.settle"
NOWHERE = bytes(32)


def hearing(court: Court) -> list[Row]:
    """The rows: a dispute that hears, and one whose arbiters vote."""
    voting = court.seated()
    court.heard(voting)
    court.restock()
    dispute = court.seated()

    def show(dispute_id: bytes) -> DisputeEvidence:
        return DisputeEvidence(dispute_id, "photo", DOCUMENT)

    # fmt: off
    return [
        #       sender       type      payload        with outcome
        Attempt("buyer",     EVIDENCE, show(NOWHERE), (), "DisputeUnknown"),
        Attempt("buyer",     EVIDENCE, show(voting),  (), "PhaseForbids"),
        Attempt("friend",    EVIDENCE, show(dispute), (), "NotAWitness"),
        Attempt("rival",     EVIDENCE, show(dispute), (), "NotAWitness"),
        Attempt("merchant",  EVIDENCE, show(dispute), (), "ok"),
        *[Attempt("carrier", EVIDENCE, show(dispute), (), "ok")] * EXHIBITS_OF_WITNESS_MAX,
        Attempt("carrier",   EVIDENCE, show(dispute), (), "TooMuchEvidence"),
        Attempt("inspector", EVIDENCE, show(dispute), (), "ok"),
        *[Attempt("buyer",   EVIDENCE, show(dispute), (), "ok")] * (EXHIBITS_OF_PARTY_MAX - 1),
        Attempt("buyer",     EVIDENCE, show(dispute), (), "TooMuchEvidence"),
        Attempt("merchant",  EVIDENCE, show(dispute), (), "ok"),
    ]
    # fmt: on


def settling(court: Court) -> list[Row]:
    """The rows of one dispute."""
    dispute = court.disputed()

    def agree(*shares: int, dispute_id: bytes = dispute) -> DisputeSettle:
        return DisputeSettle(dispute_id, shares)

    unknown = agree(1, dispute_id=NOWHERE)
    # fmt: off
    return [
        #       sender      type    payload     with           outcome
        Attempt("buyer",    SETTLE, unknown,    (),            "DisputeUnknown"),
        Attempt("carrier",  SETTLE, agree(1),   ("buyer",),    "NotAParty"),
        Attempt("buyer",    SETTLE, agree(1),   (),            "CosignerMissing"),
        Attempt("merchant", SETTLE, agree(1),   (),            "CosignerMissing"),
        Attempt("buyer",    SETTLE, agree(1, 2), ("merchant",), "SharesMismatch"),
        Attempt("merchant", SETTLE, agree(333), ("buyer",),    "ok"),
        Attempt("merchant", SETTLE, agree(333), ("buyer",),    "PhaseForbids"),
    ]
    # fmt: on


def test_who_may_bring_evidence_when_and_how_much() -> None:
    court = Court()
    play(court, hearing(court))


def test_the_parties_settle_together_or_not_at_all() -> None:
    court = Court()
    play(court, settling(court))
    assert court.money("buyer") == FUNDS_MINOR - 3_000 + 999


def test_witnesses_together_can_t_fill_what_is_the_parties() -> None:
    court = Court()
    dispute_id = court.seated()
    told = (EVIDENCE, DisputeEvidence(dispute_id, "scan", DOCUMENT))
    full = EXHIBITS_OF_WITNESSES_MAX // EXHIBITS_OF_WITNESS_MAX
    witnesses = [f"witness{number}" for number in range(full + 1)]
    for name in witnesses:
        court.done("m0", ("account.open", AccountOpen(policy(name), None)), with_=(name,))
        granted = RoleGrant(account(name), "inspector", "", None)
        court.done("m0", ("role.grant", granted), with_=QUORUM)
    for name in witnesses[:-1]:
        for _ in range(EXHIBITS_OF_WITNESS_MAX):
            court.done(name, told)
    assert court.send(witnesses[-1], told).status == "TooMuchEvidence"
    court.done("merchant", told)
    assert court.dispute(dispute_id).exhibits[0].kind == "opening"


# How far a dispute has come, by how many silent phases and votes, when the parties settle.
MOMENTS = ["drawing", "evidence", "commit", "reveal", "again", "decided", "appealed"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("shares", [(0,), (333,), (1_000,)])
def test_at_any_moment_a_settlement_splits_to_the_fen_and_frees_everybody(
    moment: str, shares: Shares
) -> None:
    court = Court()
    had = {name: court.money(name) for name in ("buyer", "merchant")}
    dispute_id = court.disputed(by="merchant", bond_minor=90)
    bring(court, dispute_id, moment)
    court.settle(dispute_id, *shares)
    ended = court.dispute(dispute_id)
    assert (ended.phase, ended.stakes, ended.clock()) == ("SPLIT", (), None)
    assert ended.ending is not None
    assert (ended.ending.how, ended.ending.shares) == ("settlement", shares)
    refunded = 3_000 * shares[0] // 1_000
    # A ruling that gave the buyer everything has earned its arbiters the seller's bond: 30 each.
    lost = 90 if moment in ("decided", "appealed") else 0
    assert court.money("buyer") - had["buyer"] == refunded - 3_000
    assert court.money("merchant") - had["merchant"] == 3_000 - refunded - lost
    assert all(court.arbiter(name).seats == 0 for name in court.names.values())
    assert not [entry for entry in court.state.values if entry.startswith(b"beacon-draw/")]


def bring(court: Court, dispute_id: bytes, moment: str) -> None:
    """Lead a dispute that is drawing to a moment."""
    if moment == "drawing":
        return
    court.drawn(dispute_id)
    if moment in ("decided", "appealed"):
        court.vote(dispute_id, (1_000,), (1_000,), (1_000,))
        if moment == "appealed":
            court.appeal(dispute_id, "merchant", 120)
        return
    for _ in range(("evidence", "commit", "reveal", "again").index(moment)):
        court.pass_phase(dispute_id)


def test_no_key_is_delegated_the_right_to_settle() -> None:
    scope = Delegate(key("tool"), (SETTLE,), 10**9, GENESIS_MS + DAY_MS)
    assert Court().send("merchant", ("delegate", scope)).status == "DelegationForbidden"
