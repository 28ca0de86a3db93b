"""`python -m tests.sim`: run seeds, print one line of JSON each and a summary; 1 on any failure."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict

from tests.sim.profile import PROFILES
from tests.sim.simulation import Verdict, simulate


def main() -> int:
    """Parse, run, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--seeds", default="1..20", help="A..B, both included")
    parser.add_argument("--nodes", type=int, help="1 to 7; without: drawn from the seed")
    parser.add_argument("--profile", choices=PROFILES, default="all")
    parser.add_argument("--json", action="store_true", help="one line of JSON per seed")
    parser.add_argument("--real-signatures", action="store_true", default=None)
    parser.add_argument("--trace", type=int, default=0, metavar="LINES", help="print the newest")
    chosen = parser.parse_args()
    low, _, high = chosen.seeds.partition("..")
    seeds = [chosen.seed] if chosen.seed is not None else range(int(low), int(high or low) + 1)
    total: Counter[str] = Counter()
    failed = 0
    for seed in seeds:
        verdict, simulation = simulate(
            seed,
            nodes=chosen.nodes,
            profile=chosen.profile,
            real_signatures=chosen.real_signatures,
            trace_lines_max=chosen.trace,
        )
        total.update(verdict.counts)
        failed += not verdict.ok
        for line in simulation.world.trace.lines[-chosen.trace :] if chosen.trace else ():
            print(line, file=sys.stderr)
        if chosen.json or not verdict.ok:
            print(line_of(verdict), flush=True)
    print(
        json.dumps({"seeds": len(seeds), "failed": failed, "counts": dict(sorted(total.items()))})
    )
    return 1 if failed else 0


def line_of(verdict: Verdict) -> str:
    """One line of JSON."""
    found = asdict(verdict)
    if verdict.ok:
        del found["violation"]
    else:
        found["replay"] = verdict.command()
    return json.dumps(found)


if __name__ == "__main__":
    sys.exit(main())
