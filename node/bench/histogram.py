"""Latencies in buckets of fixed relative width, so that a million of them are a few hundred counts.

The buckets are those of HdrHistogram (Gil Tene) with seven bits: below 128 microseconds each value
has its own, above a bucket is at most 1/64 of its values wide. A percentile is the upper end of
its bucket (nearest rank), never more than the greatest value seen: it may overstate by 1.6 %.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

BITS: Final = 7
HALF: Final = 1 << (BITS - 1)
US_PER_MS: Final = 1000


def bucket_of(value_us: int) -> int:
    """The number of the bucket that a value falls in."""
    shift = max(0, value_us.bit_length() - BITS)
    return (shift << (BITS - 1)) + (value_us >> shift)


def bucket_end_us(bucket: int) -> int:
    """The greatest value of a bucket."""
    if bucket < 2 * HALF:
        return bucket
    shift = (bucket >> (BITS - 1)) - 1
    return ((bucket - (shift << (BITS - 1)) + 1) << shift) - 1


@dataclass(slots=True)
class Histogram:
    """How many values fell in each bucket, and the greatest of them."""

    counts: dict[int, int] = field(default_factory=dict)
    count: int = 0
    max_us: int = 0

    def note(self, milliseconds: float) -> None:
        """Count one value; what a clock tells as less than nothing is nothing."""
        value_us = max(0, round(milliseconds * US_PER_MS))
        bucket = bucket_of(value_us)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.count += 1
        self.max_us = max(self.max_us, value_us)

    def percentile_ms(self, per_cent: float) -> float | None:
        """The nearest-rank percentile in milliseconds; None of nothing."""
        rank = max(1, int(-(-self.count * per_cent // 100)))
        seen = 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= rank:
                return min(bucket_end_us(bucket), self.max_us) / US_PER_MS
        return None

    @property
    def max_ms(self) -> float | None:
        """The greatest value, exactly; None of nothing."""
        return self.max_us / US_PER_MS if self.count else None

    @classmethod
    def of(cls, milliseconds: Iterable[float]) -> "Histogram":
        """A histogram of these values."""
        made = cls()
        for value in milliseconds:
            made.note(value)
        return made

    @classmethod
    def together(cls, parts: Iterable["Histogram"]) -> "Histogram":
        """One histogram of all their values."""
        made = cls()
        for part in parts:
            for bucket, count in part.counts.items():
                made.counts[bucket] = made.counts.get(bucket, 0) + count
            made.count += part.count
            made.max_us = max(made.max_us, part.max_us)
        return made

    def record(self) -> Mapping[str, Any]:
        """For JSON between two processes."""
        return {"counts": sorted(self.counts.items()), "max_us": self.max_us}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Histogram":
        """What `record` wrote."""
        pairs: Sequence[tuple[int, int]] = record["counts"]
        counts = dict(pairs)
        return cls(counts, sum(counts.values()), record["max_us"])
