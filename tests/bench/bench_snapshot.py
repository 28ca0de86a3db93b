"""Cost of snapshots: making one alone, making one while blocks go on, installing it.

`python -m tests.bench.bench_snapshot --keys 1000000` prints the figures of docs/performance.md.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from time import perf_counter, process_time

from chain import schema
from chain.codec import encode
from chain.crypto import sha256
from chain.ledger import Ledger
from chain.snapshot_install import install
from chain.store import open_store
from node.snapshot_files import HeldSnapshot, PartFiles
from node.snapshots import Snapshots, SnapshotSettings
from tests.bench.command import command, say
from tests.chain.toy import add
from tests.chain.toy_world import ToyWorld

BATCH_KEYS = 20_000
VALUE_SIZE = 120
BLOCK_TRANSACTIONS = 20
BLOCK_OPERATIONS = 5
BLOCK_EVERY_S = 0.25
HEARTBEAT_S = 0.005
QUIET_BLOCKS = 20


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Tell how long it took."""
    wall, cpu = perf_counter(), process_time()
    yield
    say(f"{what}: {perf_counter() - wall:.1f} s wall, {process_time() - cpu:.1f} s CPU")


def fill(world: ToyWorld, keys: int) -> None:
    """State that no block made, as if the tip had."""
    ledger, tree = world.ledger, world.ledger._tree
    for start in range(0, keys, BATCH_KEYS):
        numbers = range(start, min(start + BATCH_KEYS, keys))
        changes: dict[bytes, bytes | None] = {
            b"filler/" + sha256(b"%d" % n): (sha256(b"v%d" % n) * 4)[:VALUE_SIZE] for n in numbers
        }
        staged = tree.stage(changes)
        batch = dict(staged.writes)
        batch |= {schema.STATE + key: value for key, value in changes.items()}
        ledger.store.write(batch, sync=False)
        tree.commit(staged)
    ledger.tip = replace(ledger.tip, state_root=tree.root, needs_seal=True)
    ledger.store.write({schema.META_TIP: encode(ledger.tip)})


@dataclass(slots=True)
class Load:
    """Blocks in a steady rhythm on a thread, as a node's ledger, and an event loop's heartbeat."""

    world: ToyWorld
    making: Snapshots
    blocks_ms: list[float] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)
    names: Iterator[int] = field(default_factory=count)

    def _block(self, *, busy: bool) -> float:
        world = self.world
        body = [
            world.signed("buyer", *(add(f"n{next(self.names)}") for _ in range(BLOCK_OPERATIONS)))
            for _ in range(BLOCK_TRANSACTIONS if busy else 0)
        ]
        started = perf_counter()
        tip = world.decide(*body)
        self.making.block_written(tip)
        return (perf_counter() - started) * 1000

    async def blocks(self, number: int = sys.maxsize) -> None:
        """So many blocks."""
        for _ in range(number):
            self.blocks_ms.append(await asyncio.to_thread(self._block, busy=True))
            await asyncio.sleep(BLOCK_EVERY_S)

    async def seal(self) -> None:
        """An empty block."""
        await asyncio.to_thread(self._block, busy=False)

    async def heartbeat(self) -> None:
        """How late the event loop runs a timer."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + HEARTBEAT_S
            await asyncio.sleep(HEARTBEAT_S)
            self.lags_ms.append((loop.time() - due) * 1000)

    def told(self, what: str) -> None:
        """Print and begin anew."""
        lags, blocks = sorted(self.lags_ms), sorted(self.blocks_ms)
        say(
            f"{what}: {len(blocks)} blocks of {BLOCK_TRANSACTIONS} transactions,"
            f" median {blocks[len(blocks) // 2]:.1f} ms, largest {blocks[-1]:.1f} ms;"
            f" loop lag median {lags[len(lags) // 2]:.1f} ms,"
            f" p99 {lags[len(lags) * 99 // 100]:.1f} ms, largest {lags[-1]:.1f} ms"
        )
        self.lags_ms.clear()
        self.blocks_ms.clear()


async def make(world: ToyWorld, making: Snapshots) -> HeldSnapshot:
    """Alone, and then while blocks go on."""
    load = Load(world, making)
    running = asyncio.ensure_future(making.run())
    await asyncio.sleep(0)
    with timed("make alone"):
        alone = making.begin(world.ledger)
        assert alone is not None
        await load.seal()
        assert isinstance(await alone, HeldSnapshot)
    beat = asyncio.ensure_future(load.heartbeat())
    await load.blocks(QUIET_BLOCKS)
    load.told("without a snapshot")
    beside = making.begin(world.ledger)
    assert beside is not None
    blocks = asyncio.ensure_future(load.blocks())
    started = perf_counter()
    held = await beside
    assert isinstance(held, HeldSnapshot)
    say(f"make beside blocks: {perf_counter() - started:.1f} s wall")
    for task in (blocks, beat, running):
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    load.told("during a snapshot")
    return held


def main() -> None:
    """Parse the command line and run one size on one store."""
    parser = command("bench_snapshot", __doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--store", choices=["leveldb", "sqlite", "memory"], default="leveldb")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-snapshot-") as directory:
        bench(arguments.keys, arguments.store, Path(directory))


def bench(keys: int, kind: str, directory: Path) -> None:
    """Fill, make, install."""
    say(f"{keys} keys of {VALUE_SIZE} bytes, {kind}, {sys.version}")
    store = open_store(directory / "db", kind=kind)  # type: ignore[arg-type]
    world = ToyWorld(store=store)
    world.decide(world.signed("buyer", add("tea")))
    with timed("fill"):
        fill(world, keys)
    making = Snapshots(SnapshotSettings(directory / "snapshots", 0), world.ledger, lambda: 0)
    held = asyncio.run(make(world, making))
    say(f"{held.parts} parts, {held.size / 1e6:.1f} MB")
    store.close()
    copy = open_store(directory / "copy", kind=kind)  # type: ignore[arg-type]
    with timed("install, every part proven"):
        install(copy, world.genesis, world.toy, PartFiles(making.folder.folder(held.height)))
    with timed("open"):
        assert Ledger(copy, world.genesis, world.toy).tip.height == held.height
    copy.close()


if __name__ == "__main__":
    main()
