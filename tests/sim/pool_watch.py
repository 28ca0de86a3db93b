"""What a node does about transactions that wait: the simulated side of `Driver._watch_pool`."""

from collections.abc import Callable, Iterable, Sequence

from chain.stored_chain import Tip
from chain.transaction import ReceivedTransaction
from node.driver import POOL_LOOK_S, SPREAD_MAX
from node.mempool import Mempool
from tests.sim.post import SimGossip

LOOK_US = int(POOL_LOOK_S * 1_000_000)


class PoolWatch:
    """Spreads again what blocks pass over and what waits without a block."""

    def __init__(self, mempool: Mempool, gossip: SimGossip, clock_ms: Callable[[], int]) -> None:
        self._mempool = mempool
        self._gossip = gossip
        self._clock_ms = clock_ms
        self._looked_at = -1
        self._skipped: dict[bytes, int] = {}

    def note(
        self,
        height: int,
        included: Sequence[ReceivedTransaction],
        sponsor_of: Callable[[ReceivedTransaction], bytes | None],
        *,
        lived: bool,
    ) -> None:
        """A block is written: which waiting transactions fair order would have put into it; none
        into one that came as history.
        """
        if not lived:
            self._skipped = {}
            return
        now_ms = self._clock_ms()
        skipped = self._mempool.passed_over(height, included, sponsor_of)
        self._skipped = {entry: self._skipped.get(entry, now_ms) for entry in skipped}
        self._spread(skipped)

    def look(self, tip: Tip) -> bool:
        """A look every `LOOK_US`; is there something to tell the replica?"""
        expired = self._mempool.expired(max(self._clock_ms(), tip.header.time_ms))
        self._mempool.discard(expired)
        if tip.height == self._looked_at:
            self._spread(self._mempool.oldest(tip.height + 1, SPREAD_MAX))
        self._looked_at = tip.height
        return bool(expired or self._skipped)

    def skipped_ms(self) -> int:
        """For how long the oldest transaction has been passed over; 0 for none."""
        oldest_ms = min(self._skipped.values(), default=None)
        return 0 if oldest_ms is None else max(1, self._clock_ms() - oldest_ms)

    def _spread(self, ids: Iterable[bytes]) -> None:
        waiting = [self._mempool.get(entry) for entry in ids]
        self._gossip.again([received for received in waiting if received is not None])
