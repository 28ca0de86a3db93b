"""Connections with deadlines: idle, dripping, flooding and non-reading clients are dropped.

aiohttp bounds the size of a header and not the time that anything may take. Each connection here
has one deadline for what it is doing and one for what it should be reading; one sweep for all ends
the overdue ones. What a client still should read after a close has a deadline too: the transport
alone would wait for it for ever.

Where places run short, who has waited longest without a whole request (idle, or still sending a
header) gives its own up to who comes: a crowd that holds sockets and asks nothing keeps nobody out.
"""

import asyncio
import logging
import math
import socket
import struct
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, cast

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler, _ErrInfo
from typing_extensions import override

from chain.errors import as_value
from node.api.page_refusals import asks_for_page, first_line, page_of
from node.api.problems import ApiProblem, Busy, Internal, RequestInvalid
from node.api.replies import SECURITY_HEADERS, Reply, problem_reply
from node.api.settings import ApiSettings

log = logging.getLogger(__name__)

SWEEP_S_MAX = 1.0
SEND_BUFFER_SIZE = 256 * 1024
# Of a request line or a header; a query that is too long for its route is told so by the route.
LINE_SIZE_MAX = 16 * 1024
# What a handler may take beyond the body's and the wait's deadlines.
HANDLER_S = 30.0
# What a stream that ends may take beyond its last deadline, for its close frame.
STREAM_END_S = 2.0
SHED = "shed for a newcomer"
# Refused connections that may say what they ask for, so that a person gets a page; and how long.
HEARD_MAX = 32
HEARD_S = 1.0

_AT_ONCE = struct.pack("ii", 1, 0)

# When a request's header was complete, in the loop's time.
BEGAN = web.RequestKey("began", float)


def _refusal(reply: Reply) -> bytes:
    """What a connection gets for which there is no place, ready to be sent."""
    headers = {
        **SECURITY_HEADERS,
        **reply.headers,
        "Content-Type": reply.content_type,
        "Content-Length": str(len(reply.body)),
        "Connection": "close",
    }
    lines = ["HTTP/1.1 503 Service Unavailable", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + reply.body


_NO_PLACE = Busy("all places for connections are taken")
_REFUSAL = _refusal(problem_reply(_NO_PLACE))
_REFUSAL_PAGE = _refusal(page_of(_NO_PLACE))


class Phase(Enum):
    """What a connection is doing; the value is the reason when that takes too long."""

    HEADER = "header too slow"
    BUSY = "request too long"
    STREAM = "stream"
    IDLE = "idle"


# Nothing of anybody's is lost with a connection that is in one of these.
_SHEDDABLE = frozenset({Phase.HEADER, Phase.IDLE})


class Connections:
    """Every open connection of one server; `dropped` counts by reason, for the metrics."""

    def __init__(self, settings: ApiSettings) -> None:
        self.settings = settings
        self.dropped: Counter[str] = Counter()
        self._open: dict[Connection, str] = {}
        self._addresses: Counter[str] = Counter()
        # Without a whole request, by address and all; who waits longest stands first.
        self._waiting: dict[str, dict[Connection, None]] = {}
        self._all_waiting: dict[Connection, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        # Refused, and asked what for.
        self.heard: set[Connection] = set()

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: "Connection", address: str) -> bool:
        """Take a new connection in, unless all places, or those of its address, are at work."""
        limits = self.settings
        crowded = self._addresses[address] >= limits.connections_per_address_max
        if crowded and not limits.is_proxy(address):
            # Its own make room for it, nobody else's.
            if not self._shed(self._waiting.get(address, {})):
                self.dropped["places of the address taken"] += 1
                return False
        elif len(self._open) >= limits.connections_max and not self._shed(self._all_waiting):
            self.dropped["all places taken"] += 1
            return False
        self._open[connection] = address
        self._addresses[address] += 1
        return True

    def leave(self, connection: "Connection") -> None:
        """Forget a connection that is gone."""
        self.works(connection)
        address = self._open.pop(connection, None)
        if address is None:
            return
        self._addresses[address] -= 1
        if not self._addresses[address]:
            del self._addresses[address]

    def waits(self, connection: "Connection") -> None:
        """From now on it has no whole request, and may be shed."""
        address = self._open.get(connection)
        if address is None:
            return
        self.works(connection)
        self._all_waiting[connection] = None
        self._waiting.setdefault(address, {})[connection] = None

    def works(self, connection: "Connection") -> None:
        """A request of it is being answered."""
        if connection not in self._all_waiting:
            return
        del self._all_waiting[connection]
        address = self._open[connection]
        del self._waiting[address][connection]
        if not self._waiting[address]:
            del self._waiting[address]

    def _shed(self, waiting: "dict[Connection, None]") -> bool:
        """Drop the one of these that waits longest; is there one?"""
        oldest = next(iter(waiting), None)
        if oldest is None:
            return False
        self.dropped[SHED] += 1
        self.leave(oldest)
        oldest.abort()
        return True

    def start(self) -> None:
        """Sweep from now on, several times within the shortest deadline."""
        limits = self.settings
        shortest = min(
            limits.header_timeout_s,
            limits.idle_timeout_s,
            limits.write_timeout_s,
            4 * SWEEP_S_MAX,
        )
        self._sweep(asyncio.get_running_loop(), shortest / 4)

    def stop(self) -> None:
        """Stop sweeping and drop whatever is still open."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in (*self._open, *self.heard):
            connection.abort()

    def _sweep(self, loop: asyncio.AbstractEventLoop, interval_s: float) -> None:
        now = loop.time()
        for connection in list(self._open):
            reason = connection.overdue(now)
            if reason is not None:
                self.dropped[reason] += 1
                log.debug("dropped a connection from %s: %s", self._open[connection], reason)
                connection.abort()
        self._timer = loop.call_later(interval_s, self._sweep, loop, interval_s)


class Connection(RequestHandler):
    """One connection and its deadlines, in the loop's time."""

    def __init__(self, server: "GuardedServer", **options: Any) -> None:
        super().__init__(server, **options)
        self._settings = server.open.settings
        self._connections = server.open
        self._finished = server.finished
        self._pipe: asyncio.Transport | None = None
        self._phase = Phase.HEADER
        self._due = math.inf
        self._write_due = math.inf
        self._closing_due = math.inf
        # What the request that is being read asks for is something that people look at.
        self._for_people = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        pipe = cast("asyncio.Transport", transport)
        peer = pipe.get_extra_info("peername")
        if not self._connections.admit(self, str(peer[0]) if peer else ""):
            self._hear(pipe)
            return
        _bound_send_buffer(pipe)
        self._pipe = pipe
        self._enter(Phase.HEADER, self._settings.header_timeout_s)
        super().connection_made(transport)

    @override
    def connection_lost(self, exc: BaseException | None) -> None:
        if self._pipe is None:
            return
        self._pipe = None
        if self in self._connections.heard:
            self._connections.heard.remove(self)
            return
        self._connections.leave(self)
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self in self._connections.heard:
            self._refuse(data)
            return
        # Once at the first byte: a header that drips is not helped by each further one.
        if self._phase is Phase.IDLE and data:
            self._enter(Phase.HEADER, self._settings.header_timeout_s)
        if self._phase is Phase.HEADER:
            self._for_people = self._for_people or asks_for_page(first_line(data))
        super().data_received(data)
        for message, _ in self._messages:
            # What aiohttp couldn't read: kept with what was, until it is answered or never.
            if isinstance(message, _ErrInfo):
                as_value(message.exc)

    def _hear(self, pipe: asyncio.Transport) -> None:
        """There is no place: answer in the form that is asked for, if that is heard soon."""
        self._pipe = pipe
        heard = self._connections.heard
        if len(heard) >= HEARD_MAX:
            self._refuse(b"")
            return
        heard.add(self)
        self._loop.call_later(HEARD_S, self._refuse, b"")

    def _refuse(self, data: bytes) -> None:
        if self._pipe is not None and not self._pipe.is_closing():
            is_page = asks_for_page(first_line(data))
            self._pipe.write(_REFUSAL_PAGE if is_page else _REFUSAL)
            self._pipe.close()

    @override
    def pause_writing(self) -> None:
        # A stream has its own, shorter deadline, so that it can say why it ends.
        more_s = STREAM_END_S if self._phase is Phase.STREAM else 0.0
        self._write_due = self._loop.time() + self._settings.write_timeout_s + more_s
        super().pause_writing()

    @override
    def resume_writing(self) -> None:
        self._write_due = math.inf
        super().resume_writing()

    def request_started(self) -> None:
        """A request's header is complete: its handler bounds itself, this bounds the handler."""
        limits = self._settings
        self._enter(Phase.BUSY, limits.body_timeout_s + limits.wait_max_s + HANDLER_S)

    def stream_started(self) -> None:
        """The connection has become a WebSocket, which heartbeats bound."""
        self._enter(Phase.STREAM, math.inf)

    @override
    def log_access(
        self, request: web.BaseRequest, response: web.StreamResponse, time: float | None
    ) -> None:
        # The one method that aiohttp calls after each response, logging or not.
        self._enter(Phase.IDLE, self._settings.idle_timeout_s)
        self._for_people = False
        self._finished(request, response)
        super().log_access(request, response, time)

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What aiohttp answers to bad HTTP (4xx) or to an exception of ours (5xx), as a problem."""
        if request.writer.output_size > 0:
            msg = "the response has begun already"
            raise ConnectionError(msg)
        # What follows the words is what was sent: a header may hold somebody's token.
        words = (message or "").partition("\n")[0].partition(":")[0].strip()
        error: ApiProblem = RequestInvalid(words[:200] or "malformed request")
        if status >= web.HTTPInternalServerError.status_code:
            incident = uuid.uuid4().hex
            log.error("request failed, incident %s", incident, exc_info=exc)
            error = Internal(f"incident {incident}")
        # Also what was unreadable behind a declined upgrade, which `data_received` doesn't see.
        if exc is not None:
            as_value(exc)
        reply = page_of(error) if self._for_people else problem_reply(error)
        response = reply.response()
        response.force_close()
        return response

    def overdue(self, now: float) -> str | None:
        """Why the connection is to be dropped now, or None."""
        if self._pipe is not None and self._pipe.is_closing() and self._closing_due == math.inf:
            stream = self._phase is Phase.STREAM
            self._closing_due = now + (STREAM_END_S if stream else self._settings.write_timeout_s)
        if now > min(self._closing_due, self._write_due):
            return "reader too slow"
        return self._phase.value if now > self._due else None

    def abort(self) -> None:
        """Drop the connection and whatever was still to be sent."""
        if self._pipe is None:
            return
        if self._phase not in _SHEDDABLE or self._write_due != math.inf:
            self.discard_unsent()
        self._pipe.abort()

    def discard_unsent(self) -> None:
        """Let closing reset it: the kernel would keep what nobody reads, for minutes."""
        sock = None if self._pipe is None else self._pipe.get_extra_info("socket")
        if sock is not None:
            # Linger for no time (socket(7)).
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)

    def _enter(self, phase: Phase, seconds: float) -> None:
        self._phase = phase
        self._due = self._loop.time() + seconds
        if phase in _SHEDDABLE:
            self._connections.waits(self)
        else:
            self._connections.works(self)


def _bound_send_buffer(pipe: asyncio.Transport) -> None:
    """Linux would let what a client doesn't read grow to megabytes in the kernel."""
    sock = pipe.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_SIZE)


class GuardedServer(web.Server):
    """aiohttp's low-level server, with connections that have deadlines."""

    def __init__(
        self,
        handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        connections: Connections,
        finished: Callable[[web.BaseRequest, web.StreamResponse], None],
    ) -> None:
        super().__init__(handler, request_factory=self._request, handler_cancellation=True)
        self.open = connections
        self.finished = finished

    @override
    def __call__(self) -> RequestHandler:
        limits = self.open.settings
        return Connection(
            self,
            loop=self._loop,
            access_log=None,
            # Ours are shorter or equal; this one only must not be first.
            keepalive_timeout=2 * max(limits.idle_timeout_s, limits.header_timeout_s),
            lingering_time=min(2.0, limits.body_timeout_s),
            auto_decompress=False,
            max_headers=64,
            max_line_size=LINE_SIZE_MAX,
        )

    def _request(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> web.BaseRequest:
        connection = cast("Connection", protocol)
        connection.request_started()
        request = web.BaseRequest(message, payload, protocol, writer, task, self._loop)
        request[BEGAN] = self._loop.time()
        return request
