"""What the journal still holds for heights above the store's tip, until they are reached again.

Blocks that were decided but not yet written are decided again on the way; the others are those that
votes rest on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from chain.block import Certificate
from chain.votes import PreparedCertificate, ViewChange
from consensus.config import JournalIncomplete
from consensus.messages import NewView
from consensus.records import (
    BlockRecord,
    DecidedRecord,
    NewViewRecord,
    PreparedRecord,
    Record,
    SilenceRecord,
    SyncedRecord,
    ViewChangeRecord,
    VoteRecord,
)
from consensus.slot import Slot


@dataclass(slots=True)
class Recovered:
    """The journal's content by subject; heights up to the store's tip are left out of blocks."""

    blocks: dict[bytes, BlockRecord] = field(default_factory=dict)
    certificates: dict[int, Certificate] = field(default_factory=dict)
    prepared: dict[int, PreparedCertificate] = field(default_factory=dict)
    # The highest height that is decided, in the store or here. Until it is reached again, it is not
    # known which era the promises are of.
    reached: int = 0
    votes: list[VoteRecord] = field(default_factory=list)
    view_change: ViewChange | None = None
    new_view: NewView | None = None

    def forget_promises(self) -> None:
        """The replica has them now."""
        self.votes = []
        self.view_change = self.new_view = None

    def fill(self, slot: Slot) -> None:
        """Hand over what belongs to a new slot, and forget what lies below it."""
        for digest, record in self.blocks.items():
            if record.block.header.height == slot.height:
                bodies = record.block.bodies
                held = slot.hold(record.block.header, digest, record.body_hashes, bodies)
                held.journalled = True
        slot.prepared = self.prepared.pop(slot.height, None)
        slot.certificate = self.certificates.pop(slot.height, None)
        kept = self.blocks.items()
        self.blocks = {d: r for d, r in kept if r.block.header.height > slot.height}

    def records(self) -> list[Record]:
        """Everything not yet handed over, as it must stand in a fresh journal."""
        found: list[Record] = list(self.blocks.values())
        found += [PreparedRecord(prepared) for prepared in self.prepared.values()]
        found += [DecidedRecord(certificate) for certificate in self.certificates.values()]
        found += self.votes
        found += [ViewChangeRecord(message) for message in (self.view_change,) if message]
        found += [NewViewRecord(message) for message in (self.new_view,) if message]
        return found


@dataclass(slots=True)
class Replay:
    """A journal read once, in order. `height` is the store's tip.

    `known` is the greatest height that it says was synced in the store.
    """

    height: int
    known: int = 0
    recovered: Recovered = field(default_factory=Recovered)
    silence: SilenceRecord | None = None

    @classmethod
    def of(cls, records: Iterable[Record], height: int) -> "Replay":
        """Read the records, or raise `JournalIncomplete`."""
        replay = cls(height)
        for record in records:
            replay._take(record)
        replay._check()
        return replay

    def _take(self, record: Record) -> None:  # noqa: C901, PLR0912 - one branch per kind
        recovered = self.recovered
        match record:
            case BlockRecord(block, _):
                if block.header.height > self.height:
                    recovered.blocks[block.header.digest()] = record
            case VoteRecord():
                recovered.votes.append(record)
            case PreparedRecord(prepared):
                known = recovered.prepared.get(prepared.height)
                if prepared.height > self.height and (known is None or known.view < prepared.view):
                    recovered.prepared[prepared.height] = prepared
            case DecidedRecord(certificate):
                if certificate.height > self.height:
                    recovered.certificates[certificate.height] = certificate
            case ViewChangeRecord(message):
                recovered.view_change = message
            case NewViewRecord(message):
                recovered.new_view = message
            case SilenceRecord():
                self.silence = record
            case SyncedRecord(height):
                self.known = max(self.known, height)

    def _check(self) -> None:
        """No vote without the certificate of the height below: else this is not our whole past."""
        recovered = self.recovered
        reached = recovered.reached = self._reached()
        voted = max((vote.height for vote in recovered.votes), default=0)
        if voted > reached + 1:
            msg = f"this replica voted at height {voted}, but knows only height {reached}"
            raise JournalIncomplete(msg)
        if self.known > reached:
            msg = f"this replica knew height {self.known}, its store and journal reach {reached}"
            raise JournalIncomplete(msg)
        above = reached if self._is_silent(reached) else self.height
        rested = [vote.digest for vote in recovered.votes if vote.height > above]
        if any(digest not in recovered.blocks for digest in rested):
            msg = "a block that was voted for is missing"
            raise JournalIncomplete(msg)
        prepared = (entry.header.digest() for entry in recovered.prepared.values())
        if any(digest not in recovered.blocks for digest in prepared):
            msg = "a prepared block is missing"
            raise JournalIncomplete(msg)

    def _reached(self) -> int:
        """The highest height that was decided, as store and journal tell together.

        Between them may be a gap only where no vote can be given twice: up to a silence.
        """
        certificates = self.recovered.certificates
        reached = self.height
        while reached + 1 in certificates:
            reached += 1
        highest = max(reached, self.known, *certificates)
        if highest > reached and self._is_silent(highest):
            reached = highest
        if highest > reached and highest in certificates:
            msg = f"heights above {reached} are decided, the one between is missing"
            raise JournalIncomplete(msg)
        for height, certificate in certificates.items():
            if certificate.digest not in self.recovered.blocks:
                msg = f"height {height} is decided, its block is missing"
                raise JournalIncomplete(msg)
        return reached

    def _is_silent(self, height: int) -> bool:
        """Will this replica cast no vote at this height or below?"""
        silence = self.silence
        return silence is not None and (silence.until is None or silence.until >= height)


def silence_without_store(records: Iterable[Record]) -> SilenceRecord:
    """What to append to a whole journal whose store is lost, so that it serves with another one.

    It still holds every promise above what was decided; votes below were dropped with the blocks
    they were for, and so the replica keeps silent up to there.
    """
    known, newest = 0, SilenceRecord(0)
    for record in records:
        match record:
            case SyncedRecord(height):
                known = max(known, height)
            case DecidedRecord(certificate):
                known = max(known, certificate.height)
            case SilenceRecord():
                newest = record
            case _:
                pass
    return newest if newest.until is None else SilenceRecord(max(known, newest.until))
