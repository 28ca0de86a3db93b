"""The API over TLS: who gets in, who is turned away before the handshake, what is renewed."""

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from node.api import listening
from node.api.connections import SHED
from node.api.settings import ApiSettings
from node.client import NodeClient, NodeUnreachable
from tests.node.api.authority import NAME, Authority
from tests.node.api.service import Served, served
from tests.node.api.wire import request, until

MOST = listening.LIMITS.strangers_per_host_max


def secured(authority: Authority, days: float = 90) -> ApiSettings:
    """Settings of an API with a certificate of this authority."""
    chain, key = authority.issue(days=days)
    return ApiSettings(certificate=chain, key=key, hosts=(NAME,))


def held(writer: asyncio.StreamWriter) -> object:
    """The end of the certificate that this connection was shown."""
    told = writer.get_extra_info("peercert")
    return told["notAfter"]


@pytest.mark.asyncio
async def test_a_client_with_the_ca_is_answered_and_sees_what_ends_when(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with served(secured(authority)) as node:
        client = NodeClient([f"https://127.0.0.1:{node.port}"], ca=authority.file)
        told = await asyncio.to_thread(client.get, "/v1/status")
        (api,) = [entry for entry in told["certificates"] if entry["use"] == "api"]
        assert api["names"] == [NAME, "127.0.0.1"]
        text = await asyncio.to_thread(client.text, "/metrics")
        seconds = api["end_ms"] // 1000
        name = 'hushang_certificate_end_timestamp_seconds{use="api"} '
        (line,) = [line for line in text.splitlines() if line.startswith(name)]
        assert int(float(line.removeprefix(name))) == seconds


@pytest.mark.asyncio
async def test_without_the_ca_or_without_tls_nobody_is_answered(tmp_path: Path) -> None:
    async with served(secured(Authority(tmp_path))) as node:
        for url in (f"https://127.0.0.1:{node.port}", f"http://127.0.0.1:{node.port}"):
            with pytest.raises(NodeUnreachable):
                await asyncio.to_thread(NodeClient([url]).get, "/health")
        listener = node.server.listener
        await until(lambda: listener.refused.total() == 2)


@pytest.mark.asyncio
async def test_a_connection_goes_on_under_the_old_certificate_and_the_next_gets_the_new(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.file))
    async with served(secured(authority, days=20)) as node:
        where = ("127.0.0.1", node.port)
        reader, writer = await asyncio.open_connection(*where, ssl=trusting, server_hostname=NAME)
        authority.issue(days=90)
        _, renewed = await asyncio.open_connection(*where, ssl=trusting, server_hostname=NAME)
        assert held(renewed) != held(writer)
        writer.write(request())
        assert b"200 OK" in await reader.readuntil(b"\r\n")
        for one in (writer, renewed):
            one.close()


@asynccontextmanager
async def crowded(
    authority: Authority, more: int = 0, *, handshake_s: float = 60.0, shed_after_s: float = 60.0
) -> AsyncIterator[tuple[Served, list[asyncio.StreamReader]]]:
    """As many strangers as one address may send, and `more`; none of them ever says hello."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(listening, "HANDSHAKE_S", handshake_s)
        patch.setattr(listening, "SHED_AFTER_S", shed_after_s)
        async with served(secured(authority)) as node:
            where = ("127.0.0.1", node.port)
            crowd = [await asyncio.open_connection(*where) for _ in range(MOST + more)]
            yield node, [reader for reader, _ in crowd]
            for _, writer in crowd:
                writer.close()


async def assert_answers(node: Served, authority: Authority) -> None:
    """A client that has the CA is answered."""
    client = NodeClient([f"https://127.0.0.1:{node.port}"], ca=authority.file)
    assert (await asyncio.to_thread(client.get, "/health"))["status"] == "ok"


@pytest.mark.asyncio
async def test_a_crowd_that_never_says_hello_is_turned_away_and_dropped(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with crowded(authority, 6, handshake_s=2.0) as (node, crowd):
        ends = await asyncio.gather(*(reader.read() for reader in crowd))
        assert ends == [b""] * len(crowd)
        refused = node.server.listener.refused
        assert refused["turned away"] == 6
        assert refused.total() == len(crowd)
        await assert_answers(node, authority)


@pytest.mark.asyncio
async def test_a_server_that_stops_cuts_off_who_is_still_greeting(tmp_path: Path) -> None:
    async with served(secured(Authority(tmp_path))) as node:
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        await until(lambda: node.server.listener.greeting == 1)
    assert await reader.read() == b""
    writer.close()


@pytest.mark.asyncio
async def test_silence_in_the_handshake_keeps_no_client_of_the_same_address_out(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path)
    async with crowded(authority, shed_after_s=0.0) as (node, silent):
        await assert_answers(node, authority)
        # Who was there first gave its place up, and nobody else.
        assert await silent[0].read() == b""
        listener = node.server.listener
        assert listener.refused == {SHED: 1}
        await until(lambda: listener.greeting == MOST - 1)


@pytest.mark.asyncio
async def test_a_handshake_that_has_just_begun_is_not_shed(tmp_path: Path) -> None:
    async with crowded(Authority(tmp_path), 1) as (node, young):
        assert await young[-1].read() == b""
        assert node.server.listener.refused == {"turned away": 1}
        assert node.server.listener.greeting == MOST


def client_hello() -> bytes:
    """The first flight of an honest client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=NAME)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


SECRET = "hct_a-token-that-belongs-in-no-log"
GARBAGE = {
    "nothing": b"",
    "plain HTTP": f"GET / HTTP/1.1\r\nAuthorization: Bearer {SECRET}\r\n\r\n".encode(),
    "bytes": bytes(range(256)) * 20,
    "a record too large": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "SSL 2": b"\x80\x2e\x01\x00\x02" + bytes(44),
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "warnings": b"\x15\x03\x03\x00\x02\x01\x00" * 50,
    "changes of cipher": b"\x14\x03\x03\x00\x01\x01" * 200,
    "half a greeting": client_hello()[:100],
    "a greeting alone": client_hello(),
    "two greetings": client_hello() * 2,
    "a greeting, then HTTP": client_hello() + b"GET / HTTP/1.1\r\n\r\n",
}


@pytest.mark.asyncio
async def test_a_strangers_garbage_ends_its_connection_and_no_log_shouts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority = Authority(tmp_path)
    async with served(secured(authority)) as node:
        for data in GARBAGE.values():
            reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
            writer.write(data)
            with suppress(OSError):
                writer.write_eof()
                await reader.read()
            writer.close()
        listener = node.server.listener
        await until(lambda: not listener.greeting)
        assert listener.refused.total() == len(GARBAGE)
        await assert_answers(node, authority)
    loud = [r for r in caplog.records if r.levelno >= logging.WARNING or r.exc_info]
    assert not loud
    assert SECRET not in caplog.text


@pytest.mark.asyncio
async def test_garbage_under_a_finished_handshake_ends_the_connection_quietly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.file))
    async with served(secured(authority)) as node:
        for data in (b"\x17\x03\x03\x00\x20" + bytes(32), b"GET / HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
            await writer.start_tls(trusting, server_hostname=NAME)
            # Past TLS, straight into the socket.
            sock = writer.get_extra_info("socket")
            os.write(sock.fileno(), data)
            with suppress(OSError):
                assert await reader.read() == b""
            writer.close()
        await until(lambda: not len(node.server.connections))
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING or r.exc_info]
