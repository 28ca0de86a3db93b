"""The WebSocket: catching up and going on, resuming, heartbeats, and clients that misbehave."""

import asyncio
import json
from typing import Any, NoReturn

import aiohttp
import pytest

from chain.bech32m import encode_account
from chain.store_contract import StorageError, StoreDamaged
from chain.store_memory import MemoryStore
from commerce.assets import AssetIssue
from commerce.registry import operation
from node.api.settings import ApiSettings
from tests.chain.world import account
from tests.node.api.service import Served, served
from tests.node.api.wire import request, until, wire


class Reader:
    """Reads a stream event by event."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.left: list[dict[str, Any]] = []

    async def page(self) -> dict[str, Any]:
        """The next message."""
        told: dict[str, Any] = await self.socket.receive_json(timeout=20)
        return told

    async def event(self) -> dict[str, Any]:
        """The next event, empty pages passed over."""
        while not self.left:
            self.left = (await self.page())["events"]
        return self.left.pop(0)

    async def amounts(self, count: int) -> list[str]:
        """The amounts of the next events."""
        return [(await self.event())["data"]["amount_minor"] for _ in range(count)]


@pytest.mark.asyncio
async def test_a_stream_catches_up_and_then_tells_what_happens() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 1)
        await node.service.fund("buyer", 2)
        async with node.http.ws_connect("/v1/events") as socket:
            reader = Reader(socket)
            amounts = await reader.amounts(2)
            for amount in (3, 4, 5):
                await node.service.fund("buyer", amount)
            amounts += await reader.amounts(3)
        assert amounts == ["1", "2", "3", "4", "5"]


@pytest.mark.asyncio
async def test_over_many_connections_nothing_is_lost_and_nothing_told_twice() -> None:
    async with served(hurried=True) as node:

        async def spend() -> None:
            for number in range(1, 41):
                await node.service.fund("buyer", number)

        spending = asyncio.ensure_future(spend())
        found: list[int] = []
        cursor = "0.0.0"
        while len(found) < 40:
            async with node.http.ws_connect(f"/v1/events?cursor={cursor}") as socket:
                reader = Reader(socket)
                for _ in range(min(7, 40 - len(found))):
                    told = await reader.event()
                    found.append(int(told["data"]["amount_minor"]))
                    cursor = told["next"]
        await spending
        assert found == list(range(1, 41))


@pytest.mark.asyncio
async def test_a_stream_from_latest_tells_only_what_comes() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 1)
        async with node.http.ws_connect("/v1/events?cursor=latest") as socket:
            await node.service.block_waited_for.wait()
            await node.service.fund("buyer", 2)
            assert await Reader(socket).amounts(1) == ["2"]


@pytest.mark.asyncio
async def test_a_filtered_stream_learns_from_empty_pages_how_far_it_is() -> None:
    async with served(ApiSettings(heartbeat_s=0.05), hurried=True) as node:
        path = f"/v1/events?types=pay&account={encode_account(account('merchant'))}"
        async with node.http.ws_connect(path) as socket:
            reader = Reader(socket)
            await node.service.fund("buyer", 100)
            await node.service.fund("merchant", 100)
            while (told := await reader.page())["next"] != "3.0.0":
                assert told["events"] == []
            assert told["height"] == 2
            await node.service.submit(node.service.pay("buyer", "merchant", 3).raw)
            assert (await reader.event())["cursor"] == "3.0.0"


@pytest.mark.asyncio
async def test_a_client_that_talks_is_shown_the_door() -> None:
    async with served() as node, node.http.ws_connect("/v1/events") as socket:
        await socket.send_str("hello")
        answer = await socket.receive(timeout=20)
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.CLOSE, 1008)
        assert answer.extra == "this stream takes no messages"


@pytest.mark.asyncio
async def test_a_message_too_large_ends_the_stream() -> None:
    async with served() as node, node.http.ws_connect("/v1/events") as socket:
        await socket.send_str("x" * 100_000)
        assert (await socket.receive(timeout=20)).type is aiohttp.WSMsgType.CLOSE


@pytest.mark.asyncio
async def test_a_stopping_node_says_so() -> None:
    async with served() as node, node.http.ws_connect("/v1/events") as socket:
        reading = asyncio.ensure_future(socket.receive(timeout=20))
        await until(lambda: node.server.streams == 1)
        await node.server.stop()
        answer = await reading
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.CLOSE, 1001)


@pytest.mark.asyncio
async def test_beyond_all_places_a_stream_is_refused_and_a_left_one_frees_its_place() -> None:
    async with served(ApiSettings(streams_max=1)) as node:
        async with node.http.ws_connect("/v1/events"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await node.http.ws_connect("/v1/events")
            assert refusal.value.status == 503
            assert (await node.get("/v1/events"))[0] == 200, "pages need no place"
        await until(lambda: node.server.streams == 0)
        async with node.http.ws_connect("/v1/events"):
            pass


HANDSHAKE = (
    "GET /v1/events HTTP/1.1",
    "Host: 127.0.0.1",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "",
    "",
)


# Of a client, so masked (RFC 6455 §5.3), here with zeros.
PONG = b"\x8a\x80\0\0\0\0"


async def fill(node: Served, transactions: int) -> None:
    """Blocks with a hundred events each, some 40 KB of them as JSON."""
    for number in range(transactions):
        issues = [AssetIssue("CNY", account("buyer"), 1, f"{number}.{i}") for i in range(100)]
        operations = [operation("asset.issue", issue) for issue in issues]
        await node.service.submit(node.service.world.signed("issuer", *operations).raw)
        await node.service.decide()


@pytest.mark.asyncio
async def test_a_reader_that_never_reads_is_dropped_and_others_are_not() -> None:
    async def read(socket: aiohttp.ClientWebSocketResponse) -> list[str]:
        reader = Reader(socket)
        return [(await reader.event())["cursor"] for _ in range(4000)]

    async with (
        served(ApiSettings(write_timeout_s=2.0)) as node,
        wire(node.port, receive_buffer=4096) as deaf,
        node.http.ws_connect("/v1/events") as socket,
    ):
        reading = asyncio.ensure_future(read(socket))
        await fill(node, 40)
        deaf.send("\r\n".join(HANDSHAKE).encode())
        await deaf.reader.readuntil(b"\r\n\r\n\x89\x00")
        deaf.send(PONG)
        ended = node.metrics.edge.streams_ended.labels("slow reader")
        await until(lambda: ended._value.get() == 1)
        # Whoever wakes up in time reads what it missed, and the reason.
        assert b"slow reader" in await deaf.read_all()
        assert await reading == [f"{1 + i // 100}.0.{i % 100}" for i in range(4000)]
        assert node.server.streams == 1


@pytest.mark.asyncio
async def test_a_broken_handshake_is_a_problem() -> None:
    async with served() as node, wire(node.port) as client:
        lines = [line for line in HANDSHAKE if not line.startswith("Sec-WebSocket-Key")]
        client.send("\r\n".join(lines).encode())
        head = await client.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        body = await client.reader.readuntil(b"}")
        assert json.loads(body)["code"] == "RequestInvalid"


@pytest.mark.asyncio
async def test_a_storage_error_that_a_stream_meets_is_fatal_to_the_node(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def damaged(*_: object, **__: object) -> NoReturn:
        raise StoreDamaged("a block of a table")

    told: list[StorageError] = []
    async with served(hurried=True, fatal=told.append) as node:
        await node.service.fund("buyer", 1)
        monkeypatch.setattr(MemoryStore, "scan", damaged)
        async with node.http.ws_connect("/v1/events") as socket:
            ended = await socket.receive(timeout=20)
        assert ended.type is not aiohttp.WSMsgType.TEXT
    assert [error.code for error in told] == ["StoreDamaged"]


UPGRADE = request(
    "/v1/events?cursor=latest",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Extensions: permessage-deflate",
)


@pytest.mark.asyncio
async def test_a_client_that_answers_no_ping_is_dropped_and_its_place_is_free() -> None:
    async with served(ApiSettings(ping_s=0.1)) as node, wire(node.port) as client:
        client.send(UPGRADE)
        head, _, frames = (await client.read_all()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        # Nothing is compressed, whoever asks for it.
        assert b"permessage-deflate" not in head
        # A ping, and the close with its reason (RFC 6455 §5.5), as far as a reset let them through.
        assert b"\x89\x00".startswith(frames[:2])
        await until(lambda: node.server.streams == 0)


@pytest.mark.asyncio
async def test_a_stream_tells_nothing_until_its_client_has_answered_a_ping() -> None:
    async with served(hurried=True) as node, wire(node.port) as client:
        await node.service.fund("buyer", 1)
        client.send(UPGRADE.replace(b"cursor=latest", b"cursor=0.0.0"))
        await client.reader.readuntil(b"\r\n\r\n")
        assert await client.reader.readexactly(2) == b"\x89\x00"
        # The node has had a page to tell for as long as it takes to make another block.
        await node.service.fund("buyer", 2)
        assert not client.reader._buffer  # type: ignore[attr-defined]
        client.send(PONG)
        assert await client.reader.readexactly(1) == b"\x81"


@pytest.mark.asyncio
async def test_what_comes_before_the_first_pong_is_told_after_it() -> None:
    path = "/v1/events?cursor=latest"
    async with (
        served(hurried=True) as node,
        node.http.ws_connect(path, autoping=False) as socket,
    ):
        asked = await socket.receive(timeout=20)
        assert asked.type is aiohttp.WSMsgType.PING
        await node.service.block_waited_for.wait()
        await node.service.fund("buyer", 7)
        await socket.pong(asked.data)
        assert await Reader(socket).amounts(1) == ["7"]


@pytest.mark.asyncio
async def test_a_quiet_client_that_answers_pings_stays() -> None:
    async with (
        served(ApiSettings(ping_s=0.05, heartbeat_s=0.4), hurried=True) as node,
        node.http.ws_connect("/v1/events?cursor=latest") as socket,
    ):
        # A page after eight pings' time, while nothing else was said.
        assert (await socket.receive_json(timeout=20))["events"] == []
        assert node.server.streams == 1
