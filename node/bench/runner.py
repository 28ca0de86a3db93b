"""One run: sign, let a load process offer, probe before and after, compare the nodes at the end."""

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from chain.crypto import PrivateKey
from node.bench.agreement import check_agreement, read_ids
from node.bench.faults import FaultPlan, Faults
from node.bench.load import ACKNOWLEDGED, OfferTask
from node.bench.load_process import LoadProcess, load_process
from node.bench.measured import LoadResult, Machine, Measured, Probe
from node.bench.opening import OPENING
from node.bench.plan import Load, LoadPlan
from node.bench.probes import Node, load_average, probe, verify_us
from node.bench.signing import Signed, sign
from node.bench.stage import Stage, own_network, stage_of
from node.bench.tally import read_result
from node.bench.workloads import setups, workload_of
from node.client import NodeClient, NodeFailed, NodeRefused, NodeUnreachable
from node.keystore import find_passphrase, load_key

__all__ = ["NO_FAULTS", "Stage", "load_keys", "own_network", "run", "stage_of"]

NO_FAULTS: Final = FaultPlan()
# Of a closed loop nobody knows beforehand how much it will take: so a short one tells.
CALIBRATION_S: Final = 2.0
CALIBRATION_OPERATIONS: Final = 6_000
# Signed beyond what the calibration decided in its time.
MARGIN: Final = 1.5
# Well below what a node takes in one request, and several of them at a time.
REQUEST_SIZE: Final = 2 * 1024 * 1024
SETUP_TIMEOUT_S: Final = 30.0
TICK_S: Final = 0.1
PROGRESS_EVERY_S: Final = 5.0
BACK_TIMEOUT_S: Final = 30.0

Progress = Callable[[str], None]


def run(
    stage: Stage,
    load: Load,
    progress: Progress,
    faults: FaultPlan = NO_FAULTS,
    *,
    count: int | None = None,
    first: int = 0,
) -> Measured:
    """Sign, offer, measure, compare. A closed loop without a `count` is calibrated first.

    Ctrl-C while it is offered ends the run early: what was measured by then comes back.
    """
    keys = load_keys(stage)
    if count is None:
        count = _count(stage, load, progress)
    plan = LoadPlan(
        load=load,
        genesis_hash=stage.genesis_hash,
        senders=tuple(stage.senders),
        accounts=tuple(stage.accounts),
        symbol=stage.symbol,
        run=0,
        count=count,
        first=first,
    )
    if load.workload != OPENING:
        workload_of(load.workload).check(plan)
    with tempfile.TemporaryDirectory(prefix="hushang-stock-") as directory:
        signed = sign(plan, keys, stage.crowd, Path(directory), progress)
        _set_up(stage, signed, keys)
        return _Run(stage, load, Path(directory), progress).measure(signed, faults)


def load_keys(stage: Stage) -> Sequence[PrivateKey]:
    """The keys of the stage's senders; asks for passphrases."""
    return [load_key(sender.key_file, find_passphrase) for sender in stage.senders]


def _count(stage: Stage, load: Load, progress: Progress) -> int:
    """How many steps the load will take."""
    if load.rate_per_s is not None:
        return max(1, int(load.rate_per_s * load.seconds))
    assert load.in_flight is not None
    operations = workload_of(load.workload).operations_per_transaction
    enough = max(CALIBRATION_OPERATIONS // operations, 2 * load.in_flight)
    if load.seconds <= CALIBRATION_S:
        return enough
    progress("calibrating: a short run tells how much there is to sign")
    short = replace(load, seconds=CALIBRATION_S)
    found = run(stage, short, lambda _: None, count=enough)
    return max(enough, int(found.steady_per_s * load.seconds * MARGIN))


def _set_up(stage: Stage, signed: Signed, keys: Sequence[PrivateKey]) -> None:
    """Let the chain decide what the workload needs beforehand."""
    client = NodeClient([node.url for node in stage.nodes])
    for task in signed.tasks:
        if task.plan.load.workload == OPENING:
            return
        for part in task.parts:
            for setup in setups(task.whole_plan(part), keys):
                outcome = client.submit(setup.raw, timeout_s=SETUP_TIMEOUT_S)
                if outcome.status not in setup.good:
                    words = f"what {task.plan.load.workload} needs beforehand was refused"
                    raise NodeFailed(f"{words}: {outcome.status}")


@dataclass(slots=True)
class _Run:
    """A run whose steps are signed."""

    stage: Stage
    load: Load
    directory: Path
    progress: Progress
    interrupted: bool = False

    def measure(self, signed: Signed, plan: FaultPlan) -> Measured:
        """Offer and compare."""
        stage, load = self.stage, self.load
        faults = Faults(plan, stage.network, stage.nodes, self.progress)
        nodes = [stage.located(node) for node in stage.nodes]
        bound_us, busy_before = verify_us(), load_average()
        task = OfferTask(self._batched(signed), tuple(n.url for n in nodes), self.directory)
        with load_process(task) as process:
            before = [probe(node) for node in nodes]
            self.progress(f"offering for {load.seconds:g} s")
            result = self._offer(process, faults)
            after = [_probe_again(stage.located(node)) for node in nodes]
        busy_after = load_average()
        if faults.is_restarting:
            self._await_back(faults)
            after = [
                _probe_again(stage.located(node)) if one is None else one
                for node, one in zip(nodes, after, strict=True)
            ]
        self.progress("comparing the nodes")
        alive = [node for node in nodes if node.name not in faults.dead]
        ids = read_ids(self.directory / ACKNOWLEDGED)
        start = min(one.height for one in before) + 1
        return Measured(
            load=load,
            names=[node.name for node in nodes],
            members=stage.members,
            accounts=len(stage.senders) + stage.crowd.count,
            result=result,
            before=before,
            after=after,
            agreement=check_agreement(alive, start, ids, [*stage.dead, *faults.dead]),
            machine=Machine(os.cpu_count() or 1, busy_before, busy_after),
            verify_us=bound_us,
            signing=signed.signing,
            dead=stage.dead,
            faults=faults.told(result),
            interrupted=self.interrupted,
        )

    def _batched(self, signed: Signed) -> Load:
        """The load, with requests that a node will take: some workloads have large steps."""
        size = sum(path.stat().st_size for path in self.directory.iterdir())
        mean = max(1, size // max(1, signed.signing.steps))
        return replace(self.load, batch=max(1, min(self.load.batch, REQUEST_SIZE // mean)))

    def _offer(self, process: LoadProcess, faults: Faults) -> LoadResult:
        """Let it go, do what is to go wrong meanwhile, and hear what it saw."""
        process.say("go")
        process.hear()
        began = told = time.monotonic()
        while True:
            try:
                faults.advance(time.monotonic() - began)
                line = process.hear(TICK_S)
            except KeyboardInterrupt:
                if self.interrupted:
                    raise
                self.interrupted = True
                self.progress("stopping: waiting for the last answers (Ctrl-C again: without them)")
                process.say("stop")
                continue
            if line is not None and not line.startswith("progress"):
                return read_result(line)
            if line is not None and time.monotonic() - told >= PROGRESS_EVERY_S:
                told = time.monotonic()
                decided = int(line.partition(" ")[2])
                seconds = told - began
                self.progress(f"  {seconds:.0f} s: {decided} decided, {decided / seconds:.0f}/s")

    def _await_back(self, faults: Faults) -> None:
        """A node that was restarted late in the run may still be on its way."""
        began = time.monotonic()
        while time.monotonic() - began < BACK_TIMEOUT_S:
            faults.advance(self.load.seconds + time.monotonic() - began)
            if not faults.is_restarting:
                return
            time.sleep(TICK_S)


def _probe_again(node: Node) -> Probe | None:
    """A node that was killed in the run may not answer."""
    try:
        return probe(node)
    except (NodeUnreachable, NodeRefused, NodeFailed):
        return None
