"""How many transactions the next own proposal may hold, by how long blocks took this node lately.

A block that takes long to execute and write delays the votes of all, and where it takes as long as
patience lasts it costs its primary the view: overload would end in view changes. A block that is
too small wastes what each block costs besides its transactions, and overload would end in many of
them. So the limit follows what a block of the wished duration would hold, whatever its transactions
cost: a thousand transfers, or twenty documents of a hundred events. Nothing of it is agreed: it is
each primary's own choice below the chain's limit.
"""

# The limit before anything was measured.
COUNT_AT_FIRST = 1_000
# How long so few take is the disk's doing, or the machine's.
COUNT_MIN = 8
# A block that is this part of the limit says how long one of that limit takes.
FULL_PERCENT = 75
# One block alone makes the limit at most so much larger, and at most by half smaller.
GROWTH_PERCENT = 25
# Check and write should take this part of the request timeout.
PATIENCE_PERCENT = 40


class BlockSize:
    """Invariant: min(COUNT_MIN, count_max) <= count <= count_max. No clock: it is told."""

    __slots__ = ("_count_max", "_count_min", "_wished_ms", "count")

    def __init__(self, count_max: int, request_timeout_ms: int) -> None:
        """Both of the chain's parameters."""
        assert count_max >= 1
        self._count_max = count_max
        self._count_min = min(COUNT_MIN, count_max)
        self._wished_ms = request_timeout_ms * PATIENCE_PERCENT // 100
        self.count = min(COUNT_AT_FIRST, count_max)

    def took(self, count: int, took_ms: int) -> None:
        """A block of so many transactions took so long to check and to write."""
        if count < self._count_min:
            return
        fitting = count * self._wished_ms // max(1, took_ms)
        if fitting < count:
            fewer = max(fitting, count // 2, self._count_min)
            self.count = min(self.count, fewer)
        elif 100 * count >= self.count * FULL_PERCENT:
            grown = self.count + max(1, self.count * GROWTH_PERCENT // 100)
            self.count = max(self.count, min(grown, fitting, self._count_max))
