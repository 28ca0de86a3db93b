"""Making snapshots in the background: one a period of block time, or when the operator asks.

The ledger's thread opens the scans between two blocks and goes on; a thread of its own writes the
parts, resting as long as it works; the block above, once decided, certifies them. All nodes make
the same ones: of the first block of each period that needs a seal.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from chain.block import Certificate, Header
from chain.errors import HushangError
from chain.ledger import Ledger
from chain.snapshot import SnapshotTooLarge
from chain.snapshot_make import Made, Source, make_parts, manifest_of, needed_seal
from chain.stored_chain import Tip
from node.snapshot_files import (
    HeldSnapshot,
    PartWriter,
    SnapshotFolder,
    SnapshotStopped,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

# How far below the tip the last block that needed a seal is looked for at a start.
LOOK_BACK_MAX = 1_000

Seal = tuple[Header, Certificate]
Outcome = asyncio.Future[HeldSnapshot | HushangError]


class SnapshotUnderWay(HushangError):
    """A snapshot is being made already, or waits for the block that certifies it."""

    hint = "hushang snapshot list shows it when it is done"


@dataclass(frozen=True, slots=True)
class SnapshotSettings:
    """Where snapshots lie, and the period of block time in which one is made; 0: by command."""

    folder: Path
    interval_ms: int


@dataclass(slots=True)
class _Draft:
    """A snapshot under way. `sealed` gets the block above, `done` the outcome."""

    source: Source
    sealed: asyncio.Future[Seal]
    done: Outcome

    @property
    def height(self) -> int:
        return self.source.below.height


class Snapshots:
    """The snapshots of a running node."""

    def __init__(
        self, settings: SnapshotSettings, ledger: Ledger, clock_ms: Callable[[], int]
    ) -> None:
        self.folder = SnapshotFolder(settings.folder)
        self.folder.open()
        self._ledger = ledger
        self._interval_ms = settings.interval_ms
        self._clock_ms = clock_ms
        # The ledger thread's: the newest period that a block needing a seal was of, the draft.
        self._period = self._last_period() if settings.interval_ms else 0
        self._draft: _Draft | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._drafts: asyncio.Queue[_Draft] = asyncio.Queue()
        self._stop = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="snapshot")

    @property
    def held(self) -> tuple[HeldSnapshot, ...]:
        """The complete ones, newest first."""
        return self.folder.held

    def _last_period(self) -> int:
        """As if this node had run before: the same rule on every node, whenever it started."""
        ledger, above = self._ledger, self._ledger.tip.header
        if ledger.tip.needs_seal:
            return above.time_ms // self._interval_ms
        for height in range(above.height - 1, max(-1, above.height - LOOK_BACK_MAX), -1):
            below = ledger.header(height)
            if below is None:
                break
            if needed_seal(below, above):
                return below.time_ms // self._interval_ms
            above = below
        return above.time_ms // self._interval_ms

    # On the ledger's thread, between two blocks.

    def block_written(self, tip: Tip) -> None:
        """A block was synced: it may certify a snapshot, and be the one to make another of."""
        draft = self._draft
        if draft is not None and tip.height == draft.height + 1:
            self._tell(draft.sealed, (tip.header, tip.certificate))
        if not self._is_due(tip):
            return
        try:
            self.begin(self._ledger)
        except (SnapshotTooLarge, SnapshotUnderWay) as error:
            told = {"event": "snapshot_failed", "height": tip.height, "code": error.code}
            words = "no snapshot after height %s: %s: %s"
            logger.warning(words, tip.height, error.code, error, extra=told)

    def _is_due(self, tip: Tip) -> bool:
        if not self._interval_ms or not tip.needs_seal:
            return False
        period, before = tip.header.time_ms // self._interval_ms, self._period
        self._period = max(period, before)
        # Who catches up makes none of what the others have long replaced.
        is_late = self._clock_ms() - tip.header.time_ms > self._interval_ms
        return period > before and not is_late

    def begin(self, ledger: Ledger) -> Outcome | None:
        """Open what a snapshot is made of; what it becomes, or None where the node isn't running.

        Raises `SnapshotUnderWay` or `SnapshotTooLarge`.
        """
        loop = self._loop
        if loop is None:
            return None
        if self._draft is not None and not self._draft.done.done():
            raise SnapshotUnderWay(f"that of height {self._draft.height}")
        source = Source.of(ledger)
        draft = self._draft = _Draft(source, loop.create_future(), loop.create_future())
        known = [held for held in self.held if held.height == draft.height]
        if known:
            source.close()
            self._tell(draft.done, known[0])
            return draft.done
        if source.resting:
            self._tell(draft.sealed, (ledger.tip.header, ledger.tip.certificate))
        loop.call_soon_threadsafe(self._drafts.put_nowait, draft)
        return draft.done

    def _tell(self, future: "asyncio.Future[T]", result: T) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(_settle, future, result)

    # On the event loop.

    async def run(self) -> None:
        """Make what is begun, one after another, until cancelled. A storage error ends it."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._make(await self._drafts.get())
        finally:
            self._loop = None
            self._stop.set()
            self._pool.shutdown(wait=True)
            if self._draft is not None:
                self._draft.source.close()
                _settle(self._draft.done, SnapshotStopped("the node ends"))

    async def outcome(self, future: Outcome | None) -> dict[str, Any]:
        """What `begin` led to, told as JSON. Raises what prevented it."""
        if future is None:
            raise SnapshotStopped("the node does not run")
        made = await asyncio.shield(future)
        if isinstance(made, HushangError):
            raise made
        return snapshot_view(made)

    async def _make(self, draft: _Draft) -> None:
        logger.info("a snapshot after height %s is made", draft.height)
        writer = await self._work(lambda: self.folder.begin(draft.height, self._stop))
        try:
            made = await self._work(lambda: make_parts(draft.source, self._ledger, writer))
            if not draft.sealed.done():
                logger.info("the snapshot after height %s waits for the next block", draft.height)
            header, certificate = await draft.sealed
            held = await self._work(lambda: self._finish(made, writer, header, certificate))
        except SnapshotTooLarge as error:
            told = {"event": "snapshot_failed", "height": draft.height, "code": error.code}
            logger.warning("no snapshot after height %s: %s", draft.height, error, extra=told)
            await self._work(lambda: self.folder.drop(writer))
            draft.done.set_result(error)
            return
        done = {"event": "snapshot_made", "height": held.height, "size": held.size}
        logger.info("snapshot after height %s: %s bytes", held.height, held.size, extra=done)
        draft.done.set_result(held)

    def _finish(
        self, made: Made, writer: PartWriter, header: Header, certificate: Certificate
    ) -> HeldSnapshot:
        return self.folder.finish(writer, manifest_of(made, self._ledger, header, certificate))

    async def _work(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)


def _settle(future: "asyncio.Future[T]", result: T) -> None:
    if not future.done():
        future.set_result(result)


def snapshot_view(held: HeldSnapshot) -> dict[str, Any]:
    """A snapshot as it is told."""
    return {
        "height": held.height,
        "block_hash": held.digest.hex(),
        "index_digest": held.index_digest.hex(),
        "time_ms": held.time_ms,
        "parts": held.parts,
        "size": held.size,
    }
