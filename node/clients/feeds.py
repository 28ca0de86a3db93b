"""Events one after another, for ever: what a feed hands over, and where it reads them.

Every event has its place in the chain, and a feed goes by the places alone. So whichever node
answers and however often the connection breaks, each event comes once and in order. The cursor that
a program keeps is the place after the last event it has dealt with.
"""

import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from typing_extensions import override

from chain.errors import HistoryPruned, HushangError
from node.api.cursors import LATEST, Cursor, parse_cursor
from node.clients.errors import (
    NodeBusy,
    NodeFailed,
    NodeFailedInside,
    NodeRefused,
    NodeUnreachable,
)
from node.clients.hearing import Hearing
from node.clients.submission import Backoff
from node.clients.wire import Asked, Pause, Place, Steps, ask, ask_one, whole, with_query

PAGE_EVENTS: Final = 500
PATIENCE_S: Final = 60.0
FROM_NOW: Final = "latest"
BEGINNING: Final = Cursor(0, 0, 0)
PRUNED: Final = HistoryPruned.__name__


class CursorRefused(HushangError):
    """A text is no cursor of the event feed."""

    hint = "height.receipt.event, as an event's `next` tells it, or `latest`"


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """An event at its place. `verified`: checked from the genesis, whoever told it.

    `data` is as GET /v1/events tells it: ids in hex, accounts hs1…, amounts as strings.
    """

    cursor: str
    next: str
    height: int
    block_hash: str
    time_ms: int
    receipt_id: str
    type: str
    data: Mapping[str, Any]
    verified: bool = False

    def json(self) -> dict[str, Any]:
        """As GET /v1/events tells it."""
        names = ("cursor", "next", "height", "block_hash", "time_ms", "receipt_id", "type", "data")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order; `next` resumes after them. `complete`: there is no more for now."""

    events: Sequence[FeedEvent]
    next: Cursor
    complete: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a feed is about: types (or their beginnings up to a dot), an account; all without."""

    types: tuple[str, ...] = ()
    account: str | None = None

    def path(self, cursor: Cursor, limit: int | None = None) -> str:
        """Where a node tells it: as a page, or with an upgrade as a stream."""
        types = ",".join(self.types) or None
        query = {"cursor": cursor, "limit": limit, "types": types, "account": self.account}
        return with_query("/v1/events", query)


class Source(ABC):
    """Reads events at a cursor from several nodes."""

    @abstractmethod
    def start(self, cursor: Cursor) -> Steps[Cursor]:
        """The place where a feed from this cursor begins: `latest` becomes one."""

    @abstractmethod
    def batch(self, cursor: Cursor) -> Steps[Batch]:
        """What is at a cursor or after it, of some nodes; may be empty while there is more."""

    @abstractmethod
    def hear(self, cursor: Cursor) -> Steps[Batch | None]:
        """What a node tells by itself from a cursor on; None: look with `batch` what there is."""


class PageSource(Source):
    """Pages of GET /v1/events: what a node tells is believed."""

    def __init__(
        self,
        places: Sequence[Place],
        wanted: Wanted,
        timeout_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._places = deque(places)
        self._wanted = wanted
        self._timeout_s = timeout_s
        self._hearing = Hearing(clock_s)

    @override
    def start(self, cursor: Cursor) -> Steps[Cursor]:
        """One past what the first node that answers has decided."""
        if cursor != LATEST:
            return cursor
        asked = Asked("GET", "/v1/status", timeout_s=self._timeout_s)
        told = (yield from ask(self._places, asked)).body
        return Cursor(whole(told, "height") + 1, 0, 0)

    @override
    def batch(self, cursor: Cursor) -> Steps[Batch]:
        """A page of the first node that answers and still has the events; that node is asked again.

        At the end of what it has it is another's turn: it may be a node that fell behind.
        """
        asked = Asked("GET", self._wanted.path(cursor, PAGE_EVENTS), timeout_s=self._timeout_s)
        failure: HushangError | None = None
        for _ in range(len(self._places)):
            try:
                told = (yield from ask_one(self._places[0], asked)).body
                page = read_page(told, cursor)
            except (NodeUnreachable, NodeBusy, NodeFailedInside, NodeFailed) as error:
                failure = error
            except NodeRefused as error:
                if error.told_code != PRUNED:
                    raise
                failure = error
            else:
                self._hearing.answered(self._places[0], news=bool(page.events))
                if page.complete:
                    self._places.rotate(-1)
                return page
            self._places.rotate(-1)
        raise failure or NodeUnreachable("no node is known")

    @override
    def hear(self, cursor: Cursor) -> Steps[Batch | None]:
        """A message of the stream is a page. After a quiet one it is another node's turn."""
        page = yield from self._hearing.hear(self._wanted.path(cursor), read_spoken)
        if page is None:
            return None
        # The stream may have begun before what pages have told meanwhile.
        events = [event for event in page.events if parse_cursor(event.cursor) >= cursor]
        return Batch(events, max(page.next, cursor), complete=True)


def read_page(told: Any, cursor: Cursor) -> Batch:
    """A node's page, in order and from the cursor on; `NodeFailed`."""
    try:
        events = [
            FeedEvent(**{name: entry[name] for name in FeedEvent.__slots__ if name != "verified"})
            for entry in told["events"]
        ]
        following, complete = parse_cursor(told["next"]), told["complete"] is True
        places = [cursor, *(parse_cursor(event.cursor) for event in events)]
        ends = [cursor, *(parse_cursor(event.next) for event in events)]
    except (KeyError, TypeError, ValueError) as error:
        raise NodeFailed(f"the node's answer is no page of events: {error}") from error
    for begin, end in zip(places[1:], ends[:-1], strict=True):
        if begin < end:
            raise NodeFailed(f"the node tells {begin} after {end}")
    return Batch(events, max(following, ends[-1]), complete)


def read_spoken(told: Any) -> Batch:
    """A message of a stream, which is a page and may begin anywhere; `NodeFailed`."""
    return read_page(told, BEGINNING)


def read_cursor(text: str) -> Cursor:
    """A cursor of its text; `CursorRefused`."""
    try:
        return parse_cursor(text)
    except ValueError as error:
        raise CursorRefused(f"{text!r}: {error}") from error


class Reading:
    """A feed's progress: what is read, what is handed over, what is dealt with."""

    def __init__(self, source: Source, cursor: str, patience_s: float | None) -> None:
        self._source = source
        self._begin: Cursor | None = read_cursor(cursor)
        self._read = read_cursor(cursor)
        self._patience_s = patience_s
        self._waiting: deque[FeedEvent] = deque()
        self._given: Cursor | None = None
        self.done: Cursor | None = None
        # No node that was asked has more, as far as is known: it is time to listen.
        self.is_at_end = False

    def take(self) -> FeedEvent | None:
        """The next event that was read already."""
        if not self._waiting:
            return None
        event = self._waiting.popleft()
        self._given = parse_cursor(event.next)
        return event

    def settle(self) -> bool:
        """What was handed over is dealt with; False if nothing was."""
        if self._given is None:
            return False
        self.done, self._given = self._given, None
        return True

    def more(self) -> Steps[bool]:
        """Read on until there is an event, or nothing for the moment; waits out broken nodes."""
        patience_s, backoff = self._patience_s, Backoff()
        deadline_s = None if patience_s is None else time.monotonic() + patience_s
        while True:
            try:
                batch = yield from self._batch()
            except (NodeUnreachable, NodeBusy, NodeFailedInside) as error:
                if deadline_s is not None and time.monotonic() >= deadline_s:
                    raise
                yield Pause(backoff.next_s(getattr(error, "retry_after_s", 0.0)))
                continue
            self._note(batch)
            if batch.events:
                return True
            if batch.complete:
                return False

    def hear(self) -> Steps[None]:
        """Wait for what a node tells by itself; at a loss or after a quiet while, read on."""
        batch = yield from self._source.hear(self._read)
        if batch is None:
            self.is_at_end = False
        else:
            self._note(batch)
            self.is_at_end = bool(batch.events)

    def _note(self, batch: Batch) -> None:
        self._waiting.extend(batch.events)
        self._read = batch.next
        self.is_at_end = batch.complete
        if not batch.events:
            # All before is dealt with, and nothing here is wanted.
            self.done = self._read

    def _batch(self) -> Steps[Batch]:
        if self._begin is not None:
            self._read = yield from self._source.start(self._begin)
            self._begin, self.done = None, self._read
        return (yield from self._source.batch(self._read))
