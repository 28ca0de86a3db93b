"""How often each token may ask: a bucket of permits that fills at a steady rate."""

from dataclasses import dataclass

from chain.errors import HushangError

# Permits that a bucket holds, in seconds of its rate: what may come at once.
BURST_S = 4
BUCKETS_MAX = 1_024


class TooManyRequests(HushangError):
    """The token has made as many requests as it may for now."""

    hint = "wait retry_after_ms; put up to 100 events into one document"

    def __init__(self, message: str, retry_after_ms: int) -> None:
        super().__init__(message)
        self.retry_after_ms = retry_after_ms


@dataclass(slots=True)
class _Bucket:
    permits: float
    at_s: float


class Rates:
    """One bucket for each token's name; times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def take(self, name: str, rate: int, now_s: float) -> None:
        """One request at this time; `TooManyRequests`."""
        bucket = self._buckets.pop(name, None) or _Bucket(rate * BURST_S, now_s)
        # The bucket that is used last stands last.
        self._buckets[name] = bucket
        if len(self._buckets) > BUCKETS_MAX:
            del self._buckets[next(iter(self._buckets))]
        filled = bucket.permits + (now_s - bucket.at_s) * rate
        bucket.permits, bucket.at_s = min(filled, rate * BURST_S), now_s
        if bucket.permits < 1:
            wait_ms = int((1 - bucket.permits) / rate * 1000) + 1
            raise TooManyRequests(f"at most {rate} requests a second", wait_ms)
        bucket.permits -= 1
