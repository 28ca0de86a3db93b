"""`python -m tests.sim`: run seeds, print one line of JSON each and a summary.

Exit 1 on any failure, or if a large run of all profiles was too tame to prove anything; 130 after
Ctrl-C, with the summary so far.
"""

import argparse
import json
import logging
import re
import sys
from dataclasses import asdict
from os import cpu_count

from tests.sim.batch import Job, Total, mixed, run_all
from tests.sim.profile import NODES_MAX, PROFILES, nodes_of
from tests.sim.progress import Progress
from tests.sim.simulation import Verdict, simulate

# Shorter runs may well go without one kind of fault.
TAME_SEEDS_MIN = 100
INTERRUPTED = 130


def main() -> int:
    """Parse, run, print."""
    chosen = _parse()
    # What the product logs about liars is no news.
    logging.disable(logging.CRITICAL)
    jobs = _jobs(chosen)
    if chosen.trace:
        _show(jobs, chosen.trace)
    processes = chosen.jobs or min(cpu_count() or 1, 1 + len(jobs) // 8)
    total = Total()
    interrupted = _run(jobs, processes, total, all_lines=chosen.json)
    print(json.dumps(total.summary()))
    if interrupted:
        return INTERRUPTED
    tame = total.too_tame() if total.seeds >= TAME_SEEDS_MIN else []
    if tame and chosen.profile in {"mix", "all"}:
        print(f"too tame: {'; '.join(tame)}", file=sys.stderr)
        return 1
    return 1 if total.failed else 0


def _run(jobs: list[Job], processes: int, total: Total, *, all_lines: bool) -> bool:
    """Run and count all jobs; True if Ctrl-C came before the last."""
    progress = Progress(len(jobs))
    try:
        for done in run_all(jobs, processes):
            total.add(done)
            if all_lines or not done.verdict.ok:
                progress.end()
                print(line_of(done.verdict), flush=True)
            progress.tell(total.seeds, total.failed)
    except KeyboardInterrupt:
        return True
    finally:
        progress.end()
    return False


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", type=int, help="run this one only")
    which.add_argument(
        "--seeds", default="1..20", type=_range, metavar="A..B", help="run these, A and B included"
    )
    parser.add_argument(
        "--nodes", type=_sizes, metavar="N[,N...]", help="in turns; without: 4 to 10, some 1 to 3"
    )
    parser.add_argument("--profile", choices=(*PROFILES, "mix"), default="all")
    parser.add_argument("--json", action="store_true", help="one line per seed, not only failures")
    parser.add_argument("--real-signatures", action="store_true", default=None)
    parser.add_argument(
        "--blocks", type=int, default=0, help="chaos lasts until so many are decided"
    )
    parser.add_argument("--jobs", type=int, help="how many processes; without: one per core")
    parser.add_argument("--trace", type=int, default=0, metavar="LINES", help="show its end")
    return parser.parse_args()


def _range(text: str) -> range:
    found = re.fullmatch(r"(\d+)(?:\.\.(\d+))?", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text}: say 7 or 1..200")
    seeds = range(int(found[1]), int(found[2] or found[1]) + 1)
    if not seeds:
        raise argparse.ArgumentTypeError(f"{text} are no seeds: the first one comes first")
    return seeds


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part) for part in text.split(",") if part.isdigit())
    if not sizes or text.count(",") != len(sizes) - 1 or not 1 <= min(sizes) <= max(sizes):
        raise argparse.ArgumentTypeError(f"{text}: say 4 or 4,5,6,7,10")
    if max(sizes) > NODES_MAX:
        raise argparse.ArgumentTypeError(f"at most {NODES_MAX} nodes")
    return sizes


def _jobs(chosen: argparse.Namespace) -> list[Job]:
    seeds = chosen.seeds if chosen.seed is None else range(chosen.seed, chosen.seed + 1)
    jobs = []
    for seed, job in zip(seeds, mixed(seeds.start, seeds.stop - 1), strict=True):
        profile = job.profile if chosen.profile == "mix" else chosen.profile
        sizes = chosen.nodes
        nodes = sizes[seed % len(sizes)] if sizes else nodes_of(seed)
        jobs.append(Job(seed, profile, nodes, chosen.real_signatures, chosen.blocks))
    return jobs


def _show(jobs: list[Job], lines: int) -> None:
    """The newest lines of each seed's trace, for people."""
    for job in jobs:
        _, simulation = simulate(
            job.seed,
            nodes=job.nodes,
            profile=job.profile,
            real_signatures=job.real_signatures,
            blocks=job.blocks,
            trace_lines_max=lines,
        )
        for line in simulation.world.trace.lines[-lines:]:
            print(line, file=sys.stderr)


def line_of(verdict: Verdict) -> str:
    """One line of JSON."""
    found = asdict(verdict)
    del found["options"]
    if verdict.ok:
        del found["violation"]
    else:
        found["replay"] = verdict.command()
    return json.dumps(found)


if __name__ == "__main__":
    sys.exit(main())
