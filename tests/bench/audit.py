"""What an audit and pruning cost: `python -m tests.bench.audit --transactions 100000`.

Makes a chain in process, replays it as `hushang verify-chain` does, counts its root anew, exports
it, then prunes it into an archive with the pruner's own batches, each timed as a block would wait
for it, and replays it once more from the archive. Prints one line of JSON.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, TypeVar

from chain.ledger import Ledger
from chain.pruning import Keep
from chain.schema import header_key
from chain.store import open_store
from commerce.registry import Registry
from node.audit.audit import Options, audit
from node.audit.export import BLOCKS, RECEIPTS, open_export
from node.audit.roots import state_root
from node.genesis_file import load_genesis
from node.pruner import PrunePolicy, Pruner
from node.testnet_genesis import Plan, create
from node.testnet_layout import GENESIS
from tests.bench import chains

T = TypeVar("T")


def timed(job: Callable[[], T]) -> tuple[T, float]:
    """What a job returns, and how many seconds it took."""
    started = perf_counter()
    return job(), perf_counter() - started


def export(data: Path) -> int:
    """All lines of a chain; their bytes."""
    both = frozenset({BLOCKS, RECEIPTS})
    with open_export(data, None) as source:
        return sum(len(source.height(at, both).lines) for at in range(source.tip + 1))


def prune(data: Path, genesis: Path, archive: Path) -> dict[str, Any]:
    """Prune all but the newest block; the longest time that a block would have waited."""
    longest_s = 0.0
    with closing(open_store(data / "db")) as store:
        ledger = Ledger(store, load_genesis(genesis), Registry())

        async def on_ledger(job: Callable[[Ledger], None]) -> None:
            nonlocal longest_s
            _, took_s = timed(lambda: job(ledger))
            longest_s = max(longest_s, took_s)

        heights = max(1, min(1_000, ledger.tip.height // 4))
        policy = PrunePolicy(Keep(blocks=1, age_ms=0), archive, heights)
        pruner = Pruner(ledger, policy, on_ledger)
        kept, took_s = timed(lambda: asyncio.run(pruner.prune()))
        header, certificate = store.get(header_key(1)), ledger.certificate_bytes(1)
    return {
        "pruned_heights": kept - 1,
        "prune_s": round(took_s, 2),
        "batch_longest_ms": round(1000 * longest_s, 1),
        "header_and_certificate_bytes": len(header or b"") + len(certificate or b""),
    }


def measure(directory: Path, transactions: int, per_block: int) -> dict[str, Any]:
    """Everything, on a chain of four members."""
    testnet = create(Plan(directory / "net", "audit"))
    sys.stderr.write(f"making a chain of {transactions} transactions\n")
    height = chains.build(testnet, transactions, per_block)
    data, genesis = testnet.data_dir(testnet.nodes[0]), testnet.directory / GENESIS
    made = load_genesis(genesis)
    began_s = process_time()
    report, replay_s = timed(lambda: audit(data, made))
    # Of this process; the signatures' processes run on other cores.
    cpu_s = process_time() - began_s
    rooted, root_s = timed(lambda: state_root(data))
    exported, export_s = timed(lambda: export(data))
    pruned = prune(data, genesis, directory / "archive")
    options = Options(archive=directory / "archive")
    again, archive_s = timed(lambda: audit(data, made, options))
    _, partial_s = timed(lambda: audit(data, made))
    assert again == report
    return {
        "transactions": report.transactions,
        "height": height,
        "signatures": report.signatures,
        "verify_chain_s": round(replay_s, 2),
        "verify_chain_cpu_s": round(cpu_s, 2),
        "verify_chain_transactions_per_s": round(report.transactions / replay_s),
        "verify_chain_of_archive_s": round(archive_s, 2),
        "verify_chain_without_archive_s": round(partial_s, 2),
        "state_root_s": round(root_s, 2),
        "state_keys": rooted.keys,
        "export_s": round(export_s, 2),
        "export_bytes": exported,
        **pruned,
    }


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audit")
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--per-block", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), args.transactions, args.per_block)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
