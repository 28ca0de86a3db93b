"""`python -m tests.sim`: run seeds, print one line of JSON each and a summary.

Exit 1 on any failure, or if a large run of all profiles was too tame to prove anything.
"""

import argparse
import json
import sys
from dataclasses import asdict
from os import cpu_count

from tests.sim.batch import Job, Total, mixed, run_all
from tests.sim.profile import PROFILES
from tests.sim.simulation import Verdict, simulate

# Shorter runs may well go without one kind of fault.
TAME_SEEDS_MIN = 100


def main() -> int:
    """Parse, run, print."""
    chosen = _parse()
    if chosen.trace:
        _show(chosen)
    total = Total()
    jobs = _jobs(chosen)
    for verdict in run_all(jobs, chosen.jobs or min(cpu_count() or 1, 1 + len(jobs) // 8)):
        total.add(verdict)
        if chosen.json or not verdict.ok:
            print(line_of(verdict), flush=True)
    missing = total.missing() if total.seeds >= TAME_SEEDS_MIN else []
    print(summary_of(total))
    if missing and chosen.profile in {"mix", "all"}:
        print(f"too tame: no {', '.join(missing)}", file=sys.stderr)
        return 1
    return 1 if total.failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--seeds", default="1..20", metavar="A..B", help="both included")
    parser.add_argument("--nodes", type=int, help="without: 1 to 7, drawn from the seed")
    parser.add_argument("--profile", choices=(*PROFILES, "mix"), default="all")
    parser.add_argument("--json", action="store_true", help="one line per seed, not only failures")
    parser.add_argument("--real-signatures", action="store_true", default=None)
    parser.add_argument("--jobs", type=int, help="how many processes; without: one per core")
    parser.add_argument("--trace", type=int, default=0, metavar="LINES", help="show the newest")
    return parser.parse_args()


def _jobs(chosen: argparse.Namespace) -> list[Job]:
    low, _, high = chosen.seeds.partition("..")
    first, last = (int(low), int(high or low)) if chosen.seed is None else (chosen.seed,) * 2
    if chosen.profile == "mix":
        return mixed(first, last)
    return [
        Job(seed, chosen.profile, chosen.nodes, chosen.real_signatures)
        for seed in range(first, last + 1)
    ]


def _show(chosen: argparse.Namespace) -> None:
    """The newest lines of each seed's trace, for people."""
    for job in _jobs(chosen):
        _, simulation = simulate(
            job.seed,
            nodes=job.nodes,
            profile=job.profile,
            real_signatures=job.real_signatures,
            trace_lines_max=chosen.trace,
        )
        for line in simulation.world.trace.lines[-chosen.trace :]:
            print(line, file=sys.stderr)


def line_of(verdict: Verdict) -> str:
    """One line of JSON."""
    found = asdict(verdict)
    if verdict.ok:
        del found["violation"]
    else:
        found["replay"] = verdict.command()
    return json.dumps(found)


def summary_of(total: Total) -> str:
    """The last line: everything added up."""
    return json.dumps(asdict(total) | {"counts": dict(sorted(total.counts.items()))})


if __name__ == "__main__":
    sys.exit(main())
