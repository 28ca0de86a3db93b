"""What a refusal leaves to the collector: nothing that holds what was refused."""

import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from tests.p2p.net import eventually


@asynccontextmanager
async def let_go(*kinds: type[BaseException]) -> AsyncIterator[None]:
    """Without the collector no error of these kinds that came up inside still knows its way."""
    gc.collect()
    # Reports of other tests may hold some.
    before = set(_ways(kinds))
    gc.disable()
    try:
        yield
        # The thread that raised it may not be back yet.
        await eventually(lambda: before.issuperset(_ways(kinds)), f"kept: {kinds}")
    finally:
        gc.enable()


def _ways(kinds: tuple[type[BaseException], ...]) -> Iterator[int]:
    known = (one for one in gc.get_objects() if isinstance(one, kinds))
    return (id(one) for one in known if one.__traceback__ is not None)
