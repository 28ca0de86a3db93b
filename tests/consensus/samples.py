"""One well-formed message of each kind, all of member 1, for tests that look at bytes."""

from dataclasses import replace

from chain.block import Header
from chain.votes import PreparedCertificate, ViewChange
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.votes import as_signed
from tests.consensus.forging import UNSIGNED, certificate, prepared, sign
from tests.consensus.stub_chain import genesis_header, key

DIGEST = bytes(range(32))


def header_on(parent: Header, view: int = 0, proposer: int = 0) -> Header:
    """An empty header on top of another."""
    return replace(
        parent,
        height=parent.height + 1,
        parent_hash=parent.digest(),
        view=view,
        time_ms=parent.time_ms + 1,
        proposer=proposer,
    )


FIRST = header_on(genesis_header())
SECOND = header_on(FIRST)
PROOF = certificate([0, 1, 2], 0, FIRST)
PREPARED: PreparedCertificate = prepared([1, 2], 0, 0, SECOND)
CHANGES = tuple(sign(ViewChange(1, m, PROOF, PREPARED, UNSIGNED)) for m in (0, 1, 2))
VOTE = as_signed(sign(Commit(3, 2, DIGEST, 2, UNSIGNED)))


def samples() -> list[Message]:
    """One of each kind."""
    return [
        sign(PrePrepare(0, 1, SECOND, (), PROOF, UNSIGNED)),
        sign(Prepare(3, 2, DIGEST, 1, UNSIGNED)),
        sign(Commit(3, 2, DIGEST, 1, UNSIGNED)),
        CHANGES[1],
        sign(NewView(1, 2, 1, CHANGES, UNSIGNED)),
        sign(Complaint(3, 2, 1, UNSIGNED)),
        sign(Status(3, 1, started=True, certificate=PROOF, signature=UNSIGNED)),
        sign(RecoveryQuery(3, 1, 7, 1, UNSIGNED)),
        sign(RecoveryReply(3, key(2), 7, 1, PROOF, (VOTE,), CHANGES[2], UNSIGNED)),
    ]
