"""How long `hushang verify` takes: `python -m tests.bench.verify_time [RUNS]` (20 by default).

Wall time of whole processes, from their start to their end, on the bundles of the vectors; the best
and the median, since other work on the machine only adds to it.
"""

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from node.genesis_file import genesis_text
from tests.vectors.make_proofs import proofs
from tests.vectors.material import genesis

ROOT = Path(__file__).resolve().parent.parent.parent
RUNS = 20
NAMES = ("a balance", "an event", "claims of three epochs")


def times_s(file: Path, known: Path, runs: int) -> list[float]:
    """Each run's, sorted."""
    command = [sys.executable, str(ROOT / "cli.py"), "verify", str(file), "--genesis", str(known)]
    found = []
    for _ in range(runs):
        started = perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found.append(perf_counter() - started)
    return sorted(found)


def main(arguments: list[str]) -> int:
    """The command."""
    runs = int(arguments[0]) if arguments else RUNS
    rows = {row["name"]: bytes.fromhex(row["bundle"]) for row in proofs()["good"]}
    with TemporaryDirectory() as directory:
        known, file = Path(directory) / "genesis.json", Path(directory) / "a.hsproof"
        known.write_text(genesis_text(genesis()), "utf-8")
        for name in NAMES:
            file.write_bytes(rows[name])
            found = times_s(file, known, runs)
            best, middle = found[0] * 1000, median(found) * 1000
            sys.stdout.write(f"{name}: best {best:.0f} ms, median {middle:.0f} ms, {runs} runs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
