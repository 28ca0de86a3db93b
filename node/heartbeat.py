"""The node's signs of life to its service manager: what it says of itself, and its watchdog.

The watchdog is told only after a job has gone through the ledger's thread, asked from the event
loop: a loop that hangs asks nothing, a thread that hangs answers nothing, and in both cases the
manager kills the process and starts it anew. Nothing here is a bare timer. `GET /health` tells the
same to managers that ask by HTTP.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from chain.ledger import Ledger
from node.joining_progress import JoiningProgress, joining_words
from node.notify import Notifier
from node.service import NodeStatus

T = TypeVar("T")

STATUS_EVERY_S: Final = 5.0
# Of the watchdog's time: a beat that comes late by a long block is still in time.
BEATS: Final = 3
# A thread that is silent for so long hangs: the longest block, and a disk that is slow, take less.
HUNG_S: Final = 60.0
# A start that goes on asks for so much more, well before it needs it.
EXTEND_S: Final = 60.0


class Beating(Protocol):
    """What the heartbeat asks of a node."""

    def status(self) -> NodeStatus:
        """What the node says of itself."""
        ...

    async def look(self, job: Callable[[Ledger], T]) -> T:
        """What a reader finds between two blocks, on the ledger's thread."""
        ...


class Pulse:
    """When the ledger's thread last answered: for `GET /health`, whoever asks."""

    def __init__(self) -> None:
        self._beat_s: float | None = None

    def felt(self) -> None:
        """It has answered now."""
        self._beat_s = asyncio.get_running_loop().time()

    @property
    def silent_s(self) -> float:
        """For how long it hasn't; 0 before the first beat, when a node starts or joins."""
        if self._beat_s is None:
            return 0.0
        return asyncio.get_running_loop().time() - self._beat_s


async def beat(node: Beating, notifier: Notifier, pulse: Pulse) -> None:
    """Look at the ledger's thread until cancelled, and tell who listens."""
    every_s = _every_s(notifier)
    while True:
        await node.look(_height)
        pulse.felt()
        if notifier.watchdog_s is not None:
            notifier.alive()
        notifier.status(status_words(node.status()))
        await asyncio.sleep(every_s)


async def beat_while_joining(progress: JoiningProgress, notifier: Notifier) -> None:
    """As `beat`, before there is a ledger: the event loop alone must go on."""
    if not notifier.is_listened_to:
        return
    while True:
        if notifier.watchdog_s is not None:
            notifier.alive()
        notifier.starting(joining_words(progress), EXTEND_S)
        await asyncio.sleep(_every_s(notifier))


def status_words(status: NodeStatus) -> str:
    """One line: where the node is, and why it isn't ready or doesn't vote."""
    words = f"height {status.height}, view {status.view}, {status.role}"
    if not status.ready:
        words += f"; not ready: {'; '.join(status.not_ready_because)}"
    elif status.withheld:
        words += f"; doesn't vote: {status.withheld}"
    return words


def _every_s(notifier: Notifier) -> float:
    if notifier.watchdog_s is None:
        return STATUS_EVERY_S
    return min(STATUS_EVERY_S, notifier.watchdog_s / BEATS)


def _height(ledger: Ledger) -> int:
    return ledger.tip.height
