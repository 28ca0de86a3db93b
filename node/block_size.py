"""How many transactions the next own proposal may hold, by how long blocks took this node lately.

A block that takes long to execute and write delays the votes of all, and where it takes as long as
patience lasts it costs its primary the view: overload would end in view changes instead of larger
blocks. So the limit is halved at each block that took too long, and grows slowly again while full
blocks are quick. Nothing of it is agreed: it is each primary's own choice below the chain's limit.
"""

# At this count the fixed cost of a block is small beside that of its transactions.
COUNT_MIN = 64
# A block that is this part of the limit says how long one of that limit takes.
FULL_PERCENT = 75
GROWTH_PERCENT = 10
# Check and write may take this part of the request timeout.
PATIENCE_PERCENT = 25


class BlockSize:
    """Invariant: min(COUNT_MIN, count_max) <= count <= count_max. No clock: it is told."""

    __slots__ = ("_count_max", "_count_min", "_slow_ms", "count")

    def __init__(self, count_max: int, request_timeout_ms: int) -> None:
        """Both of the chain's parameters; `count_max` at first."""
        assert count_max >= 1
        self._count_max = count_max
        self._count_min = min(COUNT_MIN, count_max)
        self._slow_ms = request_timeout_ms * PATIENCE_PERCENT // 100
        self.count = count_max

    def took(self, count: int, took_ms: int) -> None:
        """A block of so many transactions took so long to check and to write."""
        if took_ms > self._slow_ms:
            # What is slow without being large (a sleeping disk) is no reason for smaller blocks.
            if count > self._count_min:
                self.count = max(self._count_min, min(self.count, count) // 2)
        elif 100 * count >= self.count * FULL_PERCENT:
            grown = self.count + max(1, self.count * GROWTH_PERCENT // 100)
            self.count = min(self._count_max, grown)
