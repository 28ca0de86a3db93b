"""No message of a peer or a stranger makes a node dial an address.

Every connect and every look-up of a name in this process is noted as Python does it (PEP 578), and
an address that is told in every message listens and must hear nothing. What follows from a message
has happened when the node has answered a question that came after it on the same channel, and at
last when it decides a payment, which its driver takes after all that was posted before.
"""

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path

import pytest

from chain.codec import pack
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.api.settings import ApiSettings
from p2p.frames import Channel
from p2p.messages import (
    PROTOCOL_VERSION,
    Blocks,
    Bodies,
    CertifiedBlock,
    Hello,
    Message,
    Proposed,
    Snapshots,
    SnapshotsRequest,
    Transactions,
    read_message,
)
from p2p.tls import NodeIdentity
from tests.chain.world import account, key
from tests.fuzz.wire import _peer_messages, frozen
from tests.node.api.service import served
from tests.node.cluster import Cluster, cluster
from tests.p2p.net import PATIENCE_S, EndOfStream, Raw, as_member, message, wire

HOST = "127.0.0.1"
INTRUDER = NodeIdentity("m3", key("node of m3").seed)
HOME = NodeIdentity("m0", key("node of m0").seed)

# Where something was connected to or looked up, while somebody watches.
_watching: list[list[tuple[object, ...]]] = []


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if not _watching:
        return
    if event == "socket.connect":
        address = arguments[1]
        _watching[-1].append(tuple(address) if isinstance(address, tuple) else (address,))
    elif event == "socket.getaddrinfo":
        _watching[-1].append(tuple(arguments[:2]))


# A hook stays for the life of the process: one for all tests, idle between them.
sys.addaudithook(_note)


@contextmanager
def dials() -> Iterator[list[tuple[object, ...]]]:
    """What this process dials or looks up meanwhile: (host, port), in order."""
    found: list[tuple[object, ...]] = []
    _watching.append(found)
    try:
        yield found
    finally:
        _watching.remove(found)


@contextmanager
def lure() -> Iterator[tuple[socket.socket, int]]:
    """A socket that listens, and its port."""
    with closing(socket.create_server((HOST, 0))) as listener:
        listener.setblocking(False)  # noqa: FBT003 - has no name
        yield listener, listener.getsockname()[1]


def untouched(listener: socket.socket) -> bool:
    """Has nobody called?"""
    try:
        listener.accept()[0].close()
    except BlockingIOError:
        return True
    return False


def words(port: int) -> Sequence[bytes]:
    """The address in the forms that programs follow."""
    return (
        f"{HOST}:{port}".encode(),
        f"http://{HOST}:{port}/".encode(),
        pack({"address": HOST, "port": port, "url": f"http://{HOST}:{port}/"}),
    )


def peer_frames(net: Cluster, port: int) -> list[bytes]:
    """Each kind of message that a peer may send, and where text or bytes may stand the address."""
    told = tuple(words(port))
    pay = PayTransfer(account("merchant"), "CNY", 1, told[1])
    signed = net.signed("buyer", operation("pay.transfer", pay))
    tempting: tuple[Message, ...] = (
        Hello(PROTOCOL_VERSION, bytes(32), 1, "m3", port, told[1].decode()),
        Transactions((*told, signed)),
        Bodies(told),
        Proposed(told[2]),
        Blocks(1, tuple(CertifiedBlock(word, word) for word in told)),
    )
    examples = [wire(Channel(whole[0]), whole[1:]) for whole in _peer_messages()]
    votes = [wire(Channel.CONSENSUS, one) for one in frozen("votes", "messages", "bytes")()]
    return [*map(message, tempting), *examples, *votes]


def stranger_bytes(port: int) -> list[bytes]:
    """What a stranger may say at the peer port or the API, TLS or not."""
    url = f"http://{HOST}:{port}/"
    headers = (
        *(f"Host: {HOST}", f"Origin: {url}", f"Referer: {url}", f"Link: <{url}>; rel=preconnect"),
        *(f"Forwarded: for={HOST};host={HOST}:{port}", f"X-Forwarded-Host: {HOST}:{port}"),
        *(f"X-Forwarded-For: {HOST}", "Connection: close", "Content-Length: 0", "", ""),
    )
    lines = (
        *(f"GET {url} HTTP/1.1", f"CONNECT {HOST}:{port} HTTP/1.1"),
        *(f"GET /v1/status?callback={url} HTTP/1.1", f"POST /v1/transactions?url={url} HTTP/1.1"),
        f"POST /v1/epcis/queries/all/subscriptions?dest={url} HTTP/1.1",
    )
    asked = ["\r\n".join((line, *headers)).encode() for line in lines]
    body = f'{{"dest": "{url}", "address": "{HOST}:{port}", "transaction": "00"}}'
    posted = [
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        for path in ("/v1/transactions", "/v1/epcis/queries", "/v1/epcis/capture")
    ]
    return [*asked, *posted, *words(port)]


async def say(port: int, data: bytes) -> None:
    """As a stranger; until the node hangs up."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        with suppress(OSError):
            writer.write(data)
            writer.write_eof()
            await reader.read()
    finally:
        writer.transport.abort()


@asynccontextmanager
async def as_peer(net: Cluster, hello: Hello) -> AsyncIterator[Raw]:
    """Greeted by the first node, with the key of a member whose own node doesn't run."""
    context: ssl.SSLContext = as_member(INTRUDER, HOME)
    while True:
        reader, writer = await asyncio.open_connection(
            HOST, net.addresses[0].port, ssl=context, server_hostname=""
        )
        raw = Raw(reader, writer)
        try:
            # A call that crosses one of the node's own is left unanswered: call again.
            with suppress(OSError, EndOfStream):
                await raw.send(message(hello))
                await raw.frame()
                yield raw
                return
        finally:
            writer.transport.abort()


async def answered(raw: Raw) -> bool:
    """Has the node looked at all that was sent before? False if it hung up instead."""
    try:
        await raw.send(message(SnapshotsRequest()))
        while True:
            frame = await raw.frame()
            if frame.channel is not Channel.SYNC:
                continue
            if isinstance(read_message(frame.channel, frame.payload), Snapshots):
                return True
    except (OSError, EndOfStream):
        return False


async def send_all(net: Cluster, frames: list[bytes], hello: Hello) -> int:
    """Over as many connections as it takes; how many ended one."""
    ended, left = 0, frames[::-1]
    while left:
        async with as_peer(net, hello) as raw:
            while left:
                await raw.send(left.pop())
                if not await answered(raw):
                    ended += 1
                    break
    return ended


@pytest.mark.asyncio
async def test_no_message_of_a_peer_or_a_stranger_makes_a_node_dial(tmp_path: Path) -> None:
    async with asyncio.timeout(3 * PATIENCE_S), cluster(tmp_path, start=range(3)) as net:
        with lure() as (listener, port), dials() as dialled:
            told = words(port)[1].decode()
            hello = Hello(PROTOCOL_VERSION, net.genesis.hash(), 1, "m3", 2**53, told)
            frames = peer_frames(net, port)
            assert 0 < await send_all(net, frames, hello) < len(frames)
            for data in stranger_bytes(port):
                await say(net.addresses[0].port, data)
            issue = operation("asset.issue", AssetIssue("CNY", account("buyer"), 1, "bank-1"))
            submitted = await net.nodes[0].submit(net.signed("issuer", issue))
            assert await net.nodes[0].wait_decided(submitted.id, int(PATIENCE_S * 1000))
            assert untouched(listener)
        known = {(HOST, address.port) for address in net.addresses}
        assert {(str(one[0]), one[1]) for one in dialled} <= known
        assert (HOST, net.addresses[0].port) in dialled


@pytest.mark.asyncio
async def test_no_request_makes_the_api_dial() -> None:
    async with asyncio.timeout(PATIENCE_S), served(ApiSettings()) as node:
        with lure() as (listener, port), dials() as dialled:
            for data in stranger_bytes(port):
                await say(node.port, data)
            assert untouched(listener)
        assert set(dialled) == {(HOST, node.port)}


@pytest.mark.asyncio
async def test_a_dial_would_be_seen() -> None:
    with lure() as (listener, port), dials() as dialled:
        _, writer = await asyncio.open_connection(HOST, port)
        writer.close()
        assert (HOST, port) in dialled
        assert not untouched(listener)
