"""Answering peers who ask for snapshots: from files, one read at a time a peer, at a bounded rate.

Bytes go out on the sync channel, which yields to votes on every link; the rate keeps room on the
line that all links share.
"""

import asyncio
from collections.abc import Awaitable, Callable

from chain.snapshot import PartId, PartKind
from node.snapshot_files import SnapshotFolder
from p2p import messages as wire

# One answer; small enough that a vote never waits long behind one.
SLICE_SIZE_MAX = 512 * 1024
RATE_BYTES_PER_S = 32 * 1024 * 1024
# Sent at once after a pause.
BURST_BYTES = 4 * 1024 * 1024


class SnapshotServer:
    """Serves the snapshots of one folder."""

    def __init__(self, folder: SnapshotFolder, send: Callable[[bytes, wire.Message], None]) -> None:
        self._folder = folder
        self._send = send
        # When all that was sent has its place in the rate, by the event loop's clock.
        self._paid_until = 0.0

    def received(
        self, peer: bytes, request: wire.SnapshotsRequest | wire.PartRequest
    ) -> Awaitable[None] | None:
        """Answer; an awaitable holds back the peer's next question."""
        if isinstance(request, wire.PartRequest):
            return self._serve(peer, request)
        offers = [
            wire.Offer(held.height, held.digest, held.index_digest) for held in self._folder.held
        ]
        self._send(peer, wire.Snapshots(tuple(offers[: wire.OFFERS_MAX])))
        return None

    async def _serve(self, peer: bytes, request: wire.PartRequest) -> None:
        height, number, offset = request.height, request.number, request.offset
        size, data = 0, b""
        if request.kind in PartKind.__members__.values():
            part = PartId(PartKind(request.kind), number)
            size, data = await asyncio.to_thread(
                self._folder.read_slice, height, part, offset, SLICE_SIZE_MAX
            )
            await self._pay(len(data))
        self._send(peer, wire.Part(height, request.kind, number, offset, size, data))

    async def _pay(self, size: int) -> None:
        """Wait until the rate has room for so many bytes."""
        now = asyncio.get_running_loop().time()
        burst_s = BURST_BYTES / RATE_BYTES_PER_S
        self._paid_until = max(self._paid_until, now - burst_s) + size / RATE_BYTES_PER_S
        if self._paid_until > now:
            await asyncio.sleep(self._paid_until - now)
