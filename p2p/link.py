"""One TLS connection to one peer: greeting, frames in and out, signs of life.

A link is a protocol of asyncio: its callbacks never wait. It knows nothing of other links; which
of two survives and who is told is `Network`'s concern. Whatever goes wrong ends the link with a
named reason, and only this link.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from typing_extensions import override

from chain.errors import ProtocolError, as_value
from p2p.frames import (
    FRAME_SIZE_MAX,
    GREETING_SIZE_MAX,
    Channel,
    Frame,
    FrameDecoder,
    frame_header,
)
from p2p.inbox import Inbox
from p2p.limits import Limits
from p2p.messages import (
    PROTOCOL_VERSION,
    Hello,
    MessageMalformed,
    Ping,
    read_message,
    write_message,
)
from p2p.outbox import Outbox
from p2p.pulse import Pulse
from p2p.tls import peer_key


class GreetingExpected(ProtocolError):
    """The first frame is a Hello, and there is no second."""

    hint = (
        "the connection was ended; what dialled is no node of this software: see who has the "
        "address"
    )


class GreetingMissed(ProtocolError):
    """No TLS handshake and Hello within the deadline."""

    hint = (
        "this node dials again by itself; does the peer run there, with its port open? "
        "hushang doctor"
    )


class WrongVersion(ProtocolError):
    """The peer speaks another protocol version."""

    hint = "the connection was ended; install the same release on both nodes: hushang peers"


class WrongGenesis(ProtocolError):
    """The peer is on another chain."""

    hint = (
        "the connection was ended; compare the hashes of both nodes' genesis.json: hushang "
        "genesis show"
    )


class PeerGone(ProtocolError):
    """The connection ended without a reason of ours."""

    hint = "this node dials again by itself; if it goes on, see hushang doctor and the peer's log"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a new link needs of its network. `admit` raises if this key may not be talked to."""

    limits: Limits
    hello: Hello
    admit: Callable[[bytes], None]


def check_hello(theirs: Hello, ours: Hello) -> None:
    """Refuse a peer of another protocol or another chain, by name."""
    # Both texts end up in logs and terminals; line feeds and escapes have no place there.
    if not (theirs.name.isprintable() and theirs.agent.isprintable()):
        msg = "name or agent is not printable"
        raise MessageMalformed(msg)
    if theirs.version != PROTOCOL_VERSION:
        msg = f"version {theirs.version}, expected {PROTOCOL_VERSION}"
        raise WrongVersion(msg)
    if theirs.genesis_hash != ours.genesis_hash:
        msg = f"genesis {theirs.genesis_hash.hex()}, expected {ours.genesis_hash.hex()}"
        raise WrongGenesis(msg)


class Link(asyncio.Protocol):
    """Life: made, then greeted (`hello` is set), then joined to an outbox, then `closed`.

    The dialler says Hello first. The other answers with its own only when it keeps the connection:
    so neither side uses one that the other is about to drop.
    """

    def __init__(self, terms: Terms, *, dialled: bool) -> None:
        """Requires a running loop. `dialled`: by us."""
        self._terms = terms
        self._limits = terms.limits
        self.dialled = dialled
        self.peer = b""
        self.hello: Hello | None = None
        self.reason: Exception | None = None
        self.closed = asyncio.Event()
        self.urgent = Inbox(self._limits.urgent_in, self._on_room)
        self.bulk = Inbox(self._limits.bulk_in, self._on_room)
        self._pulse = Pulse(self._limits)
        self.size_in = 0
        self.size_out = 0
        self._settled = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._decoder = FrameDecoder(GREETING_SIZE_MAX)
        self._outbox: Outbox | None = None
        self._said_hello = False
        self._flush_due = False
        self._write_paused = False
        self._read_paused = False

    # What the network does with a link.

    @property
    def open(self) -> bool:
        """May frames still be sent?"""
        return self._transport is not None and self.reason is None

    async def greeted(self) -> Hello:
        """The peer's accepted Hello, or why there is none (`ProtocolError`, `OSError`)."""
        await self._settled.wait()
        if self.hello is None:
            assert self.reason is not None
            raise self.reason
        return self.hello

    def join(self, outbox: Outbox) -> None:
        """Keep this link: answer the greeting; from now on what is queued there goes out here."""
        if not self.dialled:
            self._say_hello()
        self._outbox = outbox
        self.wake()

    def wake(self) -> None:
        """Something was queued. It goes out when the loop's current round is over, so that all
        that one round queues leaves in one write."""
        if not self._flush_due and not self._write_paused and self.open:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def close(self, reason: Exception, *, blame: bool = False) -> None:
        """End the link. With blame at once and without handling what the peer still sent."""
        if self.reason is None:
            self.reason = as_value(reason)
        self._settled.set()
        self.urgent.close(drop=blame)
        self.bulk.close(drop=blame)
        if self._transport is None:
            self.closed.set()
        elif blame:
            self._transport.abort()
        else:
            self._transport.close()

    def tick(self) -> None:
        """One beat of the network's heart: ping if needed, end what is dead, stuck or dripping."""
        if not self.open:
            return
        assert self._transport is not None
        self._pulse.tick(
            unread=self._transport.get_write_buffer_size() if self._write_paused else None,
            partial=self._decoder.held_size if self._decoder.mid_frame else None,
            reading=not self._read_paused,
        )
        reason = self._pulse.verdict()
        if reason is not None:
            self.close(reason, blame=True)
        elif self._pulse.ping_due() and self._outbox is not None:
            self._outbox.push(*write_message(Ping()))
            self.wake()

    # What the transport calls.

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        if self.reason is not None:  # given up while the handshake was under way
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=self._limits.write_size)
        _send_small_writes_at_once(transport.get_extra_info("socket"))
        try:
            self.peer = peer_key(transport.get_extra_info("ssl_object"))
            self._terms.admit(self.peer)
        except ProtocolError as refusal:
            self.close(refusal, blame=True)
            return
        if self.dialled:
            self._say_hello()

    @override
    def data_received(self, data: bytes) -> None:
        if self.reason is not None:
            return
        self.size_in += len(data)
        self._pulse.heard()
        self._decoder.feed(data)
        self._cut()

    @override
    def pause_writing(self) -> None:
        self._write_paused = True

    @override
    def resume_writing(self) -> None:
        self._write_paused = False
        self._pulse.taken()
        self.wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.reason is None:
            self.reason = as_value(exc or PeerGone("closed by the peer"))
        self._settled.set()
        self.urgent.close(drop=False)
        self.bulk.close(drop=False)
        # No circle: TLS keeps 256 KiB by a transport, and a frame may have broken off.
        self._transport = None
        self.closed.set()

    # Inside.

    def _cut(self) -> None:
        """Take the frames of what was read, as far as there is room: small ones are many, and all
        of them at once would stop everything else.
        """
        try:
            while not self._read_paused and (frame := self._decoder.next_frame()) is not None:
                self._receive(frame)
        except ProtocolError as refusal:
            # A refused greeting is answered and ends gently, so that the dialler can name the same
            # reason; a reset would destroy our Hello on its way.
            if self.hello is None and not self._said_hello:
                self._say_hello()
            self.close(refusal, blame=self.hello is not None)

    def _receive(self, frame: Frame) -> None:
        self._pulse.framed()
        if self.hello is None:
            self._greet(frame)
        elif not self._said_hello:
            msg = "a frame before the greeting was answered"
            raise GreetingExpected(msg)
        elif frame.channel is Channel.CONTROL:
            if isinstance(read_message(frame.channel, frame.payload), Hello):
                msg = "a second Hello"
                raise GreetingExpected(msg)
        else:
            inbox = self.urgent if frame.channel is Channel.CONSENSUS else self.bulk
            inbox.put(frame)
            if inbox.full and not self._read_paused and self._transport is not None:
                self._read_paused = True
                self._transport.pause_reading()

    def _greet(self, frame: Frame) -> None:
        hello = read_message(frame.channel, frame.payload)
        if not isinstance(hello, Hello):
            msg = f"a {type(hello).__name__} before any Hello"
            raise GreetingExpected(msg)
        check_hello(hello, self._terms.hello)
        self.hello = hello
        self._settled.set()
        self._admit_large_frames()

    def _say_hello(self) -> None:
        channel, payload = write_message(self._terms.hello)
        self._write(frame_header(channel, len(payload)) + payload)
        self._said_hello = True
        self._admit_large_frames()

    def _admit_large_frames(self) -> None:
        """Until both have greeted a frame has at most `GREETING_SIZE_MAX`."""
        if self.hello is not None and self._said_hello:
            self._decoder.frame_size_max = FRAME_SIZE_MAX

    def _on_room(self) -> None:
        if self._read_paused and self.open and self.urgent.roomy and self.bulk.roomy:
            self._read_paused = False
            self._cut()
            # That may have filled or ended it.
            if self._may_read():
                assert self._transport is not None
                self._transport.resume_reading()

    def _may_read(self) -> bool:
        return self.open and not self._read_paused

    def _flush(self) -> None:
        self._flush_due = False
        if self._outbox is None or self._write_paused or not self.open:
            return
        parts = self._outbox.take(self._limits.write_size)
        if parts:
            self._write(b"".join(parts))
            # More than one write's worth: others of this loop have their turn in between.
            if self._outbox:
                self.wake()

    def _write(self, data: bytes) -> None:
        assert self._transport is not None
        self.size_out += len(data)
        self._pulse.sent()
        self._transport.write(data)


def _send_small_writes_at_once(sock: socket.socket) -> None:
    """Votes are small and a round trip each; Nagle's algorithm would hold them back."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
