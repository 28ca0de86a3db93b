"""How often somebody may ask: a bucket of permits each, which fills at a steady rate."""

from collections import OrderedDict
from dataclasses import dataclass

from chain.errors import HushangError

# Permits that a bucket holds, in seconds of its rate: what may come at once.
BURST_S = 4
BUCKETS_MAX = 1_024


class TooManyRequests(HushangError):
    """As many requests were made as may be for now."""

    hint = "wait retry_after_ms; put up to 100 events into one document"

    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


@dataclass(slots=True)
class _Bucket:
    permits: float
    at_s: float


class Rates:
    """One bucket for each name; times are seconds of any steady clock.

    Who asked least lately is forgotten where names are too many, and begins with a full bucket.
    """

    def __init__(self, buckets_max: int = BUCKETS_MAX) -> None:
        self._buckets_max = buckets_max
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, name: str, rate: int, now_s: float, cost: int = 1) -> None:
        """A request of this cost at this time; `TooManyRequests`."""
        # What costs more than a bucket holds takes a whole one.
        needed = min(cost, rate * BURST_S)
        bucket = self._buckets.pop(name, None) or _Bucket(rate * BURST_S, now_s)
        # The bucket that is used last stands last.
        self._buckets[name] = bucket
        if len(self._buckets) > self._buckets_max:
            self._buckets.popitem(last=False)
        filled = bucket.permits + (now_s - bucket.at_s) * rate
        bucket.permits, bucket.at_s = min(filled, rate * BURST_S), now_s
        if bucket.permits < needed:
            wait_ms = int((needed - bucket.permits) / rate * 1000) + 1
            raise TooManyRequests(f"at most {rate} requests a second", wait_ms)
        bucket.permits -= needed
