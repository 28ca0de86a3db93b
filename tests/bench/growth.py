"""Does a transaction cost more where there is more? `python -m tests.bench.growth`.

Grows one chain on LevelDB (sqlite3 where that is missing) to 10^4, 10^5 and 10^6 accounts with a
tenth as many orders, and measures at each size the CPU of blocks of 400 transfers between random
accounts, of 400 between the same thousand, and of 100 shipments, deliveries and confirmations of
random orders: executed, the state tree staged, written with an fsync. "after a start" is the first
block of a ledger that was closed and opened again, all of its caches empty; the system's page cache
is not. Compaction is that of LevelDB's own thread, mostly of what growing has written.

    python -m tests.bench.growth --accounts 1000000 --orders 100000
    python -m tests.bench.growth --accounts 100000            # quicker
"""

import argparse
import cProfile
import pstats
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from time import perf_counter, process_time, thread_time
from typing import Final

from chain.store import open_store
from chain.store_contract import Kind
from chain.transaction import ReceivedTransaction
from tests.bench.grown_chain import GrownChain, parcels_in
from tests.bench.memory_use import anonymous_mib
from tests.bench.stages_of_commerce import genesis_with_prefix

SMALLEST: Final = 10_000
STEP: Final = 10
TRANSFERS: Final = 400
TRADES: Final = 100
BLOCKS: Final = 8
ROUNDS: Final = 3
HOT_ACCOUNTS: Final = 1_000
ORDERS_MIN: Final = 2 * ROUNDS * TRADES
PROFILE_LINES: Final = 20
SEED: Final = 1


class WatchedStore:
    """The store that a node would have, and the reads and the time that they and writes took."""

    def __init__(self, path: Path) -> None:
        self._store = open_store(path)
        self.clear()

    def clear(self) -> None:
        """Count from nothing."""
        self.gets, self.get_s, self.write_s = 0, 0.0, 0.0

    @property
    def kind(self) -> Kind:
        return self._store.kind

    def get(self, key: bytes) -> bytes | None:
        began = thread_time()
        found = self._store.get(key)
        self.get_s += thread_time() - began
        self.gets += 1
        return found

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        return self._store.scan(start, stop, reverse=reverse)

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        began = thread_time()
        self._store.write(batch, sync=sync)
        self.write_s += thread_time() - began

    def close(self) -> None:
        self._store.close()


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one transaction: CPU microseconds, and reads of the store.

    `cpu_us` is that of the ledger's thread; LevelDB's own thread, which compacts, is in `all_us`.
    """

    cpu_us: float
    all_us: float
    get_us: float
    write_us: float
    gets: float


@dataclass(slots=True)
class Bench:
    """One chain in a directory, and its open store."""

    path: Path
    store: WatchedStore
    chain: GrownChain
    chance: Random

    @classmethod
    def found(cls, path: Path) -> "Bench":
        """A new chain."""
        store = WatchedStore(path)
        return cls(path, store, GrownChain(store, genesis_with_prefix()), Random(SEED))

    def restart(self) -> None:
        """Close and open again: every cache of this process is empty."""
        self.store.close()
        self.store = WatchedStore(self.path)
        self.chain.reopen(self.store)

    def cost(self, block: Sequence[ReceivedTransaction]) -> Cost:
        """What deciding this block costs a transaction."""
        self.store.clear()
        began, all_began = thread_time(), process_time()
        self.chain.decide(block)
        used_s, all_s = thread_time() - began, process_time() - all_began
        us, store = 1e6 / len(block), self.store
        return Cost(
            cpu_us=used_s * us,
            all_us=all_s * us,
            get_us=store.get_s * us,
            write_us=store.write_s * us,
            gets=store.gets / len(block),
        )

    def transfers(self, among: int, blocks: int = 1) -> Cost:
        """A block of transfers; of several, the one that other work on the machine hurt least."""
        drawn = (self.chain.transfers(self.chance, TRANSFERS, among) for _ in range(blocks))
        return min((self.cost(block) for block in drawn), key=lambda cost: cost.cpu_us)

    def trades(self, rounds: int = 1) -> Cost:
        """The mean of a block each of shipments, deliveries, confirmations; of the best round."""
        drawn = (self.chain.draw_orders(self.chance, TRADES) for _ in range(rounds))
        means = (_mean([self.cost(block) for block in self._steps(orders)]) for orders in drawn)
        return min(means, key=lambda cost: cost.cpu_us)

    def _steps(self, orders: Sequence[tuple[int, bytes]]) -> Iterator[list[ReceivedTransaction]]:
        chain, ledger = self.chain, self.chain.world.ledger
        yield chain.shipments(orders)
        parcels = parcels_in(ledger.receipts(ledger.tip.height))
        yield chain.deliveries(parcels)
        yield chain.confirmations(orders, parcels)

    def profile(self, accounts: int) -> None:
        """The functions in which blocks of transfers between random accounts spend their time."""
        blocks = [self.chain.transfers(self.chance, TRANSFERS, accounts) for _ in range(BLOCKS)]
        profile = cProfile.Profile()
        for block in blocks:
            profile.runcall(self.chain.decide, block)
        pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)

    def grow(self, accounts: int, orders: int) -> Mapping[str, Cost]:
        """Grow to a size, and measure there."""
        began = perf_counter()
        self.chain.open_accounts(accounts)
        self.chain.place_orders(orders)
        _say(f"\n{accounts} accounts, {orders} orders ({perf_counter() - began:.0f} s to make)")
        self.restart()
        before_mib = anonymous_mib()
        found = {
            "transfer, after a start": self.transfers(accounts),
            "transfer, random accounts": self.transfers(accounts, BLOCKS),
            "transfer, the same thousand": self.transfers(HOT_ACCOUNTS, BLOCKS),
        }
        self.restart()
        found["trade, after a start"] = self.trades()
        found["trade, random orders"] = self.trades(ROUNDS)
        for name, cost in found.items():
            _say(
                f"{name:28} {cost.cpu_us:6.0f} µs a transaction, with compaction"
                f" {cost.all_us:6.0f}; store: {cost.gets:4.1f} reads {cost.get_us:5.0f} µs,"
                f" write {cost.write_us:4.0f} µs"
            )
        _say(f"RssAnon {before_mib:.0f} MiB before these blocks, {anonymous_mib():.0f} after")
        return found


def _mean(costs: Sequence[Cost]) -> Cost:
    return Cost(
        *(sum(getattr(cost, field.name) for cost in costs) / len(costs) for field in fields(Cost))
    )


def sizes_up_to(accounts: int, smallest: int) -> Iterator[int]:
    """Ten times as many at each step, and the size asked for."""
    size = smallest
    while size < accounts:
        yield size
        size *= STEP
    yield accounts


def measure(
    path: Path, accounts: int, orders: int, smallest: int, *, profile: bool = False
) -> dict[str, float]:
    """Grow, measure and print; how much more each costs at the largest size than at the least."""
    bench = Bench.found(path)
    found = []
    try:
        for size in sizes_up_to(accounts, smallest):
            found.append(bench.grow(size, max(ORDERS_MIN, orders * size // accounts)))
            if profile:
                bench.profile(size)
    finally:
        bench.store.close()
    first, last = found[0], found[-1]
    return {name: last[name].cpu_us / first[name].cpu_us for name in first}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.growth",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, help="a tenth of the accounts by default")
    parser.add_argument("--smallest", type=int, default=SMALLEST, help="accounts at the first size")
    parser.add_argument("--profile", action="store_true", help="where the time goes, at each size")
    args = parser.parse_args()
    orders = args.accounts // STEP if args.orders is None else args.orders
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        ratios = measure(path, args.accounts, orders, args.smallest, profile=args.profile)
    _say("")
    for name, ratio in ratios.items():
        _say(f"{name:28} {ratio:5.2f} times the cost of the smallest size")


if __name__ == "__main__":
    main()
