"""Pages for streams: read and written as JSON once, however many streams want the same one.

All live streams stand at the tip and most have no filter: each new block makes one page for all of
them. A page depends on where it begins, the filter and the newest height, and on nothing else.
"""

import asyncio
from collections import OrderedDict
from concurrent.futures import Executor
from dataclasses import dataclass

from chain.ledger import Ledger
from node.api.cursors import Cursor, parse_cursor
from node.api.event_pages import EventFilter, read_page
from node.api.replies import json_bytes

EVENTS_MAX = 100
KEPT_MAX = 16


@dataclass(frozen=True, slots=True)
class StreamPage:
    """A page as a stream sends it, and where it ends."""

    text: str
    is_empty: bool
    next: Cursor
    complete: bool


class SharedPages:
    """The newest pages that streams asked for."""

    def __init__(self, ledger: Ledger, threads: Executor) -> None:
        self._ledger = ledger
        self._threads = threads
        self._pages: OrderedDict[tuple[Cursor, EventFilter, int], asyncio.Future[StreamPage]] = (
            OrderedDict()
        )

    async def page(self, start: Cursor, wanted: EventFilter) -> StreamPage:
        """The page at a cursor as of now. A stream that ends meanwhile leaves it to the others."""
        key = (start, wanted, self._ledger.tip.height)
        found = self._pages.get(key)
        if found is None:
            loop = asyncio.get_running_loop()
            found = loop.run_in_executor(self._threads, _read, self._ledger, start, wanted)
            self._pages[key] = found
            if len(self._pages) > KEPT_MAX:
                self._pages.popitem(last=False)
        return await asyncio.shield(found)


def _read(ledger: Ledger, start: Cursor, wanted: EventFilter) -> StreamPage:
    page = read_page(ledger, start, EVENTS_MAX, wanted)
    return StreamPage(
        text=json_bytes(page.json()).decode(),
        is_empty=not page.events,
        next=parse_cursor(page.next),
        complete=page.complete,
    )
