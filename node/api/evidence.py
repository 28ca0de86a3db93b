"""This node's evidence, as pages or with an upgrade as a stream that tells what is found.

The cursor is a number in this node's book: what one node has found another may not, and a book
that was lost begins anew. What the chain has recorded is among its events, `evidence.recorded`.
"""

from typing import Final

from aiohttp import web
from typing_extensions import override

from node.api.committees import find_epoch
from node.api.evidence_models import EvidencePageView, FoundView
from node.api.parameters import (
    LATEST,
    LATEST_OR_HEIGHT,
    Parameter,
    latest_or_height,
    number,
)
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.api.sockets import Stream, is_upgrade, serve_stream
from node.evidence_book import Found

PAGE_MAX: Final = 100
STREAM_PAGE_MAX: Final = 20

CURSOR: Parameter[int] = Parameter(
    "cursor",
    "query",
    latest_or_height,
    {"type": "string", "pattern": LATEST_OR_HEIGHT, "default": "0"},
    "`next` of the last piece seen, `latest`, or from the beginning",
    0,
)
LIMIT = number("limit", 1, PAGE_MAX, 20, "pieces per page")


async def evidence(call: Call) -> Reply | web.StreamResponse:
    """GET /v1/evidence: a page, or with an upgrade the stream."""
    if is_upgrade(call):
        return await serve_stream(call, EvidenceStream)
    return json_reply(await call.off_loop(_page, call, _start(call), call.get(LIMIT)))


class EvidenceStream(Stream):
    """Tells evidence from the cursor on, one message for each page."""

    @override
    async def tell(self) -> None:
        book = self.call.service.evidence
        cursor = _start(self.call)
        while True:
            page = await self.call.off_loop(_page, self.call, cursor, STREAM_PAGE_MAX)
            cursor = page.next
            if page.evidence or self.is_quiet():
                await self.send(page.model_dump_json())
            if page.complete:
                await book.wait(cursor, self.quiet_left_ms())


def _start(call: Call) -> int:
    cursor = call.get(CURSOR)
    return len(call.service.evidence.found) if cursor == LATEST else cursor


def _page(call: Call, start: int, limit: int) -> EvidencePageView:
    found = call.service.evidence.found
    count = len(found)
    page = found[start : min(start + limit, count)]
    end = start + len(page)
    return EvidencePageView(
        evidence=[_view(call, entry) for entry in page],
        next=end,
        count=count,
        complete=end >= count,
    )


def _view(call: Call, entry: Found) -> FoundView:
    record = find_epoch(call.service.ledger, entry.evidence.epoch)
    view = FoundView.of(entry, None)
    if record is None or view.member >= record.committee.n:
        return view
    return FoundView.of(entry, record.committee.members[view.member])
