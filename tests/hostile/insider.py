"""A member with its rightful key that only costs others work: `python -m tests.hostile.insider`.

Five members, one of which is stopped: its key is the insider's. It sends one node one kind of
message after another as fast as they are taken: rightly signed and absurd, questions whose answers
are dear, answers that nobody asked for. Told of each kind is what processor time a message and a
byte cost the node, what it answered, how much its memory grew and how late its event loop ran.
"""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Final

from chain.block import Block, Certificate, CommitSignature, Header
from chain.codec import encode
from consensus.messages import Commit, Complaint, Message, PrePrepare, RecoveryQuery, encode_message
from consensus.signing import signing_bytes
from node import processes
from node.testnet_layout import NodePlace
from node.top_figures import quantile_ms
from p2p import messages as wire
from p2p.frames import Channel, frame_header
from tests.chain.world import World
from tests.hostile.bad_frames import CONNECT_S, Intruder
from tests.hostile.malformed import Watch, bugs, intrude, lags_of, rss_mib, since
from tests.processes.net import Load, Net, running, until

MEMBERS: Final = 5
SECONDS: Final = 2.0
# Of the chain that it asks for.
HEIGHTS: Final = 30
# A process that has nothing left to do uses no more of a core than this, over so long.
IDLE_SHARE: Final = 0.2
IDLE_S: Final = 0.1
WRITE_SIZE: Final = 64 * 1024
WRITE_FRAMES: Final = 100
BODIES: Final = 4_000
GROWTH_MAX_MIB: Final = 64.0
# Of a processor's time for a byte, and for a second of the flood: others are served meanwhile.
US_PER_BYTE_MAX: Final = 2.0
# It convicts itself on the way; that this is told is no bug.
CONVICTED: Final = "evidence against member"

Send = Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one kind of message cost the node."""

    kind: str
    messages: int
    sent: int
    answered: int
    cpu_s: float
    grown_mib: float
    lag_ms: float

    @property
    def us_per_byte(self) -> float:
        """Processor time for each byte sent."""
        return 1e6 * self.cpu_s / max(1, self.sent)

    def line(self) -> str:
        """For people."""
        each_us = 1e6 * self.cpu_s / max(1, self.messages)
        return (
            f"{self.kind:<34} {self.messages:>7} messages {self.sent / 1e6:>8.2f} MB, answered "
            f"{self.answered / 1e6:>6.1f} MB; {each_us:>7.1f} us a message, "
            f"{self.us_per_byte:.3f} us a byte; grew {self.grown_mib:.1f} MiB, late by "
            f"{self.lag_ms:.1f} ms"
        )


class Kinds:
    """What the insider sends, drawn from a seed."""

    def __init__(self, seed: int, insider: Intruder, height: int) -> None:
        self._draw = Random(seed)
        self._insider = insider
        self._height = height
        self._header = World().ledger.tip.header

    def all(self) -> dict[str, Send]:
        """Each kind by its name."""
        draw, height = self._draw, self._height
        return {
            "what is asked of snapshots": self._always(wire.SnapshotsRequest()),
            "what is asked of heads": self._always(wire.HeadRequest()),
            "256 blocks": self._always(wire.BlocksRequest(1, 256)),
            "a proposal, by height": lambda: _told(
                wire.ProposedRequest(draw.randint(1, height), draw.randbytes(32))
            ),
            "a part that isn't there": lambda: _told(
                wire.PartRequest(height, 1, draw.getrandbits(32), 0)
            ),
            "4,096 bodies that don't exist": self._always(
                wire.BodiesRequest(tuple(draw.randbytes(32) for _ in range(wire.BODIES_MAX)))
            ),
            "bodies that nobody asked for": self._always(wire.Bodies(self._bodies())),
            "a block that nobody asked for": self._always(wire.Proposed(self._block())),
            "a vote, rightly signed": lambda: self._signed(
                Commit(0, height + 1, draw.randbytes(32), self._own, bytes(64))
            ),
            "a vote, wrongly signed": lambda: _vote(
                Commit(0, height + 1, draw.randbytes(32), self._own, draw.randbytes(64))
            ),
            "a question for own votes": lambda: self._signed(
                RecoveryQuery(0, height, draw.getrandbits(63), self._own, bytes(64))
            ),
            "a complaint": lambda: self._signed(
                Complaint(draw.getrandbits(40), height, self._own, bytes(64))
            ),
            "10,000 bodies, repeated signers": self._once(self._proposal(height + 1, (0,) * 100)),
            "10,000 bodies, far ahead": self._once(self._proposal(2**50, (0, 1, 2, 3, 4))),
        }

    @property
    def _own(self) -> int:
        return self._insider.member

    def _always(self, message: wire.Message) -> Send:
        data = _told(message)
        return lambda: data

    def _once(self, message: Message) -> Send:
        data = self._signed(message)
        return lambda: data

    def _signed(self, message: Any) -> bytes:
        signed = signing_bytes(message, self._insider.genesis_hash, 0)
        return _vote(replace(message, signature=self._insider.key.sign(signed)))

    def _bodies(self) -> tuple[bytes, ...]:
        return tuple(self._draw.randbytes(240) for _ in range(BODIES))

    def _block(self) -> bytes:
        return encode(Block(replace(self._header, transactions_count=BODIES), self._bodies()))

    def _proposal(self, height: int, signers: Sequence[int]) -> PrePrepare:
        header: Header = replace(self._header, height=height, transactions_count=10_000)
        hashes = tuple(self._draw.randbytes(32) for _ in range(10_000))
        signatures = tuple(CommitSignature(member, bytes(64)) for member in signers)
        parent = Certificate(0, height - 1, bytes(32), signatures)
        return PrePrepare(0, self._own, header, hashes, parent, bytes(64))


def _told(message: wire.Message) -> bytes:
    channel, payload = wire.write_message(message)
    return frame_header(channel, len(payload)) + payload


def _vote(message: Message) -> bytes:
    payload = encode_message(message)
    return frame_header(Channel.CONSENSUS, len(payload)) + payload


@dataclass(slots=True)
class Line:
    """A greeted connection, and how much came by it."""

    writer: asyncio.StreamWriter
    reading: "asyncio.Task[None]"
    answered: int = 0


@contextlib.asynccontextmanager
async def greeted(node: NodePlace, insider: Intruder) -> AsyncIterator[Line]:
    """A connection that the node keeps; what it sends is read and counted."""
    own = wire.Hello(wire.PROTOCOL_VERSION, insider.genesis_hash, 7, insider.name, 0, "insider")
    async with asyncio.timeout(4 * CONNECT_S), asyncio.TaskGroup() as group:
        while True:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", node.p2p_port, ssl=insider.context, server_hostname=""
            )
            writer.write(_told(own))
            # A call that crosses one of the node's own is left unanswered.
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await reader.readexactly(5)
                break
            writer.transport.abort()
        line = Line(writer, group.create_task(asyncio.sleep(0)))
        line.reading = group.create_task(_read(reader, line))
        try:
            yield line
        finally:
            writer.transport.abort()


async def _read(reader: asyncio.StreamReader, line: Line) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(256 * 1024):
            line.answered += len(data)


@dataclass(frozen=True, slots=True)
class Target:
    """The node that is sent everything, and by whom."""

    net: Net
    node: NodePlace
    pid: int
    insider: Intruder


async def cost_of(target: Target, kind: str, send: Send, seconds: float) -> Cost:
    """Send one kind for so long, and what came of it."""
    net, node, pid = target.net, target.node, target.pid
    async with greeted(node, target.insider) as line:
        before = await asyncio.to_thread(lags_of, net, node)
        cpu_s, base = cpu_of(pid), rss_mib(pid)
        messages = sent = 0
        ends = time.monotonic() + seconds
        peak = base
        with contextlib.suppress(OSError, TimeoutError):
            while time.monotonic() < ends and not line.reading.done():
                batch = [send()]
                while len(batch) < WRITE_FRAMES and sum(map(len, batch)) < WRITE_SIZE:
                    batch.append(send())
                line.writer.writelines(batch)
                messages, sent = messages + len(batch), sent + sum(map(len, batch))
                async with asyncio.timeout(seconds):
                    await line.writer.drain()
                peak = max(peak, rss_mib(pid))
        # What it has taken and not looked at is of this kind too; what is asked for at a rate goes
        # on for longer.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await idle(pid)
        used_s, peak = cpu_of(pid) - cpu_s, max(peak, rss_mib(pid))
        lags = since(await asyncio.to_thread(lags_of, net, node), before)
        late_ms = quantile_ms(lags, 0.99) or 0.0
        return Cost(kind, messages, sent, line.answered, used_s, peak - base, late_ms)


def cpu_of(pid: int) -> float:
    """Processor time of a process until now, in seconds (proc(5))."""
    row = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(row[11]) + int(row[12])) / os.sysconf("SC_CLK_TCK")


async def idle(pid: int) -> None:
    """Wait until a process has done what it was given."""
    used_s = -1.0
    while (now_s := cpu_of(pid)) - used_s > IDLE_SHARE * IDLE_S or used_s < 0:
        used_s = now_s
        await asyncio.sleep(IDLE_S)


def run(
    directory: Path, seconds: float, only: Sequence[str] = (), seed: int = 1
) -> tuple[list[Cost], list[str]]:
    """All kinds at one node of a network of its own; their costs, and what is broken."""
    with running(directory, nodes=MEMBERS) as net:
        *nodes, played = net.testnet.nodes
        # Blocks that are worth asking for.
        with Load(net, per_node=2):
            until(lambda: net.height(nodes) >= HEIGHTS, f"{HEIGHTS} blocks")
        insider = intrude(net, played, nodes)
        node, height = nodes[0], net.height(nodes)
        pid = processes.state_of(net.testnet, node).pid
        assert pid is not None
        kinds, target = Kinds(seed, insider, height).all(), Target(net, node, pid, insider)
        watch = Watch({node.name: pid}, logs_from={node.name: 0})
        costs = [
            asyncio.run(cost_of(target, kind, send, seconds))
            for kind, send in kinds.items()
            if not only or kind in only
        ]
        net.decide(node, net.payment())
        broken = [line for line in bugs(net, [node], watch) if CONVICTED not in line]
    return costs, broken + judged(costs)


def judged(costs: Sequence[Cost]) -> list[str]:
    """What costs more than it may."""
    grown = [c for c in costs if c.grown_mib > GROWTH_MAX_MIB]
    dear = [c for c in costs if c.us_per_byte > US_PER_BYTE_MAX]
    return [
        *(f"{c.kind}: grew by {c.grown_mib:.0f} MiB" for c in grown),
        *(f"{c.kind}: {c.us_per_byte:.1f} us of a processor for a byte" for c in dear),
    ]


def main() -> None:
    """Print the costs; exit code 1 where one is beyond its bound."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.insider", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hushang-insider-") as directory:
        costs, broken = run(Path(directory), options.seconds)
    lines = [*(cost.line() for cost in costs), *(f"BROKEN: {words}" for words in broken)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
