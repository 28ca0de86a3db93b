"""No web page of a stranger drives a local node: Host and Origin over real sockets."""

import json

import pytest

from node.api.settings import ApiSettings
from tests.node.api.service import Served, served
from tests.node.api.wire import wire

NAMED = ApiSettings(hosts=("node.example",), origins=("https://shop.example",))


async def answer(node: Served, *headers: str, path: str = "/health") -> tuple[int, str, str]:
    """Status, head and body of a GET with exactly these headers."""
    async with wire(node.port) as client:
        lines = [f"GET {path} HTTP/1.1", *headers, "Connection: close", "", ""]
        client.send("\r\n".join(lines).encode())
        head, _, body = (await client.read_all()).decode().partition("\r\n\r\n")
        return int(head.split(" ")[1]), head, body


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:26780", 200),
        ("localhost:1", 200),
        ("LOCALHOST", 200),
        ("[::1]:80", 200),
        ("192.0.2.7", 200),
        ("node.example", 200),
        ("Node.Example:443", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.example#localhost", 421),
        ("localhost@evil.example", 421),
        ("", 421),
        ("[::1", 421),
        ("127.0.0.1:", 200),
        ("localhost.", 200),
        ("[::1]x", 421),
        ("[::1]:80x", 421),
        ("localhost:99999", 421),
        ("localhost:65536", 421),
        ("localhost:-1", 421),
        ("localhost:1:2", 421),
        ("localhost/", 421),
        ("::1", 421),
        ("[localhost]", 421),
        ("127.0.0.1]", 421),
    ],
)
@pytest.mark.asyncio
async def test_a_rebound_name_is_refused_and_addresses_and_known_names_are_not(
    host: str, status: int
) -> None:
    async with served(NAMED) as node:
        got, _, body = await answer(node, f"Host: {host}")
        assert got == status
        if status == 421:
            assert json.loads(body)["code"] == "HostRefused"


@pytest.mark.asyncio
async def test_without_a_host_nothing_is_answered() -> None:
    async with served(NAMED) as node:
        assert (await answer(node))[0] == 400


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 200),
        ("http://127.0.0.1", 200),
        ("http://shop.example", 403),
        ("https://shop.example.evil.example", 403),
        ("http://127.0.0.1:8080", 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
    ],
)
@pytest.mark.asyncio
async def test_a_page_of_another_origin_is_refused_unless_it_is_known(
    origin: str, status: int
) -> None:
    async with served(NAMED) as node:
        got, head, body = await answer(node, "Host: 127.0.0.1", f"Origin: {origin}")
        assert got == status
        if status == 403:
            assert json.loads(body)["code"] == "OriginRefused"
            assert "Access-Control-Allow-Origin" not in head
        if origin == "https://shop.example":
            assert "Access-Control-Allow-Origin: https://shop.example" in head


@pytest.mark.asyncio
async def test_a_foreign_page_opens_no_event_stream() -> None:
    async with served(NAMED) as node:
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        keyed = (*upgrade, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        foreign = ("Host: 127.0.0.1", "Origin: https://evil.example", *keyed)
        assert (await answer(node, *foreign, path="/v1/events"))[0] == 403


@pytest.mark.asyncio
async def test_a_known_pages_preflight_is_answered_and_a_strangers_is_not() -> None:
    async with served(NAMED) as node:
        for origin, status in (("https://shop.example", 204), ("https://evil.example", 403)):
            async with node.http.options(
                "/v1/transactions",
                headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
            ) as response:
                assert response.status == status
                allowed = response.headers.get("Access-Control-Allow-Methods")
                assert allowed == ("GET, POST, DELETE" if status == 204 else None)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
@pytest.mark.asyncio
async def test_what_a_page_may_post_without_asking_is_no_media_type_of_ours(kind: str) -> None:
    async with served() as node:
        status, told = await node.post("/v1/transactions", b"{}", kind)
        assert (status, told["code"]) == (415, "MediaTypeUnsupported")
