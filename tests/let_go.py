"""What a refusal leaves to the collector: nothing that holds what was refused."""

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from tests.p2p.net import eventually


@contextmanager
def uncollected() -> Iterator[None]:
    """The collector rests, and `gc.get_objects` tells of what came up inside and of nothing else.

    To look for circles first, or through all that a process of many tests holds, would take longer
    than the deadlines of what is tested.
    """
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


@asynccontextmanager
async def let_go(*kinds: type[BaseException]) -> AsyncIterator[None]:
    """Without the collector no error of these kinds that came up inside still knows its way."""
    with uncollected():
        yield
        # The thread that raised it may not be back yet.
        await eventually(lambda: not any(_ways(kinds)), f"kept: {kinds}")


def _ways(kinds: tuple[type[BaseException], ...]) -> Iterator[bool]:
    known = (one for one in gc.get_objects() if isinstance(one, kinds))
    return (one.__traceback__ is not None for one in known)
