"""Many seeds on several processes, and what they went through, added up."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle
from multiprocessing import get_context

from tests.sim.simulation import Verdict, simulate

# A run in which one of these never happened has proven nothing.
MUST_HAPPEN = (
    "byzantine",
    "clogs",
    "crashes",
    "deadlines",
    "drops",
    "duplicates",
    "evidence",
    "lies",
    "muffles",
    "new_views",
    "partitions",
    "power_cuts",
    "replays",
    "reproposals",
    "restarts",
    "submitted",
    "trades",
    "view_changes",
)
# In which proportion a mixed batch takes the profiles.
MIX = ("all", "byzantine", "all", "crash", "all", "network", "byzantine", "all", "calm", "network")


@dataclass(frozen=True)
class Job:
    """One seed to run; `nodes` None: drawn from the seed."""

    seed: int
    profile: str
    nodes: int | None = None
    real_signatures: bool | None = None


def mixed(first: int, last: int) -> list[Job]:
    """Seeds `first`..`last` over all profiles."""
    return [
        Job(seed, profile)
        for seed, profile in zip(range(first, last + 1), cycle(MIX), strict=False)
    ]


def run_job(job: Job) -> Verdict:
    """One seed, in whatever process."""
    verdict, _ = simulate(
        job.seed, nodes=job.nodes, profile=job.profile, real_signatures=job.real_signatures
    )
    return verdict


def run_all(jobs: Sequence[Job], processes: int) -> Iterator[Verdict]:
    """All verdicts in the order of the jobs."""
    if processes == 1:
        yield from map(run_job, jobs)
        return
    # Fresh interpreters: nothing of the caller's process is in them.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run_job, jobs, chunksize=4)


@dataclass
class Total:
    """The sum of a batch."""

    seeds: int = 0
    failed: int = 0
    byzantine_seeds: int = 0
    reproposing_seeds: int = 0
    heights: int = 0
    virtual_s: float = 0.0
    first_decision_ms_max: int = 0

    def __post_init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, verdict: Verdict) -> None:
        """One more seed."""
        self.seeds += 1
        self.failed += not verdict.ok
        self.byzantine_seeds += verdict.counts.get("byzantine", 0) > 0
        self.reproposing_seeds += verdict.counts.get("reproposals", 0) > 0
        self.heights += verdict.heights
        self.virtual_s = round(self.virtual_s + verdict.virtual_s, 3)
        self.first_decision_ms_max = max(self.first_decision_ms_max, verdict.first_decision_ms)
        self.counts.update(verdict.counts)

    def missing(self) -> list[str]:
        """What must happen in a batch of all profiles and never did."""
        return [name for name in MUST_HAPPEN if not self.counts[name]]
