"""Malformed frames and requests at four real nodes: `python -m tests.hostile.malformed`.

Five members, one of which is stopped: its key is the intruder's. Meanwhile accounts pay. Judged at
the four nodes: the same processes, no line of their logs that tells of a bug, no answer 5xx but
503, memory after a warm-up, how late their event loops ran, and that blocks went on. Prints the
figures and what was broken; exit 1 if anything was.

A chain's own blocks let a node's memory grow until the store's buffers have been written once. So
the command first lets accounts pay alone until memory is level: what it grows by then is the
strangers' (`--no-level`: begin at once, and count both).

The nodes, the intruder and who pays share this machine. How late a loop runs is a figure of the
node only while there are cores left: so the inputs come at a rate (`--rate 0`: as fast as they are
taken, and the lateness is then that of the machine). Told is how much of its cores was idle.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from node import processes
from node.clock import now_ms
from node.keystore import find_passphrase, load_key
from node.testnet_layout import NodePlace
from node.top_figures import quantile_ms, read_look
from p2p.tls import Credentials, NodeIdentity
from tests.hostile.bad_frames import Frames, Intruder, Sent, send_frames
from tests.hostile.bad_requests import Answered, Requests, send_requests
from tests.hostile.rate import Rate
from tests.processes.net import Load, Net, running, until

FRAMES: Final = 500_000
REQUESTS: Final = 500_000
SEED: Final = 1
MEMBERS: Final = 5
# Of all inputs, this share comes before memory is measured.
WARM_UP: Final = 0.1
CLIENTS_EACH: Final = 2
RATE_PER_S: Final = 8_000
RSS_GROWTH_MAX_MIB: Final = 64.0
# Level is memory that so many blocks let grow by no more than that; waited for at most so long.
LEVEL_BLOCKS: Final = 500
LEVEL_MIB: Final = 1.0
LEVEL_S: Final = 300.0
LAG_P99_MAX_MS: Final = 50.0
SAMPLE_S: Final = 0.5
PAGE_SIZE: Final = 4096
ALLOWED_5XX: Final = frozenset({503})
BUGS: Final = frozenset({"error", "critical"})
_INCIDENT: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class Watch:
    """What was seen of the nodes: by node its process, memory in MiB, and its metrics before."""

    pids: dict[str, int | None]
    before: dict[str, dict[float, float]] = field(default_factory=dict)
    base_mib: dict[str, float] = field(default_factory=dict)
    peak_mib: dict[str, float] = field(default_factory=dict)
    logs_from: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """The figures of a run."""

    frames: int
    requests: int
    took_s: float
    sent_mib: float
    taken_mib: float
    kinds: dict[str, int]
    ends: dict[str, int]
    statuses: dict[str, int]
    silent: int
    connections: int
    blocks: int
    paid: int
    rss_growth_mib: dict[str, float]
    lag_p99_ms: dict[str, float]
    idle_share: float
    broken: list[str]

    def lines(self) -> list[str]:
        """For people."""
        rate = (self.frames + self.requests) / max(self.took_s, 1e-9)
        growth = ", ".join(f"{name} {mib:.1f}" for name, mib in self.rss_growth_mib.items())
        lags = ", ".join(f"{name} {ms:.1f}" for name, ms in self.lag_p99_ms.items())
        return [
            f"{self.frames} frames and {self.requests} requests in {self.took_s:.0f} s"
            f" ({rate:.0f}/s) over {self.connections} connections",
            "frames: " + ", ".join(f"{count} {kind}" for kind, count in self.kinds.items()),
            f"the nodes read {self.taken_mib:.1f} of {self.sent_mib:.1f} MiB that a member sent",
            "the member's connections ended by: "
            + ", ".join(f"{count} x {rule}" for rule, count in self.ends.items()),
            "answers: " + ", ".join(f"{n} x {status}" for status, n in self.statuses.items()),
            f"{self.silent} requests without an answer in time; {self.blocks} blocks and"
            f" {self.paid} payments went on",
            f"memory grew by at most (MiB): {growth}",
            f"event loops were late by (p99, ms): {lags};"
            f" the machine's cores were idle for {self.idle_share:.0%}",
            *(f"BROKEN: {words}" for words in self.broken or ()),
        ]


def intrude(net: Net, played: NodePlace, nodes: Sequence[NodePlace]) -> Intruder:
    """Stop a member's node and take its key."""
    seed = load_key(net.testnet.folder(played) / "node.key", find_passphrase).seed
    members = net.get(nodes[0], "/v1/committee")["members"]
    net.kill(played)
    keys = [bytes.fromhex(member["node_key"]) for member in members]
    identity = NodeIdentity(played.name, seed)
    key = load_key(net.testnet.folder(played) / "node.key", find_passphrase)
    return Intruder(
        played.name,
        key,
        keys.index(identity.public_key),
        bytes.fromhex(net.testnet.genesis_hash),
        Credentials(identity, keys, now_ms).client_context(),
    )


def rss_mib(pid: int) -> float:
    """Resident memory of a process, without files that it maps; 0 of one that is gone."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except OSError:
        return 0.0
    return (int(fields[1]) - int(fields[2])) * PAGE_SIZE / 2**20


def note_before(net: Net, nodes: Sequence[NodePlace], watch: Watch) -> None:
    """Keep what the nodes' memory and lateness are now."""
    for node in nodes:
        watch.before[node.name] = lags_of(net, node)
        pid = watch.pids[node.name]
        watch.base_mib[node.name] = 0.0 if pid is None else rss_mib(pid)


def lateness_ms(net: Net, nodes: Sequence[NodePlace], watch: Watch) -> dict[str, float]:
    """How late the event loops ran since then: the 99th percentile."""
    late = {node.name: since(lags_of(net, node), watch.before[node.name]) for node in nodes}
    return {name: quantile_ms(buckets, 0.99) or 0.0 for name, buckets in late.items()}


def core_ticks() -> tuple[int, int]:
    """Of all cores together since the machine started: idle, and all (proc(5), /proc/stat)."""
    first = Path("/proc/stat").read_text("ascii").partition("\n")[0]
    ticks = [int(field) for field in first.split()[1:]]
    return ticks[3], sum(ticks[:8])


def lags_of(net: Net, node: NodePlace) -> dict[float, float]:
    """The buckets of the event loop's lateness until now."""
    text = net.client(node).text("/metrics")
    return dict(read_look(0.0, {}, text).lags)


def taken_mib(net: Net, nodes: Sequence[NodePlace], intruder: Intruder) -> float:
    """What the nodes read from the intruder, by their own count."""
    peers = [peer for node in nodes for peer in net.get(node, "/v1/status")["peers"]]
    return float(sum(peer["bytes_in"] for peer in peers if peer["name"] == intruder.name)) / 2**20


def since(now: dict[float, float], before: dict[float, float]) -> dict[float, float]:
    """Buckets of what came after."""
    return {edge: count - before.get(edge, 0.0) for edge, count in now.items()}


def level(net: Net, nodes: Sequence[NodePlace], pids: dict[str, int | None]) -> str:
    """Wait until the load alone lets memory grow no more; what that took, in words."""
    began = time.monotonic()
    height, now = net.height(nodes), memory_mib(pids)
    grown = LEVEL_MIB + 1
    while grown > LEVEL_MIB and time.monotonic() - began < LEVEL_S:
        before, due = now, height + LEVEL_BLOCKS
        until(partial(has_height, net, nodes[:1], due), f"block {due}", LEVEL_S)
        height, now = net.height(nodes), memory_mib(pids)
        grown = max(mib - before[name] for name, mib in now.items())
    told = ", ".join(f"{name} {mib:.1f}" for name, mib in now.items())
    state = "is level" if grown <= LEVEL_MIB else "still grows"
    took_s = time.monotonic() - began
    return f"the load alone: {height} blocks in {took_s:.0f} s; memory {state} (MiB): {told}\n"


def memory_mib(pids: dict[str, int | None]) -> dict[str, float]:
    """By node; 0 of one that is gone."""
    return {name: 0.0 if pid is None else rss_mib(pid) for name, pid in pids.items()}


def has_height(net: Net, nodes: Sequence[NodePlace], height: int) -> bool:
    """Has one of them this block?"""
    return net.height(nodes) >= height


async def attack(
    nodes: Sequence[NodePlace],
    intruder: Intruder,
    counts: tuple[int, int],
    sent: Sent,
    answered: Answered,
    seed: int,
) -> None:
    """So many frames and requests, evenly to all nodes, all at once."""
    frames, requests = counts
    async with asyncio.TaskGroup() as group:
        for number, node in enumerate(nodes):
            drawn = Frames(seed * 1_000 + number, intruder)
            group.create_task(send_frames(node, intruder, drawn, frames // len(nodes), sent))
            asked = Requests(seed * 1_000 + number)
            each = requests // len(nodes) // CLIENTS_EACH
            for _ in range(CLIENTS_EACH):
                group.create_task(send_requests(node, asked, each, answered))


async def watched(watch: Watch) -> None:
    """Note the most memory that each node takes, for ever."""
    while True:
        for name, pid in watch.pids.items():
            if pid is not None:
                watch.peak_mib[name] = max(watch.peak_mib.get(name, 0.0), rss_mib(pid))
        await asyncio.sleep(SAMPLE_S)


async def besiege(
    net: Net,
    nodes: Sequence[NodePlace],
    intruder: Intruder,
    wanted: tuple[int, int],
    seed: int,
    rate_per_s: int | None,
) -> Report:
    """Warm up, measure, attack, judge."""
    watch = Watch({node.name: processes.state_of(net.testnet, node).pid for node in nodes})
    for node in nodes:
        watch.logs_from[node.name] = net.testnet.log_file(node).stat().st_size
    rate = Rate(rate_per_s)
    sent, answered = Sent(rate=rate), Answered(rate=rate)
    warm = (int(wanted[0] * WARM_UP), int(wanted[1] * WARM_UP))
    began = time.monotonic()
    await attack(nodes, intruder, warm, sent, answered, seed)
    await asyncio.to_thread(note_before, net, nodes, watch)
    height = await asyncio.to_thread(net.height, nodes)
    rest = (wanted[0] - warm[0], wanted[1] - warm[1])
    watching = asyncio.ensure_future(watched(watch))
    cores = core_ticks()
    try:
        await attack(nodes, intruder, rest, sent, answered, seed + 1)
    finally:
        watching.cancel()
    took_s = time.monotonic() - began
    idle, passed = (now - then for now, then in zip(core_ticks(), cores, strict=True))
    blocks = await asyncio.to_thread(net.height, nodes) - height
    grown = {name: watch.peak_mib[name] - base for name, base in watch.base_mib.items()}
    return Report(
        sent.frames,
        answered.requests,
        took_s,
        sent.size / 2**20,
        await asyncio.to_thread(taken_mib, net, nodes, intruder),
        dict(sent.kinds),
        dict(ends(net, nodes, intruder)),
        {str(status): n for status, n in sorted(answered.statuses.items())},
        answered.silent,
        sent.connections + answered.connections,
        blocks,
        0,
        grown,
        await asyncio.to_thread(lateness_ms, net, nodes, watch),
        idle / max(1, passed),
        [*bugs(net, nodes, watch), *failures(answered)],
    )


def failures(answered: Answered) -> list[str]:
    """Answers that no request may get."""
    return [
        f"{count} answers {status}"
        for status, count in answered.statuses.items()
        if status >= 500 and status not in ALLOWED_5XX
    ]


def bugs(net: Net, nodes: Sequence[NodePlace], watch: Watch) -> list[str]:
    """Nodes that ended or began anew, and lines of their logs that tell of a bug."""
    found: list[str] = []
    for node in nodes:
        if processes.state_of(net.testnet, node).pid != watch.pids[node.name]:
            found.append(f"{node.name} is another process than before")
        with net.testnet.log_file(node).open("rb") as log:
            log.seek(watch.logs_from[node.name])
            told = Counter(filter(None, map(_bug_of, log)))
        found += [f"{node.name} logged {count} x {words}" for words, count in told.items()]
    return found


def ends(net: Net, nodes: Sequence[NodePlace], intruder: Intruder) -> Counter[str]:
    """By which rules the nodes ended the intruder's connections, as their logs tell."""
    told = re.compile(rf'"(?:disconnected from|refused) {intruder.name}: (\w+)')
    texts = (net.testnet.log_file(node).read_text("ascii") for node in nodes)
    return Counter(rule for text in texts for rule in told.findall(text))


def _bug_of(line: bytes) -> str:
    """What a line of a log says of a bug; empty if nothing."""
    try:
        record: dict[str, Any] = json.loads(line)
    except ValueError:
        return f"no JSON: {line[:200]!r}"
    if record.get("level") in BUGS or "Traceback" in str(record.get("error", "")):
        last = str(record.get("error", "")).strip().rpartition("\n")[2]
        return f"{_INCIDENT.sub('…', str(record.get('message')))[:80]} {last[:200]}"
    return ""


def judge(report: Report) -> Report:
    """With what exceeds the bounds."""
    for name, mib in report.rss_growth_mib.items():
        if mib > RSS_GROWTH_MAX_MIB:
            report.broken.append(f"{name} grew by {mib:.0f} MiB, at most {RSS_GROWTH_MAX_MIB:.0f}")
    if report.blocks < 1:
        report.broken.append("no block was decided")
    return report


def judge_lag(report: Report) -> Report:
    """On a machine that does nothing else."""
    for name, ms in report.lag_p99_ms.items():
        if ms >= LAG_P99_MAX_MS:
            words = (
                f"the event loop of {name} was {ms:.0f} ms late (p99), below {LAG_P99_MAX_MS:.0f}"
            )
            report.broken.append(words)
    return report


def run(
    directory: Path,
    frames: int,
    requests: int,
    seed: int,
    rate_per_s: int | None = None,
    *,
    levelled: bool = False,
) -> Report:
    """A network of its own, besieged; the report is judged but for the lag."""
    with running(directory, nodes=MEMBERS) as net:
        *nodes, played = net.testnet.nodes
        intruder = intrude(net, played, nodes)
        with Load(net) as load:
            if levelled:
                pids = {node.name: processes.state_of(net.testnet, node).pid for node in nodes}
                sys.stderr.write(level(net, nodes, pids))
            wanted = (frames, requests)
            report = asyncio.run(besiege(net, nodes, intruder, wanted, seed, rate_per_s))
        report.paid = len(load.acknowledged)
        return judge(report)


def main(arguments: Sequence[str]) -> int:
    """Run and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.malformed", description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES)
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rate", type=int, default=RATE_PER_S, help="inputs a second; 0: no limit")
    parser.add_argument("--no-level", action="store_true", help="count the chain's growth too")
    wanted = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="hushang-malformed-") as directory:
        counts = (wanted.frames, wanted.requests)
        rate, levelled = wanted.rate or None, not wanted.no_level
        report = run(Path(directory), *counts, wanted.seed, rate, levelled=levelled)
    judge_lag(report)
    sys.stdout.write("\n".join(report.lines()) + "\n")
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
