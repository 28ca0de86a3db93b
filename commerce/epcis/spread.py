"""One forward step of contamination: the same code for a trace and for a recall.

A *mark* says of the outputs of an event, of a lot or of a thing that they are contaminated.
`spread` tells the marks that follow from one, so many rows of the index at a time; marks
are told again and again, and it is for the caller to know which ones it has. What was declared
erroneous spreads nothing new, but a mark that exists keeps what it covers.

Rules (provenance: Trace): inputs become outputs, joined by the transformationID of one capturer,
whatever the times are; what lies in a container is used up with it. Goods that are contaminated are
so for all their life: who writes the times would else choose what is recalled. A container counts
from the time it was made, for it is used again and again. Of what lies in it then only that is
reached which the same account says that it made: never a rival's item, never a whole class.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chain.crypto import tagged_hash
from commerce.epcis.births import births, made_by, makers
from commerce.epcis.follow import ALWAYS, Follower, Window
from commerce.epcis.graph import BEGINNING, FOREVER, History, Row, TraceIndex
from commerce.epcis.identifiers import is_class, is_goods
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
# An event's key in hex.
_KEY_SIZE = 64


@dataclass(frozen=True, slots=True)
class Mark:
    """Something is contaminated; `since_ms` is an event time where one matters, else BEGINNING.

    made: `name` is an event's key in hex, and all its outputs (what it commissioned) are meant; or
    the key, a space and a lot: only its items of that lot. Containers among them count since the
    event's time, goods always.
    lot, item: an identity, of a class or not; a container counts since a time, goods always.
    joined: a transformation of several events (`Summary.transformation_id`).
    inside: a container, a space and the time (UTC ms) until which something contaminated lies in
    it since then: what happens to it in between is followed.
    opened: a container, a space and the key, in hex, of the event that made it, or what it lay in:
    what lay in it then and was made by who states that is contaminated.
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


def marks_of(index: TraceIndex, thing: str) -> tuple[tuple[str, str], ...]:
    """Kind and name of every mark that may say of a thing that it is contaminated, sorted.

    Its births count although they were declared erroneous later.
    """
    found = {(LOT if is_class(thing) else ITEM, thing)}
    for key, summary in births(index.fact, index.rows(thing)):
        found.add((MADE, key.hex()))
        lots = (members.lot for members in summary.lots if thing in members.items)
        found.update((MADE, _of_lot(key, lot)) for lot in lots)
    return tuple(sorted(found))


def continues(
    index: TraceIndex, event_key: bytes, *, opened: bool = True
) -> tuple[tuple[str, str], ...]:
    """Marks whose spread a newly captured event may carry on, as kind and name, sorted.

    ("inside", container) and ("opened", container) stand for every mark of that kind and container,
    whatever its time: look them up by `mark_part`, of which the shorter is the beginning of the
    longer. Without `opened` there are no marks of that kind, and what it makes needs no look.
    """
    summary = index.summary(event_key)
    if summary is None:
        return ()
    puts = summary.is_containment and summary.action == "ADD"
    born = [thing for thing in made_by(summary) if not is_class(thing)]
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
        born.append(summary.parent)
    for thing in named:
        found.update(marks_of(index, thing))
    if opened:
        # What is made, or is a container now, may lie in a product already.
        found.update((OPENED, container) for container in _containers_of(index, born))
    return tuple(sorted(found))


def _containers_of(index: TraceIndex, things: Sequence[str]) -> Iterator[str]:
    """Whatever things were put into."""
    for history in index.histories(things):
        for _, key, role in history.rows:
            put = index.summary(key) if role is Role.CHILD else None
            if put is not None and put.action == "ADD" and put.parent is not None:
                yield put.parent


def mark_part(kind: str, name: str) -> bytes:
    """The key part of a mark in state tables: kind, hash of the name, and the time or the event's
    key that the name ends in.
    """
    head, tail = name, b""
    if kind in (INSIDE, OPENED) and " " in name:
        head, _, end = name.rpartition(" ")
        is_time = kind == INSIDE
        tail = int(end).to_bytes(8, "big", signed=True) if is_time else bytes.fromhex(end)
    return kind_part(kind) + tagged_hash("epcis-name", head.encode()) + tail


def _of_lot(key: bytes, lot: str) -> str:
    return f"{key.hex()} {lot}"


def kind_part(kind: str) -> bytes:
    """What the key parts of all marks of a kind begin with."""
    return KINDS.index(kind).to_bytes(1, "big")


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
        things, goods, window = self._followed(mark)
        left = limit
        while offset < len(things) and left > 0:
            alone = row or mark.kind != MADE or is_class(things[offset])
            stop = offset + (1 if alone else self.chunk)
            # What counts always comes first, and by itself.
            always = offset < goods
            chunk = things[offset : min(stop, goods) if always else stop]
            looked, row = self._along(mark, chunk, ALWAYS if always else window, (row, left))
            left -= looked
            offset += 0 if row else len(chunk)
        done = offset >= len(things)
        where = None if done else b"".join(n.to_bytes(_NUMBER_SIZE, "big") for n in (offset, row))
        return tuple(self.marks), where

    def _followed(self, mark: Mark) -> tuple[Sequence[str], int, Window]:
        """The things whose rows tell what follows from a mark; how many of them, which come first,
        count always, and the window in which the others do.
        """
        if mark.kind == INSIDE:
            container, _, until = mark.name.rpartition(" ")
            return (container,), 0, Window(mark.since_ms, int(until), carried=True)
        if mark.kind == OPENED:
            return (mark.name.rpartition(" ")[0],), 0, ALWAYS
        if mark.kind == JOINED:
            return (mark.name,), 0, ALWAYS
        things = things_of(self.index, mark)
        goods = [thing for thing in things if is_goods(thing)]
        if len(goods) < len(things):
            things = (*goods, *(thing for thing in things if not is_goods(thing)))
        return things, len(goods), Window(mark.since_ms, FOREVER)

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
                self._open(along.history, mark, rows)
            else:
                self.follower.follow(along, window, rows)
                if mark.kind == MADE:
                    self._opened(along.history, mark, along.history.things)
            if stop < len(concerned):
                return looked, stop
        return max(looked, 1), 0

    def _through_parts(self, rows: Sequence[Row]) -> None:
        for _, key, role in rows:
            part = self.index.summary(key) if role is Role.TRANSFORMATION else None
            if part is not None:
                self.made(key, part)

    def _opened(self, history: History, mark: Mark, things: Sequence[str]) -> None:
        """What an event made, or what lies in it, may be a container: then look into that."""
        since_ms = mark.since_ms
        if any(time_ms <= since_ms and role is Role.PARENT for time_ms, _, role in history.rows):
            key = mark.name.partition(" ")[0] if mark.kind == MADE else mark.name[-_KEY_SIZE:]
            for container in things:
                self._mark(OPENED, f"{container} {key}", since_ms)

    def _open(self, history: History, mark: Mark, rows: Sequence[Row]) -> None:
        """Of what rows put into a container, and lay there when it was made, the maker's own."""
        (container,) = history.things
        containment, since_ms = self.follower.containment, mark.since_ms
        capturer = self.index.capturer(bytes.fromhex(mark.name[-_KEY_SIZE:]))
        for time_ms, key, role in rows:
            summary = self.index.summary(key) if role is Role.PARENT else None
            if summary is None or summary.action != "ADD" or time_ms > since_ms:
                continue
            for inside in self.index.histories(summary.items):
                for things, (until, _) in containment.stays(inside).of(container, summary):
                    if until <= since_ms or is_class(things[0]):
                        continue
                    self._opened(inside, mark, things)
                    if capturer in makers(self.index, inside.rows):
                        for thing in things:
                            self._mark(ITEM, thing, BEGINNING if is_goods(thing) else since_ms)

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
            self._mark(JOINED, summary.transformation_id, BEGINNING)

    def belonged(self, things: Sequence[str], key: bytes, summary: Summary, role: Role) -> None:
        """See `Sink`: items carry on what their lot was."""
        if role is Role.LOT or role is Role.OUTPUT:
            for lot in {members.lot: None for members in summary.lots}:
                if lot in things:
                    self._mark(MADE, _of_lot(key, lot), summary.time_ms)
