"""A person's browser is refused in words, in two languages, whatever is refused."""

import pytest

from node.api.label_path import LabelUnreadable
from node.api.page_refusals import asks_for_page, first_line, page_of
from node.api.problems import (
    ApiProblem,
    Busy,
    HostRefused,
    Internal,
    MethodNotAllowed,
    RequestInvalid,
)
from node.api.settings import ApiSettings
from tests.node.api.service import served
from tests.node.api.test_connections import keep_busy
from tests.node.api.wire import request, wire

LABEL = "/v/01/06901234000009/21/A1"


def assert_page(answer: bytes, status: int) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.0 %d " % status))
    assert b"Content-Type: text/html; charset=utf-8" in head
    assert b"default-src 'none'" in head
    assert b'lang="zh-Hans"' in body
    assert b"<script" not in body


@pytest.mark.parametrize("path", ["/verify", LABEL, "/v/whatever", "/01/06901234000009/21/A1?x=1"])
@pytest.mark.asyncio
async def test_where_all_places_are_taken_a_person_gets_a_page_and_a_program_a_problem(
    path: str,
) -> None:
    async with served(ApiSettings(connections_max=1)) as node, wire(node.port) as first:
        await keep_busy(first)
        async with wire(node.port) as person:
            person.send(request(path))
            assert_page(await person.read_all(), 503)
        async with wire(node.port) as program:
            program.send(request("/v1/status"))
            answer = await program.read_all()
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b'"code":"Busy"' in answer


@pytest.mark.asyncio
async def test_of_a_refused_crowd_only_a_few_are_heard_and_none_for_long() -> None:
    async with served(ApiSettings(connections_max=1)) as node, wire(node.port) as first:
        await keep_busy(first)
        async with wire(node.port) as silent:
            assert (await silent.read_all()).startswith(b"HTTP/1.1 503 ")
        assert not node.server.connections.heard


@pytest.mark.parametrize("path", ["/verify", LABEL])
@pytest.mark.asyncio
async def test_bad_http_on_a_page_is_answered_with_a_page(path: str) -> None:
    async with served() as node, wire(node.port) as client:
        client.send(f"GET {path} HTTP/1.1\r\nHost : x\r\n\r\n".encode())
        assert_page(await client.read_all(), 400)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("/verify", method="POST"), 405),
        (b"GET /verify HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 421),
        (request("/verify?x=1", "Connection: close"), 400),
    ],
)
@pytest.mark.asyncio
async def test_what_a_page_refuses_is_a_page(data: bytes, status: int) -> None:
    async with served(ApiSettings(idle_timeout_s=0.2)) as node, wire(node.port) as client:
        client.send(data)
        assert_page(await client.read_all(), status)


@pytest.mark.parametrize(
    "error",
    [
        Busy("<script>"),
        HostRefused("<b>"),
        RequestInvalid("&"),
        MethodNotAllowed(["GET"]),
        Internal("incident 1"),
        LabelUnreadable("x"),
    ],
)
def test_every_refusal_has_a_page_that_quotes_nothing_unescaped(error: ApiProblem) -> None:
    reply = page_of(error)
    assert reply.status == error.status
    for word in (b"<script", b"<b>", b"& "):
        assert word not in reply.body


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"GET /verify HTTP/1.1", True),
        (b"HEAD /v/x HTTP/1.1", True),
        (b"GET /verify?lang=zh HTTP/1.1", True),
        (b"GET /verify.js HTTP/1.1", False),
        (b"GET /v1/status HTTP/1.1", False),
        (b"POST /verify HTTP/1.1", False),
        (b"\xff\xfe", False),
        (b"", False),
    ],
)
def test_only_what_people_look_at_is_a_page(line: bytes, *, found: bool) -> None:
    assert asks_for_page(first_line(line + b"\r\nHost: x\r\n\r\n")) is found
