"""A node's stream as a bell: it says that there is something to read, and is believed no further.

A block's events are certain with the block above it, which no stream tells of. So after a ring
there are some looks for that one, a few milliseconds apart at first.
"""

from collections.abc import Callable
from typing import Final

from node.api.cursors import Cursor, parse_cursor
from node.clients.feeds import Wanted, read_spoken
from node.clients.hearing import QUIET_S, Hearing
from node.clients.submission import Backoff
from node.clients.wire import Pause, Place, Steps

LOOK_FIRST_S: Final = 0.02
# Who rings for what nobody can prove so long has rung for nothing.
PROVEN_WITHIN_S: Final = 15.0


class Bell:
    """What was rung for and is not read yet."""

    def __init__(self, hearing: Hearing, clock_s: Callable[[], float]) -> None:
        self.hearing = hearing
        self._clock_s = clock_s
        self._height = 0
        self._until_s = 0.0
        self._looks = Backoff()

    def wait(self, wanted: Wanted, cursor: Cursor) -> Steps[Place | None]:
        """Until it is time to look: who rang, or None after a quiet while and a ring before."""
        if cursor.height <= self._height and self._clock_s() < self._until_s:
            yield Pause(self._looks.next_s())
            return None
        place = self.hearing.place
        page = yield from self.hearing.hear(wanted.path(cursor), read_spoken)
        if page is None or not page.events:
            return None
        self._height = parse_cursor(page.events[-1].cursor).height
        self._until_s = self._clock_s() + PROVEN_WITHIN_S
        self._looks = Backoff(pause_s=LOOK_FIRST_S, limit_s=QUIET_S)
        return place
