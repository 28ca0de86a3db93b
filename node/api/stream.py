"""The stream of events: catch up from the ledger, then wait for the next block.

Each message is a page of events as GET /v1/events answers it: one or more events, or none after a
quiet while, and `next` resumes after it.
"""

from aiohttp import web
from typing_extensions import override

from node.api.cursors import CURSOR, LATEST, Cursor
from node.api.event_pages import require_kept
from node.api.events import filter_of, read_events
from node.api.replies import Reply
from node.api.routing import Call
from node.api.sockets import Stream, is_upgrade, serve_stream


async def events(call: Call) -> Reply | web.StreamResponse:
    """GET /v1/events: a page, or with an upgrade the stream."""
    if is_upgrade(call):
        require_kept(call.service.ledger, call.get(CURSOR))
        return await serve_stream(call, EventStream)
    return await call.off_loop(read_events, call)


class EventStream(Stream):
    """Tells the events of the chain from the cursor on."""

    @override
    async def tell(self) -> None:
        wanted = filter_of(self.call)
        cursor: Cursor = self.call.get(CURSOR)
        if cursor == LATEST:
            cursor = Cursor(self.call.service.ledger.tip.height + 1, 0, 0)
        while True:
            page = await self.call.edge.pages.page(cursor, wanted)
            cursor = page.next
            # An empty page tells how far the stream is: a filtered one may be quiet for long.
            if not page.is_empty or self.is_quiet():
                await self.send(page.text)
            if page.complete:
                # Until there is a block at the cursor, or it is time for a sign of life.
                await self.call.service.wait_height(cursor.height, self.quiet_left_ms())
