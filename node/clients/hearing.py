"""Whose stream a feed listens to, and when it is worth another try.

A feed reads pages until there is no more, and listens from there on: a node tells what it decides.
Who ends its stream, or can't give one (a proxy without upgrades), is no trouble: meanwhile pages
are read, and after a pause another stream is asked for.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from node.clients.errors import NodeFailed, NodeUnreachable
from node.clients.submission import Backoff
from node.clients.wire import Asked, Listen, Pause, Place, Steps, T, read_reply

log = logging.getLogger(__name__)

# Between two looks at a chain at rest, where nobody is listened to.
QUIET_S: Final = 0.25
# A node gives a sign of life after 10 quiet seconds; whoever gives none is left.
SILENCE_S: Final = 15.0
# Where no stream can be had, one is asked for this often at least.
DEAF_MAX_S: Final = 60.0


class Hearing:
    """One feed's. Nobody is listened to before a node has answered."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self.place: Place | None = None
        self._clock_s = clock_s
        self._backoff = _backoff()
        self._deaf_until_s = 0.0

    def answered(self, place: Place, *, news: bool) -> None:
        """This node gave an answer: one with news knew more than who is listened to."""
        if news or self.place is None:
            self.place = place

    def leave(self, place: Place) -> None:
        """This node is listened to no more."""
        if self.place == place:
            self.place = None

    def hear(self, path: str, read: Callable[[Any], T]) -> Steps[T | None]:
        """What a stream of this path says next, as it is read; None: see what there is.

        A stream that is open already stays, wherever this path would begin.
        """
        place = self.place
        if place is None or self._clock_s() < self._deaf_until_s:
            yield Pause(QUIET_S)
            return None
        try:
            reply = yield Listen(place, Asked("GET", path, timeout_s=SILENCE_S))
            told = read(read_reply(reply, place.url).body)
        except (NodeUnreachable, NodeFailed) as error:
            # Whichever node answers next is listened to.
            log.info("no stream, so pages are read: %s", error)
            self.place = None
            self._deaf_until_s = self._clock_s() + self._backoff.next_s()
            return None
        self._backoff = _backoff()
        return told


def _backoff() -> Backoff:
    return Backoff(limit_s=DEAF_MAX_S)
