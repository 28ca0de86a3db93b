"""What is promised, checked as it happens: over all honest copies, across all their crashes.

The checker sees everything at once, which no node can; it never changes anything.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from typing_extensions import override

from chain.block import VoteType
from chain.codec import decode
from chain.crypto import sha256
from chain.evidence import Evidence
from chain.transaction import SignedTransaction, transaction_id
from chain.votes import ViewChange
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    encode_message,
)
from consensus.output import Decided
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    ViewChangeRecord,
    VoteRecord,
)
from tests.sim.world import Violation, World


class Speaker(NamedTuple):
    """An honest member in one epoch; views of another are others."""

    number: int
    epoch: int

    @override
    def __str__(self) -> str:
        return f"{self.number} (epoch {self.epoch})" if self.epoch else f"{self.number}"


@dataclass
class Durable:
    """What one copy's journal and store would still hold after a crash now."""

    votes: set[tuple[int, int, int, bytes]] = field(default_factory=set)
    blocks: set[bytes] = field(default_factory=set)
    prepared: set[tuple[int, bytes]] = field(default_factory=set)
    messages: set[bytes] = field(default_factory=set)
    decided: int = 0

    def take(self, record: Record) -> None:
        """One more record is synced."""
        match record:
            case VoteRecord():
                self.votes.add((record.type, record.view, record.height, record.digest))
            case BlockRecord():
                self.blocks.add(record.block.header.digest())
            case PreparedRecord():
                prepared = record.prepared
                self.prepared.add((prepared.view, prepared.header.digest()))
            case ViewChangeRecord() | NewViewRecord():
                self.messages.add(sha256(encode_message(record.message)))
            case DecidedRecord():
                self.decided = max(self.decided, record.certificate.height)
            case _:
                pass


class Checks:
    """The global record: what was decided, signed, acknowledged."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.digests: dict[int, bytes] = {}
        self.ids: dict[bytes, int] = {}
        self.acknowledged: dict[bytes, int] = {}
        self._sent: dict[tuple[Speaker, int, int, int], bytes] = {}
        self._left: dict[Speaker, int] = {}
        # The highest view that each honest member has complained of or left.
        self._against: dict[Speaker, int] = {}
        self.height = 0
        # Members with an older journal: a power cut of all may leave nobody who remembers what they
        # signed, so that they can't be kept from signing otherwise. They count among the f.
        self.forgetful: set[int] = set()
        # What honest nodes have found.
        self.evidence: list[Evidence] = []

    # Deciding.

    def decided(self, place: int, decided: Decided) -> None:
        """An honest replica decides: the same as all others, and each transaction once."""
        header = decided.block.header
        known = self.digests.setdefault(header.height, decided.digest)
        if known != decided.digest:
            detail = (
                f"{place} decides {decided.digest.hex()[:8]} at {header.height}, others another"
            )
            raise Violation("agreement", detail)
        if header.height <= self.height:
            return
        if header.height != self.height + 1:
            raise Violation("prefix", f"{header.height} is decided, {self.height + 1} is not")
        if header.height > 1 and header.parent_hash != self.digests[header.height - 1]:
            raise Violation("prefix", f"the parent of {header.height} is another block")
        self.height = header.height
        if decided.certificate.view != header.view:
            self._world.count("reproposals")
        for raw in decided.block.bodies:
            wanted = transaction_id(decode(SignedTransaction, raw).content)
            if wanted in self.ids:
                detail = f"{wanted.hex()[:8]} at {self.ids[wanted]} and {header.height}"
                raise Violation("exactly once", detail)
            self.ids[wanted] = header.height

    def written(self, height: int, digest: bytes, ids: list[bytes]) -> None:
        """An honest node's store has it: its clients are told."""
        if self.digests.get(height) != digest:
            raise Violation("agreement", f"another block is written at {height}")
        for entry in ids:
            if self.acknowledged.setdefault(entry, height) != height:
                raise Violation("exactly once", f"{entry.hex()[:8]} is acknowledged twice")

    # Voting.

    def sent(self, member: Speaker, message: Message, durable: Durable, tip: int) -> None:
        """An honest member's message leaves for the first time or again."""
        match message:
            case PrePrepare():
                digest = message.header.digest()
                self._vote(member, VoteType.PRE_PREPARE, message, digest, durable)
                self._rests_on(member, message.height, digest, durable, tip)
            case Prepare():
                self._vote(member, VoteType.PREPARE, message, message.digest, durable)
                self._rests_on(member, message.height, message.digest, durable, tip)
            case Commit():
                self._vote(member, VoteType.COMMIT, message, message.digest, durable)
                if (message.view, message.digest) not in durable.prepared:
                    self._hasty(member, f"Commit at {message.height} without its certificate")
            case ViewChange() | NewView():
                self._change(member, message, durable)
            case _:
                pass

    def complained(self, member: Speaker, message: Complaint) -> None:
        """An honest replica has made it; a disk may keep the view change that follows it, and the
        process end before either is sent.
        """
        self._against[member] = max(message.view, self._against.get(member, -1))

    def against(self, epoch: int, view: int) -> int:
        """How many honest members of an epoch want to leave a view, as far as they have said."""
        members = self._against.items()
        return sum(member.epoch == epoch and left >= view for member, left in members)

    def _vote(
        self,
        member: Speaker,
        kind: VoteType,
        message: PrePrepare | Prepare | Commit,
        digest: bytes,
        durable: Durable,
    ) -> None:
        view, height = message.view, message.height
        if (int(kind), view, height, digest) not in durable.votes:
            self._hasty(member, f"{kind.name} at view {view} height {height}")
        slot = max(kind, VoteType.PREPARE)
        known = self._sent.get((member, slot, view, height))
        if known is None:
            self._sent[member, slot, view, height] = digest
            if view < self._left.get(member, 0):
                detail = f"{member} votes in view {view} after leaving it, at height {height}"
                raise Violation("views only grow", detail)
        elif known != digest:
            detail = f"{member} signs two digests: {kind.name} view {view} height {height}"
            raise Violation("no conflicting signatures", detail)

    def _change(self, member: Speaker, message: ViewChange | NewView, durable: Durable) -> None:
        kind = VoteType.VIEW_CHANGE if isinstance(message, ViewChange) else VoteType.NEW_VIEW
        digest = sha256(encode_message(message))
        if digest not in durable.messages:
            self._hasty(member, f"{kind.name} to {message.view}")
        known = self._sent.get((member, kind, message.view, 0))
        if known is None:
            self._sent[member, kind, message.view, 0] = digest
            self._world.count(kind.name.lower())
        elif known != digest:
            detail = f"{member} signs two of {kind.name} to view {message.view}"
            raise Violation("no conflicting signatures", detail)
        if isinstance(message, ViewChange):
            self._left[member] = max(message.view, self._left.get(member, 0))
            self._against[member] = max(message.view - 1, self._against.get(member, -1))

    def _rests_on(
        self, member: Speaker, height: int, digest: bytes, durable: Durable, tip: int
    ) -> None:
        if digest not in durable.blocks:
            self._hasty(member, f"a vote at {height} without its block")
        if max(tip, durable.decided) < height - 1:
            self._hasty(member, f"a vote at {height} while {height - 1} is not on disk")

    def _hasty(self, member: Speaker, what: str) -> None:
        raise Violation("persist before send", f"{member} sends what it could forget: {what}")
