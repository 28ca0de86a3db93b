"""When a node that rests wants to wake; one alarm at a time, since most are never needed."""

from collections.abc import Callable

from tests.sim.world import World

# Later than any simulation lasts.
NEVER_US = 1 << 62
Later = Callable[[int, Callable[[], None]], None]


class Alarm:
    """Rings once at the newest time that was set; one that is set for earlier looks again then."""

    def __init__(self, world: World, later: Later, ring: Callable[[], None]) -> None:
        self._world = world
        self._later = later
        self._ring = ring
        self._wanted_us = self._set_us = NEVER_US

    def set(self, wanted_us: int) -> None:
        """Ring at this time, no longer at another."""
        self._wanted_us = wanted_us
        if wanted_us < self._set_us:
            now_us = self._world.now_us
            set_us = self._set_us = max(now_us, wanted_us)
            self._later(set_us - now_us, lambda: self._look(set_us))

    def _look(self, set_us: int) -> None:
        if set_us != self._set_us:
            # Another was set for earlier meanwhile, and has rung.
            return
        self._set_us = NEVER_US
        if self._wanted_us > self._world.now_us:
            self.set(self._wanted_us)
            return
        self._wanted_us = NEVER_US
        self._ring()
