"""Making beside the blocks: when, of which block, alike on all nodes, and what an end leaves."""

import asyncio
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from chain.errors import HushangError
from chain.ledger import Ledger
from chain.snapshot import MANIFEST, SnapshotTooLarge
from chain.snapshot_install import install
from chain.store import open_store
from chain.store_contract import DiskRefused, Kind
from chain.store_memory import MemoryStore
from chain.transaction import Operation
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from node import snapshots as module
from node.node import Node
from node.snapshot_files import (
    MAKING,
    HeldSnapshot,
    PartFiles,
    PartWriter,
    SnapshotFolder,
    SnapshotStopped,
    check_folder,
)
from node.snapshots import Snapshots, SnapshotSettings, SnapshotUnderWay
from tests.chain.toy import add
from tests.chain.toy_world import ToyWorld
from tests.chain.world import account
from tests.node.cluster import Cluster, cluster

HOUR_MS = 3_600_000


def pay() -> Operation:
    return operation("pay.transfer", PayTransfer(account("merchant"), "CNY", 1, None))


class Making:
    """A world whose blocks are told to `Snapshots`, as the ledger's queue does."""

    def __init__(self, path: Path, interval_ms: int = HOUR_MS, world: ToyWorld | None = None):
        self.world = world or ToyWorld()
        settings = SnapshotSettings(path, interval_ms)
        self.made = Snapshots(settings, self.world.ledger, self.clock_ms)

    def clock_ms(self) -> int:
        return self.world.ledger.tip.header.time_ms

    def block(self, *, busy: bool, later_ms: int = 1_000) -> int:
        """Decide a block, empty or not; its height."""
        world, tip = self.world, self.world.ledger.tip
        content = world.transaction("buyer", add(f"n{tip.height}"), lifetime_ms=later_ms + 60_000)
        body = [world.sign(content, "buyer")] if busy else []
        world.decide(*body, time_ms=tip.header.time_ms + later_ms)
        self.made.block_written(world.ledger.tip)
        return world.ledger.tip.height

    async def started(self) -> asyncio.Task[None]:
        task = asyncio.ensure_future(self.made.run())
        await asyncio.sleep(0)
        return task

    async def outcome(self) -> HeldSnapshot | HushangError:
        """Of the draft under way."""
        draft = self.made._draft
        assert draft is not None
        async with asyncio.timeout(20):
            return await draft.done

    def begun(self) -> int | None:
        draft = self.made._draft
        return None if draft is None else draft.height


def names_in(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


class Waiting(logging.Handler):
    """Sets an event when a snapshot is said to wait for the next block."""

    def __init__(self) -> None:
        super().__init__()
        self.said = asyncio.Event()

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if "waits for the next block" in record.getMessage():
            self.said.set()


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.asyncio
async def test_the_first_block_of_each_hour_that_needs_a_seal_is_taken(tmp_path: Path) -> None:
    at = Making(tmp_path)
    task = await at.started()
    at.block(busy=True)
    assert at.begun() is None
    at.block(busy=False, later_ms=HOUR_MS)
    # An empty block that forgets ids changes the state, and so needs a seal.
    first = at.world.ledger.tip.height
    assert at.begun() == first
    at.block(busy=True)
    held = await at.outcome()
    assert isinstance(held, HeldSnapshot)
    assert held.height == first
    at.block(busy=True)
    at.block(busy=False)
    assert at.begun() == first
    second = at.block(busy=True, later_ms=HOUR_MS)
    assert at.begun() == second
    at.block(busy=False)
    await at.outcome()
    assert [held.height for held in at.made.held] == [second, first]
    for held in at.made.held:
        check_folder(tmp_path / str(held.height), at.world.genesis)
    await ended(task)


@pytest.mark.asyncio
async def test_a_node_that_starts_again_takes_the_same_blocks(tmp_path: Path) -> None:
    at = Making(tmp_path / "first")
    task = await at.started()
    at.block(busy=True, later_ms=HOUR_MS)
    at.block(busy=False)
    await at.outcome()
    await ended(task)
    again = Making(tmp_path / "second", world=at.world)
    task = await again.started()
    again.block(busy=True)
    assert again.begun() is None
    height = again.block(busy=True, later_ms=HOUR_MS)
    assert again.begun() == height
    await ended(task)


@pytest.mark.asyncio
async def test_what_catches_up_takes_none(tmp_path: Path) -> None:
    at = Making(tmp_path)
    task = await at.started()
    at.made._clock_ms = lambda: at.clock_ms() + HOUR_MS + 1
    at.block(busy=True, later_ms=HOUR_MS)
    assert at.begun() is None
    await ended(task)


@pytest.mark.asyncio
async def test_interval_0_leaves_it_to_commands(tmp_path: Path) -> None:
    at = Making(tmp_path, 0)
    task = await at.started()
    at.block(busy=True, later_ms=5 * HOUR_MS)
    assert at.begun() is None
    await ended(task)


@pytest.mark.asyncio
async def test_one_at_a_time_and_the_blocks_go_on(tmp_path: Path) -> None:
    at = Making(tmp_path)
    task = await at.started()
    first = at.block(busy=True, later_ms=HOUR_MS)
    # The next one is due before the block that certifies this one has come.
    with pytest.raises(SnapshotUnderWay):
        at.made.begin(at.world.ledger)
    at.block(busy=True, later_ms=HOUR_MS)
    held = await at.outcome()
    assert isinstance(held, HeldSnapshot)
    assert held.height == first
    await ended(task)


@pytest.mark.asyncio
async def test_asked_on_a_resting_chain_it_is_there_at_once(tmp_path: Path) -> None:
    at = Making(tmp_path, 0)
    at.block(busy=True)
    at.block(busy=False)
    task = await at.started()
    told = await at.made.outcome(at.made.begin(at.world.ledger))
    assert told["height"] == 1
    assert told["block_hash"] == at.world.ledger.digest_at(1).hex()
    again = await at.made.outcome(at.made.begin(at.world.ledger))
    assert again == told
    await ended(task)


@pytest.mark.asyncio
async def test_asked_before_the_seal_it_waits_for_the_next_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = Waiting()
    monkeypatch.setattr(module.logger, "handlers", [waiting])
    caplog.set_level(logging.INFO, logger=module.logger.name)
    at = Making(tmp_path, 0)
    at.block(busy=True)
    task = await at.started()
    asked = asyncio.ensure_future(at.made.outcome(at.made.begin(at.world.ledger)))
    async with asyncio.timeout(20):
        await waiting.said.wait()
    assert names_in(tmp_path) == [f"1{MAKING}"]
    assert at.made.held == ()
    at.block(busy=False)
    assert (await asked)["height"] == 1
    await ended(task)


@pytest.mark.asyncio
async def test_blocks_go_on_while_one_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resting, go = threading.Event(), threading.Event()

    def rest(_: PartWriter) -> None:
        resting.set()
        assert go.wait(20)

    at = Making(tmp_path, 0)
    first = at.block(busy=True)
    state = dict(at.world.ledger.state.scan(b""))
    task = await at.started()
    with monkeypatch.context() as patched:
        patched.setattr(PartWriter, "breathe", rest)
        asked = asyncio.ensure_future(at.made.outcome(at.made.begin(at.world.ledger)))
        assert await asyncio.to_thread(resting.wait, 20)
        for _ in range(10):
            at.block(busy=True)
        assert at.made.held == ()
        go.set()
        assert (await asked)["height"] == first
    store = MemoryStore()
    install(store, at.world.genesis, at.world.toy, PartFiles(tmp_path / str(first)))
    assert dict(Ledger(store, at.world.genesis, at.world.toy).state.scan(b"")) == state
    assert at.world.ledger.tip.height == first + 10
    await ended(task)


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["leveldb", "sqlite", "memory"])
async def test_an_end_stops_the_making_and_tells_who_asked(kind: Kind, tmp_path: Path) -> None:
    store = open_store(tmp_path / "db", kind=kind)
    files = tmp_path / "snapshots"
    at = Making(files, 0, ToyWorld(store=store))
    for _ in range(3):
        at.block(busy=True)
    task = await at.started()
    asked = asyncio.ensure_future(at.made.outcome(at.made.begin(at.world.ledger)))
    await asyncio.sleep(0)
    await ended(task)
    with pytest.raises(SnapshotStopped):
        await asked
    assert at.made.begin(at.world.ledger) is None
    Making(files, 0, at.world)
    assert names_in(files) == []
    store.close()


@pytest.mark.asyncio
async def test_a_state_beyond_the_limits_is_told_and_nothing_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Making(tmp_path, 0)
    at.block(busy=True)
    task = await at.started()
    monkeypatch.setattr("chain.snapshot_make.STATE_PARTS_MAX", 0)
    with pytest.raises(SnapshotTooLarge):
        await at.made.outcome(at.made.begin(at.world.ledger))
    assert names_in(tmp_path) == []
    monkeypatch.undo()
    at.block(busy=False)
    assert (await at.made.outcome(at.made.begin(at.world.ledger)))["height"] == 1
    assert not task.done()
    await ended(task)


@pytest.mark.asyncio
async def test_a_disk_that_refuses_ends_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Making(tmp_path, 0)
    at.block(busy=True)
    task = await at.started()

    def refuse(*_: object) -> Any:
        raise DiskRefused("no room")

    monkeypatch.setattr(SnapshotFolder, "begin", refuse)
    at.made.begin(at.world.ledger)
    with pytest.raises(DiskRefused):
        await task


async def trade(net: Cluster, blocks: int) -> int:
    """Decide so many blocks with a transaction each; the height in the end."""
    for _ in range(blocks):
        height = net.nodes[0].ledger.tip.height
        await net.nodes[0].submit(net.signed("buyer", pay()))
        await net.nodes[0].wait_height(height + 1, 10_000)
    return await net.level()


async def newest(node: Node, above: int) -> HeldSnapshot:
    async with asyncio.timeout(20):
        while not node.snapshots.held or node.snapshots.held[0].height <= above:
            await node.wait_height(node.ledger.tip.height + 1, 20)
    return node.snapshots.held[0]


@pytest.mark.asyncio
async def test_all_nodes_make_the_same_parts(tmp_path: Path) -> None:
    async with cluster(tmp_path) as net:
        await trade(net, 3)
        told = [await node.make_snapshot() for node in net.nodes]
        assert len({tuple(sorted(entry.items())) for entry in map(_agreed, told)}) == 1
        height = str(told[0]["height"])
        folders = [node.snapshots.folder.path / height for node in net.nodes]
        names = sorted(file.name for file in folders[0].iterdir())
        for name in names:
            contents = {(folder / name).read_bytes() for folder in folders}
            assert len(contents) == 1 or name == MANIFEST.name
        manifests = [check_folder(folder, net.genesis) for folder in folders]
        first = manifests[0]
        for manifest in manifests:
            upper, lower = first.certificate, first.below_certificate
            assert replace(manifest, certificate=upper, below_certificate=lower) == first
        assert net.nodes[0].status().snapshots[0].height == told[0]["height"]


def _agreed(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name != "size"}


@pytest.mark.asyncio
async def test_blocks_go_on_while_snapshots_are_made_and_the_newest_two_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.snapshot_files.WORK_S", 0.0)
    async with cluster(tmp_path, start=()) as net:
        net.snapshot_interval_ms = 1
        monkeypatch.setattr(Snapshots, "_is_due", lambda _, tip: tip.needs_seal)
        for index in range(4):
            await net.start(index)
        height = await trade(net, 12)
        assert height >= 12
        for node in net.nodes:
            await newest(node, 0)
            assert 1 <= len(node.snapshots.held) <= 2
            for held in node.snapshots.held:
                folder = node.snapshots.folder.path / str(held.height)
                store = MemoryStore()
                install(store, net.genesis, Registry(), PartFiles(folder))
                copy = Ledger(store, net.genesis, Registry())
                assert copy.tip.digest == net.nodes[0].ledger.digest_at(held.height)
