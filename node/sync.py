"""Fetching blocks from peers: being behind is no mode, just a longer queue.

Every fetched block goes to the replica, which believes only its certificate. A window of heights
above the decided one is asked for in ranges, spread over the peers that are known to have them;
what a peer doesn't answer in time is asked of another. A peer whose block is not believed is named,
everything it sent is dropped, and the rest is fetched from others.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.block import Block, Certificate
from chain.codec import decode, encode
from chain.errors import EncodingInvalid, HushangError
from chain.ledger import Ledger
from chain.transaction import body_hash
from consensus.input import FetchedBlock
from consensus.output import FetchBlock, FetchBlocks
from node.blocks_served import Budget, read_blocks, size_of
from node.membership import key_words
from node.service import SyncView
from node.sync_progress import Progress
from node.sync_requests import RANGE_MAX, REST_AT_EDGE_MS, REST_MS, Request, Requests
from p2p import messages as wire
from p2p.messages import (
    BLOCKS_MAX,
    REPLY_SIZE_MAX,
    Blocks,
    BlocksGone,
    BlocksRequest,
    MessageMalformed,
    Proposed,
    ProposedRequest,
)

logger = logging.getLogger(__name__)

# What is kept ahead of the replica; the replies under way come on top of it.
AHEAD_MAX = 2 * BLOCKS_MAX
AHEAD_SIZE_MAX = 16 * 1024 * 1024
# While blocks are there to go on with, more is asked for only at every so many heights.
FILL_EVERY = RANGE_MAX // 2
# Of so many heights it is known when they were decided.
LIVED_KEPT = 4
# Blocks that are not decided here and were asked for by their digests, newest last.
SOUGHT_MAX = 8

Send = Callable[[bytes, wire.Message], None]


class HistoryGone(HushangError):
    """Nobody has the next blocks any more: they were pruned, and only a snapshot leads further."""

    hint = 'set join = "snapshot" or "auto", or name a peer that keeps the whole history'


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A block that waits for its turn, who sent it, and how large it was."""

    peer: bytes
    block: FetchedBlock
    size: int


class Sync:
    """Catches up by certificates, and answers others who do."""

    def __init__(
        self,
        ledger: Ledger,
        send: Send,
        feed: Callable[[FetchedBlock], None],
        clock_ms: Callable[[], int],
        connected: Callable[[], Sequence[bytes]],
        name_of: Callable[[bytes], str] = key_words,
    ) -> None:
        self._ledger = ledger
        self._name_of = name_of
        self._send = send
        self._feed = feed
        self._clock_ms = clock_ms
        self._connected = connected
        self._height = ledger.tip.height
        self._ahead: dict[int, _Ahead] = {}
        self._ahead_size = 0
        self._peers: tuple[bytes, ...] = ()
        self._requests = Requests()
        self._progress = Progress()
        self.budget = Budget(clock_ms)
        self._turn = 0
        # By digest, the height of each.
        self._sought: dict[bytes, int] = {}
        # By height, when the newest blocks were decided here, by the own clock; none that came as
        # history.
        self._lived: dict[int, int] = {}
        self._began_ms = clock_ms()
        self.target = 0
        # Up to here blocks are worth a question although no certificate says that they are there.
        self._hoped = 0

    def view(self) -> SyncView:
        """How catching up gets on."""
        return self._progress.view(self._ledger.tip.height, self.target, self._clock_ms())

    @property
    def lived_ms(self) -> int | None:
        """When the newest block was decided; None if it came as history."""
        return self._lived.get(self._height)

    @property
    def lag_ms(self) -> int | None:
        """The own clock less the newest written block's time when that was decided here; None if
        it came as history, or was proposed before this start. Who leads by a clock that is behind
        proposes a millisecond after the parent: only that the blocks' time falls behind is seen.
        """
        header = self._ledger.tip.header
        lived_ms = self._lived.get(header.height)
        if lived_ms is None or header.time_ms < self._began_ms:
            return None
        return lived_ms - header.time_ms

    # Asking.

    def fetch(self, request: FetchBlock | FetchBlocks) -> None:
        """Do what the replica asks; repeated requests while one is under way cost nothing."""
        if isinstance(request, FetchBlock):
            self._turn += 1
            self._seek(request.height, request.digest)
            for turn in range(min(2, len(request.peers))):
                peer = request.peers[(self._turn + turn) % len(request.peers)]
                self._send(peer, ProposedRequest(request.height, request.digest))
            return
        self._height = max(self._height, request.first - 1)
        self._deliver(request.first - 1)
        if request.certified:
            self.target = max(self.target, request.last)
            self._peers = request.peers
            self._progress.begin(self._clock_ms())
            self._fill()
        else:
            self._ask_anybody(request)
        self._tell()

    def _seek(self, height: int, digest: bytes) -> None:
        self._sought[digest] = height
        if len(self._sought) > SOUGHT_MAX:
            del self._sought[next(iter(self._sought))]

    def decided(self, height: int) -> None:
        """The replica decided this height: hand in the next, and ask further ahead."""
        self._height = height
        self._sought = {digest: at for digest, at in self._sought.items() if at > height}
        ahead = self._drop(height)
        if ahead is None:
            self._lived[height] = self._clock_ms()
        self._lived.pop(height - LIVED_KEPT, None)
        self._requests.forget_below(height)
        self._deliver(height)
        transactions = ahead.block.block.header.transactions_count if ahead else 0
        self._progress.decided(transactions, self._clock_ms())
        if height >= max(self.target, self._hoped):
            self._finish(height)
        elif height + 1 not in self._ahead or height % FILL_EVERY == 0:
            self._fill()
        self._tell()

    def _finish(self, height: int) -> None:
        if self._requests.under_way or self._progress.is_counting:
            self._requests.reset()
            summary = self._progress.summary(height, self._clock_ms())
            if summary:
                logger.info("%s", summary)
            self._progress.end()

    def _tell(self) -> None:
        news = self._progress.news(self._height, self.target, self._clock_ms())
        if news:
            logger.info("%s", news)

    def _deliver(self, height: int) -> None:
        ahead = self._ahead.get(height + 1)
        if ahead is not None:
            self._feed(ahead.block)

    def _drop(self, height: int) -> _Ahead | None:
        dropped = self._ahead.pop(height, None)
        if dropped is not None:
            self._ahead_size -= dropped.size
        return dropped

    def _fill(self) -> None:
        """Ask for what is missing in the window, lowest first."""
        now_ms = self._clock_ms()
        self._give_up(now_ms)
        first = self._height + 1
        last = min(max(self.target, self._hoped), self._height + AHEAD_MAX)
        if self._ahead_size >= AHEAD_SIZE_MAX:
            if first in self._ahead:
                return
            last = min(last, first)
        while first <= last and not self._requests.is_full:
            if not self._is_missing(first):
                first += 1
                continue
            count = 1
            while count < RANGE_MAX and first + count <= last and self._is_missing(first + count):
                count += 1
            if not self._ask(first, count, now_ms):
                return
            first += count

    def _give_up(self, now_ms: int) -> None:
        for silent in self._requests.expire(now_ms):
            logger.debug("%s did not answer for block %s", self._name_of(silent.peer), silent.start)

    def _is_missing(self, height: int) -> bool:
        return height not in self._ahead and not self._requests.covers(height)

    def _ask(self, start: int, count: int, now_ms: int) -> bool:
        connected = self._connected()
        signers = self._peers if start <= self.target else ()
        known = [peer for peer in signers if peer in connected]
        others = [peer for peer in connected if peer not in known]
        peer = self._requests.choose((known, others), start, now_ms)
        if start == self._height + 1:
            self._require_history(connected, start, now_ms)
        if peer is None:
            return False
        self._requests.open(peer, start, count, now_ms)
        self._send(peer, BlocksRequest(start, count))
        return True

    def _require_history(self, connected: Sequence[bytes], height: int, now_ms: int) -> None:
        """`HistoryGone` if more than can lie have pruned the height and nobody else answers."""
        requests = self._requests
        pruned = [peer for peer in connected if requests.has_pruned(peer, height)]
        left = [p for p in connected if p not in pruned and requests.is_awake(p, now_ms)]
        if len(pruned) > self._ledger.chain.committee.f and not left:
            raise HistoryGone(f"{len(pruned)} peers have pruned block {height}")

    def _ask_anybody(self, request: FetchBlocks) -> None:
        """One question on hearsay; the target stays what is certified."""
        now_ms = self._clock_ms()
        # Where nothing certified is known nobody else gives up what was lost on the way.
        self._give_up(now_ms)
        if self._is_missing(request.first):
            count = min(BLOCKS_MAX, request.last - request.first + 1)
            self._ask(request.first, count, now_ms)

    # Answers.

    def arrived(self, peer: bytes, answer: Blocks) -> None:
        """A peer's blocks: kept, if they are among the next ones, for the replica to judge."""
        request = self._requests.answered(peer, answer.start_height)
        if request is None and self._requests.is_liar(peer):
            return
        was_next = self._ahead.get(self._height + 1)
        try:
            self._keep(peer, answer, 0 if request is None else request.count)
        except MessageMalformed:
            self._requests.distrust(peer)
            raise
        if request is not None:
            self._learn(request, answer)
            self._fill()
        if self._ahead.get(self._height + 1) is not was_next:
            self._deliver(self._height)

    def _keep(self, peer: bytes, answer: Blocks, asked: int) -> None:
        """The first `asked` of the blocks were asked for.

        What is pushed fills gaps; it never displaces an answer.
        """
        height = self._height
        for offset, entry in enumerate(answer.blocks):
            at = answer.start_height + offset
            if not height < at <= height + AHEAD_MAX:
                continue
            full = self._ahead_size >= AHEAD_SIZE_MAX and at > height + 1
            if offset >= asked and (full or at in self._ahead):
                continue
            block = _read_block(entry.block)
            if block.header.height != at:
                msg = f"block {block.header.height} in the place of {at}"
                raise MessageMalformed(msg)
            fetched = _fetched(block, _read_certificate(entry.certificate))
            self._drop(at)
            self._ahead[at] = _Ahead(peer, fetched, len(entry.block) + len(entry.certificate))
            self._ahead_size += self._ahead[at].size

    def _learn(self, request: Request, answer: Blocks) -> None:
        """What an answer says of its sender, and of how much there is."""
        end = request.start + len(answer.blocks)
        if not answer.blocks:
            # Just decided there and not written yet, or lost: others are asked meanwhile.
            at_edge = request.start >= self.target - 1
            if not at_edge:
                logger.info("%s has no block %s", self._name_of(request.peer), request.start)
            rest_ms = REST_AT_EDGE_MS if at_edge else REST_MS
            self._requests.rest(request.peer, self._clock_ms() + rest_ms)
            self._hoped = min(self._hoped, request.start - 1)
        elif end > self.target and _is_full(request, answer):
            # The chain goes on where its committee isn't known here yet.
            self._hoped = end - 1 + AHEAD_MAX // 2

    def gone(self, peer: bytes, answer: BlocksGone) -> None:
        """A peer has pruned what it was asked for. Raises `HistoryGone` if all have."""
        request = self._requests.answered(peer, answer.start_height)
        if request is None:
            return
        if answer.first_height <= request.start:
            self._requests.distrust(peer)
            raise MessageMalformed(f"block {request.start} is gone, and {answer.first_height} not")
        # Several requests of one peer are under way: each is answered so.
        if not self._requests.has_pruned(peer, answer.first_height - 1):
            name = self._name_of(peer)
            logger.info("%s has pruned the blocks below %s", name, answer.first_height)
        self._requests.pruned(peer, answer.first_height)
        if request.start > self.target:
            # It was asked on hearsay: others are asked the same at once.
            self._ask(request.start, request.count, self._clock_ms())
        self._fill()

    def disbelieved(self, block: FetchedBlock) -> None:
        """The replica refused what was fed: nothing of its sender is worth a try any more."""
        height = block.block.header.height
        ahead = self._ahead.get(height)
        if ahead is None or ahead.block is not block:
            return
        liar = ahead.peer
        name = self._name_of(liar)
        logger.warning("%s sent a block %s that its certificate doesn't hold", name, height)
        for at in [at for at, kept in self._ahead.items() if kept.peer == liar]:
            self._drop(at)
        self._requests.distrust(liar)
        self._fill()

    def proposed(self, answer: Proposed) -> None:
        """A peer's undecided block; one that nobody asked for is not even read."""
        if not self._sought:
            return
        block = _read_block(answer.block)
        if block.header.digest() in self._sought:
            self._feed(_fetched(block, None))

    # Answering.

    def serve(self, peer: bytes, first: int, count: int) -> None:
        """Send the decided blocks from `first` on, as many as fit into one reply."""
        answer = read_blocks(self._ledger, first, count)
        self.budget.sent(peer, size_of(answer))
        self._send(peer, answer)

    def serve_proposed(self, peer: bytes, held: Block | None, request: ProposedRequest) -> None:
        """Send the block of a digest if the replica holds it, or the store at that height.

        Who asks without end is not answered for a while; who lacks a block asks others too.
        """
        if self.budget.rest_ms(peer):
            return
        if held is not None:
            block = encode(held)
            self.budget.sent(peer, len(block))
            self._send(peer, Proposed(block))
        elif self._ledger.header(request.height) is not None:
            self.serve(peer, request.height, 1)


def _is_full(request: Request, answer: Blocks) -> bool:
    """Did a long answer end at a cap, so that there may be more?"""
    if len(answer.blocks) >= request.count >= RANGE_MAX:
        return True
    return 2 * sum(len(entry.block) for entry in answer.blocks) > REPLY_SIZE_MAX


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
