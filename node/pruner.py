"""Removing old blocks while the node runs: filed first where an archive is wanted, then deleted.

What is filed is synced before anything of it is deleted, and a kill between the two files nothing
twice. Deletions go to the ledger's thread in small batches between the blocks.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from chain import schema
from chain.archive import ArchivedBlock
from chain.ledger import Ledger
from chain.pruning import Keep, first_kept, removal, remove
from chain.state import u64
from chain.store_contract import StorageFailed, prefix_stop
from node.archive import ArchiveRefused, covered_height, write_archive
from node.worker import ended

logger = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_AGAIN_S: Final = 60.0
# Between two batches, so that blocks come first.
PAUSE_S: Final = 0.02
# Heights of one archive file; as many must be due before anything is pruned.
FILE_HEIGHTS: Final = 1_000
FILE_SIZE_MAX: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PrunePolicy:
    """What to keep, where to file what goes (None: nowhere), and how many heights at a time."""

    keep: Keep
    archive: Path | None = None
    heights: int = FILE_HEIGHTS


class Pruner:
    """Prunes one ledger. `on_ledger` runs a job on the thread that writes blocks."""

    def __init__(
        self,
        ledger: Ledger,
        policy: PrunePolicy,
        on_ledger: Callable[[Callable[[Ledger], None]], Awaitable[None]],
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._on_ledger = on_ledger
        # Set when the node ends: what is being filed is filed by its next start.
        self._stop = threading.Event()

    async def run(self) -> None:
        """Prune what is due, now and every minute, until cancelled. A StorageError is fatal."""
        while True:
            try:
                await self.prune()
            except ArchiveRefused as error:
                # The chain goes on; only the disk of the archive must be seen to.
                told = {"event": "prune_failed", "code": error.code}
                words = "nothing is pruned: %s (%s)"
                logger.error(words, error, error.hint, extra=told)  # noqa: TRY400
            await asyncio.sleep(LOOK_AGAIN_S)

    async def prune(self) -> int:
        """Prune all that is due, in spans of `heights`; returns the first block that is kept."""
        ledger, policy = self._ledger, self._policy
        while True:
            kept = await self._beside(first_kept, ledger, ledger.tip, policy.keep)
            first = ledger.base.first_block
            if kept - first < policy.heights:
                return first
            last = first + policy.heights - 1
            if policy.archive is not None:
                last = await self._beside(self._file, policy.archive, first, last)
            await self._remove(last)
            done = {"event": "pruned", "first": first, "last": last}
            logger.info("pruned heights %s to %s", first, last, extra=done)

    async def _beside(self, job: Callable[..., T], *arguments: object) -> T:
        """On another thread, which is through with the store when this is over."""
        working = asyncio.get_running_loop().run_in_executor(None, partial(job, *arguments))
        return await ended(working, self._stop.set)

    async def _remove(self, last: int) -> None:
        while self._ledger.base.first_block <= last:
            made = await self._beside(removal, self._ledger, last)
            await self._on_ledger(partial(remove, removed=made))
            await asyncio.sleep(PAUSE_S)

    def _file(self, folder: Path, first: int, last: int) -> int:
        """Make sure that heights from `first` on are filed; the last that is, `last` at most."""
        genesis_hash = self._ledger.chain.genesis_hash
        # A process that was killed here may have filed them before.
        filed = covered_height(folder, genesis_hash, first)
        if filed > first:
            return min(filed - 1, last)
        last = self._fitting(first, last)
        file = write_archive(folder, genesis_hash, (first, last), self._blocks(first, last))
        logger.info("archived heights %s to %s in %s", first, last, file)
        return last

    def _fitting(self, first: int, last: int) -> int:
        """How far a file of a bearable size goes; one height at least."""
        size = 0
        for height in range(first, last + 1):
            self._go_on()
            size += len(self._ledger.block_bytes(height) or b"")
            if size > FILE_SIZE_MAX and height > first:
                return height - 1
        return last

    def _go_on(self) -> None:
        if self._stop.is_set():
            raise CancelledError

    def _blocks(self, first: int, last: int) -> Iterator[ArchivedBlock]:
        ledger = self._ledger
        for height in range(first, last + 1):
            self._go_on()
            block, certificate = ledger.block_bytes(height), ledger.certificate_bytes(height)
            if block is None or certificate is None:
                msg = f"the block at height {height} is missing"
                raise StorageFailed(msg)
            low = schema.receipt_key(height, 0)
            pairs = ledger.store.scan(low, prefix_stop(schema.RECEIPTS + u64(height)))
            receipts = tuple(value for _, value in pairs)
            yield ArchivedBlock(height, block, certificate, receipts)
