"""Vectors of a committee that changes: what a light client follows, and what it must not.

Block 1 registers an organisation, 2 gives it a seat, 4 convicts a member, 6 removes that member;
the blocks 3, 5 and 7 name the committees of the epochs 1, 2 and 3, which decide from 4, 6 and 8.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.block import (
    NO_HASH,
    Certificate,
    CommitSignature,
    Header,
    VoteType,
    commit_bytes,
    transactions_root,
    vote_bytes,
)
from chain.codec import encode
from chain.committee import Committee
from chain.committees import ready_bytes
from chain.evidence import Equivocation, encode_evidence
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from chain.transaction import Operation, ReceivedTransaction, read_transaction
from chain.votes import SignedVote
from commerce.accounts import AccountOpen
from commerce.committee import CommitteeChange, Seat
from commerce.evidence import EvidenceSubmit
from commerce.members import MemberRegister
from commerce.registry import Registry, operation
from tests.vectors.material import (
    FOUNDERS,
    Example,
    Json,
    account,
    content,
    genesis,
    key,
    public,
    single,
)

NEWCOMER = "minhang"
CONVICT = "hongkou"
EPOCHS = 4
NODES = {public(f"node of {name}"): key(f"node of {name}") for name in (*FOUNDERS, NEWCOMER)}


class Chain:
    """A ledger, and what was shown of each height."""

    def __init__(self) -> None:
        self.ledger = Ledger(MemoryStore(), genesis(), Registry())
        self.headers: list[tuple[Header, Certificate]] = []

    def send(self, sender: str, made: Operation, *others: str) -> None:
        """A block with this transaction, which succeeds."""
        named = content(account(sender), len(self.headers) + 1, made, memo=None)
        signers = tuple((account(name), name) for name in (sender, *others))
        raw = encode(Example("", named, signers).signed())
        self.block([read_transaction(raw, Registry())])
        height = self.ledger.tip.height
        assert [receipt.status for receipt in self.ledger.receipts(height)] == ["ok"]

    def block(self, body: Sequence[ReceivedTransaction] = ()) -> None:
        """The next block, certified by all who govern but the first."""
        tip, chain, following = self.ledger.tip, self.ledger.chain, self.ledger.next_committee
        header = replace(
            tip.header,
            height=tip.height + 1,
            parent_hash=tip.digest,
            parent_view=0,
            time_ms=tip.header.time_ms + 1_000,
            proposer=(tip.height + 1) % chain.committee.n,
            epoch=chain.committee.epoch,
            transactions_root=transactions_root([received.body_hash for received in body]),
            transactions_count=len(body),
            state_root=tip.state_root,
            receipts_root=tip.receipts_root,
            next_committee_hash=NO_HASH if following is None else following.hash(),
        )
        certificate = certified(header, chain.committee)
        self.ledger.write(self.ledger.execute(header, body), certificate)
        self.headers.append((header, certificate))


def certified(header: Header, committee: Committee) -> Certificate:
    """By all members of a committee but the first, whether or not it governs."""
    bare = Certificate(header.height, 0, header.digest(), ())
    message = commit_bytes(header.genesis_hash, committee.epoch, bare)
    return replace(
        bare,
        signatures=tuple(
            CommitSignature(index, NODES[member.node_key].sign(message))
            for index, member in enumerate(committee.members)
            if index
        ),
    )


def proof(genesis_hash: bytes, epoch: int) -> bytes:
    """Evidence of two Commits in one slot."""
    votes = []
    for digest in (bytes([1]) * 32, bytes([2]) * 32):
        signed = vote_bytes(genesis_hash, epoch, VoteType.COMMIT, 1, 4, digest)
        signature = key(f"node of {CONVICT}").sign(signed)
        votes.append(SignedVote(VoteType.COMMIT, 1, 4, digest, 3, signature))
    return encode_evidence(Equivocation(epoch, votes[0], votes[1]))


def committees() -> Json:
    """The chain's headers and certificates, its committees, and why they changed."""
    chain, name = Chain(), genesis().hash()
    opened = operation("account.open", AccountOpen(single(NEWCOMER), None))
    keys = (public(f"node of {NEWCOMER}"),)
    joined = operation("member.register", MemberRegister(account(NEWCOMER), NEWCOMER, keys, None))
    first = content(account("pudong"), 1, opened, joined, memo=None)
    signers = tuple((account(who), who) for who in ("pudong", "xuhui", "jingan", NEWCOMER))
    chain.block([read_transaction(encode(Example("", first, signers).signed()), Registry())])
    digest = chain.ledger.tip.digest
    signed = ready_bytes(name, 1, 1, digest)
    seat = Seat(account(NEWCOMER), keys[0], 1, digest, key(f"node of {NEWCOMER}").sign(signed))
    grown = operation("committee.change", CommitteeChange(0, (seat,), (), ()))
    chain.send("pudong", grown, "xuhui", "jingan")
    chain.block()
    shown = proof(name, 1)
    chain.send("buyer", operation("evidence.submit", EvidenceSubmit(shown)))
    chain.block()
    without = CommitteeChange(2, (), (account(CONVICT),), ())
    chain.send("pudong", operation("committee.change", without), "xuhui", "jingan", NEWCOMER)
    chain.block()
    chain.block()
    governing = [chain.ledger.committee_at(2 + 2 * epoch) for epoch in range(EPOCHS)]
    return {
        "genesis": encode(genesis()).hex(),
        "committees": [
            {"epoch": entry.epoch, "bytes": encode(entry).hex(), "hash": entry.hash().hex()}
            for entry in governing
        ],
        "headers": [_shown(*entry) for entry in chain.headers],
        "ready": {
            "epoch": 1,
            "height": seat.ready_height,
            "node_key": seat.node_key.hex(),
            "signed": signed.hex(),
            "signature": seat.ready_signature.hex(),
        },
        "evidence": {"bytes": shown.hex(), "convicts": account(CONVICT).hex()},
        "refused": _refused(chain, governing),
    }


def _shown(header: Header, certificate: Certificate) -> Json:
    return {"header": encode(header).hex(), "certificate": encode(certificate).hex()}


def _refused(chain: Chain, governing: Sequence[Committee]) -> list[Json]:
    """What takes the place of a header: the light client was shown all headers below it."""
    naming, first = chain.headers[2][0], chain.headers[3][0]
    suspended = replace(governing[1], members=governing[1].members[:-1])
    rows = {
        "the next committee certifies that it follows": (naming, governing[1], governing[1]),
        "another committee than the named one": (naming, governing[0], suspended),
        "the named committee is not shown": (naming, governing[0], None),
        "the old committee goes on": (first, governing[0], None),
        "of the epoch before": (replace(first, epoch=0), governing[0], None),
    }
    return [
        {
            "name": name,
            "shown_before": header.height - 1,
            "header": encode(header).hex(),
            "certificate": encode(certified(header, by)).hex(),
            "next_committee": None if after is None else encode(after).hex(),
        }
        for name, (header, by, after) in rows.items()
    ]
