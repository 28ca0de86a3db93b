"""What waits for the replica, by who sent it: senders take turns, and each has its own bounds.

One member's flood waits for itself. Votes of the others pass it, however much of it there is, and
only its own connection is held back.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from consensus.input import Input

# Of one sender. A correct one has a few messages for each view and height under way; whoever has
# more waiting is held back. A proposal names its transactions by 32 bytes each.
MESSAGES_MAX: Final = 1_024
SIZE_MAX: Final = 8 * 1024 * 1024


@dataclass(slots=True)
class _Queue:
    items: deque[tuple[Input, int]] = field(default_factory=deque)
    size: int = 0


class Mailbox:
    """A queue for each sender: a peer's key, or None for this node itself."""

    def __init__(self) -> None:
        # In the order of their turns; none is empty.
        self._queues: OrderedDict[bytes | None, _Queue] = OrderedDict()
        self._room = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._queues)

    def put(self, event: Input, sender: bytes | None, size: int) -> None:
        """Last in its sender's queue. `size`: of what was read, in bytes."""
        queue = self._queues.setdefault(sender, _Queue())
        queue.items.append((event, size))
        queue.size += size

    def take(self) -> tuple[Input, bytes | None]:
        """The oldest of the sender whose turn it is. Requires that something waits."""
        sender, queue = self._queues.popitem(last=False)
        event, size = queue.items.popleft()
        queue.size -= size
        if queue.items:
            self._queues[sender] = queue
        if not self.is_full(sender):
            self._room.set()
        return event, sender

    def is_full(self, sender: bytes | None) -> bool:
        """Should this sender wait?"""
        queue = self._queues.get(sender)
        return queue is not None and (len(queue.items) > MESSAGES_MAX or queue.size > SIZE_MAX)

    async def room(self, sender: bytes) -> None:
        """Wait until this sender's queue isn't full."""
        while self.is_full(sender):
            self._room.clear()
            await self._room.wait()
