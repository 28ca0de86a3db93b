"""The event stream: catch up from the ledger, then wait for the next block, over one WebSocket.

Each message is a page of events as GET /v1/events answers it: one or more events, or none after a
quiet while, and `next` resumes after it. The client sends nothing. A reader that doesn't read is
dropped: code 1008, "slow reader" (its copy of the reason waits behind what it has not read). When
the node stops it says 1001.
"""

import asyncio
import logging

from aiohttp import WSCloseCode, WSMsgType, web

from node.api.cursors import CURSOR, LATEST, Cursor
from node.api.event_pages import EventFilter
from node.api.events import filter_of, read_events
from node.api.problems import RequestInvalid, TooManyStreams
from node.api.replies import SECURITY_HEADERS, Reply
from node.api.routing import Call

log = logging.getLogger(__name__)

MESSAGE_SIZE_MAX = 1024
CLOSE_TIMEOUT_S = 1.0


class _Ended(Exception):
    """The stream ends: close code and reason."""

    def __init__(self, code: WSCloseCode, reason: str) -> None:
        super().__init__(reason)
        self.close_code = code
        self.reason = reason


async def events(call: Call) -> Reply | web.StreamResponse:
    """GET /v1/events: a page, or with an upgrade the stream."""
    if "upgrade" not in call.request.headers.get("Connection", "").lower():
        return await call.off_loop(read_events, call)
    if not call.edge.streams.free:
        msg = f"{call.edge.streams.count_max} streams are open"
        raise TooManyStreams(msg)
    socket = web.WebSocketResponse(
        timeout=CLOSE_TIMEOUT_S,
        heartbeat=call.edge.settings.heartbeat_s,
        autoclose=False,
        compress=False,
        max_msg_size=MESSAGE_SIZE_MAX,
    )
    if not socket.can_prepare(call.request):
        msg = "no WebSocket handshake (RFC 6455 §4.2.1)"
        raise RequestInvalid(msg, "header.Upgrade")
    socket.headers.update(SECURITY_HEADERS)
    with call.edge.streams.place():
        await socket.prepare(call.request)
        call.streaming()
        await _Stream(call, socket).run()
    return socket


class _Stream:
    """One open stream. `cursor` is the next event to be told."""

    def __init__(self, call: Call, socket: web.WebSocketResponse) -> None:
        self.call = call
        self.socket = socket
        self.wanted: EventFilter = filter_of(call)
        self.cursor: Cursor = call.get(CURSOR)
        self.settings = call.edge.settings
        self.loop = asyncio.get_running_loop()
        self.sent_at = self.loop.time()

    async def run(self) -> None:
        """Tell until the client leaves, doesn't read, or the node stops."""
        # So it stays where the connection breaks, or is dropped: then this task is cancelled.
        code, reason = WSCloseCode.OK, "connection lost"
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen())
                group.create_task(self._stop())
                group.create_task(self._tell())
        except* _Ended as ended:
            first = ended.exceptions[0]
            assert isinstance(first, _Ended)
            code, reason = first.close_code, first.reason
        except* ConnectionError:
            log.debug("the connection of an event stream broke")
        finally:
            self.call.edge.metrics.edge.streams_ended.labels(reason).inc()
        await self.socket.close(code=code, message=reason.encode(), drain=False)

    async def _listen(self) -> None:
        """Pings, pongs and the close frame; anything else the client has no business to send."""
        message = await self.socket.receive()
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}:
            raise _Ended(WSCloseCode.OK, "client left")
        if message.type is WSMsgType.ERROR:
            raise _Ended(WSCloseCode.PROTOCOL_ERROR, "protocol error")
        raise _Ended(WSCloseCode.POLICY_VIOLATION, "this stream takes no messages")

    async def _stop(self) -> None:
        await self.call.edge.stopping.wait()
        raise _Ended(WSCloseCode.GOING_AWAY, "the node stops")

    async def _tell(self) -> None:
        if self.cursor == LATEST:
            self.cursor = Cursor(self.call.service.ledger.tip.height + 1, 0, 0)
        while True:
            page = await self.call.edge.pages.page(self.cursor, self.wanted)
            self.cursor = page.next
            # An empty page tells how far the stream is: a filtered one may be quiet for long.
            if not page.is_empty or self._is_quiet():
                await self._send(page.text)
            if page.complete:
                await self._await_block()

    async def _await_block(self) -> None:
        """Until there is a block at the cursor, or it is time for a sign of life."""
        left_s = self.sent_at + self.settings.heartbeat_s - self.loop.time()
        await self.call.service.wait_height(self.cursor.height, max(1, int(left_s * 1000)))

    def _is_quiet(self) -> bool:
        return self.loop.time() >= self.sent_at + self.settings.heartbeat_s

    async def _send(self, text: str) -> None:
        try:
            async with asyncio.timeout(self.settings.write_timeout_s):
                await self.socket.send_str(text)
        except TimeoutError:
            raise _Ended(WSCloseCode.POLICY_VIOLATION, "slow reader") from None
        self.sent_at = self.loop.time()
