"""A small network for the tests: nodes on the loopback, and peers that write raw bytes."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from typing_extensions import override

from p2p.frames import Channel, Frame, FrameDecoder, frame_header
from p2p.limits import Limits
from p2p.messages import PROTOCOL_VERSION, Hello, Message, Ping, read_message, write_message
from p2p.network import Network, NetworkSettings
from p2p.peer import PeerStatus
from p2p.tls import NodeIdentity
from tests.p2p.certs import honest, now_ms

GENESIS = bytes(32)
PATIENCE_S = 20.0
# Deadlines short enough to be seen; backoff short, so that meeting takes no time.
QUICK = Limits(tick_s=0.05, handshake_s=1.0, backoff_first_s=0.02, backoff_max_s=0.2)


@dataclass(frozen=True)
class Seat:
    """A member's node as the membership names it."""

    public_key: bytes
    name: str
    address: tuple[str, int] | None


def absent(identity: NodeIdentity) -> Seat:
    """A member that nobody can dial: port 1 of the loopback."""
    return Seat(identity.public_key, identity.name, ("127.0.0.1", 1))


def unlisted(identity: NodeIdentity) -> Seat:
    """A member of which nobody said where it listens: it must dial."""
    return Seat(identity.public_key, identity.name, None)


@dataclass
class Recorder:
    """A handler that remembers what it heard, and answers as a test tells it to."""

    greetings: list[tuple[bytes, Hello]] = field(default_factory=list)
    farewells: list[tuple[bytes, str]] = field(default_factory=list)
    frames: list[tuple[bytes, Frame]] = field(default_factory=list)
    answer: Callable[[Frame], Awaitable[None] | None] = lambda _frame: None

    def height(self) -> int:
        return 7

    def connected(self, peer: bytes, hello: Hello) -> None:
        self.greetings.append((peer, hello))

    def disconnected(self, peer: bytes, reason: str) -> None:
        self.farewells.append((peer, reason))

    def received(self, peer: bytes, channel: Channel, payload: bytes) -> Awaitable[None] | None:
        frame = Frame(channel, payload)
        self.frames.append((peer, frame))
        return self.answer(frame)

    def payloads(self, channel: Channel) -> list[bytes]:
        return [frame.payload for _, frame in self.frames if frame.channel is channel]


@dataclass
class Node:
    """A running network and its handler."""

    identity: NodeIdentity
    network: Network
    heard: Recorder
    guests: list["Raw"] = field(default_factory=list)

    @property
    def key(self) -> bytes:
        return self.identity.public_key

    @property
    def seat(self) -> Seat:
        return Seat(self.key, self.identity.name, self.network.address)

    def of(self, peer: NodeIdentity) -> PeerStatus:
        (status,) = [s for s in self.network.peers() if s.public_key == peer.public_key]
        return status

    def sees(self, peer: NodeIdentity) -> bool:
        """Connected, and the handler has been told."""
        key = peer.public_key
        met = sum(other == key for other, _ in self.heard.greetings)
        parted = sum(other == key for other, _ in self.heard.farewells)
        return met > parted and any(
            status.connected for status in self.network.peers() if status.public_key == key
        )


@dataclass
class Town:
    """Where nodes are started; they end with it."""

    group: asyncio.TaskGroup
    nodes: list[Node] = field(default_factory=list)

    async def settle(
        self,
        identity: NodeIdentity,
        *,
        genesis: bytes = GENESIS,
        limits: Limits = QUICK,
        port: int = 0,
        jitter: Callable[[], float] = lambda: 0.5,
    ) -> Node:
        """A node that knows nobody yet."""
        heard = Recorder()
        settings = NetworkSettings(genesis, ("127.0.0.1", port), now_ms, jitter, limits)
        node = Node(identity, Network(identity, [absent(identity)], heard, settings), heard)
        await node.network.start(self.group)
        self.nodes.append(node)
        return node

    def introduce(self, *nodes: Node) -> None:
        """Make these nodes each other's members."""
        for node in nodes:
            node.network.set_members([other.seat for other in nodes])


@contextlib.asynccontextmanager
async def town() -> AsyncIterator[Town]:
    async with asyncio.timeout(3 * PATIENCE_S), asyncio.TaskGroup() as group:
        place = Town(group)
        try:
            yield place
        finally:
            for node in place.nodes:
                for guest in node.guests:
                    guest.writer.transport.abort()
                await node.network.stop()


async def eventually(condition: Callable[[], object], what: str = "") -> None:
    """Wait until the condition holds; fail after a time that only a broken program needs."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 (conditions of many objects, no one event)
                await asyncio.sleep(0.002)
    except TimeoutError:
        raise AssertionError(what or "the condition never held") from None


def tasks_named(start: str) -> int:
    return sum(task.get_name().startswith(start) for task in asyncio.all_tasks())


class EndOfStream(Exception):
    """The node closed the connection where a test expected a frame."""


@dataclass
class Raw:
    """A peer in the tests' own hands: it sends what a test likes and reads when a test likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    decoder: FrameDecoder = field(default_factory=FrameDecoder)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def frame(self) -> Frame:
        while (frame := self.decoder.next_frame()) is None:
            data = await self.reader.read(65536)
            if not data:
                raise EndOfStream
            self.decoder.feed(data)
        return frame

    async def ended(self) -> None:
        """Read on until the node closes the connection."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(OSError):
                while await self.reader.read(65536):
                    pass

    async def keep_alive(self) -> None:
        while True:
            await self.send(message(Ping()))
            await asyncio.sleep(QUICK.tick_s)


class Wire(asyncio.Transport):
    """A transport to nowhere that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))

    @override
    def close(self) -> None:
        pass

    @override
    def abort(self) -> None:
        pass


def wire(channel: Channel, payload: bytes) -> bytes:
    return frame_header(channel, len(payload)) + payload


def message(body: Message) -> bytes:
    return wire(*write_message(body))


HELLO = Hello(PROTOCOL_VERSION, GENESIS, 1, "raw", 0, "tests")


async def knock(
    node: Node, context: ssl.SSLContext | None, first: bytes = b"", buffer: int = 65536
) -> Raw:
    """Connect to a node, by TLS unless the context is None, and send the first bytes."""
    host, port = node.network.address
    # With a context an empty name means no SNI; without one no name may be given.
    name = None if context is None else ""
    reader, writer = await asyncio.open_connection(
        host, port, ssl=context, server_hostname=name, limit=buffer
    )
    raw = Raw(reader, writer)
    node.guests.append(raw)
    if first:
        await raw.send(first)
    return raw


def as_member(identity: NodeIdentity, *trusted: NodeIdentity) -> ssl.SSLContext:
    return honest(identity).context(ssl.PROTOCOL_TLS_CLIENT, list(trusted))


async def greet(node: Node, identity: NodeIdentity, own: Hello = HELLO, buffer: int = 65536) -> Raw:
    """A raw peer that has exchanged Hellos with the node."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            raw = await knock(node, as_member(identity, node.identity), message(own), buffer)
            # The node leaves a call unanswered that crosses one of its own: call again.
            with contextlib.suppress(OSError, EndOfStream):
                frame = await raw.frame()
                assert isinstance(read_message(frame.channel, frame.payload), Hello)
                return raw
