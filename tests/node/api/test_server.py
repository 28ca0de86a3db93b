"""Dispatch: unknown routes, wrong methods, headers, bodies' limits, storage errors, stopping."""

import asyncio
import json

import pytest

from chain.store_contract import StorageError, StorageFailed
from node.api.settings import ApiSettings
from tests.node.api.service import served
from tests.node.api.wire import request, wire

MSGPACK = "Content-Type: application/msgpack"


@pytest.mark.parametrize(
    "path", ["/v2", "/v1", "/v1/blocks/", "/v1/blocks/1/2", "//", "/v1/%62locks/1", "/v1/../health"]
)
@pytest.mark.asyncio
async def test_an_unknown_route_is_a_404_problem(path: str) -> None:
    async with served() as node, node.http.get(node.url(path)) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"
        assert (await response.json(content_type=None))["code"] == "RouteUnknown"


@pytest.mark.asyncio
async def test_a_wrong_method_is_a_405_that_says_which_are_right() -> None:
    async with served() as node:
        for method, path, allowed in (
            ("DELETE", "/v1/blocks/1", "GET"),
            ("GET", "/v1/transactions", "POST"),
            ("POST", "/health", "GET"),
            ("PATCH", "/health", "GET"),
        ):
            async with node.http.request(method, path) as response:
                assert (response.status, response.headers["Allow"]) == (405, allowed)
                assert (await response.json(content_type=None))["code"] == "MethodNotAllowed"


@pytest.mark.asyncio
async def test_head_is_answered_as_get_without_a_body() -> None:
    async with served() as node, node.http.head("/v1/status") as response:
        assert response.status == 200
        assert int(response.headers["Content-Length"]) > 100
        assert await response.read() == b""


@pytest.mark.asyncio
async def test_every_answer_carries_the_security_headers() -> None:
    async with served() as node:
        for path in ("/", "/health", "/nothing", "/metrics", "/v1/blocks/latest"):
            async with node.http.get(path) as response:
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Cache-Control"] == "no-store"
                assert response.headers["Server"] == "hushang"
                assert "default-src 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.asyncio
async def test_a_body_beyond_the_limit_is_refused_before_it_is_read() -> None:
    async with served(ApiSettings(body_size_max=1024)) as node:
        async with wire(node.port) as client:
            head = request("/v1/transactions", MSGPACK, "Content-Length: 999999", method="POST")
            client.send(head)
            assert (await client.reader.readline()).startswith(b"HTTP/1.1 413 ")
        async with wire(node.port) as client:
            head = request("/v1/transactions", MSGPACK, "Transfer-Encoding: chunked", method="POST")
            client.send(head + b"400\r\n" + b"a" * 1024 + b"\r\n1\r\na\r\n")
            assert (await client.reader.readline()).startswith(b"HTTP/1.1 413 ")
        assert node.server.bodies_left == ApiSettings().bodies_size_max


@pytest.mark.asyncio
async def test_a_compressed_body_is_refused_and_no_bomb_is_opened() -> None:
    async with served() as node:
        headers = {"Content-Type": "application/msgpack", "Content-Encoding": "gzip"}
        async with node.http.post("/v1/transactions", data=b"\x1f\x8b", headers=headers) as told:
            assert told.status == 415


@pytest.mark.asyncio
async def test_bodies_beyond_the_common_budget_are_turned_away_until_there_is_room() -> None:
    settings = ApiSettings(bodies_size_max=1024, body_size_max=1024)
    async with served(settings) as node:
        async with wire(node.port) as first:
            first.send(request("/v1/transactions", MSGPACK, "Content-Length: 900", method="POST"))
            first.send(b"a")
            async with asyncio.timeout(10):
                while node.server.bodies_left == 1024:  # noqa: ASYNC110 - nothing announces it
                    await asyncio.sleep(0)
            status, told = await node.post("/v1/transactions", b"b" * 200)
            assert (status, told["code"]) == (503, "Busy")
        async with asyncio.timeout(10):
            while node.server.bodies_left < 1024:  # noqa: ASYNC110 - nothing announces it
                await asyncio.sleep(0)
        assert (await node.post("/v1/transactions", b"b" * 200))[0] == 400


@pytest.mark.asyncio
async def test_expect_continue_is_answered_only_once_the_size_is_accepted() -> None:
    async with served(ApiSettings(body_size_max=1024)) as node:
        for size, first in ((3, b"HTTP/1.1 100 "), (4096, b"HTTP/1.1 413 ")):
            async with wire(node.port) as client:
                length, expect = f"Content-Length: {size}", "Expect: 100-continue"
                client.send(request("/v1/transactions", MSGPACK, length, expect, method="POST"))
                assert (await client.reader.readline()).startswith(first)


@pytest.mark.asyncio
async def test_a_storage_error_that_a_request_meets_is_told_to_the_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damaged(_height: int) -> None:
        msg = "checksum of a secret file"
        raise StorageFailed(msg)

    told: list[StorageError] = []
    async with served(fatal=told.append) as node, wire(node.port) as client:
        monkeypatch.setattr(node.service.ledger, "block", damaged)
        client.send(request("/v1/blocks/0", "Connection: close"))
        answer = await client.read_all()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"secret" not in answer
    assert [error.code for error in told] == ["StorageFailed"]


@pytest.mark.asyncio
async def test_stopping_answers_who_waits_and_ends_idle_connections_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Were the wait only dropped when its time is over, the test would not end in time.
    monkeypatch.setattr("node.api.server.SHUTDOWN_S", 60.0)
    async with served() as node:
        sent = node.service.issue("buyer", 5, "bank")
        waiting = asyncio.ensure_future(node.post("/v1/transactions?timeout_ms=60000", sent.raw))
        await node.service.waited_for.wait()
        async with wire(node.port) as idle, asyncio.timeout(10):
            await node.server.stop()
            assert await idle.read_all() == b""
            status, told = await waiting
        assert (status, told["state"]) == (202, "pending")


@pytest.mark.asyncio
async def test_requests_are_counted_by_template_and_never_by_what_a_client_invents() -> None:
    async with served() as node:
        await node.get("/v1/blocks/0")
        await node.get("/v1/blocks/77")
        await node.get("/invented")
        async with node.http.request("PATCH", "/v1/blocks/1"):
            pass
        async with node.http.get("/metrics") as response:
            text = await response.text()
        template = 'route="/v1/blocks/{height}"'
        assert f'{{method="GET",{template},status="200"}} 1.0' in text
        assert f'{{method="GET",{template},status="404"}} 1.0' in text
        assert '{method="GET",route="unknown",status="404"} 1.0' in text
        assert "PATCH" not in text
        assert "invented" not in text


@pytest.mark.asyncio
async def test_two_requests_in_one_packet_get_two_answers_in_order() -> None:
    async with served() as node, wire(node.port) as client:
        client.send(request("/health") + request("/v1/committee", "Connection: close"))
        answer = await client.read_all()
        assert answer.count(b"HTTP/1.1 200 OK") == 2
        assert answer.index(b"loop_lag_ms") < answer.index(b"quorum")
        assert json.loads(answer[answer.rindex(b"\r\n\r\n") :])["n"] == 4
