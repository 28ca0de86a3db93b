"""Subscriptions over a WebSocket: GET /v1/epcis/queries/{queryName}/events with an upgrade.

Each message is an EPCISQueryDocument of newly captured events that the query finds, in their order:
at once (`stream=true`), or by a schedule in the query string. Nothing is kept: who comes back says
from which `initialRecordTime` on.
"""

from dataclasses import replace
from typing import Final

from aiohttp import web
from typing_extensions import override

from node.api.cursors import Cursor
from node.api.epcis.subscriptions import (
    QUERY_NAME,
    SubscriptionRefused,
    find_query,
    record_time,
)
from node.api.parameters import Parameter, flag, text_in_query
from node.api.routing import Call
from node.api.sockets import Stream, serve_stream
from node.webhooks.batches import Batch, Span, next_batch, start_after
from node.webhooks.book import BATCH_MAX
from node.webhooks.schedule import FIELDS, Schedule, ScheduleInvalid, read_schedule

STREAM: Parameter[bool] = flag("stream", "with an upgrade: tell each match as it is captured")
REPORT_IF_EMPTY: Parameter[bool] = flag(
    "reportIfEmpty", "with an upgrade and a schedule: also tell that there was nothing"
)
SINCE: Parameter[str | None] = text_in_query(
    "initialRecordTime", "[0-9T:.+Z -]{1,64}", "with an upgrade: tell what was captured since"
)
_WORDS: Final = "with an upgrade: when to tell, a list of numbers and ranges like 1,[5-9]"
SCHEDULE: tuple[Parameter[str | None], ...] = tuple(
    text_in_query(name, r"[0-9,*/\[\]-]{1,256}", _WORDS) for name in FIELDS
)
STREAM_PARAMETERS: tuple[Parameter[str | None] | Parameter[bool], ...] = (
    STREAM,
    REPORT_IF_EMPTY,
    SINCE,
    *SCHEDULE,
)
_QUIET_MS: Final = 60_000


async def serve_query_stream(call: Call) -> web.StreamResponse:
    """Serve a stream of a named query; a request that contradicts itself is refused before."""
    find_query(call.edge.epcis, call.get(QUERY_NAME))
    _timetable(call)
    _since_ms(call)
    return await serve_stream(call, QueryStream)


class QueryStream(Stream):
    """Tells what a query finds from the connection, or from an earlier time, on."""

    @override
    async def tell(self) -> None:
        timetable, since_ms = _timetable(self.call), _since_ms(self.call)
        start = await self.call.off_loop(start_after, self.call.service.ledger, since_ms)
        span = Span(BATCH_MAX, None, since_ms or 0)
        if timetable is None:
            await self._tell_all(start, span)
        else:
            await self._tell_by(timetable, start, span)

    async def _tell_all(self, cursor: Cursor, span: Span) -> None:
        while True:
            batch = await self._tell_next(cursor, span)
            cursor = batch.next
            if batch.complete:
                await self.call.service.wait_height(batch.height + 1, _QUIET_MS)

    async def _tell_by(self, timetable: Schedule, cursor: Cursor, span: Span) -> None:
        clock_ms = self.call.edge.epcis.gateway.clock_ms
        while True:
            due_ms = timetable.next_after(clock_ms())
            assert due_ms is not None, "a schedule that never comes was refused"
            while (left_ms := due_ms - clock_ms()) > 0:
                # Looks at the clock at each block too, for it may be put right meanwhile.
                await self.call.service.wait_height(self._height() + 1, min(left_ms, _QUIET_MS))
            cursor = await self._run(cursor, replace(span, until=self._height()), due_ms)

    async def _run(self, cursor: Cursor, span: Span, due_ms: int) -> Cursor:
        """Tell what there is by now; where the next run goes on."""
        told, complete = 0, False
        while not complete:
            batch = await self._tell_next(cursor, span)
            cursor, complete = batch.next, batch.complete and not batch.events
            told += len(batch.events)
        if not told and self.call.get(REPORT_IF_EMPTY):
            query = find_query(self.call.edge.epcis, self.call.get(QUERY_NAME))
            await self.send(query.document(None, (), due_ms).decode())
        return cursor

    async def _tell_next(self, cursor: Cursor, span: Span) -> Batch:
        query = find_query(self.call.edge.epcis, self.call.get(QUERY_NAME))
        ledger, pages = self.call.service.ledger, self.call.edge.epcis.courier.pages
        batch = await self.call.off_loop(next_batch, ledger, query, cursor, span, pages)
        if batch.events:
            await self.send(query.document(None, batch.events, batch.time_ms).decode())
        return batch

    def _height(self) -> int:
        return max(1, self.call.service.ledger.tip.height)


def _timetable(call: Call) -> Schedule | None:
    """The schedule that the query string asks for; None for a stream."""
    given = {one.name: text for one in SCHEDULE if (text := call.get(one)) is not None}
    if call.get(STREAM) == bool(given):
        msg = "either stream=true, or a schedule like hour=1&minute=5"
        raise SubscriptionRefused(msg, "query.stream")
    if not given:
        return None
    try:
        return read_schedule(given)
    except ScheduleInvalid as error:
        raise SubscriptionRefused(str(error), "query.stream") from error


def _since_ms(call: Call) -> int | None:
    """From which time on events are told; a plus in a query string may have become a space."""
    text = call.get(SINCE)
    if text is None:
        return None
    since_ms = record_time(text.replace(" ", "+"))
    if since_ms is None:
        msg = "a time like 2026-03-01T08:00:00Z"
        raise SubscriptionRefused(msg, "query.initialRecordTime")
    return since_ms
