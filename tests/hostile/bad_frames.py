"""Frames that no honest peer sends: from strangers to the peer port, and from a member's own key.

A frame that breaks the protocol ends its connection, and a node takes some 60 handshakes a second
from one host: so of a million frames most are such that decode and say something absurd, and every
connection ends with one that doesn't.
"""

import asyncio
import contextlib
import ssl
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final

from chain.block import Certificate
from chain.crypto import PrivateKey
from chain.errors import ProtocolError
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    Prepare,
    RecoveryQuery,
    Status,
    decode_message,
    encode_message,
)
from consensus.signing import signing_bytes
from node.testnet_layout import NodePlace
from p2p.frames import FRAME_SIZE_MAX, GREETING_SIZE_MAX, Channel, frame_header
from p2p.messages import (
    PROTOCOL_VERSION,
    Blocks,
    BlocksRequest,
    BodiesRequest,
    HeadRequest,
    Hello,
    PartRequest,
    Proposed,
    ProposedRequest,
    SnapshotsRequest,
    Transactions,
    read_message,
    write_message,
)
from tests.fuzz.mutation import BOMBS, Form, changed
from tests.fuzz.wire import _peer_messages, frozen
from tests.hostile.rate import Rate

# Frames of one connection, and of one write.
FRAMES_MAX: Final = 4_000
WRITE_FRAMES: Final = 200
POOL: Final = 3_000
# One connection in so many is a stranger's, who never gets to send a frame.
STRANGER_EACH: Final = 4
CONNECT_S: Final = 5.0
PAUSE_S: Final = 0.05
SETTLE_S: Final = 0.25
HEIGHT_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Intruder:
    """A member's key in a stranger's hands, and what it needs to be heard."""

    name: str
    key: PrivateKey
    member: int
    genesis_hash: bytes
    context: ssl.SSLContext


@dataclass(slots=True)
class Sent:
    """How much was sent, and how it ended."""

    frames: int = 0
    size: int = 0
    connections: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    rate: Rate = field(default_factory=Rate)


def _framed(channel: int, payload: bytes) -> bytes:
    return struct.pack(">IB", len(payload), channel) + payload


def _is_message(channel: Channel, payload: bytes) -> bool:
    """Would a link go on after it?"""
    try:
        if channel is Channel.CONSENSUS:
            decode_message(payload)
            return True
        # Blocks that are none are found out by whoever asked for them, and end it too.
        message = read_message(channel, payload)
    except ProtocolError:
        return False
    return channel is not Channel.CONTROL and not isinstance(message, Blocks | Proposed)


class Frames:
    """What one run sends, drawn from a seed."""

    def __init__(self, seed: int, intruder: Intruder) -> None:
        self.draw = Random(seed)
        self._intruder = intruder
        votes = frozen("votes", "messages", "bytes")()
        others = _peer_messages()
        kept: list[bytes] = []
        broken: list[bytes] = []
        while len(kept) < POOL:
            if self.draw.random() < 0.7:
                channel = Channel.CONSENSUS
                payload = changed(self.draw, self.draw.choice(votes), votes, Form.PACKED)
            else:
                whole = changed(self.draw, self.draw.choice(others), others, Form.PACKED)
                channel, payload = Channel(whole[0] % 4 if whole else 3), whole[1:]
            if payload and _is_message(channel, payload):
                kept.append(_framed(channel, payload))
            elif len(broken) < POOL:
                broken.append(_framed(channel, payload))
            if self.draw.random() < 0.5:
                kept.append(self._absurd())
        self._kept = kept
        self._broken = [*broken, *self._oversized()]

    def hello(self) -> bytes:
        """The greeting of the intruder."""
        own = Hello(
            PROTOCOL_VERSION,
            self._intruder.genesis_hash,
            self.draw.getrandbits(64),
            self._intruder.name,
            HEIGHT_MAX,
            "intruder",
        )
        channel, payload = write_message(own)
        return frame_header(channel, len(payload)) + payload

    def bursts(self, count: int) -> Iterator[tuple[int, bytes]]:
        """Writes of one connection, (frames, bytes); the last frame ends it."""
        while count > 1:
            part = min(count - 1, WRITE_FRAMES)
            yield part, b"".join(self.draw.choices(self._kept, k=part))
            count -= part
        yield 1, self.draw.choice(self._broken)

    def first_words(self) -> bytes:
        """What stands where the greeting should, from a member: broken, too large, or no Hello."""
        return self.draw.choice((*self._broken, _framed(0, bytes(GREETING_SIZE_MAX + 1))))

    def noise(self) -> bytes:
        """What a stranger without TLS says."""
        hello = b"\x16\x03\x01" + self.draw.randbytes(2)
        starts = (b"", hello, b"GET / HTTP/1.1\r\n\r\n", struct.pack(">IB", 100, 1), BOMBS[0])
        return self.draw.choice(starts) + self.draw.randbytes(self.draw.choice((0, 5, 300, 5_000)))

    def _oversized(self) -> list[bytes]:
        heads = [
            struct.pack(">IB", size, channel)
            for size in (0, FRAME_SIZE_MAX + 1, 2**32 - 1)
            for channel in (0, 1, 2, 3, 4, 255)
        ]
        bombs = [_framed(channel, b"\x01" + bomb) for channel in range(4) for bomb in BOMBS]
        return [*heads, *bombs]

    def _absurd(self) -> bytes:
        """A message that is well formed, and rightly signed where it has a signature."""
        draw = self.draw
        far = draw.choice((0, 1, 2**32, HEIGHT_MAX - 1, HEIGHT_MAX, draw.getrandbits(52)))
        digest, number = draw.randbytes(32), draw.getrandbits(64)
        asked: Sequence[Any] = (
            BlocksRequest(draw.getrandbits(64) | 2**40, 256),
            BodiesRequest(tuple(draw.randbytes(32) for _ in range(draw.choice((1, 200))))),
            ProposedRequest(number, digest),
            PartRequest(number, draw.randrange(256), draw.getrandbits(32), number),
            HeadRequest(),
            SnapshotsRequest(),
            Transactions(tuple(draw.choice(BOMBS)[:2_000] for _ in range(draw.choice((1, 20))))),
        )
        if draw.random() < 0.4:
            channel, payload = write_message(draw.choice(asked))
            return _framed(channel, payload)
        return _framed(Channel.CONSENSUS, encode_message(self._signed(far, digest, number)))

    def _signed(self, far: int, digest: bytes, number: int) -> Message:
        own, none = self._intruder.member, bytes(64)
        proof = Certificate(min(far, HEIGHT_MAX - 2), far, digest, ())
        made: Message = self.draw.choice(
            (
                Prepare(far, self.draw.getrandbits(50), digest, own, none),
                Commit(far, self.draw.getrandbits(50), digest, own, none),
                Complaint(far, far, own, none),
                RecoveryQuery(far, far, number, own, none),
                Status(far, own, started=True, certificate=proof, signature=none),
            )
        )
        signed = signing_bytes(made, self._intruder.genesis_hash, 0)
        return replace(made, signature=self._intruder.key.sign(signed))


async def send_frames(
    node: NodePlace, intruder: Intruder, frames: Frames, count: int, sent: Sent
) -> None:
    """Send so many to one node, over as many connections as it takes."""
    done = 0
    while done < count:
        sent.connections += 1
        if sent.connections % STRANGER_EACH == 0:
            done += await _as_stranger(node, frames, sent)
            continue
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            done += await _as_member(node, intruder, frames, count - done, sent)
        # A node turns away who comes in a rush.
        await asyncio.sleep(PAUSE_S)


async def _as_stranger(node: NodePlace, frames: Frames, sent: Sent) -> int:
    await sent.rate.take(1)
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", node.p2p_port)
            try:
                writer.write(frames.noise())
                writer.write_eof()
                await reader.read()
            finally:
                writer.transport.abort()
    sent.frames += 1
    sent.kinds["a stranger's bytes"] += 1
    return 1


async def _as_member(
    node: NodePlace, intruder: Intruder, frames: Frames, left: int, sent: Sent
) -> int:
    """One connection; how many frames it took."""
    async with asyncio.timeout(CONNECT_S):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", node.p2p_port, ssl=intruder.context, server_hostname=""
        )
    done = 0
    try:
        if frames.draw.random() < 0.3:
            writer.write(frames.first_words())
            await _until_closed(reader)
            sent.frames += 1
            sent.kinds["instead of a greeting"] += 1
            return 1
        writer.write(frames.hello())
        async with asyncio.timeout(CONNECT_S):
            # The answer to the greeting: the connection is kept.
            await reader.readexactly(5)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(_until_closed(reader))
            for part, data in frames.bursts(min(left, FRAMES_MAX)):
                # Whatever ended it, what would follow is sent to nobody and doesn't count.
                if reading.done():
                    break
                if part == 1:
                    # What a link still holds when its peer is to blame is dropped unread.
                    await asyncio.sleep(SETTLE_S)
                await sent.rate.take(part)
                writer.write(data)
                await writer.drain()
                done += part
                sent.frames += part
                sent.size += len(data)
                sent.kinds["absurd" if part > 1 else "ends the connection"] += part
            await reading
    except* (OSError, TimeoutError):
        pass
    finally:
        writer.transport.abort()
    return done


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Read on, so that the node is never held up, until it ends the connection."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(CONNECT_S):
            while await reader.read(65_536):
                pass
