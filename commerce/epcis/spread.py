"""One forward step of contamination: the same code for a trace and for a recall.

A *mark* says of the outputs of an event, of a lot or of a thing that they are contaminated from a
time on. `spread` tells the marks that follow from one, so many rows of the index at a time; marks
are told again and again, and it is for the caller to know which ones it has. What was declared
erroneous spreads nothing new, but a mark that exists keeps what it covers.

Rules (provenance: Trace): inputs become outputs, joined by the transformationID of one capturer;
what lies in a container is used up with it; of what lies in a container that something makes only
serialised things are reached, which somebody with the right to put there, never a whole class.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.crypto import tagged_hash
from commerce.epcis.follow import Follower, Window
from commerce.epcis.graph import BEGINNING, FOREVER, History, Row, TraceIndex
from commerce.epcis.identifiers import is_class
from commerce.epcis.summary import Role, Summary

# Kinds of marks. The last three are on the way only: they cover nothing themselves.
MADE = "made"
LOT = "lot"
ITEM = "item"
JOINED = "joined"
INSIDE = "inside"
OPENED = "opened"
KINDS = (MADE, LOT, ITEM, JOINED, INSIDE, OPENED)

ROWS_MAX = 10_000
# Items whose histories are read together.
CHUNK = 100
_NUMBER_SIZE = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """Contaminated from `since_ms` on, by event time.

    made: `name` is an event's key in hex, and all its outputs (what it commissioned) are meant; or
    the key, a space and a lot: only its items of that lot.
    lot, item: an identity, of a class or not.
    joined: a transformation of several events (`Summary.transformation_id`).
    inside: a container, a space and the time (UTC ms) until which something contaminated lies in
    it: what happens to it in between is followed.
    opened: a container, a space and `since_ms`: what lay in it then is contaminated, as it was made
    then; made again later, it is opened again.
    """

    kind: str
    name: str
    since_ms: int


def spread(
    index: TraceIndex, mark: Mark, cursor: bytes = b"", limit: int = ROWS_MAX
) -> tuple[tuple[Mark, ...], bytes | None]:
    """The marks that follow from a mark in one step, and where to go on; None when it is done.

    Looks at about `limit` rows of the index (a chunk of items more at most) and tells about so
    many marks. Resumable at a later height: what was captured in between is told by `continues`.
    """
    return Spreader(index).spread(mark, cursor, limit)


def things_of(index: TraceIndex, mark: Mark) -> tuple[str, ...]:
    """What a mark says is contaminated, in the event's order."""
    if mark.kind in (LOT, ITEM):
        return (mark.name,)
    if mark.kind != MADE:
        return ()
    key, _, lot = mark.name.partition(" ")
    summary = index.fact(bytes.fromhex(key))
    if summary is None:
        return ()
    if not lot:
        return made_by(summary)
    return tuple(item for members in summary.lots if members.lot == lot for item in members.items)


def made_by(summary: Summary) -> tuple[str, ...]:
    """What an event brings into being."""
    return summary.items if _commissions(summary) else summary.outputs


def marks_of(index: TraceIndex, thing: str) -> tuple[tuple[str, str], ...]:
    """Kind and name of every mark that may say of a thing that it is contaminated, sorted.

    Its births count although they were declared erroneous later.
    """
    found = {(LOT if is_class(thing) else ITEM, thing)}
    for _, key, role in index.rows(thing):
        if role is not Role.OUTPUT and role is not Role.SUBJECT:
            continue
        summary = index.fact(key)
        if summary is None or (role is Role.SUBJECT and not _commissions(summary)):
            continue
        found.add((MADE, key.hex()))
        lots = (members.lot for members in summary.lots if thing in members.items)
        found.update((MADE, _of_lot(key, lot)) for lot in lots)
    return tuple(sorted(found))


def continues(index: TraceIndex, event_key: bytes) -> tuple[tuple[str, str], ...]:
    """Marks whose spread a newly captured event may carry on, as kind and name, sorted.

    ("inside", container) and ("opened", container) stand for every mark of that kind and container,
    whatever its time: look them up by `mark_part`, of which the shorter is the beginning of the
    longer.
    """
    summary = index.summary(event_key)
    if summary is None:
        return ()
    puts = summary.is_containment and summary.action == "ADD"
    named = [*summary.inputs, *(members.lot for members in summary.lots)]
    if puts:
        named += summary.items
    found = {(INSIDE, thing) for thing in named if not is_class(thing)}
    if summary.transformation_id is not None:
        found.add((JOINED, summary.transformation_id))
    if puts and summary.parent is not None:
        # What it is put into may have been made later: then it is contents of a product.
        named.append(summary.parent)
        found.add((OPENED, summary.parent))
    for thing in named:
        found.update(marks_of(index, thing))
    return tuple(sorted(found))


def mark_part(kind: str, name: str) -> bytes:
    """The key part of a mark in state tables: kind, hash of the name, and a time if it has one."""
    head, time = name, b""
    if kind in (INSIDE, OPENED) and " " in name:
        head, _, time_ms = name.rpartition(" ")
        time = int(time_ms).to_bytes(8, "big", signed=True)
    number = KINDS.index(kind).to_bytes(1, "big")
    return number + tagged_hash("epcis-name", head.encode()) + time


def _commissions(summary: Summary) -> bool:
    return summary.type == "ObjectEvent" and summary.action == "ADD"


def _of_lot(key: bytes, lot: str) -> str:
    return f"{key.hex()} {lot}"


class Spreader:
    """The marks that follow from a mark, gathered; a trace gathers more on the way."""

    chunk = CHUNK

    def __init__(self, index: TraceIndex) -> None:
        self.index = index
        # A dictionary for its order: that in which they were met.
        self.marks: dict[Mark, None] = {}
        self.follower = Follower(index, self, forward=True)

    def spread(
        self, mark: Mark, cursor: bytes, limit: int
    ) -> tuple[tuple[Mark, ...], bytes | None]:
        """See the function of this name."""
        self.marks.clear()
        offset, row = (
            int.from_bytes(part, "big") for part in (cursor[:_NUMBER_SIZE], cursor[_NUMBER_SIZE:])
        )
        things, window = self._followed(mark)
        left = limit
        while offset < len(things) and left > 0:
            alone = row or mark.kind != MADE or is_class(things[offset])
            chunk = things[offset : offset + (1 if alone else self.chunk)]
            looked, row = self._along(mark, chunk, window, (row, left))
            left -= looked
            offset += 0 if row else len(chunk)
        done = offset >= len(things)
        where = None if done else b"".join(n.to_bytes(_NUMBER_SIZE, "big") for n in (offset, row))
        return tuple(self.marks), where

    def _followed(self, mark: Mark) -> tuple[Sequence[str], Window]:
        """The things whose rows tell what follows from a mark, and in which window."""
        if mark.kind == INSIDE:
            container, _, until = mark.name.rpartition(" ")
            return (container,), Window(mark.since_ms, int(until), carried=True)
        if mark.kind == OPENED:
            return (mark.name.rpartition(" ")[0],), Window(BEGINNING, FOREVER)
        if mark.kind == JOINED:
            return (mark.name,), Window(BEGINNING, FOREVER)
        return things_of(self.index, mark), Window(mark.since_ms, FOREVER)

    def _along(
        self, mark: Mark, things: Sequence[str], window: Window, part: tuple[int, int]
    ) -> tuple[int, int]:
        """Follow things: from a row on, so many; how many it were, and the next row or 0."""
        start, left = part
        looked = 0
        for along in self.follower.timelines(things, window):
            concerned = along.concerned(window)
            stop = len(concerned) if len(things) > 1 else start + left
            rows = concerned[start:stop]
            looked += len(rows)
            if mark.kind == JOINED:
                self._through_parts(rows)
            elif mark.kind == OPENED:
                self._open(along.history, mark.since_ms, rows)
            else:
                self.follower.follow(along, window, rows)
                if mark.kind in (MADE, ITEM):
                    self._opened(along.history, mark.since_ms)
            if stop < len(concerned):
                return looked, stop
        return max(looked, 1), 0

    def _through_parts(self, rows: Sequence[Row]) -> None:
        for _, key, role in rows:
            part = self.index.summary(key) if role is Role.TRANSFORMATION else None
            if part is not None:
                self.made(key, part)

    def _opened(self, history: History, since_ms: int) -> None:
        """What is contaminated may be a container: then what lies in it is too."""
        if any(time_ms <= since_ms and role is Role.PARENT for time_ms, _, role in history.rows):
            for container in history.things:
                self._mark(OPENED, f"{container} {since_ms}", since_ms)

    def _open(self, history: History, since_ms: int, rows: Sequence[Row]) -> None:
        """The serialised things that rows put into a container and that lay there at a time."""
        (container,) = history.things
        containment = self.follower.containment
        for time_ms, key, role in rows:
            summary = self.index.summary(key) if role is Role.PARENT else None
            if summary is None or summary.action != "ADD" or time_ms > since_ms:
                continue
            for inside in self.index.histories(summary.items):
                for things, (until, _) in containment.stays(inside).of(container, summary):
                    if until > since_ms and not is_class(things[0]):
                        for thing in things:
                            self._mark(ITEM, thing, since_ms)
                        self._opened(inside, since_ms)

    def _mark(self, kind: str, name: str, since_ms: int) -> None:
        self.marks[Mark(kind, name, since_ms)] = None

    def made(self, key: bytes, summary: Summary) -> None:
        """The outputs of an event are contaminated, if it has any."""
        if summary.outputs:
            self._mark(MADE, key.hex(), summary.time_ms)

    def step(self, key: bytes, role: Role) -> None:
        """See `Sink`."""

    def join(
        self, kind: str, name: str | bytes, sources: Sequence[str], targets: Sequence[str]
    ) -> None:
        """See `Sink`."""

    def carried(self, container: str, window: Window) -> None:
        """See `Sink`."""
        self._mark(INSIDE, f"{container} {window.end}", window.start)

    def used(self, things: Sequence[str], key: bytes, summary: Summary) -> None:  # noqa: ARG002
        """See `Sink`."""
        if summary.transformation_id is None:
            self.made(key, summary)
        else:
            self._mark(JOINED, summary.transformation_id, summary.time_ms)

    def belonged(self, things: Sequence[str], key: bytes, summary: Summary, role: Role) -> None:
        """See `Sink`: items carry on what their lot was."""
        if role is Role.LOT or role is Role.OUTPUT:
            for lot in {members.lot: None for members in summary.lots}:
                if lot in things:
                    self._mark(MADE, _of_lot(key, lot), summary.time_ms)
