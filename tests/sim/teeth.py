"""`python -m tests.sim.teeth`: plant each known bug and tell how many seeds find it.

A bug counts as found only if a promise is broken or the product stops by a named refusal, if the
product called what was planted, and if the same seed is clean without the plant. So neither a
plant that crashes by itself nor one that misses its place can pass for found. Exit 1 if any bug is
not found.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from time import process_time

from chain.errors import HushangError
from tests.sim.bugs import PlantMisplaced
from tests.sim.plants import PLANTS, planted
from tests.sim.simulation import simulate

SEEDS_MAX = 500
DETAIL_MAX = 160
# Where the bugs are: an error that is raised there is theirs, if it is not a named refusal.
PLANTED_IN = "bugs"


@dataclass(frozen=True)
class Bite:
    """A plant, and after how many seeds it was found (0: never), by which check."""

    name: str
    seeds: int
    by: str = ""
    detail: str = ""
    cpu_s: float = 0.0

    def row(self) -> tuple[str, str, str, str]:
        """For a table."""
        seeds = str(self.seeds) if self.seeds else "not found"
        return self.name, seeds, self.by, f"{self.cpu_s:.1f}"


def bite(name: str, seeds_max: int = SEEDS_MAX, first: int = 1) -> Bite:
    """Run seed after seed with the bug until one fails."""
    begun_s = process_time()
    plant = next(entry for entry in PLANTS if entry.name == name)
    for seed in range(first, first + seeds_max):
        try:
            with planted(plant) as touched:
                verdict, _ = simulate(seed, nodes=plant.nodes, profile=plant.profile)
        except PlantMisplaced as misplaced:
            return Bite(name, 0, "misplaced", str(misplaced))
        if verdict.ok:
            continue
        by, detail = read_violation(verdict.violation)
        if not touched.calls:
            by, detail = "", f"seed {seed}: the product never calls it, and yet: {detail}"
        elif by:
            clean, _ = simulate(seed, nodes=plant.nodes, profile=plant.profile)
            if not clean.ok:
                by, detail = "", f"seed {seed} fails without it: {clean.violation}"
        used_s = process_time() - begun_s
        return Bite(name, seed - first + 1 if by else 0, by, detail[:DETAIL_MAX], used_s)
    return Bite(name, 0, cpu_s=process_time() - begun_s)


def read_violation(violation: str) -> tuple[str, str]:
    """Which check found it, and how it showed; no check if the plant itself crashed."""
    kind, _, detail = violation.partition(": ")
    if kind == "Violation":
        promise, _, detail = detail.partition(": ")
        return promise, detail
    if kind in _refusals():
        return kind, detail
    if kind == "AssertionError" and f"({PLANTED_IN}" not in violation.replace("sim/", ""):
        return "an assert of the product", detail
    return "", f"the plant crashed: {violation}"


def _refusals() -> set[str]:
    """The names of everything that the product raises on purpose."""
    found: set[str] = set()
    waiting: list[type[HushangError]] = [HushangError]
    while waiting:
        kind = waiting.pop()
        found.add(kind.__name__)
        waiting += kind.__subclasses__()
    return found


def bites(names: Sequence[str], seeds_max: int, processes: int) -> Iterator[Bite]:
    """All of them, on several processes, in the order of their names."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(partial(bite, seeds_max=seeds_max), names)


def main() -> int:
    """Print a line for each plant; 1 if one was not found."""
    chosen = _parse()
    known = [plant.name for plant in PLANTS]
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        print(f"no such plant: {', '.join(unknown)}", file=sys.stderr)  # noqa: T201
        return 2
    names = chosen.names or known
    missed: list[Bite] = []
    cpu_s = 0.0
    if chosen.markdown:
        print("| planted bug | seeds until it is found | by | CPU s |\n|---|---|---|---|")  # noqa: T201
    for found in bites(names, chosen.seeds_max, chosen.jobs):
        print(_line(found, chosen), flush=True)  # noqa: T201
        cpu_s += found.cpu_s
        if not found.seeds:
            missed.append(found)
    told = f"{len(names) - len(missed)} of {len(names)} found, {cpu_s:.0f} s of CPU"
    print(told, file=sys.stderr)  # noqa: T201
    for entry in missed:
        print(f"not found: {entry.name} {entry.detail}", file=sys.stderr)  # noqa: T201
    return 1 if missed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.sim.teeth", description=__doc__)
    parser.add_argument("--seeds-max", type=int, default=SEEDS_MAX, metavar="N")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, help="processes")
    parser.add_argument("--markdown", action="store_true", help="a table for the docs")
    parser.add_argument("--json", action="store_true", help="one line of JSON per plant")
    parser.add_argument("names", nargs="*", help="without: all")
    return parser.parse_args()


def _line(found: Bite, chosen: argparse.Namespace) -> str:
    if chosen.json:
        return json.dumps(asdict(found))
    if chosen.markdown:
        return f"| {' | '.join(found.row())} |"
    name, seeds, by, cpu_s = found.row()
    return f"{name:<44} {seeds:>9}  {by:<32} {cpu_s:>7} s"


if __name__ == "__main__":
    sys.exit(main())
