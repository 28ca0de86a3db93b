"""A small real program to be killed: one member's driver, replica, journal and LevelDB ledger.

    python -m tests.processes.crash_program decide DIR GOAL
    python -m tests.processes.crash_program restore FILE DIR
    python -m tests.processes.crash_program backup DIR FILE
    python -m tests.processes.crash_program snapshot DIR
    python -m tests.processes.crash_program prune DIR ARCHIVE

`decide` founds or opens the chain in DIR and decides blocks of one payment each, the same in every
run, up to height GOAL; it says each height, once it is synced, on stdout. `restore` makes a data
directory of a backup, `backup` the opposite; `snapshot` and `prune` are what a node does in the
background. Our own files are written by the main thread, so that
"the N-th write to that file" names one place in every run; the journal is made shorter often, and
LevelDB moves its log into a table now and then.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from typing_extensions import override

from chain import store as store_module
from chain.ledger import Ledger
from chain.pruning import Keep
from chain.snapshot_make import Source, make_parts, manifest_of
from chain.store import open_store
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction
from commerce.registry import Registry
from node import driver as driver_module
from node import ledger_queue as queue_module
from node.backup import BackupSource, write_backup
from node.bodies import Bodies
from node.driver import Driver, Parts
from node.journal import Journal, journal_owner
from node.journal_loss import mark_new, open_journal
from node.ledger_queue import LedgerQueue, Written
from node.mempool import Mempool
from node.pruner import PrunePolicy, Pruner
from node.restore import restore as restore_backup
from node.snapshot_files import FOLDER_NAME, SnapshotFolder
from node.sync import Sync
from node.verifier import TransactionVerifier
from node.worker import Worker
from tests.chain.world import GENESIS_MS, World, genesis, key
from tests.node.drivers import restore as restore_replica
from tests.node.parts import issue, payment

BLOCKS = 50
# The block after the last payment certifies its result; nothing comes after it.
HEIGHT_MAX = BLOCKS + 1
JOURNAL_SIZE_MAX = 12 * 1024
# The least that LevelDB takes.
WRITE_BUFFER_BYTES = 64 * 1024
# Two archive files, and several batches of deletions.
KEPT_BLOCKS = 8
PRUNED_HEIGHTS = 20
PATIENCE_S = 60.0
_founders = genesis(1)
# No machine is so slow that its member leaves its view: each run decides the same blocks.
NEVER_MS = 3_600_000
_consensus = replace(
    _founders.consensus,
    block_transactions_max=1,
    request_timeout_ms=NEVER_MS,
    seal_timeout_ms=NEVER_MS,
    view_timeout_ms=NEVER_MS,
    view_timeout_max_ms=NEVER_MS,
)
GENESIS = replace(_founders, consensus=_consensus)
NODE_KEY = key("node of m0")
T = TypeVar("T")


class Inline(Worker):
    """A worker that runs each job at once, where it was asked for and where its error is raised."""

    @override
    def submit(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        future.set_result(job())
        return future


def payments() -> Iterator[ReceivedTransaction]:
    """One for each block, the same in every run."""
    world = World(store=MemoryStore(), made=GENESIS)
    yield issue(world)
    for _ in range(BLOCKS - 1):
        yield payment(world)


def prepare(directory: Path) -> None:
    """As `hushang node init` leaves a data directory."""
    directory.mkdir(parents=True)
    mark_new(directory / "journal")


@dataclass(frozen=True, slots=True)
class Opened:
    """The files of the member, open."""

    ledger: Ledger
    journal: Journal


@contextmanager
def opened(directory: Path) -> Iterator[Opened]:
    """Open them in the order of a node's start."""
    with closing(open_store(directory / "db", kind="leveldb")) as kept:
        ledger = Ledger(kept, GENESIS, Registry())
        owner = journal_owner(ledger.chain.genesis_hash, NODE_KEY.public_key)
        folder = directory / "journal"
        with closing(open_journal(folder, owner, others_can_tell=False)) as journal:
            yield Opened(ledger, journal)


async def drive(files: Opened, goal: int, synced: Callable[[int], None]) -> None:
    """Decide until the height is written; `synced` is told of each."""
    ledger = files.ledger
    reached = asyncio.Event()
    verifier, pool = TransactionVerifier(Registry(), 1), Mempool(1024 * 1024, 1)
    for received in payments():
        if ledger.find_receipt(received.id) is None:
            pool.add(received, b"m0", 0)

    def written(done: Written) -> None:
        synced(done.tip.height)
        if done.tip.height >= goal:
            reached.set()

    parts = Parts(
        replica=restore_replica(ledger, 0, files.journal),
        journal=files.journal,
        ledger=ledger,
        queue=LedgerQueue(ledger),
        mempool=pool,
        bodies=Bodies(pool, verifier, lambda *_: None),
        sync=Sync(ledger, lambda *_: None, lambda _: None, _still, tuple),
        clock_ms=_still,
        send_votes=lambda _: None,
        spread_again=lambda _: None,
        written=written,
        convict=lambda _: True,
    )
    try:
        if ledger.tip.height < goal:
            await _until(reached, Driver(parts))
    finally:
        parts.queue.close()
        verifier.close()


async def _until(reached: asyncio.Event, driver: Driver) -> None:
    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        running = group.create_task(driver.run())
        await reached.wait()
        running.cancel()


def _still() -> int:
    """A clock that stands still: each block's time is the least that may be."""
    return GENESIS_MS


@contextmanager
def eager(write_buffer_bytes: int = WRITE_BUFFER_BYTES) -> Iterator[None]:
    """Drivers made inside write where they run; journals and logs are made shorter often."""
    with ExitStack() as stack:
        for module in (driver_module, queue_module):
            stack.enter_context(patch.object(module, "Worker", Inline))
        stack.enter_context(patch.object(driver_module, "JOURNAL_SIZE_MAX", JOURNAL_SIZE_MAX))
        stack.enter_context(patch.object(store_module, "WRITE_BUFFER_BYTES", write_buffer_bytes))
        yield


def decide(directory: Path, goal: int, synced: Callable[[int], None] = lambda _: None) -> None:
    """Open, decide up to the goal, close."""
    with eager(), opened(directory) as files:
        asyncio.run(drive(files, goal, synced))


def make_snapshot(directory: Path) -> None:
    """A snapshot of the newest state of a member whose last block changed nothing."""
    with opened(directory) as files:
        ledger, folder = files.ledger, SnapshotFolder(directory / FOLDER_NAME)
        folder.open()
        source = Source.of(ledger)
        assert source.resting
        writer = folder.begin(source.below.height, threading.Event())
        made = make_parts(source, ledger, writer)
        tip = ledger.tip
        folder.finish(writer, manifest_of(made, ledger, tip.header, tip.certificate))


def prune(directory: Path, archive: Path) -> None:
    """File and remove all but the newest blocks."""
    with opened(directory) as files:
        ledger = files.ledger

        async def at_once(job: Callable[[Ledger], None]) -> None:
            job(ledger)

        policy = PrunePolicy(Keep(KEPT_BLOCKS, 0), archive, PRUNED_HEIGHTS)
        asyncio.run(Pruner(ledger, policy, at_once).prune())


def say(height: int) -> None:
    """Acknowledge a height; `writev` is not among the calls that are counted."""
    os.writev(sys.stdout.fileno(), [f"{height}\n".encode()])


def main(arguments: Sequence[str]) -> None:
    """One of the programs."""
    match arguments:
        case ("decide", directory, goal):
            decide(Path(directory), int(goal), say)
        case ("restore", file, directory):
            restore_backup(Path(file), Path(directory), GENESIS)
        case ("backup", directory, file):
            with opened(Path(directory)) as files:
                write_backup(BackupSource.of(files.ledger, GENESIS_MS), Path(file), force=True)
        case ("snapshot", directory):
            make_snapshot(Path(directory))
        case ("prune", directory, archive):
            prune(Path(directory), Path(archive))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
