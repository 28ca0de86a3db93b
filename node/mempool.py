"""The pool of transactions that passed the door and wait for a block; bounded, fair per member.

A transaction counts against the member that sponsors its sender. While the pool is less than half
full anyone may use it; above that nobody may hold more than an equal share, so that no member can
crowd out another. Blocks take turns among members for the same reason. What clients bring is
bounded sooner, by the time that it would wait (node/pace.py).
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from chain.replay import minute_of
from chain.transaction import ReceivedTransaction
from node.pace import Pace
from node.service import PoolFull

RETRY_AFTER_MS = 500
# Of what one peer brings each sponsor may have so much waiting, in percent of what clients may have
# together: no correct node lets more in, but may be some blocks ahead.
BROUGHT_PERCENT = 150
# What a member may put into a block per turn.
QUANTUM_BYTES = 16 * 1024
# How many that don't fit into the rest of a block are looked past.
MISFITS_MAX = 64
# How many passed-over transactions are watched and spread again at a time.
PASSED_OVER_MAX = 64
# Of what waits, so much is reckoned to each block that clears it, up to so many blocks.
CLEARED_BYTES = 64 * 1024
CLEARING_HEIGHTS_MAX = 32
# A sponsor whose room is used up has room again when this part of it is free: what it sends next is
# then taken whole, and not read in vain.
ROOM_AGAIN_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """A verified transaction in the pool; `since_height` is the tip when it came. `origin`: the
    peer that brought it; None: a client.
    """

    received: ReceivedTransaction
    sponsor: bytes
    since_height: int
    origin: bytes | None


class _Turn:
    """One member's queue during a round: what is next, and how many bytes it may still send."""

    __slots__ = ("_queue", "credit", "next")

    def __init__(self, queue: Iterator[Waiting]) -> None:
        self._queue = queue
        self.next = next(queue, None)
        self.credit = 0

    def take(self) -> Waiting | None:
        """The next transaction if the credit covers it."""
        waiting = self.next
        if waiting is None or len(waiting.received.raw) > self.credit:
            return None
        self.credit -= len(waiting.received.raw)
        self.next = next(self._queue, None)
        return waiting


class Mempool:
    """Transactions by id and by body hash, in the order of arrival per sponsoring member."""

    def __init__(self, bytes_max: int, sponsors_count: int, pace: Pace | None = None) -> None:
        self._bytes_max = bytes_max
        self.pace = pace
        self.share_among(sponsors_count)
        self._by_id: dict[bytes, Waiting] = {}
        self._by_body: dict[bytes, bytes] = {}
        self._queues: dict[bytes, OrderedDict[bytes, Waiting]] = {}
        self._sponsor_bytes: dict[bytes, int] = {}
        # Of each sponsor's, what each peer brought.
        self._brought_bytes: dict[bytes, Counter[bytes]] = {}
        # The last height at which a sponsor had more waiting than clients may.
        self._flooded: dict[bytes, int] = {}
        # Ids by the minute in which their window ends.
        self._by_minute: dict[int, set[bytes]] = {}
        self.bytes = 0

    def share_among(self, sponsors_count: int) -> None:
        """So many members share the pool."""
        self._sponsors_count = max(1, sponsors_count)

    def __len__(self) -> int:
        return len(self._by_id)

    def __contains__(self, transaction_id: bytes) -> bool:
        return transaction_id in self._by_id

    def add(
        self,
        received: ReceivedTransaction,
        sponsor: bytes,
        height: int,
        origin: bytes | None = None,
    ) -> bool:
        """Take a verified transaction; False if its id waits already. Raises `PoolFull`.

        `origin`: the peer that brought it; None: a client.
        """
        if received.id in self._by_id:
            return False
        size = len(received.raw)
        used = self._sponsor_bytes.get(sponsor, 0)
        self.require_room(size, sponsor, origin)
        waiting = Waiting(received, sponsor, height, origin)
        self._by_id[received.id] = waiting
        self._by_body[received.body_hash] = received.id
        self._queues.setdefault(sponsor, OrderedDict())[received.id] = waiting
        self._sponsor_bytes[sponsor] = used + size
        if origin is not None:
            self._brought_bytes.setdefault(sponsor, Counter())[origin] += size
        minute = minute_of(received.transaction.valid_until_ms)
        self._by_minute.setdefault(minute, set()).add(received.id)
        self.bytes += size
        return True

    def require_room(self, size: int, sponsor: bytes | None, origin: bytes | None = None) -> None:
        """`PoolFull` where this sponsor's transaction, or (None) nobody's, has a place now.

        Peers' transactions have the whole pool, of which above half nobody has more than a share;
        but of one sponsor's each peer may bring no more than blocks take away in a second or two.
        Clients have what the pace allows, together; each sponsor has its share of that whatever
        the others' have waiting, and one transaction of any size.
        """
        if self.bytes + size > self._bytes_max:
            msg = f"the pool holds {self.bytes} of {self._bytes_max} bytes"
            raise PoolFull(msg, RETRY_AFTER_MS)
        if origin is None and self.pace is not None:
            self._require_pace(size, sponsor, self.pace)
        elif sponsor is not None:
            self._require_share(size, sponsor, origin)

    def _require_share(self, size: int, sponsor: bytes, origin: bytes | None) -> None:
        for used, room in self._rooms(size, sponsor, origin):
            if used + size > room:
                msg = f"the sponsoring member's share of {room} bytes is used up"
                raise PoolFull(msg, RETRY_AFTER_MS, sponsor)

    def _rooms(self, size: int, sponsor: bytes, origin: bytes | None) -> Iterator[tuple[int, int]]:
        """What is used, and may be, where so many bytes more wait: by a sponsor's transactions, and
        by those of them that a peer brought.
        """
        half_full = self.bytes + size > self._bytes_max // 2
        share = self._bytes_max // self._sponsors_count if half_full else self._bytes_max
        yield self._sponsor_bytes.get(sponsor, 0), share
        if self.pace is not None and origin is not None:
            brought = self._brought_bytes.get(sponsor)
            yield (
                0 if brought is None else brought[origin],
                BROUGHT_PERCENT * self.pace.waiting_max_bytes // 100,
            )

    def has_room_again(self, sponsor: bytes, origin: bytes) -> bool:
        """Has a sponsor, whose room was used up, enough of it to take what a peer brings next?"""
        size = self._bytes_max * ROOM_AGAIN_PERCENT // 100
        return all(
            100 * used <= (100 - ROOM_AGAIN_PERCENT) * room
            for used, room in self._rooms(size, sponsor, origin)
        )

    def _require_pace(self, size: int, sponsor: bytes | None, pace: Pace) -> None:
        paced = min(self._bytes_max, pace.waiting_max_bytes)
        if self.bytes + size <= paced:
            return
        share = paced // self._sponsors_count
        if sponsor is None:
            # One that has used up nothing may be among all.
            full = sum([used >= share for used in self._sponsor_bytes.values()])
            if full < self._sponsors_count:
                return
        else:
            used = self._sponsor_bytes.get(sponsor, 0)
            if used == 0 or used + size <= share:
                return
        msg = f"{self.bytes} bytes wait, of {paced} that blocks take away in time"
        raise PoolFull(msg, pace.retry_after_ms(self.bytes + size - paced))

    def taken(self, transactions: Sequence[ReceivedTransaction]) -> None:
        """A block was decided just now with these, which don't wait any more."""
        if self.pace is not None:
            size = sum([len(received.raw) for received in transactions])
            self.pace.decided(size, more_waited=len(self) > 0)

    def get(self, transaction_id: bytes) -> ReceivedTransaction | None:
        """The transaction of this id, or None."""
        waiting = self._by_id.get(transaction_id)
        return None if waiting is None else waiting.received

    def by_body(self, body_hash: bytes) -> ReceivedTransaction | None:
        """The transaction with exactly these raw bytes, or None."""
        transaction_id = self._by_body.get(body_hash)
        return None if transaction_id is None else self._by_id[transaction_id].received

    def discard(self, ids: Iterable[bytes]) -> None:
        """Remove the transactions of these ids, whichever wait."""
        for transaction_id in ids:
            waiting = self._by_id.pop(transaction_id, None)
            if waiting is None:
                continue
            received, size = waiting.received, len(waiting.received.raw)
            del self._by_body[received.body_hash]
            queue = self._queues[waiting.sponsor]
            del queue[transaction_id]
            self._sponsor_bytes[waiting.sponsor] -= size
            if waiting.origin is not None:
                self._brought_bytes[waiting.sponsor][waiting.origin] -= size
            minute = minute_of(received.transaction.valid_until_ms)
            self._by_minute[minute].discard(transaction_id)
            if not self._by_minute[minute]:
                del self._by_minute[minute]
            self.bytes -= size
            if not queue:
                del self._queues[waiting.sponsor], self._sponsor_bytes[waiting.sponsor]
                self._flooded.pop(waiting.sponsor, None)
                self._brought_bytes.pop(waiting.sponsor, None)

    def fair_order(self, height: int) -> Iterator[Waiting]:
        """All that wait, in the order in which the block at `height` should take them.

        Members take turns by bytes, each in order of arrival (deficit round robin: a turn adds
        `QUANTUM_BYTES` to what a member may send, so that large transactions wait for more turns);
        who begins changes with the height.
        """
        sponsors = sorted(self._queues)
        first = height % len(sponsors) if sponsors else 0
        turns = [_Turn(iter(self._queues[s].values())) for s in sponsors[first:] + sponsors[:first]]
        while turns:
            for turn in turns:
                turn.credit += QUANTUM_BYTES
                while (waiting := turn.take()) is not None:
                    yield waiting
            turns = [turn for turn in turns if turn.next is not None]

    def pick(self, height: int, count_max: int, bytes_max: int) -> list[ReceivedTransaction]:
        """Candidates for the block at `height` in fair order; what doesn't fit is left out."""
        picked: list[ReceivedTransaction] = []
        left, misfits = bytes_max, 0
        for waiting in self.fair_order(height):
            size = len(waiting.received.raw)
            if size > left:
                misfits += 1
            else:
                picked.append(waiting.received)
                left -= size
            if len(picked) >= count_max or misfits > MISFITS_MAX:
                break
        return picked

    def oldest(self, height: int, count: int) -> tuple[bytes, ...]:
        """Ids of the first `count` in fair order."""
        first = islice(self.fair_order(height), count)
        return tuple(waiting.received.id for waiting in first)

    def expired(self, time_ms: int) -> list[bytes]:
        """Ids whose window has passed."""
        last = minute_of(time_ms)
        return [
            transaction_id
            for minute in sorted(minute for minute in self._by_minute if minute <= last)
            for transaction_id in sorted(self._by_minute[minute])
            if self._by_id[transaction_id].received.transaction.valid_until_ms < time_ms
        ]

    def passed_over(
        self,
        height: int,
        included: Sequence[ReceivedTransaction],
        sponsor_of: Callable[[ReceivedTransaction], bytes | None],
    ) -> tuple[bytes, ...]:
        """Waiting transactions that fair order would have put into the block at `height`.

        They are among as many as it `included`, and were here before the block below it was decided
        (the block at hand may have been proposed before a later one came). Overload is not
        censorship: what lies further back could not have been taken, and where much waits, what
        came first here may have come last to the primary, as many blocks later as it takes to clear
        the pool. A sponsor that has more waiting than clients may, which is a flood of its own or
        of a peer's, may have sent each node others: of it only the block's share is asked for, as
        long as any of that may wait.
        """
        heights = min(CLEARING_HEIGHTS_MAX, self.bytes // CLEARED_BYTES)
        before = height - 1 - heights
        first = islice(self.fair_order(height), max(1, min(len(included), PASSED_OVER_MAX)))
        late = [waiting for waiting in first if waiting.since_height < before]
        floods = {waiting.sponsor for waiting in late if self._floods(waiting.sponsor, height)}
        if floods:
            floods &= self._served(included, sponsor_of)
        return tuple(waiting.received.id for waiting in late if waiting.sponsor not in floods)

    def _floods(self, sponsor: bytes, height: int) -> bool:
        pace = self.pace
        usual = self._bytes_max // self._sponsors_count if pace is None else pace.waiting_max_bytes
        if self._sponsor_bytes[sponsor] > usual:
            self._flooded[sponsor] = height
        return height - self._flooded.get(sponsor, -CLEARING_HEIGHTS_MAX) < CLEARING_HEIGHTS_MAX

    def _served(
        self,
        included: Collection[ReceivedTransaction],
        sponsor_of: Callable[[ReceivedTransaction], bytes | None],
    ) -> set[bytes]:
        """The sponsors of which a block has at least half an equal share."""
        taken: Counter[bytes | None] = Counter()
        for received in included:
            taken[sponsor_of(received)] += len(received.raw)
        least = taken.total() // (2 * self._sponsors_count)
        return {sponsor for sponsor, size in taken.items() if sponsor and size >= least}
