"""One run: a load process beside the nodes, probes before and after, the comparison at the end."""

import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.bech32m import decode_account
from node import testnet
from node.bench.plan import Load, LoadPlan, LoadResult, Sender, plan_text
from node.bench.probes import Node, check_agreement, probe
from node.bench.report import Measured
from node.bench.workloads import workload_of
from node.client import NodeFailed
from node.testnet_genesis import Plan
from node.testnet_layout import LocalNetwork

# The run's number goes into the serials of its goods, which have 20 characters at most.
RUN_BITS: Final = 32
# More than any run decides: closed loops should end by time.
SIGNED_PER_S: Final = 5_000
LOAD_END_S: Final = 10.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the load goes: the nodes, and the parties of their chain."""

    nodes: Sequence[Node]
    genesis_hash: bytes
    senders: Mapping[str, Sender]
    accounts: Sequence[bytes]
    symbol: str


def stage_of(network: LocalNetwork, names: Sequence[str] = ()) -> Stage:
    """A test network's funded roles, and its nodes or those of these names."""
    roles = [network.account(name) for name in testnet.FUNDS_MINOR]
    places = [network.node(name) for name in names] or network.nodes
    return Stage(
        nodes=[Node(place.name, place.api) for place in places],
        genesis_hash=bytes.fromhex(network.genesis_hash),
        senders={
            role.name: Sender(decode_account(role.account), network.key_file(role), role.name)
            for role in roles
        },
        accounts=[decode_account(role.account) for role in roles],
        symbol=testnet.SYMBOL,
    )


@contextmanager
def own_network(count: int, store: str, progress: Progress) -> Iterator[LocalNetwork]:
    """A network of its own in a temporary directory; nothing of it is left.

    If it doesn't come up its directory stays, for its logs.
    """
    directory = Path(tempfile.mkdtemp(prefix="hushang-bench-"))
    made = testnet.up(Plan(directory / "net", "bench", count, store=store), progress)
    try:
        yield made
    finally:
        testnet.reset(made)
        directory.rmdir()


def run(stage: Stage, load: Load, progress: Progress) -> Measured:
    """Sign, offer, measure, compare."""
    plan = _plan(stage, load)
    with _load_process() as process:
        progress(f"signing {plan.count} transactions")
        _say(process, plan_text(plan))
        _hear(process)
        before = [probe(node) for node in stage.nodes]
        progress(f"offering for {load.seconds:g} s")
        _say(process, "go")
        result = LoadResult.of(json.loads(_hear(process)))
        after = [probe(node) for node in stage.nodes]
    progress("comparing the nodes")
    start = min(one.height for one in before) + 1
    agreement = check_agreement(stage.nodes, start, result.samples)
    names = [node.name for node in stage.nodes]
    return Measured(load, names, result, before, after, agreement)


def _plan(stage: Stage, load: Load) -> LoadPlan:
    workload = workload_of(load.workload)
    plan = LoadPlan(
        load=load,
        urls=tuple(node.url for node in stage.nodes),
        genesis_hash=stage.genesis_hash,
        senders=tuple(stage.senders.values()),
        accounts=tuple(stage.accounts),
        symbol=stage.symbol,
        run=secrets.randbits(RUN_BITS),
        signed_max=max(1, int(load.seconds * SIGNED_PER_S / workload.operations_per_transaction)),
    )
    workload.check(plan)
    return plan


@contextmanager
def _load_process() -> Iterator["subprocess.Popen[str]"]:
    """The process that offers; killed if it doesn't end by itself."""
    root = Path(__file__).resolve().parent.parent.parent
    command = [sys.executable, *(["-O"] * sys.flags.optimize), "-m", "node.bench.load"]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=pipe, stdout=pipe, text=True, cwd=root
    ) as process:
        try:
            yield process
            process.wait(LOAD_END_S)
        finally:
            process.kill()


def _say(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    try:
        process.stdin.write(line + "\n")
        process.stdin.flush()
    except BrokenPipeError:
        raise NodeFailed("the load process ended; its error is above") from None


def _hear(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise NodeFailed("the load process ended; its error is above")
    return line
