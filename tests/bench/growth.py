"""Does a transaction cost more where there is more? `python -m tests.bench.growth`.

Grows one chain on LevelDB (sqlite3 where that is missing) to 10^4, 10^5 and 10^6 accounts with a
tenth as many orders, and measures at each size the CPU of blocks of 400 transfers between random
accounts, of 400 between the same thousand, and of 100 shipments, deliveries and confirmations of
random orders: executed, the state tree staged, written with an fsync. "after a start" is the first
block in a process that has just opened the chain, all of its caches empty (the system's page cache
is not); the others come once nearly every page of the state tree was read. Compaction is that of
LevelDB's own thread, mostly of what growing has written.

    python -m tests.bench.growth --accounts 1000000 --orders 100000
    python -m tests.bench.growth --accounts 100000            # quicker
"""

import cProfile
import pstats
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from random import Random
from time import perf_counter, process_time, thread_time
from typing import Final, TypeVar

from chain.store import open_store
from chain.store_contract import Kind
from chain.transaction import ReceivedTransaction
from tests.bench.command import command, say
from tests.bench.grown_chain import Grown, GrownChain, parcels_in
from tests.bench.memory_use import anonymous_mib

SMALLEST: Final = 10_000
STEP: Final = 10
TRANSFERS: Final = 400
TRADES: Final = 100
BLOCKS: Final = 8
ROUNDS: Final = 3
HOT_ACCOUNTS: Final = 1_000
ORDERS_MIN: Final = 2 * ROUNDS * TRADES
PROFILE_LINES: Final = 20
# The state tree keeps what lies below 16^4 prefixes in pages, read when they are needed first.
TREE_PAGES: Final = 65_536
WARM_SHARE: Final = 1
T = TypeVar("T")


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

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        return self._store.tails(prefixes)

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


class Bench:
    """One chain in a directory, open in this process."""

    def __init__(self, path: Path, grown: Grown) -> None:
        self.store = WatchedStore(path)
        self.chain = GrownChain(self.store, grown)
        self.chance = Random(grown.next_nonce)

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

    def warm(self) -> None:
        """Touch accounts until nearly each page of the state tree was read once."""
        touched = min(self.chain.grown.accounts, TREE_PAGES)
        for _ in range(-(-WARM_SHARE * touched // TRANSFERS)):
            self.transfers(self.chain.grown.accounts)

    def profile(self) -> None:
        """The functions in which a block of transfers between random accounts spends its time."""
        block = self.chain.transfers(self.chance, TRANSFERS, self.chain.grown.accounts)
        profile = cProfile.Profile()
        profile.runcall(self.chain.decide, block)
        pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)


def grow(path: Path, grown: Grown, accounts: int, orders: int) -> Grown:
    """Grow the chain; in a process of its own, whose memory goes with it."""
    bench = Bench(path, grown)
    bench.chain.open_accounts(accounts)
    bench.chain.place_orders(orders)
    bench.store.close()
    return bench.chain.grown


def costs(path: Path, grown: Grown, *, profile: bool) -> tuple[Grown, dict[str, Cost]]:
    """What a transaction costs, in a process that has just begun; printed too."""
    bench = Bench(path, grown)
    accounts, start_mib = grown.accounts, anonymous_mib()
    found = {"trade, after a start": bench.trades()}
    found["transfer, after a start"] = bench.transfers(accounts)
    if profile:
        bench.profile()
    bench.warm()
    found["transfer, random accounts"] = bench.transfers(accounts, BLOCKS)
    found["transfer, the same thousand"] = bench.transfers(HOT_ACCOUNTS, BLOCKS)
    found["trade, random orders"] = bench.trades(ROUNDS)
    if profile:
        bench.profile()
    for name, cost in found.items():
        say(
            f"{name:28} {cost.cpu_us:6.0f} µs a transaction, with compaction"
            f" {cost.all_us:6.0f}; store: {cost.gets:4.1f} reads {cost.get_us:5.0f} µs,"
            f" write {cost.write_us:4.0f} µs"
        )
    say(f"RssAnon {start_mib:.0f} MiB after the start, {anonymous_mib():.0f} in the end")
    bench.store.close()
    return grown, found


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
    grown, found = Grown(), []
    for size in sizes_up_to(accounts, smallest):
        began, wanted = perf_counter(), max(ORDERS_MIN, orders * size // accounts)
        grown = _apart(partial(grow, path, grown, size, wanted))
        took_s = perf_counter() - began
        say(f"\n{size} accounts, {len(grown.orders)} orders ({took_s:.0f} s to make)")
        grown, cost = _apart(partial(costs, path, grown, profile=profile))
        found.append(cost)
    first, last = found[0], found[-1]
    return {name: last[name].cpu_us / first[name].cpu_us for name in first}


def _apart(job: Callable[[], T]) -> T:
    """Do it in a process that has nothing of this one's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(job).result()


def main() -> None:
    """Parse, measure, print."""
    parser = command("growth", __doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--orders", type=int, help="a tenth of the accounts by default")
    parser.add_argument("--smallest", type=int, default=SMALLEST, help="accounts at the first size")
    parser.add_argument("--profile", action="store_true", help="where the time goes, at each size")
    args = parser.parse_args()
    orders = args.accounts // STEP if args.orders is None else args.orders
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        ratios = measure(path, args.accounts, orders, args.smallest, profile=args.profile)
    say("")
    for name, ratio in ratios.items():
        say(f"{name:28} {ratio:5.2f} times the cost of the smallest size")


if __name__ == "__main__":
    main()
