"""One state root, whatever the process is like: `python -m tests.bench.one_root`.

A history of 2,000 transactions of every kind is made once and replayed in processes of 20 hash
seeds, 3 locales, 3 time zones, with and without -O: all must come to the same roots and rows.
Without --full each seed meets every locale, time zone and -O in three runs; --full is the product.
`--python PATH` (repeatable) adds interpreters that can import msgpack, nacl, typing_extensions.
"""

import argparse
import locale
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from chain.archive import ArchivedBlock
from chain.block import Block, Certificate
from chain.codec import decode, encode
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from chain.transaction import read_transaction
from commerce.audit import full_check
from commerce.registry import Registry
from node.archive import Archive, write_archive
from tests.node.audit.chains import Trading, founding

ROOT = Path(__file__).parent.parent.parent
SEEDS = 20
LOCALES = ("C", "zh_CN.UTF-8", "tr_TR.UTF-8")
ZONES = ("UTC", "Asia/Shanghai", "America/St_Johns")
TRANSACTIONS = 2_000
PER_BLOCK = 40
GENESIS_FILE = "genesis.bin"
TIMEOUT_S = 600


@dataclass(frozen=True, slots=True)
class Setting:
    """What one process is like."""

    python: str
    seed: int
    locale: str
    zone: str
    optimised: bool
    # PYTHONINTMAXSTRDIGITS; "" leaves it as it is.
    digits: str = ""

    @property
    def words(self) -> str:
        """For people."""
        flag = " -O" if self.optimised else ""
        digits = f" {self.digits} digits" if self.digits else ""
        return f"{self.python}{flag} seed {self.seed} {self.locale} {self.zone}{digits}"


def record(folder: Path, transactions: int = TRANSACTIONS) -> int:
    """Make the history, and file it with its genesis; its height."""
    trading = Trading(MemoryStore(), seed=3)
    blocks = 2 * transactions // (PER_BLOCK * 3)
    trading.play(blocks, PER_BLOCK)
    trading.grow()
    ledger = trading.ledger
    while sum(_count(ledger, height) for height in range(ledger.tip.height + 1)) < transactions:
        trading.play(ledger.tip.height + 1, PER_BLOCK)
    heights = range(1, ledger.tip.height + 1)
    filed = (
        ArchivedBlock(
            height,
            ledger.block_bytes(height) or b"",
            ledger.certificate_bytes(height) or b"",
            tuple(encode(receipt) for receipt in ledger.receipts(height)),
        )
        for height in heights
    )
    write_archive(folder, ledger.chain.genesis_hash, (1, ledger.tip.height), filed)
    (folder / GENESIS_FILE).write_bytes(encode(founding()))
    return ledger.tip.height


def _count(ledger: Ledger, height: int) -> int:
    header = ledger.header(height)
    return 0 if header is None else header.transactions_count


def replay(folder: Path) -> str:
    """Replay the history; its height, tip, state root, and one hash over every row of the store."""
    genesis = decode(Genesis, (folder / GENESIS_FILE).read_bytes())
    ledger = Ledger(MemoryStore(), genesis, Registry())
    archive = Archive(folder, genesis.hash())
    for height in range(1, archive.covered_from(1)):
        filed = archive.at(height)
        block = decode(Block, filed.block)
        bodies = [read_transaction(raw, ledger.rules) for raw in block.bodies]
        executed = ledger.execute(block.header, bodies)
        if tuple(map(encode, executed.result.receipts)) != filed.receipts:
            raise SystemExit(f"other receipts at height {height}")
        ledger.write(executed, decode(Certificate, filed.certificate))
    archive.close()
    full_check(ledger.state)
    rows = sha256()
    for key, value in ledger.store.scan(b"", b"\xff" * 9):
        rows.update(len(key).to_bytes(4) + key + len(value).to_bytes(4) + value)
    tip = ledger.tip
    return f"{tip.height} {tip.digest.hex()} {tip.state_root.hex()} {rows.hexdigest()}"


def settings(pythons: Sequence[str], *, full: bool) -> Iterator[Setting]:
    """The processes to run; without `full`, three for each seed and interpreter."""
    every = list(product(LOCALES, ZONES, (False, True)))
    for python, seed in product(pythons, range(SEEDS)):
        if full:
            chosen = every
        else:
            chosen = [
                (LOCALES[turn], ZONES[(turn + seed) % 3], (turn + seed // 3) % 2 == 0)
                for turn in range(3)
            ]
        for name, zone, optimised in chosen:
            yield Setting(python, seed, name, zone, optimised)


def run(setting: Setting, folder: Path) -> str:
    """The line of one process; what went wrong, where it fails."""
    flags = ["-O"] if setting.optimised else []
    command = [setting.python, *flags, "-m", "tests.bench.one_root", "--replay", str(folder)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=_environment(setting),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else f"failed: {done.stderr.strip()[-300:]}"


def _environment(setting: Setting) -> Mapping[str, str]:
    own = {
        "PYTHONHASHSEED": str(setting.seed),
        "LC_ALL": setting.locale,
        "TZ": setting.zone,
        # Compiled files of -O and of other interpreters would only litter.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    if setting.digits:
        own["PYTHONINTMAXSTRDIGITS"] = setting.digits
    return {**os.environ, **own}


def main() -> int:
    """Run them all; 0 if they agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the whole product of settings")
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--replay", type=Path, help="replay the history in this directory")
    chosen = parser.parse_args()
    if chosen.replay is not None:
        with suppress(locale.Error):
            # Where the locale isn't installed, its name in the environment is all there is.
            locale.setlocale(locale.LC_ALL, "")
        time.tzset()
        sys.stdout.write(replay(chosen.replay) + "\n")
        return 0
    wanted = list(settings([sys.executable, *chosen.python], full=chosen.full))
    return compare(wanted, chosen.jobs, _recorded)


def _recorded(folder: Path) -> str:
    return f"{TRANSACTIONS} transactions, {record(folder)} heights"


def compare(wanted: Sequence[Setting], jobs: int, make: Callable[[Path], str]) -> int:
    """Make a history in a directory, which says what it has, and replay it; 0 if all agree."""
    started = time.monotonic()
    with TemporaryDirectory() as name, ThreadPoolExecutor(jobs) as pool:
        folder = Path(name)
        sys.stdout.write(f"{make(folder)}, {len(wanted)} runs\n")
        outcomes: dict[str, list[Setting]] = {}
        lines = pool.map(lambda setting: run(setting, folder), wanted)
        for setting, line in zip(wanted, lines, strict=True):
            outcomes.setdefault(line, []).append(setting)
    for line, who in outcomes.items():
        sys.stdout.write(f"{len(who)} runs: {line}\n")
        if len(outcomes) > 1:
            sys.stdout.write(f"  first: {who[0].words}\n")
    sys.stdout.write(f"{time.monotonic() - started:.0f} s\n")
    agreed = len(outcomes) == 1 and not next(iter(outcomes)).startswith("failed")
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
