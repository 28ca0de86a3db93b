"""A crowd that holds sockets and uses none: `python -m tests.hostile.crowd`, on four real nodes.

From another address than everybody else it opens idle and dripping sockets to the APIs and the peer
ports of all nodes, and event streams that it never reads. Meanwhile clients pay all the time, one
asks every node for its status over a new connection, one rests on a kept connection, and one reads
a quiet event stream. Told is the rate of blocks without and during the crowd, how long each kind of
its sockets lived, what the honest ones got, and what processor time the nodes and the crowd took.

"During" ends when the last of the crowd is dropped; "quiet" is before it came and again after it:
what else the machine does weighs less so.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from node import processes
from node.testnet_layout import NodePlace
from tests.hostile.squatters import Seen, Siege, read_seen
from tests.processes.net import Load, Net, running

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SOCKETS: Final = 5_000
STREAMS: Final = 500
# All are to be dropped within.
SECONDS: Final = 15.0
QUIET_S: Final = 10.0
PROBE_EVERY_S: Final = 0.05
PROBE_TIMEOUT_S: Final = 2.0
# An honest stream hears something at least so often (`heartbeat_s`).
QUIET_MAX_S: Final = 15.0


@dataclass(slots=True)
class Answers:
    """What the honest got: answers in time, their times, and who was sent away."""

    asked: int = 0
    served: int = 0
    took_s: list[float] = field(default_factory=list)
    streams_broken: int = 0
    kept_served: bool = False

    @property
    def share(self) -> float:
        """Of the asked, so many were answered in time."""
        return self.served / max(1, self.asked)

    def slowest(self, share: float) -> float:
        """The time that this share of the answers kept."""
        times = sorted(self.took_s)
        return times[min(len(times) - 1, int(share * len(times)))] if times else 0.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment: the height, payments and processor time of all nodes until then."""

    at_s: float
    height: int
    paid: int
    cpu_s: float


@dataclass(slots=True)
class Rates:
    """What there was between two moments, or between more of them."""

    seconds: float = 0.0
    blocks: int = 0
    paid: int = 0
    cpu_s: float = 0.0

    def add(self, first: Mark, last: Mark) -> None:
        """And what there was between these."""
        self.seconds += last.at_s - first.at_s
        self.blocks += last.height - first.height
        self.paid += last.paid - first.paid
        self.cpu_s += last.cpu_s - first.cpu_s

    @property
    def blocks_per_s(self) -> float:
        """Of the clock on the wall."""
        return self.blocks / self.seconds

    @property
    def blocks_per_cpu_s(self) -> float:
        """Of processor time that the nodes took."""
        return self.blocks / max(self.cpu_s, 1e-9)

    @property
    def words(self) -> str:
        """On one line."""
        return (
            f"{self.blocks_per_s:.1f} blocks and {self.paid / self.seconds:.0f} payments a second, "
            f"{self.cpu_s / self.seconds:.2f} cores, {self.blocks_per_cpu_s:.1f} blocks a core's "
            f"second"
        )


@dataclass(slots=True)
class Found:
    """One run's figures."""

    seen: Seen
    quiet: Rates
    during: Rates
    answers: Answers
    # The crowd's own processor time.
    crowd_cpu_s: float

    @property
    def kept_rate(self) -> float:
        """The rate of blocks during the crowd, of that without."""
        return self.during.blocks_per_s / max(self.quiet.blocks_per_s, 1e-9)

    @property
    def cost_cpu_s(self) -> float:
        """Processor time of all nodes beyond what as many blocks take without the crowd."""
        return self.during.cpu_s - self.during.blocks / max(self.quiet.blocks_per_cpu_s, 1e-9)


async def besiege(net: Net, sockets: int, streams: int, quiet_s: float) -> Found:
    """Measure, let the crowd come, measure until it is gone or its time is over, measure again."""
    nodes, answers = net.testnet.nodes, Answers()
    ports = tuple((node.api_port, node.p2p_port) for node in nodes)
    siege = Siege(ports, sockets, streams, SECONDS)
    with Load(net) as load:
        async with aiohttp.ClientSession() as http, honest(http, nodes, answers) as probing:

            async def mark() -> Mark:
                paid, now_s = len(load.acknowledged), time.monotonic()
                return Mark(now_s, await height(http, nodes[0]), paid, cpu_of(net))

            marks = [await mark()]
            await asyncio.sleep(quiet_s)
            marks.append(await mark())
            probing.set()
            waited_s = cpu_of_ended()
            seen = await squat(siege)
            crowd_cpu_s = cpu_of_ended() - waited_s
            marks.append(await mark())
            probing.clear()
            await asyncio.sleep(quiet_s)
            marks.append(await mark())
    quiet, during = Rates(), Rates()
    quiet.add(marks[0], marks[1])
    during.add(marks[1], marks[2])
    quiet.add(marks[2], marks[3])
    return Found(seen, quiet, during, answers, crowd_cpu_s)


def cpu_of(net: Net) -> float:
    """Processor time that the nodes' processes took until now, in seconds (proc(5))."""
    pids = [processes.state_of(net.testnet, node).pid for node in net.testnet.nodes]
    rows = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(row[11]) + int(row[12]) for row in rows) / os.sysconf("SC_CLK_TCK")


def cpu_of_ended() -> float:
    """Processor time of the processes that this one has waited for, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def squat(siege: Siege) -> Seen:
    """Run a process of squatters to its end."""
    command = (sys.executable, "-m", "tests.hostile.squatters")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    told, _ = await process.communicate(json.dumps(asdict(siege)).encode() + b"\n")
    assert process.returncode == 0
    return read_seen(told.decode().splitlines()[-1])


async def height(http: aiohttp.ClientSession, node: NodePlace) -> int:
    """The node's height."""
    async with http.get(f"{node.api}/v1/status") as response:
        return int((await response.json())["height"])


@asynccontextmanager
async def honest(
    http: aiohttp.ClientSession, nodes: Sequence[NodePlace], answers: Answers
) -> AsyncIterator[asyncio.Event]:
    """Honest clients of all nodes, always; probes count while the event is set."""
    probing = asyncio.Event()
    async with AsyncExitStack() as open_, asyncio.TaskGroup() as group:
        kept = aiohttp.TCPConnector(limit=1, keepalive_timeout=3_600.0)
        resting = await open_.enter_async_context(aiohttp.ClientSession(connector=kept))
        await height(resting, nodes[0])
        tasks = [group.create_task(probe(nodes, answers, probing))]
        for node in nodes:
            stream = await http.ws_connect(f"{node.api}/v1/events?types=none&cursor=latest")
            tasks.append(group.create_task(listen(stream, answers)))
        yield probing
        # On the connection that rested meanwhile, or a new one: a client doesn't see which.
        answers.kept_served = await height(resting, nodes[0]) > 0
        for task in tasks:
            task.cancel()


async def probe(nodes: Sequence[NodePlace], answers: Answers, probing: asyncio.Event) -> None:
    """Ask one node after the other, each time over a connection of its own."""
    asked = 0
    while True:
        node = nodes[asked % len(nodes)]
        asked += 1
        counts, began = probing.is_set(), time.monotonic()
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                served = await ask(node.api_port)
        except (OSError, TimeoutError):
            served = False
        answers.asked += counts
        if served and counts:
            answers.served += 1
            answers.took_s.append(time.monotonic() - began)
        await asyncio.sleep(max(0.0, began + PROBE_EVERY_S - time.monotonic()))


async def ask(port: int) -> bool:
    """One request over one connection; was it answered?"""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET /v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        return (await reader.read()).startswith(b"HTTP/1.1 200 ")
    finally:
        writer.close()


async def listen(stream: aiohttp.ClientWebSocketResponse, answers: Answers) -> None:
    """Read a quiet stream; it must neither end nor fall silent."""
    try:
        while True:
            message = await stream.receive(QUIET_MAX_S)
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
    except TimeoutError:
        pass
    answers.streams_broken += 1


def told(found: Found) -> list[str]:
    """The figures in words."""
    seen, answers = found.seen, found.answers
    lives = ", ".join(f"{kind} {life:.1f} s" for kind, life in sorted(seen.lasted_s.items()))
    return [
        f"held: {sum(seen.opened.values())} in {seen.opening_s:.1f} s; "
        f"all dropped {seen.cleared_s:.1f} s after the last was open; left {seen.left}",
        f"longest lives: {lives}",
        f"quiet, {found.quiet.seconds:.0f} s: {found.quiet.words}",
        f"during, {found.during.seconds:.0f} s: {found.during.words}",
        f"kept {found.kept_rate:.0%} of the blocks a second; the crowd cost the nodes "
        f"{found.cost_cpu_s:.2f} s of processor time and itself {found.crowd_cpu_s:.2f} s; "
        f"the machine's load {os.getloadavg()[0]:.1f}",
        f"honest: {answers.served} of {answers.asked} served ({answers.share:.1%}), "
        f"p50 {1000 * answers.slowest(0.5):.0f} ms, p99 {1000 * answers.slowest(0.99):.0f} ms; "
        f"streams broken {answers.streams_broken}; kept client served {answers.kept_served}",
    ]


def dropped_by(net: Net) -> dict[str, Any]:
    """Why the nodes dropped what they dropped."""
    lines = [
        f"{node.name} {line}"
        for node in net.testnet.nodes
        for line in net.client(node).text("/metrics").splitlines()
        if line.startswith("hushang_http_dropped")
    ]
    return dict(line.rsplit(" ", 1) for line in lines)


def main() -> None:
    """Print the figures; exit code 1 where they miss what is promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=SOCKETS)
    parser.add_argument("--streams", type=int, default=STREAMS)
    parser.add_argument("--quiet", type=float, default=QUIET_S, help="seconds before, and after")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as net:
        found = asyncio.run(besiege(net, options.sockets, options.streams, options.quiet))
        lines = [*told(found), *(f"  {why} {count}" for why, count in dropped_by(net).items())]
        sys.stdout.write("\n".join(lines) + "\n")
        net.level()
    good = found.kept_rate >= 0.9 and not found.seen.left and found.answers.share >= 0.99
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
