"""Disputes: arbiters and their bonds, panels that nobody can choose, votes, appeals, settlement."""

from collections.abc import Sequence
from typing import Any

from chain.state import StateReader
from commerce.clocks import Clock
from commerce.disputes.arbiters import (
    ArbiterAppoint,
    ArbiterBond,
    ArbiterUnbond,
    arbiter_appoint,
    arbiter_bond,
    arbiter_unbond,
    unbond_timeout,
)
from commerce.disputes.filing import DisputeOpen, dispute_open, subject_clocks
from commerce.disputes.hearing import (
    DisputeEvidence,
    DisputeSettle,
    appeal_timeout,
    cap_timeout,
    dispute_evidence,
    dispute_settle,
)
from commerce.disputes.opening import DisputeAppeal, dispute_appeal, draw_timeout
from commerce.disputes.panel import (
    DisputeChallenge,
    DisputeRecuse,
    dispute_challenge,
    dispute_recuse,
)
from commerce.disputes.votes import (
    DisputeCommit,
    DisputeReveal,
    commit_timeout,
    dispute_commit,
    dispute_reveal,
    evidence_timeout,
    reveal_timeout,
)
from commerce.transaction_types import SystemTransition, TransactionType


def _dispute(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return subject_clocks(state, payload.dispute_id)


def _subject(payload: Any, state: StateReader) -> Sequence[tuple[bytes, Clock]]:
    return subject_clocks(state, payload.subject_id)


TYPES = (
    TransactionType("arbiter.bond", ArbiterBond, arbiter_bond, "A"),
    TransactionType("arbiter.unbond", ArbiterUnbond, arbiter_unbond, "A"),
    TransactionType("arbiter.appoint", ArbiterAppoint, arbiter_appoint, "R"),
    TransactionType("dispute.open", DisputeOpen, dispute_open, "B or S", clocks=_subject),
    TransactionType(
        "dispute.evidence",
        DisputeEvidence,
        dispute_evidence,
        "B, S, a carrier of the order, an inspector or a maker of devices",
        clocks=_dispute,
    ),
    TransactionType("dispute.recuse", DisputeRecuse, dispute_recuse, "A", clocks=_dispute),
    TransactionType(
        "dispute.challenge", DisputeChallenge, dispute_challenge, "B or S", clocks=_dispute
    ),
    TransactionType("dispute.commit", DisputeCommit, dispute_commit, "A", clocks=_dispute),
    TransactionType("dispute.reveal", DisputeReveal, dispute_reveal, "A", clocks=_dispute),
    TransactionType(
        "dispute.appeal",
        DisputeAppeal,
        dispute_appeal,
        "B or S, who didn't get everything",
        clocks=_dispute,
    ),
    TransactionType("dispute.settle", DisputeSettle, dispute_settle, "B + S", clocks=_dispute),
)

TRANSITIONS = (
    SystemTransition("sys.arbiter.unbond", unbond_timeout),
    SystemTransition("sys.dispute.draw", draw_timeout),
    SystemTransition("sys.dispute.evidence", evidence_timeout),
    SystemTransition("sys.dispute.commit", commit_timeout),
    SystemTransition("sys.dispute.reveal", reveal_timeout),
    SystemTransition("sys.dispute.appeal", appeal_timeout),
    SystemTransition("sys.dispute.cap", cap_timeout),
)
