"""Serving: offers, slices, what is not here, one answer after another at a bounded rate."""

import asyncio
from pathlib import Path

import pytest

from chain.snapshot import MANIFEST, PartId, PartKind
from node import snapshot_server
from node.snapshot_files import PartFiles, SnapshotFolder
from node.snapshot_server import SnapshotServer
from p2p import messages as wire
from tests.chain.toy_world import ToyWorld
from tests.node.test_snapshot_files import folder_at, make

PEER = bytes(32)


class Asked:
    """A server of one folder and what it sent."""

    def __init__(self, folder: SnapshotFolder) -> None:
        self.sent: list[wire.Message] = []
        self.server = SnapshotServer(folder, self._send)

    def _send(self, peer: bytes, message: wire.Message) -> None:
        assert peer == PEER
        # As a peer would read it.
        self.sent.append(wire.read_message(*wire.write_message(message)))

    async def part(self, part: PartId, offset: int = 0, height: int = 1) -> wire.Part:
        request = wire.PartRequest(height, int(part.kind), part.number, offset)
        waiting = self.server.received(PEER, request)
        assert waiting is not None
        await waiting
        answer = self.sent[-1]
        assert isinstance(answer, wire.Part)
        return answer


@pytest.mark.asyncio
async def test_what_is_complete_is_offered_newest_first(tmp_path: Path) -> None:
    world, folder = ToyWorld(), folder_at(tmp_path)
    asked = Asked(folder)
    assert asked.server.received(PEER, wire.SnapshotsRequest()) is None
    held = [make(folder, world) for _ in range(2)]
    asked.server.received(PEER, wire.SnapshotsRequest())
    offers = tuple(wire.Offer(h.height, h.digest, h.index_digest) for h in reversed(held))
    assert asked.sent == [wire.Snapshots(()), wire.Snapshots(offers)]


@pytest.mark.asyncio
async def test_a_part_comes_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_server, "SLICE_SIZE_MAX", 300)
    folder = folder_at(tmp_path)
    make(folder, ToyWorld())
    asked, data = Asked(folder), b""
    answer = await asked.part(MANIFEST)
    while answer.data:
        assert answer.offset == len(data)
        data += answer.data
        answer = await asked.part(MANIFEST, len(data))
    assert data == PartFiles(folder.folder(1)).read(MANIFEST)
    assert answer.size == len(data)


@pytest.mark.asyncio
async def test_what_is_not_here_is_said(tmp_path: Path) -> None:
    folder = folder_at(tmp_path)
    make(folder, ToyWorld())
    asked = Asked(folder)
    assert (await asked.part(PartId(PartKind.STATE, 9))).size == 0
    assert (await asked.part(MANIFEST, height=7)).size == 0
    waiting = asked.server.received(PEER, wire.PartRequest(1, 200, 0, 0))
    assert waiting is not None
    await waiting
    assert asked.sent[-1] == wire.Part(1, 200, 0, 0, 0, b"")


@pytest.mark.asyncio
async def test_more_than_the_rate_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot_server, "RATE_BYTES_PER_S", 1_000)
    monkeypatch.setattr(snapshot_server, "BURST_BYTES", 500)
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    server = SnapshotServer(folder_at(tmp_path), lambda *_: None)
    for size in (400, 100, 0, 1_000, 1_000):
        await server._pay(size)
    assert [round(wait, 1) for wait in waits] == [1.0, 2.0]
