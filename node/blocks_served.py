"""Answers to peers that ask for decided blocks. Reads only the store, so any thread may do it."""

from collections.abc import Callable
from typing import Final

from chain.ledger import Ledger
from p2p.messages import BLOCKS_MAX, REPLY_SIZE_MAX, Blocks, BlocksGone, CertifiedBlock

# What one peer is sent of blocks for long, and at once. More than anybody checks and executes.
RATE_BYTES_PER_MS: Final = 32 * 1024
BURST_MS: Final = 500
PEERS_MAX: Final = 256


class Budget:
    """What each peer was sent of blocks lately: a request of forty bytes brings up to 4 MiB."""

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        # When all that a peer was sent has its place in the rate.
        self._paid_ms: dict[bytes, int] = {}

    def rest_ms(self, peer: bytes) -> int:
        """How long the peer's next question should wait; 0: it may be answered now."""
        return max(0, self._paid(peer) - self._clock_ms() - BURST_MS)

    def sent(self, peer: bytes, size: int) -> None:
        """A peer was sent so many bytes of blocks."""
        if len(self._paid_ms) >= PEERS_MAX:
            self._paid_ms.clear()
        # A millisecond at least: a store that is asked for small blocks without end works too.
        self._paid_ms[peer] = self._paid(peer) + max(1, size // RATE_BYTES_PER_MS)

    def _paid(self, peer: bytes) -> int:
        now_ms = self._clock_ms()
        paid_ms = self._paid_ms.get(peer, now_ms)
        # A clock that was put back makes nobody wait for what it showed.
        return max(paid_ms, now_ms) if paid_ms <= now_ms + 10 * BURST_MS else now_ms


def size_of(answer: Blocks | BlocksGone) -> int:
    """Bytes of blocks in an answer."""
    if isinstance(answer, BlocksGone):
        return 0
    return sum([len(entry.block) + len(entry.certificate) for entry in answer.blocks])


def read_blocks(ledger: Ledger, first: int, count: int) -> Blocks | BlocksGone:
    """The decided blocks from `first` on, as many as fit into one reply."""
    first_block = ledger.base.first_block
    if 0 < first < first_block:
        return BlocksGone(first, first_block)
    blocks: list[CertifiedBlock] = []
    size = 0
    for height in range(first, first + min(count, BLOCKS_MAX)):
        block = ledger.block_bytes(height) if height else None
        certificate = ledger.certificate_bytes(height)
        if block is None or certificate is None:
            break
        size += len(block) + len(certificate)
        if blocks and size > REPLY_SIZE_MAX:
            break
        blocks.append(CertifiedBlock(block, certificate))
    return Blocks(first, tuple(blocks))
