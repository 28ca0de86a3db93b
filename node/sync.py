"""Fetching blocks from peers and serving them: being behind is no mode, just a longer queue.

Every fetched block goes to the replica, which believes only its certificate. Requests go round
among the peers that are known to hold the blocks; a range is asked for ahead of what is executed.
A peer whose block is not believed is named, everything it sent is dropped, and the next is asked.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.block import Block, Certificate
from chain.codec import decode, encode
from chain.errors import EncodingInvalid
from chain.ledger import Ledger
from chain.transaction import body_hash
from consensus.input import FetchedBlock
from consensus.output import FetchBlock, FetchBlocks
from p2p import messages as wire
from p2p.messages import (
    BLOCKS_MAX,
    REPLY_SIZE_MAX,
    Blocks,
    BlocksRequest,
    CertifiedBlock,
    MessageMalformed,
    Proposed,
    ProposedRequest,
)

logger = logging.getLogger(__name__)

# Blocks kept ahead of the replica; with the cap on a reply this bounds the memory of catching up.
AHEAD_MAX = 2 * BLOCKS_MAX
ASK_AGAIN_MS = 1_000

Send = Callable[[bytes, wire.Message], None]


@dataclass(slots=True)
class _Asked:
    """The request under way: heights, when it was sent, to whom."""

    start: int
    peer: bytes
    time_ms: int


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A block that waits for its turn, and who sent it."""

    peer: bytes
    block: FetchedBlock


class Sync:
    """Catches up by certificates, and answers others who do."""

    def __init__(
        self,
        ledger: Ledger,
        send: Send,
        feed: Callable[[FetchedBlock], None],
        clock_ms: Callable[[], int],
        connected: Callable[[], Sequence[bytes]],
    ) -> None:
        self._ledger = ledger
        self._send = send
        self._feed = feed
        self._clock_ms = clock_ms
        self._connected = connected
        self._ahead: dict[int, _Ahead] = {}
        self._peers: tuple[bytes, ...] = ()
        self._asked: _Asked | None = None
        self._turn = 0
        self.target = 0

    # Asking.

    def fetch(self, request: FetchBlock | FetchBlocks) -> None:
        """Do what the replica asks; repeated requests while one is under way cost nothing."""
        if isinstance(request, FetchBlock):
            self._turn += 1
            for turn in range(min(2, len(request.peers))):
                peer = request.peers[(self._turn + turn) % len(request.peers)]
                self._send(peer, ProposedRequest(request.height, request.digest))
            return
        self._deliver(request.first - 1)
        if request.certified:
            self.target = max(self.target, request.last)
            self._peers = request.peers
            self._ask(request.first)
        else:
            self._ask_anybody(request)

    def decided(self, height: int) -> None:
        """The replica decided this height: hand in the next, and ask further ahead."""
        self._ahead = {at: block for at, block in self._ahead.items() if at > height}
        if self._asked is not None and self._asked.start <= height:
            self._asked = None
        self._deliver(height)
        if self.target > height:
            self._ask(height + 1)

    def _deliver(self, height: int) -> None:
        ahead = self._ahead.get(height + 1)
        if ahead is not None:
            self._feed(ahead.block)

    def _ask(self, first: int) -> None:
        start = first
        while start in self._ahead:
            start += 1
        if start <= self.target and start - first < AHEAD_MAX // 2:
            self._request(start, self.target, self._peers)

    def _ask_anybody(self, request: FetchBlocks) -> None:
        """One question on hearsay; the target stays what is certified."""
        if request.first not in self._ahead:
            self._request(request.first, request.last, request.peers or self._connected())

    def _request(self, start: int, last: int, peers: Sequence[bytes]) -> None:
        now_ms, asked = self._clock_ms(), self._asked
        if asked is not None and asked.start >= start and now_ms - asked.time_ms < ASK_AGAIN_MS:
            return
        if not peers:
            return
        peer = peers[self._turn % len(peers)]
        self._turn += 1
        self._asked = _Asked(start, peer, now_ms)
        self._send(peer, BlocksRequest(start, min(BLOCKS_MAX, last - start + 1)))

    def arrived(self, peer: bytes, answer: Blocks) -> None:
        """A peer's blocks: kept, if they are among the next ones, for the replica to judge."""
        height = self._ledger.tip.height
        was_asked = self._asked is not None and self._asked.peer == peer
        for offset, entry in enumerate(answer.blocks):
            at = answer.start_height + offset
            if not height < at <= height + AHEAD_MAX:
                continue
            if at in self._ahead and not was_asked:
                # What is pushed fills gaps; it never displaces an answer.
                continue
            block = _read_block(entry.block)
            if block.header.height != at:
                msg = f"block {block.header.height} in the place of {at}"
                raise MessageMalformed(msg)
            self._ahead[at] = _Ahead(peer, _fetched(block, _read_certificate(entry.certificate)))
        if was_asked:
            self._asked = None
        # A pushed block: the replica may be exactly there.
        self._deliver(answer.start_height - 1)

    def disbelieved(self, block: FetchedBlock) -> None:
        """The replica refused what was fed: nothing of its sender is worth a try any more."""
        height = block.block.header.height
        ahead = self._ahead.get(height)
        if ahead is None or ahead.block is not block:
            return
        liar = ahead.peer
        name = liar.hex()[:16]
        logger.warning("%s sent a block %s that its certificate doesn't hold", name, height)
        self._ahead = {at: kept for at, kept in self._ahead.items() if kept.peer != liar}
        if self._asked is not None and self._asked.peer == liar:
            self._asked = None
        self._ask(height)

    def proposed(self, answer: Proposed) -> None:
        """A peer's undecided block."""
        self._feed(_fetched(_read_block(answer.block), None))

    # Answering.

    def serve(self, peer: bytes, first: int, count: int) -> None:
        """Send the decided blocks from `first` on, as many as fit into one reply."""
        blocks: list[CertifiedBlock] = []
        size = 0
        for height in range(first, first + count):
            block = self._ledger.block_bytes(height) if height else None
            certificate = self._ledger.certificate_bytes(height)
            if block is None or certificate is None:
                break
            size += len(block) + len(certificate)
            if blocks and size > REPLY_SIZE_MAX:
                break
            blocks.append(CertifiedBlock(block, certificate))
        self._send(peer, Blocks(first, tuple(blocks)))

    def serve_proposed(self, peer: bytes, held: Block | None, request: ProposedRequest) -> None:
        """Send the block of a digest if the replica holds it, or the store at that height."""
        if held is not None:
            self._send(peer, Proposed(encode(held)))
        elif self._ledger.header(request.height) is not None:
            self.serve(peer, request.height, 1)


def _read_block(data: bytes) -> Block:
    try:
        return decode(Block, data)
    except EncodingInvalid as error:
        msg = f"block: {error}"
        raise MessageMalformed(msg) from error


def _read_certificate(data: bytes) -> Certificate:
    try:
        return decode(Certificate, data)
    except EncodingInvalid as error:
        msg = f"certificate: {error}"
        raise MessageMalformed(msg) from error


def _fetched(block: Block, certificate: Certificate | None) -> FetchedBlock:
    return FetchedBlock(block, _hashes(block.bodies), certificate)


def _hashes(bodies: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(body_hash(raw) for raw in bodies)
