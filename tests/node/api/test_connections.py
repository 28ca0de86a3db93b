"""Idle, dripping, flooding and non-reading clients over real sockets, and what bad HTTP gets."""

import asyncio
import json
from contextlib import AsyncExitStack
from itertools import count

import pytest
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from typing_extensions import override

from node.api.connections import Connections, GuardedServer
from node.api.settings import ApiSettings
from tests.let_go import let_go
from tests.node.api.service import served
from tests.node.api.wire import Wire, request, until, wire

QUICK = ApiSettings(
    header_timeout_s=0.3, body_timeout_s=0.3, idle_timeout_s=0.3, write_timeout_s=0.3
)


@pytest.mark.asyncio
async def test_a_socket_that_says_nothing_is_dropped() -> None:
    async with served(QUICK) as node, wire(node.port) as client:
        assert await client.read_all() == b""
        assert node.server.dropped["header too slow"] == 1


@pytest.mark.asyncio
async def test_a_header_that_drips_is_dropped_although_each_byte_is_in_time() -> None:
    async with served(QUICK) as node, wire(node.port) as client:

        async def drip() -> None:
            for number in count():
                client.send(b"GET / HTTP/1.1\r\n" if not number else b"A")
                await asyncio.sleep(0.05)

        dripping = asyncio.ensure_future(drip())
        assert await client.read_all() == b""
        dripping.cancel()


@pytest.mark.asyncio
async def test_a_next_header_that_drips_on_a_kept_connection_is_dropped_too() -> None:
    settings = QUICK.model_copy(update={"idle_timeout_s": 30.0})
    async with served(settings) as node, wire(node.port) as client:
        client.send(request())
        assert await client.reader.readuntil(b"}")
        client.send(b"GET / HT")
        assert await client.read_all() == b""
        assert node.server.dropped["header too slow"] == 1


@pytest.mark.asyncio
async def test_a_connection_that_asked_once_and_rests_is_dropped_as_idle() -> None:
    async with served(QUICK) as node, wire(node.port) as client:
        client.send(request())
        assert b'"status":"ok"' in await client.read_all()
        assert node.server.dropped["idle"] == 1


@pytest.mark.asyncio
async def test_a_body_that_drips_is_refused_with_408_and_the_connection_closed() -> None:
    head = request(
        "/v1/transactions", "Content-Type: application/msgpack", "Content-Length: 9", method="POST"
    )
    async with served(QUICK) as node, wire(node.port) as client:
        client.send(head + b"123")
        answer = await client.read_all()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "BodyTimeout"
        assert node.server.bodies_left == QUICK.bodies_size_max


@pytest.mark.asyncio
async def test_a_client_that_does_not_read_its_answers_is_dropped() -> None:
    async with served(QUICK) as node, wire(node.port, receive_buffer=4096) as client:
        asking = request("/v1/openapi.json") * 400
        client.send(asking)
        await until(lambda: node.server.dropped["reader too slow"] == 1)


class ClosingPipe(asyncio.Transport):
    """A transport that was closed and waits for its peer to read the rest."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.aborted = False

    @override
    def is_closing(self) -> bool:
        return True

    @override
    def abort(self) -> None:
        self.aborted = True

    @override
    def close(self) -> None:
        """As after a last answer: nothing happens until the peer reads."""


@pytest.mark.asyncio
async def test_a_closed_connection_whose_rest_nobody_fetches_is_dropped() -> None:
    async def handler(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    connections = Connections(QUICK)
    connection = GuardedServer(handler, connections, lambda _request, _response: None)()
    pipe = ClosingPipe()
    connection.connection_made(pipe)
    connections.start()
    await until(lambda: pipe.aborted)
    assert connections.dropped == {"reader too slow": 1}
    connection.connection_lost(None)
    assert len(connections) == 0
    connections.stop()


BODY_TO_COME = request(
    "/v1/transactions",
    "Content-Type: application/msgpack",
    "Content-Length: 9",
    "Expect: 100-continue",
    method="POST",
)


async def keep_busy(client: Wire) -> None:
    """Have the server wait for a body; returns once it does."""
    client.send(BODY_TO_COME)
    assert await client.reader.readline() == b"HTTP/1.1 100 Continue\r\n"


@pytest.mark.asyncio
async def test_beyond_the_places_of_one_address_a_connection_is_refused_and_freed_by_a_close() -> (
    None
):
    settings = ApiSettings(connections_per_address_max=2)
    async with served(settings) as node:
        async with wire(node.port) as first, wire(node.port) as second:
            for client in (first, second):
                await keep_busy(client)
            async with wire(node.port) as third:
                assert (await third.read_all()).startswith(b"HTTP/1.1 503 ")
            assert node.server.dropped["places of the address taken"] == 1
        await until(lambda: len(node.server.connections) == 0)
        assert (await node.get("/health"))[0] == 200


@pytest.mark.asyncio
async def test_beyond_all_places_a_connection_is_refused() -> None:
    async with served(ApiSettings(connections_max=1)) as node, wire(node.port) as first:
        await keep_busy(first)
        async with wire(node.port) as second:
            assert (await second.read_all()).startswith(b"HTTP/1.1 503 ")
        assert node.server.dropped["all places taken"] == 1


@pytest.mark.parametrize("limit", ["connections_max", "connections_per_address_max"])
@pytest.mark.asyncio
async def test_where_places_run_short_who_waits_longest_without_a_request_makes_room(
    limit: str,
) -> None:
    async with served(ApiSettings().model_copy(update={limit: 2})) as node:
        async with wire(node.port) as silent, wire(node.port) as idle:
            # The second is known to the server, and so the first is.
            idle.send(request())
            assert await idle.reader.readline() == b"HTTP/1.1 200 OK\r\n"
            async with wire(node.port) as third:
                third.send(request())
                assert await third.reader.readline() == b"HTTP/1.1 200 OK\r\n"
                assert await silent.read_all() == b""
                assert node.server.dropped["shed for a newcomer"] == 1
                # What is idle keeps its place while nobody needs it, and gives it up next.
                async with wire(node.port) as fourth:
                    fourth.send(request())
                    assert await fourth.reader.readline() == b"HTTP/1.1 200 OK\r\n"
                    assert b'"status":"ok"' in await idle.read_all()
        assert len(node.server.connections) <= 2


@pytest.mark.asyncio
async def test_a_request_that_is_being_answered_is_never_shed() -> None:
    async with (
        served(ApiSettings(connections_max=2)) as node,
        wire(node.port) as busy,
        wire(node.port) as silent,
    ):
        await keep_busy(busy)
        async with wire(node.port) as third:
            third.send(request())
            assert await third.reader.readline() == b"HTTP/1.1 200 OK\r\n"
        assert await silent.read_all() == b""
        busy.send(b"123456789")
        assert b" 400 " in await busy.reader.readuntil(b"}")


@pytest.mark.asyncio
async def test_the_connections_of_a_named_proxy_are_bounded_by_all_places_only() -> None:
    settings = ApiSettings(connections_per_address_max=1, proxies=("127.0.0.0/8",))
    async with served(settings) as node, wire(node.port) as first, wire(node.port) as second:
        for client in (first, second):
            await keep_busy(client)
        assert not node.server.dropped


@pytest.mark.asyncio
async def test_a_crowd_that_only_holds_sockets_keeps_nobody_out() -> None:
    settings = ApiSettings(connections_max=8, connections_per_address_max=4)
    async with served(settings) as node, AsyncExitStack() as crowd:
        for number in range(40):
            client = await crowd.enter_async_context(wire(node.port))
            client.send(b"GET / HTTP/1.1\r\nA: " if number % 2 else b"")
            async with wire(node.port) as honest:
                honest.send(request("/health", "Connection: close"))
                assert (await honest.read_all()).startswith(b"HTTP/1.1 200 ")
        assert len(node.server.connections) <= 4


SECRET = b"hct_secret"
BAD_HTTP = (
    b"nonsense\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: y\r\n" * 100 + b"\r\n",
    b"GET /" + b"a" * 17000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + SECRET + b"\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nAuth orization: Bearer " + SECRET + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
)


@pytest.mark.parametrize("data", BAD_HTTP, ids=range(len(BAD_HTTP)))
@pytest.mark.asyncio
async def test_bad_http_gets_a_problem_without_a_trace_of_our_insides(data: bytes) -> None:
    async with let_go(HttpProcessingError), served(QUICK) as node, wire(node.port) as client:
        client.send(data + b"\r\n\r\n")
        head, _, body = (await client.read_all()).partition(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
        assert b"application/problem+json" in head
        assert b"Server: hushang" in head
        told = json.JSONDecoder().raw_decode(body.decode())[0]
        assert told["code"] == "RequestInvalid"
        assert b"Traceback" not in body
        assert b".py" not in body
        # What a header held is not repeated: it may be somebody's token.
        assert SECRET not in body


@pytest.mark.asyncio
async def test_bad_http_of_a_client_that_is_gone_at_once_is_let_go_at_once() -> None:
    async with served(QUICK) as node, let_go(HttpProcessingError):
        for _ in range(20):
            async with wire(node.port) as client:
                client.send(BAD_HTTP[4])
                client.writer.transport.abort()
        await until(lambda: not node.server.connections)


@pytest.mark.asyncio
async def test_an_exception_of_ours_is_a_500_whose_id_stands_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as node:

        def broken() -> None:
            secret = "the insides"
            raise ValueError(secret)

        monkeypatch.setattr(node.service, "status", broken)
        status, told = await node.get("/v1/status")
        assert (status, told["code"]) == (500, "Internal")
        assert "the insides" not in json.dumps(told)
        incident = told["detail"].removeprefix("incident ")
        assert any(incident in record.message for record in caplog.records)
        assert (await node.get("/health"))[0] == 200
