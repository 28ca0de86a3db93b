"""What merchants' reviews are worth, computed for all of them at once and kept for a while.

It is a pass over all orders, reviews and flows of money, seconds on a large chain. So a node spends
at most a tenth of one thread on it: after each pass the answers stay for nine times as long as it
took, and each says of which height it is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic

from chain import schema
from chain.ledger import Ledger
from chain.store_contract import KVStore, prefix_stop
from commerce.reviews.reputation import Reputation, no_reviews, reputations
from node.api.problems import Busy

REST_FACTOR = 9


@dataclass(frozen=True, slots=True)
class Standings:
    """All merchants' reputations as of a height. `height` was the newest when the reading began."""

    height: int
    merchants: Mapping[bytes, Reputation]
    next_s: float

    def of(self, merchant: bytes) -> Reputation:
        """One merchant's; of three stars without weight if nobody has reviewed it."""
        known = self.merchants.get(merchant)
        return no_reviews(merchant) if known is None else known


class StoredIndex:
    """The secondary index of a store."""

    def __init__(self, store: KVStore) -> None:
        self._store = store

    def rows(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """(key with its prefix, value) in key order."""
        low = schema.INDEX + prefix
        for key, value in self._store.scan(low, prefix_stop(low)):
            yield key[len(schema.INDEX) :], value


class ReputationBook:
    """Asked from any thread; one at a time computes."""

    def __init__(self, ledger: Ledger, clock_s: Callable[[], float] = monotonic) -> None:
        self._ledger = ledger
        self._clock_s = clock_s
        self._lock = Lock()
        self._known: Standings | None = None

    def standings(self) -> Standings:
        """The newest there are; computed now if they are too old. `Busy` while the first are."""
        known = self._known
        if known is not None and not self._is_due(known):
            return known
        if not self._lock.acquire(blocking=False):
            if known is None:
                msg = "reputations are being computed"
                raise Busy(msg)
            return known
        try:
            self._known = self._computed()
            return self._known
        finally:
            self._lock.release()

    def _is_due(self, known: Standings) -> bool:
        return self._ledger.tip.height > known.height and self._clock_s() >= known.next_s

    def _computed(self) -> Standings:
        ledger, began_s = self._ledger, self._clock_s()
        height = ledger.tip.height
        merchants = reputations(ledger.state, StoredIndex(ledger.store))
        ended_s = self._clock_s()
        return Standings(height, merchants, ended_s + REST_FACTOR * (ended_s - began_s))
