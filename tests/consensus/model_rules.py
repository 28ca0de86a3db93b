"""The product's consensus rules, asked about the votes of a small model (see `model.py`).

The model knows blocks by height, view and name; here each becomes a real header, ViewChange,
NewView or prepared certificate, without signatures, and the product's own functions judge it. A
mistake is planted in the answer.
"""

from dataclasses import replace
from enum import Enum
from functools import cache
from typing import NamedTuple

from typing_extensions import override

from chain.block import Certificate, CommitSignature, Header, VoteType, check_certificate
from chain.committee import Committee
from chain.crypto import sha256
from chain.votes import PreparedCertificate, SignedVote, ViewChange
from consensus import proposal, view_change
from consensus.era import Era
from consensus.messages import MessageInvalid, NewView
from consensus.votes import VoteBook
from tests.consensus.stub_chain import GENESIS_HASH, committee, genesis_header

HONEST = 3
LIAR = 3
SIGNATURE = bytes(64)


class Mistake(Enum):
    """A known mistake, planted in the rules."""

    QUORUM_2F = "quorum-2f"
    PRIMARY_COUNTED_TWICE = "primary-counted-twice"
    PREPARED_LEFT_OUT = "prepared-left-out"
    LOWER_VIEW_CHOSEN = "lower-view-chosen"
    VOTE_BELOW_VIEW = "vote-below-view"
    NO_NEW_VIEW = "no-new-view"
    TWO_VOTES_IN_A_SLOT = "two-votes-in-a-slot"
    DECISION_LOST = "decision-lost"
    VOTE_AT_DECIDED_HEIGHT = "vote-at-decided-height"
    COMMIT_WITHOUT_PREPARE = "commit-without-prepare"


class Block(NamedTuple):
    """A block: first proposed in `view`. Its parent is the one certified below it.

    (There is one: the search ends at a fork, so nothing is ever built on two.)
    """

    height: int
    view: int
    name: int

    @override
    def __str__(self) -> str:
        return f"block {self.height}/{self.view}{chr(ord('a') + self.name)}"


class Vote(NamedTuple):
    """A Prepare or Commit, and also a fact: prepared or certified in this view."""

    view: int
    block: Block

    @property
    def slot(self) -> tuple[int, int]:
        """Where a replica votes once."""
        return self.view, self.block.height

    @override
    def __str__(self) -> str:
        return f"{self.block} in view {self.view}"


class Change(NamedTuple):
    """A ViewChange: the decided height of its certificate, and none or one prepared block."""

    view: int
    decided: int
    prepared: tuple[Vote, ...]

    @override
    def __str__(self) -> str:
        shown = " and ".join(map(str, self.prepared)) or "nothing"
        return f"ViewChange({self.view}) above height {self.decided} showing {shown}"


class Begin(NamedTuple):
    """What a NewView says: none (free choice) or one block at `height`."""

    height: int
    prepared: tuple[Vote, ...]


class TwoFCommittee(Committee):
    """Of QUORUM_2F."""

    @property
    @override
    def quorum(self) -> int:
        return 2 * self.f


@cache
def digest_at(height: int) -> bytes:
    """Stands for the block that is certified at a height."""
    return sha256(b"certified at %d" % height)


@cache
def header_of(block: Block) -> Header:
    """The product's header of a block."""
    return replace(
        genesis_header(),
        height=block.height,
        parent_hash=digest_at(block.height - 1),
        view=block.view,
        time_ms=block.name,
        proposer=LIAR,
    )


class Rules:
    """The product's rules, asked about the model's votes; each question is asked once."""

    def __init__(self, mistake: Mistake | None) -> None:
        members = committee(HONEST + 1)
        weak = mistake is Mistake.QUORUM_2F
        self.committee = TwoFCommittee(0, members.members) if weak else members
        self.mistake = mistake
        # Facts (of so many voters), and what the product permits.
        self.prepared = cache(self._prepared)
        self.certified = cache(self._certified)
        self.may_show = cache(self._may_show)
        self.begin = cache(self._begin)
        self.may_prepare = cache(self._may_prepare)

    def _prepared(self, vote: Vote, voters: int) -> bool:
        """Do the Prepares of so many honest members make a certificate, the liar proposing?"""
        if self.mistake is Mistake.PRIMARY_COUNTED_TWICE:
            return voters + 2 >= self.committee.quorum
        change = Change(vote.view + 1, vote.block.height - 1, (vote,))
        return self._well_shaped(self._message(change, 0, prepares=voters))

    def _certified(self, vote: Vote, voters: int) -> bool:
        """Do the Commits of so many honest members and the liar make a certificate?"""
        height, digest = vote.block.height, header_of(vote.block).digest()
        book = VoteBook(height, self.committee.quorum)
        for member in (*range(voters), LIAR):
            book.add(SignedVote(VoteType.COMMIT, vote.view, height, digest, member, SIGNATURE))
        certificate = book.certificate()
        if certificate is None:
            return False
        check_certificate(certificate, self.committee, GENESIS_HASH, lambda *_: True)
        return True

    def _may_show(self, change: Change, proof_view: int) -> bool:
        """Is it a well-shaped ViewChange, its certificate being of `proof_view`?"""
        return self._well_shaped(self._message(change, 0, proof_view=proof_view))

    def _begin(self, view: int, changes: tuple[Change, ...], lie: Change | None) -> Begin | None:
        """What a NewView of these honest ViewChanges, and perhaps the liar's, says; if valid."""
        messages = [self._message(change, index) for index, change in enumerate(changes)]
        if lie is not None:
            messages.append(self._message(lie, LIAR))
        if not messages:
            return None
        height = max(message.height for message in messages)
        message = NewView(view, height, LIAR, tuple(messages), SIGNATURE)
        try:
            view_change.check_new_view(message, Era(self.committee, 1, None))
        except MessageInvalid:
            return None
        if not all(view_change.usable(entry, height, lambda *_: LIAR) for entry in messages):
            return None
        if self.mistake is Mistake.LOWER_VIEW_CHOSEN:
            messages = _lowest(messages, height)
        shown = view_change.choose(messages).prepared
        if shown is None:
            return Begin(height, ())
        header = shown.header
        return Begin(height, (Vote(shown.view, Block(height, header.view, header.time_ms)),))

    def _may_prepare(
        self, view: int, block: Block, begun: frozenset[Begin], *, certified: bool
    ) -> bool:
        """May a replica prepare the block in this view (`certified`: so is its parent, in it)?"""
        header = header_of(block)
        choices = [view_change.Choice(begin.height, self._shown(begin.prepared)) for begin in begun]
        free = certified or self.mistake is Mistake.NO_NEW_VIEW
        return proposal.justified(view, header, header.digest(), certified=free, begun=choices)

    def _well_shaped(self, message: ViewChange) -> bool:
        try:
            view_change.check_shape(message, Era(self.committee, 1, None))
        except MessageInvalid:
            return False
        return True

    def _message(
        self, change: Change, member: int, *, proof_view: int = 0, prepares: int | None = None
    ) -> ViewChange:
        proof = Certificate(change.decided, proof_view, digest_at(change.decided), ())
        shown = self._shown(change.prepared, prepares)
        return ViewChange(change.view, member, proof, shown, SIGNATURE)

    def _shown(
        self, prepared: tuple[Vote, ...], prepares: int | None = None
    ) -> PreparedCertificate | None:
        count = self.committee.quorum - 1 if prepares is None else prepares
        signatures = tuple(CommitSignature(member, SIGNATURE) for member in range(count))
        for vote in prepared:
            header = header_of(vote.block)
            return PreparedCertificate(vote.view, header, LIAR, SIGNATURE, signatures)
        return None


def _lowest(messages: list[ViewChange], height: int) -> list[ViewChange]:
    """Of LOWER_VIEW_CHOSEN: as if only the prepared certificate of the lowest view were shown."""
    shown = [(m.prepared.view, m) for m in messages if m.height == height and m.prepared]
    return [min(shown, key=lambda entry: entry[0])[1]] if shown else messages
