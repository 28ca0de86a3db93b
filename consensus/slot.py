"""The slot of the active height: what is proposed, held, checked and prepared there.

One height is in flight, so there is one slot; a decision drops it whole, and with it the log below
(every decided block is a stable checkpoint; PBFT §4.3 needs messages for that).
"""

from collections import deque
from collections.abc import Iterable
from enum import IntEnum

from chain.block import Certificate, Header
from chain.votes import PreparedCertificate
from consensus.messages import Commit, Prepare, PrePrepare
from consensus.output import Results
from consensus.votes import VoteBook

# Proposals kept of one primary: for its view now and one to come.
PROPOSALS_PER_MEMBER_MAX = 2
# Messages kept of one member for the height above the active one: a proposal and two votes of a
# view, and as many of the next.
AHEAD_PER_MEMBER_MAX = 6


class Asked(IntEnum):
    """How urgently a block's check was requested."""

    NOT = 0
    PROPOSED = 1
    CERTIFIED = 2


class HeldBlock:
    """A block at the active height. `results` and `refusal` are its check's; both None before."""

    __slots__ = (
        "asked",
        "bodies",
        "body_hashes",
        "digest",
        "header",
        "journalled",
        "refusal",
        "results",
    )

    def __init__(
        self,
        header: Header,
        digest: bytes,
        body_hashes: tuple[bytes, ...],
        bodies: tuple[bytes, ...] | None,
    ) -> None:
        self.header = header
        self.digest = digest
        self.body_hashes = body_hashes
        self.bodies = bodies
        self.results: Results | None = None
        self.refusal: str | None = None
        self.asked = Asked.NOT
        self.journalled = False


class Candidate:
    """A verified proposal of the right primary, fit to be voted for where its view allows it."""

    __slots__ = ("digest", "message")

    def __init__(self, message: PrePrepare, digest: bytes) -> None:
        self.message = message
        self.digest = digest


class Slot:
    """Everything about one undecided height."""

    __slots__ = ("blocks", "certificate", "height", "prepared", "proposals", "votes", "wanted")

    def __init__(self, height: int, quorum: int) -> None:
        self.height = height
        self.votes = VoteBook(height, quorum)
        self.proposals: dict[int, Candidate] = {}
        self.blocks: dict[bytes, HeldBlock] = {}
        # The own prepared certificate of the highest view.
        self.prepared: PreparedCertificate | None = None
        # A valid certificate of this height: it is decided once its block is held and executed.
        self.certificate: Certificate | None = None
        # Digest of a block asked of peers, and who should have it.
        self.wanted: tuple[bytes, tuple[bytes, ...]] | None = None

    def propose(self, candidate: Candidate, view: int) -> None:
        """Keep a proposal for a view not below `view`; its primary's lowest other gives way."""
        message = candidate.message
        self.proposals = {v: kept for v, kept in self.proposals.items() if v >= view}
        own = [v for v, kept in self.proposals.items() if kept.message.member == message.member]
        if len(own) >= PROPOSALS_PER_MEMBER_MAX:
            # Its view now must stay; a further one to come replaces the other.
            del self.proposals[max(own)]
        self.proposals[message.view] = candidate

    def leave_view(self) -> None:
        """Drop blocks that no vote and no certificate rests on.

        Those voted for stay, from whatever view: somebody may show them as prepared.
        """
        kept = {self.certificate.digest} if self.certificate is not None else set()
        self.blocks = {d: held for d, held in self.blocks.items() if held.journalled or d in kept}

    def hold(
        self,
        header: Header,
        digest: bytes,
        body_hashes: tuple[bytes, ...],
        bodies: tuple[bytes, ...] | None,
    ) -> HeldBlock:
        """The held block of this digest, new or known."""
        held = self.blocks.get(digest)
        if held is None:
            held = self.blocks[digest] = HeldBlock(header, digest, body_hashes, bodies)
        elif held.bodies is None and bodies is not None:
            held.bodies = bodies
            # Ask again, now with the bodies: where all others have decided, nobody answers for
            # single bodies any more, and a check that waits for one would wait for ever.
            held.asked = Asked.NOT
        return held

    def find(self, digest: bytes) -> HeldBlock | None:
        """The block of this digest: held, or begun to be held since a proposal names its bodies."""
        held = self.blocks.get(digest)
        if held is not None:
            return held
        for candidate in self.proposals.values():
            if candidate.digest == digest:
                message = candidate.message
                return self.hold(message.header, digest, message.body_hashes, None)
        return None


class Ahead:
    """Verified messages for the height above the active one: a faster member is one ahead."""

    __slots__ = ("_by_member",)

    def __init__(self) -> None:
        self._by_member: dict[int, deque[PrePrepare | Prepare | Commit]] = {}

    def add(self, message: PrePrepare | Prepare | Commit) -> None:
        """Keep it; the member's oldest gives way."""
        kept = self._by_member.get(message.member)
        if kept is None:
            kept = self._by_member[message.member] = deque(maxlen=AHEAD_PER_MEMBER_MAX)
        if message not in kept:
            kept.append(message)

    def take(self, height: int) -> Iterable[PrePrepare | Prepare | Commit]:
        """All kept for `height`, proposals first; the rest is dropped."""
        messages = [m for member in sorted(self._by_member) for m in self._by_member[member]]
        self._by_member = {}
        fitting = [message for message in messages if message.height == height]
        return sorted(fitting, key=lambda message: not isinstance(message, PrePrepare))
