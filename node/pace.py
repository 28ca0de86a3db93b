"""How fast blocks take transactions in, and so how much may wait: seconds of work, not megabytes.

A pool that takes whatever fits answers overload with ever longer waits. Clients may therefore put
in what blocks take away within `WAIT_MAX_MS`, by the best second of the last half minute, and at
least `WAITING_MIN_BYTES`, so that a resting network takes a burst. Peers' transactions are taken as
far as there is room at all: those are admitted already.
"""

from collections import deque
from collections.abc import Callable
from typing import Final

WAIT_MAX_MS: Final = 1_000
WAITING_MIN_BYTES: Final = 1024 * 1024
SECONDS_SEEN: Final = 30
RETRY_MIN_MS: Final = 200
RETRY_MAX_MS: Final = 5_000


class Pace:
    """Bytes of transactions that blocks took, by seconds of the caller's clock."""

    __slots__ = ("_best", "_busy", "_clock_ms", "_looked", "_second", "_seconds", "_size")

    def __init__(self, clock_ms: Callable[[], int]) -> None:
        self._clock_ms = clock_ms
        self._seconds: deque[tuple[int, int]] = deque(maxlen=SECONDS_SEEN)
        self._second = 0
        self._size = 0
        self._busy = False
        # The best second, and in which one it was looked for.
        self._looked, self._best = -1, 0

    def decided(self, size: int, *, more_waited: bool) -> None:
        """A block with so many bytes of transactions was written, and left others waiting or none.

        Seconds in which nothing was left waiting tell what was offered, not what can be done.
        """
        second = self._clock_ms() // 1000
        if second != self._second:
            if self._busy:
                self._seconds.append((self._second, self._size))
            self._second, self._size, self._busy = second, 0, False
        self._size += size
        self._busy = self._busy or more_waited

    @property
    def bytes_per_s(self) -> int:
        """The best of the last busy seconds that are over; 0 where there was none."""
        now = self._clock_ms() // 1000
        if now != self._looked:
            since = now - SECONDS_SEEN
            sizes = [size for second, size in self._seconds if second >= since]
            # The newest counts as soon as it is over.
            if self._busy and since <= self._second < now:
                sizes.append(self._size)
            self._looked, self._best = now, max(sizes, default=0)
        return self._best

    @property
    def waiting_max_bytes(self) -> int:
        """What may wait before clients are asked to come again."""
        return max(WAITING_MIN_BYTES, self.bytes_per_s * WAIT_MAX_MS // 1000)

    def retry_after_ms(self, excess: int) -> int:
        """When so many bytes will be gone."""
        rate = self.bytes_per_s
        if rate == 0:
            return 500
        return min(RETRY_MAX_MS, max(RETRY_MIN_MS, excess * 1000 // rate))
