"""Frames of one peer between the socket and the handler, so that a slow handler slows its peer.

The reader of the socket puts frames in and pauses when `full`; one task takes them out.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from p2p.frames import Channel, Frame
from p2p.limits import QueueLimits


class Inbox:
    """A queue for one consumer. It overshoots its limits by one frame."""

    __slots__ = ("_arrived", "_closed", "_frames", "_limits", "_on_room", "size")

    def __init__(self, limits: QueueLimits, on_room: Callable[[], None]) -> None:
        """`on_room` is called after each frame taken."""
        self._limits = limits
        self._on_room = on_room
        self._frames: deque[Frame] = deque()
        self._arrived = asyncio.Event()
        self._closed = False
        self.size = 0

    @property
    def full(self) -> bool:
        """Should reading pause?"""
        return len(self._frames) >= self._limits.frames_max or self.size >= self._limits.size_max

    @property
    def roomy(self) -> bool:
        """May paused reading go on? Half empty, so that the socket isn't toggled at each frame."""
        frames_max, size_max = self._limits.frames_max, self._limits.size_max
        return 2 * len(self._frames) <= frames_max and 2 * self.size <= size_max

    def put(self, frame: Frame) -> None:
        """Queue a frame; ignored once closed."""
        if self._closed:
            return
        self._frames.append(frame)
        self.size += len(frame.payload)
        self._arrived.set()

    async def take(self) -> Frame | None:
        """The next frame; None once closed and empty. Doesn't suspend while there are frames."""
        while not self._frames:
            if self._closed:
                return None
            self._arrived.clear()
            await self._arrived.wait()
        frame = self._frames.popleft()
        self.size -= len(frame.payload)
        self._on_room()
        return frame

    def close(self, *, drop: bool) -> None:
        """No more frames. All is dropped if the peer is to blame; else what is queued is still
        handled, but for questions and answers: who asked has gone, and whom we asked is asked anew.
        """
        self._closed = True
        # Nobody reads on; and whoever did is let go with this.
        self._on_room = _nothing
        kept = [] if drop else [one for one in self._frames if one.channel is not Channel.SYNC]
        self._frames = deque(kept)
        self.size = sum([len(frame.payload) for frame in kept])
        self._arrived.set()


def _nothing() -> None:
    """Nobody waits for room."""
