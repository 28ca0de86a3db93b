"""How fast a backup is made, checked and restored.

    python -m tests.bench.backup [--transactions N]

Builds a chain on LevelDB, in blocks of 400 payments; then a backup as of a stopped node and one at
a live node's pace, which rests as long as it works.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from chain.store import open_store
from node.backup import BackupSource, Progress, check_backup, write_backup
from node.restore import restore
from tests.chain.world import World
from tests.node.parts import issue, payment

BLOCK_TRANSACTIONS = 400
T = TypeVar("T")


def timed(what: str, job: Callable[[], T], size: int = 0) -> T:
    """Run it, and print how long it took."""
    began = time.perf_counter()
    result = job()
    seconds = time.perf_counter() - began
    rate = f", {size / seconds / 1e6:.0f} MB/s" if size else ""
    sys.stdout.write(f"{what}: {seconds:.2f} s{rate}\n")
    return result


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=20_000)
    count: int = parser.parse_args().transactions
    with TemporaryDirectory() as name:
        folder = Path(name)
        with closing(open_store(folder / "db")) as store:
            world = World(store=store)
            world.decide(issue(world))
            for _ in range(count // BLOCK_TRANSACTIONS):
                world.decide(*(payment(world) for _ in range(BLOCK_TRANSACTIONS)))

            def copy(file: str, told: Callable[[Progress, float], None]) -> int:
                source = BackupSource.of(world.ledger, 0)
                return write_backup(source, folder / file, told).size

            size = copy("first", lambda *_: None)
            rows = check_backup(folder / "first").rows
            sys.stdout.write(f"{count} transactions: {rows} rows, {size / 1e6:.0f} MB\n")
            timed("backup, stopped node", lambda: copy("stopped", lambda *_: None), size)
            timed(
                "backup, live node's pace", lambda: copy("live", lambda _, s: time.sleep(s)), size
            )
        timed("check", lambda: check_backup(folder / "first"), size)
        timed("restore", lambda: restore(folder / "first", folder / "data", world.genesis), size)


if __name__ == "__main__":
    main()
