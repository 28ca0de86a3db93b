"""What the state tree costs: `python -m tests.bench.bench_tree --keys 1000000`.

CPU is that of all threads, so that LevelDB's compaction counts (under "store"). A block changes
`--changed` keys, half of them existing ones and half new. The cold figure is of the first blocks
after a restart, when nothing but the top of the tree is in memory.
"""

import argparse
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from random import Random
from time import perf_counter, process_time, thread_time

from chain.store import KVStore, open_store
from chain.tree import StateTree, verify_proof
from tests.bench.command import command, say

PREFIX = b"t/"
LOAD_BATCH = 10_000
PROOFS = 2_000
COLD_BLOCKS = 5


def key_of(number: int) -> bytes:
    """A key like those of the ledger's tables: a name and 32 fixed bytes."""
    return b"balance/" + number.to_bytes(32)


def rss_mib() -> float:
    """Resident memory now, where /proc tells it, else the peak."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def load(store: KVStore, keys: int) -> None:
    """Fill an empty tree with `keys` keys, in batches, without syncing each."""
    tree = StateTree.open(store, PREFIX)
    started = process_time()
    for first in range(0, keys, LOAD_BATCH):
        numbers = range(first, min(first + LOAD_BATCH, keys))
        staged = tree.stage({key_of(n): b"%d" % n for n in numbers})
        store.write(staged.writes, sync=False)
        tree.commit(staged)
    say(f"load: {(process_time() - started) / keys * 1e6:.1f} µs CPU a key")


def batches(random: Random, keys: int, changed: int) -> Iterator[dict[bytes, bytes]]:
    """Changes of each block, for ever: half updates, half new keys."""
    for block in count():
        numbers = random.sample(range(keys), changed - changed // 2)
        numbers += range(keys + block * (changed // 2), keys + (block + 1) * (changed // 2))
        yield {key_of(n): random.randbytes(40) for n in numbers}


def run(store: KVStore, tree: StateTree, blocks: Iterable[dict[bytes, bytes]], name: str) -> None:
    """Stage, write, commit each block; say what a changed key costs."""
    tree_s = total_s = wall_s = 0.0
    changed = rows = row_bytes = number = 0
    for changes in blocks:
        wall_start = perf_counter()
        total_start, start = process_time(), thread_time()
        staged = tree.stage(changes)
        tree_s += thread_time() - start
        store.write(staged.writes)
        start = thread_time()
        tree.commit(staged)
        tree_s += thread_time() - start
        total_s += process_time() - total_start
        wall_s += perf_counter() - wall_start
        number += 1
        changed += len(changes)
        rows += len(staged.writes)
        row_bytes += sum(len(k) + len(v or b"") for k, v in staged.writes.items())
    say(
        f"{name}: {total_s / changed * 1e6:.1f} µs CPU a changed key"
        f" (tree {tree_s / changed * 1e6:.1f}, store {(total_s - tree_s) / changed * 1e6:.1f});"
        f" {rows / changed:.2f} rows and {row_bytes / changed:.0f} bytes a key;"
        f" {wall_s / number * 1e3:.1f} ms wall a block; RSS {rss_mib():.0f} MiB"
    )


def proofs(tree: StateTree, random: Random, keys: int) -> None:
    """Sizes and times of proofs of presence and of absence."""
    start = process_time()
    asked = [key_of(n) for n in random.sample(range(keys), PROOFS)]
    asked += [b"absent/%d" % n for n in range(PROOFS)]
    made = [tree.prove(key) for key in asked]
    middle = process_time()
    sizes = sorted(map(len, made))
    for key, proof in zip(asked[PROOFS:], made[PROOFS:], strict=True):
        assert verify_proof(tree.root, key, None, proof)
    checked = process_time()
    say(
        f"proof: {sum(sizes) / len(sizes):.0f} bytes on average, p99"
        f" {sizes[len(sizes) * 99 // 100]}, largest {sizes[-1]};"
        f" {(middle - start) / len(made) * 1e6:.0f} µs to make,"
        f" {(checked - middle) / PROOFS * 1e6:.0f} µs to check"
    )


def main() -> None:
    """Parse the command line and run one size on one store."""
    parser = command("bench_tree", __doc__)
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--changed", type=int, default=400)
    parser.add_argument("--blocks", type=int, default=500)
    parser.add_argument("--store", choices=["leveldb", "sqlite", "memory"], default="leveldb")
    arguments = parser.parse_args()
    random = Random(20)
    directory = tempfile.mkdtemp(prefix="bench-tree-")
    try:
        bench(arguments, random, directory)
    finally:
        shutil.rmtree(directory)


def bench(arguments: argparse.Namespace, random: Random, directory: str) -> None:
    """Load, reopen, and measure cold and warm."""
    keys = arguments.keys
    say(f"{keys} keys, {arguments.changed} changed a block, {arguments.store}, {sys.version}")
    store = open_store(directory, kind=arguments.store)
    load(store, keys)
    if store.kind != "memory":
        store.close()
        store = open_store(directory, kind=arguments.store)
    wall, cpu = perf_counter(), process_time()
    tree = StateTree.open(store, PREFIX)
    say(f"open: {perf_counter() - wall:.2f} s wall, {process_time() - cpu:.2f} s CPU")
    blocks = batches(random, keys, arguments.changed)
    run(store, tree, islice(blocks, COLD_BLOCKS), "cold")
    for number in range(0, keys, 2):
        tree.prove(key_of(number))
    run(store, tree, islice(blocks, arguments.blocks), "warm")
    proofs(tree, random, keys)
    store.close()


if __name__ == "__main__":
    main()
