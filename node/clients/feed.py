"""The feeds that a program iterates over, and the file that remembers how far it got.

An event counts as dealt with when the program asks for the next one, or says so (`feed.keep`). Only
then the cursor is kept. So after a crash the event that was in hand comes again, and no other:
whoever stores `event.next` together with what it does about the event has each exactly once.
"""

import json
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, Self, TypeVar

from chain.errors import HushangError
from node.api.cursors import Cursor, parse_cursor
from node.clients import files
from node.clients.feeds import FROM_NOW, FeedEvent, Reading, Source
from node.clients.hearing import QUIET_S
from node.clients.wire import Pause, Steps

FORMAT: Final = "hushang-cursor"
FILE_SIZE_MAX: Final = 4096
# A cursor that moves only because nothing wanted happens is kept this often.
IDLE_KEEP_S: Final = 5.0

Keep = Callable[[str], None]
Run = TypeVar("Run", bound=Callable[[Steps[Any]], object])


class CursorFileDamaged(HushangError):
    """The file of a feed's cursor isn't what this software wrote there."""

    hint = "remove it, and say with the cursor where to begin"


class CursorFileUnwritable(HushangError):
    """The place of a feed can't be kept in its file."""

    hint = "name a file in a directory that is yours, on a disk with room; begin at that cursor"


class FeedCursor:
    """A file with the cursor of a feed: written aside, synced, put in place at once."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> str | None:
        """The kept cursor; None if there is none yet."""
        try:
            with self.path.open("rb") as stream:
                record = json.loads(stream.read(FILE_SIZE_MAX))
            if record["format"] != FORMAT:
                raise CursorFileDamaged(f"{self.path}: no file of a cursor")
            return str(parse_cursor(record["cursor"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise CursorFileDamaged(f"{self.path}: {type(error).__name__}") from error

    def keep(self, cursor: str) -> None:
        """Remember it; on disk on return."""
        text = json.dumps({"format": FORMAT, "cursor": cursor}) + "\n"
        try:
            files.replace(self.path, text.encode())
        except OSError as error:
            where = f"{self.path}: {error.strerror}"
            raise CursorFileUnwritable(f"{where}; the cursor is {cursor}") from error


class _Feed(Generic[Run]):
    """What both feeds share: what was read, and what is kept of it."""

    def __init__(
        self,
        run: Run,
        source: Source,
        cursor: str | FeedCursor,
        keep: Keep | None = None,
        patience_s: float | None = None,
    ) -> None:
        if isinstance(cursor, FeedCursor):
            file = cursor
            cursor, keep = file.read() or FROM_NOW, keep or file.keep
        self._run = run
        self.source = source
        self._reading = Reading(source, cursor, patience_s)
        self._keep = keep
        self._kept: Cursor | None = None
        self._kept_at_s = time.monotonic()

    @property
    def cursor(self) -> str | None:
        """After the last event that is dealt with; None before the feed has begun."""
        return None if self._reading.done is None else str(self._reading.done)

    @property
    def distrusted(self) -> Mapping[str, str]:
        """Nodes that showed what does not hold, by URL; always empty without a genesis."""
        found: Mapping[str, str] = getattr(self.source, "distrusted", {})
        return found

    def keep(self) -> None:
        """The event in hand is dealt with: keep the cursor now, before the next is asked for."""
        self._reading.settle()
        self._note()

    def _take(self) -> FeedEvent | None:
        # Whoever asks for the next one has dealt with the one before.
        if self._reading.settle():
            self._note()
        return self._reading.take()

    def _more(self) -> Steps[bool]:
        """Read on; where only what isn't wanted happened, the cursor moves on all the same."""
        found = yield from self._reading.more()
        self._note_idle()
        return found

    def _note_idle(self) -> None:
        # Its beginning is kept at once: `latest` must not be a later moment after a crash.
        if self._kept is None or time.monotonic() - self._kept_at_s >= IDLE_KEEP_S:
            self._note()

    def _note(self) -> None:
        done = self._reading.done
        if self._keep is not None and done is not None and done != self._kept:
            self._keep(str(done))
            self._kept = done
            self._kept_at_s = time.monotonic()


class Feed(_Feed[Callable[[Steps[Any]], Any]]):
    """Events, without end, by waiting in this thread."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> FeedEvent:
        while (event := self._take()) is None:
            self._run(self._read())
        return event

    def poll(self) -> FeedEvent | None:
        """The next event if there is one now."""
        event = self._take()
        if event is None and self._run(self._more()):
            event = self._take()
        return event

    def _read(self) -> Steps[None]:
        if not (yield from self._more()):
            yield Pause(QUIET_S)


class AsyncFeed(_Feed[Callable[[Steps[Any]], Awaitable[Any]]]):
    """Events, without end, on an event loop: at its end it listens to a node's stream.

    A cancelled `async for` has lost nothing.
    """

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> FeedEvent:
        while (event := self._take()) is None:
            await self._run(self._read())
        return event

    async def poll(self) -> FeedEvent | None:
        """The next event if there is one now."""
        event = self._take()
        if event is None and await self._run(self._more()):
            event = self._take()
        return event

    def _read(self) -> Steps[None]:
        if not self._reading.is_at_end:
            yield from self._more()
            return
        yield from self._reading.hear()
        self._note_idle()
