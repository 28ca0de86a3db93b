"""`python -m tests.sim.teeth`: plant each known bug and tell how many seeds find it."""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context

from tests.sim.plants import PLANTS, planted
from tests.sim.simulation import simulate


@dataclass(frozen=True)
class Bite:
    """A plant, and after how many seeds it was found (0: never), by which broken promise."""

    name: str
    seeds: int
    violation: str = ""


def bite(name: str, seeds_max: int) -> Bite:
    """Run seeds 1, 2, … with the bug until one fails."""
    plant = next(entry for entry in PLANTS if entry.name == name)
    with planted(plant):
        for seed in range(1, seeds_max + 1):
            verdict, _ = simulate(seed, nodes=plant.nodes, profile=plant.profile)
            if not verdict.ok:
                return Bite(name, seed, verdict.violation)
    return Bite(name, 0)


def bites(names: list[str], seeds_max: int, processes: int) -> Iterator[Bite]:
    """All of them, on several processes."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(bite, seeds_max=seeds_max), names)


def main() -> int:
    """Print a line for each plant; 1 if one was not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim.teeth", description=__doc__)
    parser.add_argument("--seeds-max", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("names", nargs="*", help="without: all")
    chosen = parser.parse_args()
    missed = 0
    for found in bites(chosen.names or [p.name for p in PLANTS], chosen.seeds_max, chosen.jobs):
        missed += found.seeds == 0
        print(json.dumps(asdict(found)), flush=True)  # noqa: T201
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
