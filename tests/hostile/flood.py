"""One member floods, the others want their share: `python -m tests.hostile.flood --way api|gossip`.

Four real nodes. First all members offer as much as is taken, each at its own node: that is the
capacity, and a quarter of it a member's fair share. Then one offers ten times the capacity, at its
own API or as a peer that has only gossip to say, while the others go on as before. Told is what was
decided of each of the others' transactions, of its fair share, and how long they waited.

The flooder and its node have cores of their own, before and during the flood: what one member's
machine is busy with is no loss of another's, and here they share one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from commerce.assets import AssetIssue
from commerce.registry import operation
from node import processes
from node.bench.crowd import Crowd
from node.bench.load import OfferTask
from node.bench.load_process import LoadProcess, load_process
from node.bench.measured import LoadResult
from node.bench.plan import Load, LoadPlan, Sender
from node.bench.signing import sign
from node.bench.tally import read_result
from node.testnet_layout import NodePlace
from tests.hostile.gossiper import Gossip
from tests.processes.net import Net, running

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SECONDS: Final = 20.0
TIMES: Final = 10
# What each member's clients have under way, and in one request.
IN_FLIGHT: Final = 400
BATCH: Final = 50
FLOOD_BATCH: Final = 200
# Of a fair share; the promise.
KEPT_MIN: Final = 0.8
# Signed for a closed loop, a second; more than is decided.
STOCK_PER_S: Final = 1_500
MONEY_MINOR: Final = 100_000_000
# Answers are waited for so long after the end.
GRACE_S: Final = 5.0
SYMBOL: Final = "CNY"


@dataclass(slots=True)
class Flooded:
    """One run's figures: decided a second of each member's, before and during the flood."""

    way: str
    seconds: float
    offered_per_s: int
    before_per_s: dict[str, float] = field(default_factory=dict)
    during_per_s: dict[str, float] = field(default_factory=dict)
    before_p50_ms: dict[str, float] = field(default_factory=dict)
    during_p99_ms: dict[str, float] = field(default_factory=dict)
    during_p50_ms: dict[str, float] = field(default_factory=dict)
    flooder: str = ""

    @property
    def fair_per_s(self) -> float:
        """A member's fair share of what was decided while nobody flooded."""
        return sum(self.before_per_s.values()) / 4

    @property
    def kept(self) -> dict[str, float]:
        """Of its fair share each of the others kept so much; 1 is all."""
        return {
            name: rate / self.fair_per_s
            for name, rate in self.during_per_s.items()
            if name != self.flooder
        }


@dataclass(slots=True)
class Arena:
    """The network, and who offers what to it."""

    net: Net
    seconds: float
    directory: Path

    def fund(self) -> None:
        """Every member has money to pay with."""
        issues = [
            operation("asset.issue", AssetIssue(SYMBOL, self.net.account(one), MONEY_MINOR, one))
            for one in self.members
        ]
        outcome = self.net.decide(self.net.testnet.nodes[0], self.net.signed("issuer", *issues))
        assert outcome.status == "ok"

    @property
    def members(self) -> list[str]:
        """The members' names, which are their nodes'."""
        return [node.name for node in self.net.testnet.nodes]

    def stock(self, member: str, load: Load, count: int) -> Path:
        """Payments of a member, signed and on disk."""
        testnet = self.net.testnet
        key_file = testnet.key_file(testnet.account(member))
        plan = LoadPlan(
            load=load,
            genesis_hash=bytes.fromhex(testnet.genesis_hash),
            senders=(Sender(self.net.account(member), key_file),),
            accounts=(self.net.account(member), self.net.account("merchant")),
            symbol=SYMBOL,
            run=0,
            count=count,
        )
        place = Path(tempfile.mkdtemp(dir=self.directory))
        sign(plan, [self.net.key(member)], Crowd(), place, lambda _: None)
        return place

    def closed(self, member: str) -> OfferTask:
        """A member's clients that always have something under way, at its own node."""
        load = Load("transfer", self.seconds, BATCH, None, IN_FLIGHT)
        place = self.stock(member, load, int(STOCK_PER_S * self.seconds))
        return OfferTask(load, (self.net.testnet.node(member).api,), place, GRACE_S)

    def flooding(self, member: str, rate_per_s: int) -> OfferTask:
        """A member's clients that offer so much, whatever is refused."""
        load = Load("transfer", self.seconds, FLOOD_BATCH, rate_per_s, None)
        place = self.stock(member, load, int(rate_per_s * self.seconds))
        return OfferTask(load, (self.net.testnet.node(member).api,), place, GRACE_S)


@dataclass(frozen=True, slots=True)
class Cores:
    """Every member has a machine of its own: the flooder has the last of this one's cores."""

    others: frozenset[int]
    flooder: frozenset[int]

    def of(self, *, flooder: bool) -> frozenset[int]:
        """Where a process of the flooder's, or of another's, runs."""
        return self.flooder if flooder else self.others

    def seat(self, net: Net, flooder: str) -> None:
        """Put each node's threads where they belong."""
        for node in net.testnet.nodes:
            pid = processes.state_of(net.testnet, node).pid
            for thread in sorted(Path(f"/proc/{pid}/task").iterdir()) if pid else ():
                os.sched_setaffinity(int(thread.name), self.of(flooder=node.name == flooder))


def cores() -> Cores:
    """A quarter of the cores, at least one, is the flooder's; with one core all share it."""
    known = sorted(os.sched_getaffinity(0))
    cut = len(known) - max(1, len(known) // 4)
    return Cores(frozenset(known[:cut] or known), frozenset(known[cut:]))


@contextmanager
def on(chosen: frozenset[int]) -> Iterator[None]:
    """Processes that are started meanwhile run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def offer_all(
    tasks: dict[str, OfferTask], flooder: str, extra: Sequence["subprocess.Popen[str]"] = ()
) -> Any:
    """Let all offer at once; what each saw."""
    with ExitStack() as stack:
        loads: dict[str, LoadProcess] = {}
        for name, task in tasks.items():
            with on(cores().of(flooder=name == flooder)):
                loads[name] = stack.enter_context(load_process(task))
        for process in extra:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for load in loads.values():
            load.say("go")
        return {name: _result(load) for name, load in loads.items()}


def _result(load: LoadProcess) -> LoadResult:
    while True:
        line = load.hear()
        assert line is not None
        if line.startswith("{"):
            return read_result(line)


@contextmanager
def gossiping(gossip: Gossip) -> Iterator["subprocess.Popen[str]"]:
    """A gossiper that is connected and waits for the word."""
    command = [sys.executable, "-m", "tests.hostile.gossiper"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(asdict(gossip)) + "\n")
            process.stdin.flush()
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def by_api(arena: Arena, times: int) -> Flooded:
    """A member's own clients flood its own node."""
    flooder = arena.members[-1]
    found = Flooded("api", arena.seconds, 0, flooder=flooder)
    cores().seat(arena.net, flooder)
    note_before(found, offer_all({name: arena.closed(name) for name in arena.members}, flooder))
    found.offered_per_s = int(times * sum(found.before_per_s.values()))
    tasks = {name: arena.closed(name) for name in arena.members if name != flooder}
    tasks[flooder] = arena.flooding(flooder, found.offered_per_s)
    note_during(found, offer_all(tasks, flooder))
    return found


def by_gossip(arena: Arena, times: int) -> Flooded:
    """A member's node says nothing but transactions, to all others, without asking for room."""
    net = arena.net
    played = backup_of(net)
    found = Flooded("gossip", arena.seconds, 0, flooder=played.name)
    net.kill(played)
    honest = [name for name in arena.members if name != played.name]
    cores().seat(net, played.name)
    note_before(found, offer_all({name: arena.closed(name) for name in honest}, played.name))
    found.offered_per_s = int(times * sum(found.before_per_s.values()))
    tasks = {name: arena.closed(name) for name in honest}
    load = Load("transfer", arena.seconds, FLOOD_BATCH, found.offered_per_s, None)
    stock = arena.stock(played.name, load, int(found.offered_per_s * arena.seconds))
    gossip = Gossip(
        played.name,
        str(net.testnet.folder(played) / "node.key"),
        net.testnet.genesis_hash,
        tuple((node.name, key, node.p2p_port) for node, key in others_of(net, played)),
        str(stock),
        found.offered_per_s,
        arena.seconds,
    )
    with on(cores().flooder), gossiping(gossip) as process:
        note_during(found, offer_all(tasks, played.name, [process]))
    net.start(played)
    return found


def backup_of(net: Net) -> NodePlace:
    """A node that isn't the primary: without it nothing waits for a timer."""
    status = net.get(net.testnet.nodes[0], "/v1/status")
    return next(node for node in reversed(net.testnet.nodes) if node.name != status["primary"])


def others_of(net: Net, played: NodePlace) -> list[tuple[NodePlace, str]]:
    """The other nodes and their keys."""
    told = net.get(net.testnet.nodes[0], "/v1/committee")["members"]
    keys = {entry["name"]: entry["node_key"] for entry in told}
    return [(node, keys[node.name]) for node in net.testnet.nodes if node is not played]


def note_before(found: Flooded, results: dict[str, LoadResult]) -> None:
    """Keep what each got while nobody flooded."""
    for name, result in results.items():
        found.before_per_s[name] = result.decided / found.seconds
        found.before_p50_ms[name] = result.latency.percentile_ms(50) or 0.0


def note_during(found: Flooded, results: dict[str, LoadResult]) -> None:
    """Keep what each got during the flood."""
    for name, result in results.items():
        found.during_per_s[name] = result.decided / found.seconds
        found.during_p50_ms[name] = result.latency.percentile_ms(50) or 0.0
        found.during_p99_ms[name] = result.latency.percentile_ms(99) or 0.0


def told(found: Flooded) -> list[str]:
    """The figures in words."""
    lines = [
        f"before: {sum(found.before_per_s.values()):.0f} decided a second, a fair share is "
        f"{found.fair_per_s:.0f}; {found.flooder} then offers {found.offered_per_s} by {found.way}"
    ]
    for name, rate in found.during_per_s.items():
        kept = f"{found.kept[name]:.0%} of its share" if name in found.kept else "floods"
        waits = f"p50 {found.during_p50_ms[name]:.0f} ms, p99 {found.during_p99_ms[name]:.0f} ms"
        lines.append(f"  {name}: {rate:.0f} decided a second ({kept}); {waits}")
    return lines


def measure(way: str, seconds: float, times: int) -> Flooded:
    """A network of its own, one flood."""
    with tempfile.TemporaryDirectory() as directory, running(Path(directory)) as net:
        arena = Arena(net, seconds, Path(directory))
        arena.fund()
        found = (by_api if way == "api" else by_gossip)(arena, times)
        net.level()
    return found


def main() -> None:
    """Print the figures; exit code 1 where somebody kept too little."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", choices=("api", "gossip"), default="api")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--times", type=int, default=TIMES, help="of the capacity")
    options = parser.parse_args()
    found = measure(options.way, options.seconds, options.times)
    sys.stdout.write("\n".join(told(found)) + "\n")
    sys.exit(0 if min(found.kept.values()) >= KEPT_MIN else 1)


if __name__ == "__main__":
    main()
