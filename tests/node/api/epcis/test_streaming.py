"""Tests of subscriptions over a WebSocket, over real sockets."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.node.api.epcis.gateway import Gateway, document, observed, opened
from tests.node.webhooks.chains import StepQuery, item_of

pytestmark = pytest.mark.asyncio

QUERIES = {"stored": StepQuery()}


def stream(gateway: Gateway, query: str) -> Any:
    """A WebSocket on a named query."""
    url = gateway.node.url(f"/v1/epcis/queries/stored/events?{query}")
    return gateway.node.http.ws_connect(url)


async def told(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next message."""
    async with asyncio.timeout(20):
        body: dict[str, Any] = await socket.receive_json()
    return body


def items(body: dict[str, Any]) -> list[int]:
    """The items that a message tells of."""
    return [item_of(event) for event in body["events"]]


async def next_second(gateway: Gateway) -> None:
    """Time passes, once the stream waits for it."""
    service = gateway.node.service
    async with asyncio.timeout(20):
        await service.block_waited_for.wait()
    service.block_waited_for.clear()
    await service.decide()


async def test_a_stream_tells_each_match_as_it_is_captured(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True, find_query=QUERIES.get) as gateway:
        await gateway.ask("POST", "/capture", document(observed(1)))
        async with stream(gateway, "stream=true") as socket:
            # Its start is the tip of this moment.
            async with asyncio.timeout(20):
                await gateway.node.service.block_waited_for.wait()
            await gateway.ask("POST", "/capture", document(observed(2), observed(3)))
            assert items(await told(socket)) == [2, 3]
            await gateway.ask("POST", "/capture", document(observed(4, bizStep="shipping")))
            await gateway.ask("POST", "/capture", document(observed(5)))
            assert items(await told(socket)) == [5]


async def test_a_stream_begins_at_the_time_that_is_asked_for(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True, find_query=QUERIES.get) as gateway:
        await gateway.ask("POST", "/capture", document(observed(1)))
        for since in ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00%2B08:00"):
            async with stream(gateway, f"stream=true&initialRecordTime={since}") as socket:
                assert items(await told(socket)) == [1]


async def test_a_schedule_tells_what_is_new_since_its_last_run(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True, find_query=QUERIES.get) as gateway:
        await gateway.ask("POST", "/capture", document(observed(1), observed(2)))
        query = "second=*/1&reportIfEmpty=true&initialRecordTime=2020-01-01T00:00:00Z"
        async with stream(gateway, query) as socket:
            await next_second(gateway)
            assert items(await told(socket)) == [1, 2]
            await next_second(gateway)
            assert items(await told(socket)) == []


async def test_a_stream_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    contradictions = ("", "stream=false", "stream=true&hour=1", "hour=25", "stream=maybe")
    async with opened(tmp_path, find_query=QUERIES.get) as gateway:
        for query in (*contradictions, "stream=true&initialRecordTime=2020"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with stream(gateway, query):
                    pass
            assert refused.value.status == 400, query


async def test_a_stream_ends_with_its_query(tmp_path: Path) -> None:
    queries = dict(QUERIES)
    async with opened(tmp_path, hurried=True, find_query=queries.get) as gateway:
        async with stream(gateway, "stream=true") as socket:
            async with asyncio.timeout(20):
                await gateway.node.service.block_waited_for.wait()
            queries.clear()
            await gateway.ask("POST", "/capture", document(observed(1)))
            async with asyncio.timeout(20):
                message = await socket.receive()
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1008)
            assert message.extra == "QueryUnknown"
        url = "/v1/epcis/queries/stored/events?stream=true"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with gateway.node.http.ws_connect(gateway.node.url(url)):
                pass
        assert refused.value.status == 404
