"""Many seeds on several processes, and what they went through, added up."""

import logging
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from time import process_time

from tests.sim.profile import nodes_of
from tests.sim.simulation import Verdict, simulate

# A run in which one of these never happened has proven nothing.
MUST_HAPPEN = (
    "byzantine",
    "clock_jumps",
    "clock_steps",
    "clogs",
    "convictions",
    "crashes",
    "deadlines",
    "disk_errors",
    "disks_full",
    "drops",
    "duplicates",
    "epochs",
    "evidence",
    "journal_flips",
    "journals_aged",
    "journals_lost",
    "keys_replaced",
    "lies",
    "muffles",
    "new_views",
    "newcomers",
    "partitions",
    "power_cuts",
    "refusals",
    "replays",
    "reproposals",
    "restarts",
    "seats_added",
    "seats_removed",
    "stops",
    "store_flips",
    "stores_lost",
    "submitted",
    "trades",
    "view_changes",
)
# Neither has one with fewer seeds, of a hundred, that have liars or that propose a block again.
BYZANTINE_PERCENT_MIN = 40
REPROPOSING_PERCENT_MIN = 10
# In which proportion a mixed batch takes the profiles; as long as no common factor with the
# sizes' turn (tests.sim.profile) lets each profile meet each size.
MIX = (
    *("all", "byzantine", "membership", "crash", "all", "network", "byzantine", "all", "calm"),
    *("all", "membership", "byzantine", "all", "crash", "network", "all", "membership", "all"),
    *("byzantine", "network"),
)
# So many seeds a process takes at a time.
CHUNK_SEEDS = 2


@dataclass(frozen=True)
class Job:
    """One seed to run."""

    seed: int
    profile: str
    nodes: int
    real_signatures: bool | None = None
    # 0: chaos lasts as long as the seed says.
    blocks: int = 0


@dataclass(frozen=True)
class Done:
    """A seed's verdict, and the processor time that it took."""

    verdict: Verdict
    cpu_s: float


def mixed(first: int, last: int) -> list[Job]:
    """Seeds `first`..`last` over all profiles and sizes."""
    return [Job(seed, MIX[seed % len(MIX)], nodes_of(seed)) for seed in range(first, last + 1)]


def run_job(job: Job) -> Done:
    """One seed, in whatever process."""
    begun_s = process_time()
    verdict, _ = simulate(
        job.seed,
        nodes=job.nodes,
        profile=job.profile,
        real_signatures=job.real_signatures,
        blocks=job.blocks,
    )
    return Done(verdict, process_time() - begun_s)


def run_all(jobs: Sequence[Job], processes: int) -> Iterator[Done]:
    """All verdicts in the order of the jobs."""
    if processes == 1:
        yield from map(run_job, jobs)
        return
    # Fresh interpreters: nothing of the caller's process is in them.
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_be_quiet) as pool:
        yield from pool.map(run_job, jobs, chunksize=CHUNK_SEEDS)


def _be_quiet() -> None:
    """Ctrl-C reaches every process of a terminal, and only the parent tells what was found so far.

    What the product logs about liars is no news.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)


class Total:
    """The sum of a batch."""

    def __init__(self) -> None:
        self.seeds = 0
        # Replay command and broken promise of each.
        self.failures: list[tuple[str, str]] = []
        self.byzantine_seeds = 0
        self.reproposing_seeds = 0
        self.heights = 0
        self.virtual_s = 0.0
        self.cpu_s = 0.0
        self.first_decision_ms_max = 0
        self.counts: Counter[str] = Counter()
        self.profiles: Counter[str] = Counter()
        self.nodes: Counter[int] = Counter()

    @property
    def failed(self) -> int:
        """Seeds that broke a promise."""
        return len(self.failures)

    def add(self, done: Done) -> None:
        """One more seed."""
        verdict = done.verdict
        self.seeds += 1
        if not verdict.ok:
            self.failures.append((verdict.command(), verdict.violation))
        self.byzantine_seeds += verdict.counts.get("byzantine", 0) > 0
        self.reproposing_seeds += verdict.counts.get("reproposals", 0) > 0
        self.heights += verdict.heights
        self.virtual_s += verdict.virtual_s
        self.cpu_s += done.cpu_s
        self.first_decision_ms_max = max(self.first_decision_ms_max, verdict.first_decision_ms)
        self.counts.update(verdict.counts)
        self.profiles[verdict.profile] += 1
        self.nodes[verdict.nodes] += 1

    def too_tame(self) -> list[str]:
        """What must happen in a batch of all profiles and did not, or too seldom."""
        found = [f"no {name}" for name in MUST_HAPPEN if not self.counts[name]]
        if 100 * self.byzantine_seeds < BYZANTINE_PERCENT_MIN * self.seeds:
            found.append(f"{self.byzantine_seeds} of {self.seeds} seeds with liars")
        if 100 * self.reproposing_seeds < REPROPOSING_PERCENT_MIN * self.seeds:
            found.append(f"{self.reproposing_seeds} of {self.seeds} seeds with a re-proposal")
        return found

    def summary(self) -> dict[str, object]:
        """All of it, for a line of JSON; no seed is ever excluded."""
        seeds = max(1, self.seeds)
        return {
            "seeds": self.seeds,
            "failed": self.failed,
            "excluded": 0,
            "byzantine_seeds": self.byzantine_seeds,
            "byzantine_percent": round(100 * self.byzantine_seeds / seeds, 1),
            "reproposing_seeds": self.reproposing_seeds,
            "reproposing_percent": round(100 * self.reproposing_seeds / seeds, 1),
            "profiles": dict(sorted(self.profiles.items())),
            "nodes": dict(sorted(self.nodes.items())),
            "heights": self.heights,
            "blocks_per_seed": round(self.heights / seeds, 1),
            "virtual_s": round(self.virtual_s, 3),
            "first_decision_ms_max": self.first_decision_ms_max,
            "cpu_s": round(self.cpu_s, 2),
            "seeds_per_s_per_core": round(self.seeds / max(self.cpu_s, 0.001), 2),
            "counts": dict(sorted(self.counts.items())),
        }
