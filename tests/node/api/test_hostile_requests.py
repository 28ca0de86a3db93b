"""Requests that no honest client sends: refused with the place, never a failure of ours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from node.api.label_path import is_label
from node.api.routes import ROUTES
from node.api.routing import Route
from tests.hostile.bad_requests import BYTES_IN, NO_HTTP, PATHS, STATUS
from tests.node.api.service import Served, served

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]

# What is no strict JSON, each in a way of its own, and what the refusal says of it.
BODIES: list[tuple[bytes, str]] = [
    (b'{"a": 1, "a": 2}', "'a'"),
    (b'{"a": NaN}', "NaN"),
    (b'{"a": -Infinity}', "-Infinity"),
    (b'{"a": "\\ud800"}', "a"),
    (b'{"a": [["\\udc00\\ud800"]]}', "a[0][0]"),
    (b"[" * 5_000 + b"]" * 5_000, ""),
    (b'{"a":' * 5_000, ""),
    (b'{"a": ' + b"9" * 100_000 + b"}", "9" * 40),
    (b'{"a": \xff}', "byte 6"),
    ('{"a": 1}'.encode("utf-16"), "byte 0"),
    (b'{"a": 1,}', "line 1, column 9"),
    (b"", "line 1, column 1"),
]


@asynccontextmanager
async def pipe(node: Served) -> AsyncIterator[Pipe]:
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port, limit=2**20)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(node: Served, data: bytes, answers: int | None = None) -> bytes:
    """What comes back for these bytes: so many answers, or all until the node ends it."""
    async with asyncio.timeout(20), pipe(node) as (reader, writer):
        writer.write(data)
        told = b""
        while answers is None or len(statuses(told)) < answers:
            piece = await reader.read(2**18)
            if not piece:
                break
            told += piece
        return told


async def said_and_left(node: Served, data: bytes) -> bytes:
    """What comes back for these bytes to one who says that nothing more will come."""
    async with asyncio.timeout(20), pipe(node) as (reader, writer):
        writer.write(data)
        writer.write_eof()
        return await reader.read()


def statuses(answer: bytes) -> Sequence[int]:
    return [int(status) for status in STATUS.findall(answer)]


def takes_json(route: Route) -> bool:
    return any("json" in kind for kind in route.bodies)


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "route", [route for route in ROUTES if takes_json(route)], ids=lambda route: route.path
)
async def test_json_of_two_readings_is_refused_with_its_place_wherever_json_is_taken(
    route: Route,
) -> None:
    path = route.path.format_map(dict.fromkeys(("queryName", "id", "subscriptionID"), "a"))
    async with served() as node:
        for body, _ in BODIES:
            for kind in route.bodies:
                if "json" in kind:
                    status, problem = await node.post(path, body, kind)
                    # Some want a token first, or not so many requests.
                    assert status in {400, 401, 403, 404, 413, 429}, (body[:40], problem)
                    assert problem["status"] == status


@pytest.mark.asyncio
async def test_the_place_is_told() -> None:
    async with served() as node:
        for body, place in BODIES:
            status, problem = await node.post("/v1/transactions", body, "application/json")
            assert status == 400, body[:40]
            told = f"{problem['where']} {problem['detail']}"
            assert place in told or "values" in told, (body[:40], problem)
            assert len(told) < 1_000


@pytest.mark.asyncio
async def test_no_byte_of_a_header_ends_in_a_failure_of_ours() -> None:
    async with served() as node:
        for route in ROUTES:
            if "/events/stream" in route.path or route.path.startswith("/v1/proof"):
                continue
            path = route.path.replace("{", "").replace("}", "")
            for name in BYTES_IN:
                head = f"{route.method} {path} HTTP/1.1\r\nHost: localhost\r\n{name}: "
                wild = (b"\xff\xfe", b"Bearer \xff", b"a=http://\xff/")
                asked = [head.encode() + value + b"\r\n\r\n" for value in wild]
                told = statuses(await said(node, b"".join(asked), len(asked)))
                assert told, (route.path, name)
                assert all(status < 500 for status in told), (route.path, name)


@pytest.mark.asyncio
@pytest.mark.parametrize("data", NO_HTTP, ids=lambda data: repr(data[:60]))
async def test_what_is_no_http_is_refused_or_dropped(data: bytes) -> None:
    async with served() as node:
        answer = await said_and_left(node, data)
        assert all(status < 500 for status in statuses(answer)), answer[:200]
        assert await node.get("/v1/status")


@pytest.mark.asyncio
async def test_no_path_leads_to_a_file_that_is_not_served() -> None:
    async with served() as node:
        for path in PATHS:
            request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            answer = await said(node, request.encode())
            (status,) = statuses(answer)
            assert status in {400, 404, 405}, path
            assert b"root:" not in answer
            assert b"problem+json" in answer or is_label(path), path
