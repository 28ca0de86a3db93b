"""Requests that no honest client sends, as raw bytes over plain sockets, many in one write.

Most are whole requests with a mad path, query, header or body, and keep their connection; the rest
are no HTTP, and end it. Counted are the answers by status: a node may refuse as it likes, and fails
only by a 5xx that isn't 503, or by no answer at all.
"""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import quote

from node.api.routes import ROUTES
from node.testnet_layout import NodePlace
from tests.fuzz.mutation import BOMBS, JSON_PIECES, WORDS, Form, changed
from tests.fuzz.texts import _documents, _requests
from tests.fuzz.wire import frozen
from tests.hostile.rate import Rate

REQUESTS_MAX: Final = 400
WRITE_REQUESTS: Final = 25
POOL: Final = 4_000
TIMEOUT_S: Final = 30.0
CONNECT_S: Final = 5.0
STATUS: Final = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
# What waits for a decision or a stream would hold the pipe up, and is no malformed request.
SLOW: Final = ("/v1/events", "/v1/proof", "/events/stream", "/subscriptions")
NO_HTTP: Final = (
    b"\r\n\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /v1/status HTTP/1.1\r\n" + b"X: y\r\n" * 3_000 + b"\r\n",
    b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 40_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 40_000 + b" HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: localhost\r\n: novalue\r\n\r\n",
    b"GET / HTTP/1.1\nHost: localhost\n\n",
    b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999999\r\n\r\n",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
    b"Content-Length: 2\r\n\r\nab",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"FFFFFFFFFFFFFFFF\r\n",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"zz\r\n",
    b"POST /v1/transactions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, x\r\n\r\n",
    b"BREW /pot HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60),
    b"GET http://169.254.169.254/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n",
    b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
    b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    + b"\xff\xff"
    + bytes(range(200)),
    b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    + b"\x82\xff"
    + b"\x7f"
    + b"\xff" * 7
    + bytes(4),
)
PATHS: Final = (
    *(
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/",
        "/verify.js/../x",
        "//",
        "/%",
    ),
    *("/verify%00.js", "/web/verify.js", "/v1/%00", "/v1/status/", "/V1/status", "/v1/status;x"),
    *("/v1/blocks/%EF%BC%91", "/v1/accounts/hs1%20", "/v/01/%2e%2e/21/%00", "/01/x/21/" + "A" * 99),
)
# Headers that something reads: their bytes need be no UTF-8.
BYTES_IN: Final = (
    *("Accept", "Authorization", "Content-Encoding", "Cookie", "Expect", "If-None-Match", "Origin"),
    *("GS1-Capture-Error-Behaviour", "GS1-CBV-Version", "GS1-EPC-Format", "GS1-Extensions"),
    *("Upgrade", "X-Forwarded-For"),
)
HEADERS: Final = (
    "Authorization: Bearer \xff",
    "GS1-Extensions: a=http://\xff/",
    "Accept: ../../*",
    "Origin: null",
    "Origin: http://evil.example",
    "Cookie: \x7f",
    "Range: bytes=0-",
    "Expect: 200-ok",
    'If-None-Match: "' + "a" * 500,
    "Content-Encoding: gzip",
    "X-Forwarded-For: ::1",
    "GS1-Extensions: " + "a=b," * 90,
    "GS1-EPC-Format: x",
    *(f"{name}: \xff\xfe" for name in BYTES_IN),
    "TE: trailers",
)
KINDS: Final = (
    "application/json",
    "application/msgpack",
    "application/octet-stream",
    "application/ld+json",
    "text/plain",
    "application/json; charset=utf-7",
    "",
    "multipart/form-data; boundary=x",
)


@dataclass(slots=True)
class Answered:
    """Requests sent, answers by status, and connections that ended without an answer."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    connections: int = 0
    silent: int = 0
    rate: Rate = field(default_factory=Rate)


class Requests:
    """What one run asks, drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.draw = Random(seed)
        lines = [line for line in _requests() if not any(s in line.decode() for s in SLOW)]
        self._lines = [line.decode() for line in lines]
        self._bodies = [
            *frozen("transactions", "valid", "raw")(),
            *_documents(),
            b'{"transaction": "00"}',
            b'{"transactions": ["00", "01"]}',
            b'{"name": "tea", "query": {"EQ_bizStep": ["shipping"]}}',
        ]
        self._posts = [route.path for route in ROUTES if route.method == "POST"]
        self._pool = [self._one() for _ in range(POOL)]

    def bursts(self, count: int) -> Iterator[tuple[int, bytes]]:
        """Writes of one connection, (requests, bytes); the last one is no HTTP."""
        while count > 1:
            part = min(count - 1, WRITE_REQUESTS)
            yield part, b"".join(self.draw.choices(self._pool, k=part))
            count -= part
        yield 1, self.draw.choice(NO_HTTP)

    def _one(self) -> bytes:
        """A request that HTTP can read, whatever it says."""
        draw = self.draw
        if draw.random() < 0.35:
            return self._post()
        method = draw.choice(("GET", "GET", "GET", "HEAD", "DELETE", "PUT", "OPTIONS"))
        if draw.random() < 0.2:
            target = draw.choice(PATHS)
        else:
            line = draw.choice(self._lines).partition(" ")[2].encode()
            mad = changed(draw, line, [line], Form.TEXT)[:6_000]
            target = "/" + quote(mad.lstrip(b"/"), safe="/?&=%:,.-_*+")
        return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{self._headers()}\r\n".encode(
            "latin-1", "replace"
        )

    def _post(self) -> bytes:
        draw = self.draw
        form = draw.choice((Form.JSON, Form.PACKED))
        body = changed(draw, draw.choice(self._bodies), self._bodies, form)[:30_000]
        body = draw.choice((body, body, draw.choice(JSON_PIECES)[:30_000], draw.choice(BOMBS)))
        path = draw.choice(self._posts).replace(
            "{queryName}", quote(draw.choice(WORDS[:9]).encode("utf-8", "replace")) or "a"
        )
        if path.endswith(("transactions", "batch")):
            path += "?wait=accepted"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{self._headers()}"
            f"Content-Type: {draw.choice(KINDS)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode("latin-1", "replace") + body

    def _headers(self) -> str:
        return "".join(f"{line}\r\n" for line in self.draw.sample(HEADERS, self.draw.randrange(3)))


async def send_requests(
    node: NodePlace, requests: Requests, count: int, answered: Answered
) -> None:
    """Send so many to one node, over as many connections as it takes."""
    done = 0
    while done < count:
        answered.connections += 1
        with contextlib.suppress(OSError, TimeoutError):
            done += await _over_one(node, requests, count - done, answered)


async def _over_one(node: NodePlace, requests: Requests, left: int, answered: Answered) -> int:
    """One connection; how many requests were answered on it, and the one that ended it."""
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", node.api_port, limit=2**20)
    done = 0
    try:
        for part, data in requests.bursts(min(left, REQUESTS_MAX)):
            await answered.rate.take(part)
            writer.write(data)
            if data in NO_HTTP:
                writer.write_eof()
            got = await _answers(reader, part, answered)
            # What ends the connection early may be any of them, and what follows it isn't read.
            read = part if got >= part else got + 1
            done += read
            answered.requests += read
            if got < part:
                break
    finally:
        writer.transport.abort()
    return done


async def _answers(reader: asyncio.StreamReader, wanted: int, answered: Answered) -> int:
    """Read until so many answers have begun, or the connection ends; how many there were."""
    got, tail = 0, b""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(TIMEOUT_S):
            while got < wanted and (data := await reader.read(2**18)):
                found = STATUS.findall(tail + data)
                answered.statuses.update(int(status) for status in found)
                got += len(found)
                # A status line of thirteen bytes may be cut; twelve hold no whole one.
                tail = (tail + data)[-12:]
            return got
    answered.silent += 1
    return got
