"""The own voice: every message this replica signs passes here, into the journal before the wire.

A vote is signed once per height, view and kind; what was signed is remembered for re-sending. The
asserts are the promises that no restart and no peer may break.
"""

from dataclasses import replace

from chain.block import Block, Certificate, VoteType, vote_bytes
from chain.state import u64
from chain.votes import PreparedCertificate, SignedVote, ViewChange, slot_kind, view_change_body
from consensus.config import ReplicaConfig
from consensus.era import Era
from consensus.messages import (
    Commit,
    Complaint,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.output import ALL, Draft
from consensus.records import (
    BlockRecord,
    NewViewRecord,
    PreparedRecord,
    ViewChangeRecord,
    VoteRecord,
)
from consensus.signing import new_view_body, reply_body, status_body
from consensus.slot import HeldBlock

Slot = tuple[VoteType, int, int]


class Promises:
    """What this replica has signed in one era: votes above the decided height, newest ViewChange
    and NewView.
    """

    __slots__ = ("_config", "_era", "_votes", "highest_vote", "new_view", "view_change")

    def __init__(self, config: ReplicaConfig, era: Era) -> None:
        self._config = config
        self._era = era
        # By kind (PREPARE for a PrePrepare too), view and height.
        self._votes: dict[Slot, VoteRecord] = {}
        # The vote of the highest view ever: views only grow, also across restarts.
        self.highest_vote: VoteRecord | None = None
        self.view_change: ViewChange | None = None
        self.new_view: NewView | None = None

    def recall(self, record: VoteRecord, *, above: int) -> None:
        """A vote of the journal; those at heights up to `above` only keep the view."""
        if self.highest_vote is None or record.view > self.highest_vote.view:
            self.highest_vote = record
        if record.height > above:
            kind = slot_kind(record.type)
            self._votes[kind, record.view, record.height] = record

    def vote(self, kind: VoteType, view: int, height: int) -> VoteRecord | None:
        """The own vote of this kind (PREPARE or COMMIT), if it was cast."""
        return self._votes.get((kind, view, height))

    def find(self, vote: SignedVote) -> VoteRecord | None:
        """The own vote in the slot of this one, if it was cast."""
        kind = slot_kind(vote.type)
        return self.vote(kind, vote.view, vote.height)

    def votes(self) -> list[VoteRecord]:
        """All votes above the decided height, in order of signing."""
        return list(self._votes.values())

    def voted_at(self, height: int) -> bool:
        """Was any vote cast at this height, in whatever view?"""
        return any(record.height == height for record in self._votes.values())

    def forget(self, height: int) -> None:
        """The height is decided: nothing is signed there any more."""
        self._votes = {slot: record for slot, record in self._votes.items() if slot[2] > height}

    def pre_prepare(
        self, draft: Draft, view: int, held: HeldBlock, certificate: Certificate
    ) -> PrePrepare:
        """Propose a block; the journal gets header and bodies first."""
        height = held.header.height
        self._journal_block(draft, held)
        vote = self._cast(draft, VoteType.PRE_PREPARE, view, height, held.digest)
        message = self.proposal(vote, held, certificate)
        draft.to(ALL, message)
        return message

    def proposal(self, vote: VoteRecord, held: HeldBlock, certificate: Certificate) -> PrePrepare:
        """The PrePrepare of an own vote; `certificate` is one of the parent."""
        return PrePrepare(
            view=vote.view,
            member=self._member,
            header=held.header,
            body_hashes=held.body_hashes,
            certificate=certificate,
            signature=vote.signature,
        )

    def prepare(self, draft: Draft, view: int, held: HeldBlock) -> SignedVote:
        """Vote for a checked proposal; the journal gets header and bodies first."""
        self._journal_block(draft, held)
        vote = self._cast(draft, VoteType.PREPARE, view, held.header.height, held.digest)
        return self.send_vote(draft, vote)

    def commit(self, draft: Draft, prepared: PreparedCertificate, digest: bytes) -> SignedVote:
        """Commit to a prepared block; the journal gets the prepared certificate first.

        A Commit needs the own Prepare on the same digest (consensus.md § Entering and joining).
        """
        own = self.vote(VoteType.PREPARE, prepared.view, prepared.height)
        assert own is not None
        assert own.digest == digest
        draft.persist.append(PreparedRecord(prepared))
        vote = self._cast(draft, VoteType.COMMIT, prepared.view, prepared.height, digest)
        return self.send_vote(draft, vote)

    def send_vote(
        self, draft: Draft, vote: VoteRecord, recipients: tuple[bytes, ...] = ALL
    ) -> SignedVote:
        """Send an own Prepare or Commit (again), to all unless named."""
        kind = Commit if vote.type == VoteType.COMMIT else Prepare
        draft.to(
            recipients, kind(vote.view, vote.height, vote.digest, self._member, vote.signature)
        )
        return self.as_signed(vote)

    def as_signed(self, vote: VoteRecord) -> SignedVote:
        """An own vote as the book counts it."""
        return SignedVote(
            vote.type, vote.view, vote.height, vote.digest, self._member, vote.signature
        )

    def change_view(
        self,
        draft: Draft,
        view: int,
        certificate: Certificate,
        prepared: PreparedCertificate | None,
    ) -> ViewChange:
        """Promise never again to vote below `view`; signed once per view, sent to all."""
        assert self.view_change is None or self.view_change.view < view
        body = view_change_body(certificate, prepared)
        signature = self._sign(VoteType.VIEW_CHANGE, view, certificate.height + 1, body)
        message = ViewChange(view, self._member, certificate, prepared, signature)
        self.view_change = message
        draft.persist.append(ViewChangeRecord(message))
        draft.to(ALL, message)
        return message

    def open_view(
        self, draft: Draft, view: int, height: int, view_changes: tuple[ViewChange, ...]
    ) -> NewView:
        """Begin a view as its primary; signed once per view, sent to all."""
        assert self.new_view is None or self.new_view.view < view
        signature = self._sign(VoteType.NEW_VIEW, view, height, new_view_body(view_changes))
        message = NewView(view, height, self._member, view_changes, signature)
        self.new_view = message
        draft.persist.append(NewViewRecord(message))
        draft.to(ALL, message)
        return message

    def complain(self, draft: Draft, view: int, height: int) -> None:
        """Ask for another primary. No promise: nothing is journalled."""
        signature = self._sign(VoteType.COMPLAINT, view, height, b"")
        draft.to(ALL, Complaint(view, height, self._member, signature))

    def report(
        self,
        draft: Draft,
        recipients: tuple[bytes, ...],
        view: int,
        certificate: Certificate,
        *,
        started: bool,
    ) -> None:
        """Say where this replica stands. No promise either."""
        body = status_body(started=started, certificate=certificate)
        signature = self._sign(VoteType.STATUS, view, certificate.height, body)
        draft.to(recipients, Status(view, self._member, started, certificate, signature))

    def ask(self, draft: Draft, view: int, height: int, nonce: int) -> None:
        """Ask all for the own votes above `height` that they know."""
        signature = self._sign(VoteType.RECOVERY_QUERY, view, height, u64(nonce))
        draft.to(ALL, RecoveryQuery(view, height, nonce, self._member, signature))

    def reply(self, draft: Draft, unsigned: RecoveryReply) -> None:
        """Answer such a question, in the own name. No promise either."""
        message = replace(unsigned, member=self._member)
        body = reply_body(message)
        signature = self._sign(VoteType.RECOVERY_REPLY, message.view, message.height, body)
        draft.to((message.asker,), replace(message, signature=signature))

    @property
    def _member(self) -> int:
        index = self._era.index
        assert index is not None, "an observer signs nothing"
        return index

    def _cast(
        self, draft: Draft, vote_type: VoteType, view: int, height: int, digest: bytes
    ) -> VoteRecord:
        kind = slot_kind(vote_type)
        assert (kind, view, height) not in self._votes
        signature = self._sign(vote_type, view, height, digest)
        record = VoteRecord(vote_type, view, height, digest, signature)
        self._votes[kind, view, height] = record
        if self.highest_vote is None or view > self.highest_vote.view:
            self.highest_vote = record
        draft.persist.append(record)
        return record

    def _journal_block(self, draft: Draft, held: HeldBlock) -> None:
        assert held.bodies is not None
        if not held.journalled:
            held.journalled = True
            draft.persist.append(BlockRecord(Block(held.header, held.bodies), held.body_hashes))

    def _sign(self, vote_type: VoteType, view: int, height: int, body: bytes) -> bytes:
        config = self._config
        assert self._era.index is not None, "an observer signs nothing"
        signed = vote_bytes(config.genesis_hash, self._era.epoch, vote_type, view, height, body)
        return config.sign(signed)
