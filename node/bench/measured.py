"""What a bench has measured: the language between the runner and the report.

Times are in seconds from the run's begin unless their name says otherwise. A *step* is one offered
transaction; an *operation* one piece of work in it (an event of a document).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from node.bench.histogram import Histogram
from node.bench.plan import Load


@dataclass(frozen=True, slots=True)
class Second:
    """One second of a run: how many steps were due in it, and what was decided in it.

    `latency` is of the steps whose answer came in this second.
    """

    offered: int
    decided: int
    operations: int
    latency: Histogram


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which no decision was told, while something waited for one."""

    begin_s: float
    end_s: float

    @property
    def took_s(self) -> float:
        """How long it was."""
        return self.end_s - self.begin_s


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the load process saw.

    A latency counts from the moment when the step was due (closed loop: taken) until the answer
    with its receipt was here. `offered` counts every step that was due, `decided` every receipt,
    also those that name a broken rule (`failed`, by rule); `refused` is what got no receipt, by
    code, `OutcomeUnknown` among them. `offered` = `decided` + all of `refused`.
    """

    offered: int
    decided: int
    decided_operations: int
    # Signatures that a node had to check for what was decided.
    decided_signatures: int
    refused: Mapping[str, int]
    failed: Mapping[str, int]
    # The longest wait that a refusal asked for, by its code; of those that asked.
    retry_after_ms: Mapping[str, int]
    # Refusals that were waited out (closed loop) or offered to another node, by code; none of them
    # is the step's outcome.
    retried: Mapping[str, int]
    latency: Histogram
    # By the steps' kind; a workload of one kind has one.
    latency_by_kind: Mapping[str, Histogram]
    seconds: Sequence[Second]
    # The longest first, few.
    pauses: Sequence[Pause]
    # The last step's due time, and the last decision.
    offered_s: float
    decided_s: float
    # Chains that went no further because a step was refused or broke a rule.
    broken_chains: int
    # The load process's own CPU time, and how far it fell behind its own schedule at worst.
    cpu_s: float
    late_ms: float
    # Everything that was signed had been offered before the time was over (closed loop).
    ran_out: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """A node at one moment; None where its system, or a node that is far away, doesn't tell.

    `sent_bytes` and `received_bytes` are those of its connections to the other nodes.
    """

    cpu_s: float | None
    rss_bytes: int | None
    # Without the files that it maps (LevelDB's tables).
    rss_anon_bytes: int | None
    height: int
    view: int
    sent_bytes: int
    received_bytes: int
    disk_bytes: int | None
    # When the process began, by its own clock: another one means that it was restarted.
    started_ms: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Up to `height` all nodes have the same blocks and state roots; what they lack is listed."""

    height: int
    blocks: int
    acknowledged: int
    receipts_compared: int
    # Ids that were acknowledged and are not in every node's blocks, or whose receipts differ.
    missing: tuple[str, ...]
    differing: tuple[str, ...]
    # Heights whose header or state root is not the same on all nodes.
    forked: tuple[int, ...]
    # Blocks that hold transactions, how many they hold together, and the most in one.
    filled_blocks: int = 0
    transactions: int = 0
    largest_block: int = 0
    # Heights that were decided in another view than the height before.
    view_changes: int = 0
    # Nodes that were left out because they were dead at the end.
    dead: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Is everything that was acknowledged the same on every node?"""
        return not (self.missing or self.differing or self.forked)


@dataclass(frozen=True, slots=True)
class Fault:
    """A node that was killed in the run, and what it cost.

    `decided_again_s` is the time from the kill to the next decision after the longest pause that
    it caused; None if nothing was decided any more. `restarted_at_s` and `back_s` (from the restart
    until it was ready again) are None if it stayed dead, `back_s` also if it didn't come back.
    """

    node: str
    was_primary: bool
    killed_at_s: float
    decided_again_s: float | None
    restarted_at_s: float | None = None
    back_s: float | None = None


@dataclass(frozen=True, slots=True)
class Signing:
    """What was signed beforehand: steps, CPU seconds in all signing processes, their number."""

    steps: int
    cpu_s: float
    took_s: float
    processes: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the bench ran; load averages over a minute, None where the system doesn't tell."""

    cores: int
    load_before: float | None
    load_after: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `before` and `after` are in the order of `names`, the nodes that were offered to,
    with None for a node that did not answer then.

    `members` is how many nodes the committee has, `dead` those that were dead before it began.
    `verify_us` is what checking one signature takes a core of this machine, measured just before
    the run. `accounts` is how many senders there were.
    """

    load: Load
    names: Sequence[str]
    members: int
    accounts: int
    result: LoadResult
    before: Sequence[Probe | None]
    after: Sequence[Probe | None]
    agreement: Agreement
    machine: Machine
    verify_us: float
    signing: Signing
    dead: Sequence[str] = ()
    faults: Sequence[Fault] = ()
    # Ctrl-C came: this is what was measured until then.
    interrupted: bool = False

    @property
    def steady_per_s(self) -> float:
        """Decided steps a second between the first and the last second of the load.

        A run that is too short for that has the rate until its last decision.
        """
        inner = self.result.seconds[1 : max(1, int(self.load.seconds) - 1)]
        if inner and self.result.decided_s >= 1 + len(inner):
            return sum(second.decided for second in inner) / len(inner)
        took_s = self.result.decided_s
        return self.result.decided / took_s if took_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Ramp:
    """A search for saturation: a closed-loop probe, then fixed rates in ascending order.

    `peak` is the run that decided most a second in its steady part; `overload` offered
    `overload_factor` times that.
    """

    probe: Measured
    steps: Sequence[Measured]
    peak: Measured
    overload_factor: float | None = None
    overload: Measured | None = None

    @property
    def runs(self) -> Sequence[Measured]:
        """All of them in the order in which they ran."""
        overload = [] if self.overload is None else [self.overload]
        return [self.probe, *self.steps, *overload]


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same load several times; `median` is the run with the median decided rate."""

    runs: Sequence[Measured] = field(default_factory=tuple)

    @property
    def median(self) -> Measured:
        """The run in the middle; of an even number the lower one."""
        ordered = sorted(self.runs, key=lambda run: run.steady_per_s)
        return ordered[(len(ordered) - 1) // 2]
