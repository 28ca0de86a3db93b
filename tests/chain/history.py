"""A history of 200 transactions: `python -m tests.chain.history` prints its roots and receipts.

The same in every process, whatever the hash seed, locale, time zone or optimisation.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from chain.block import receipts_root
from chain.store import open_store
from chain.store_contract import Kind, KVStore
from chain.store_memory import MemoryStore
from chain.transaction import ReceivedTransaction
from tests.chain.toy import add, schedule
from tests.chain.toy_world import ToyWorld

BLOCKS = 10
BLOCK_TRANSACTIONS = 20
NAMES = ("茶", "瓷", "silk", "salt", "rice", "iron", "jade")


def transactions(world: ToyWorld, height: int) -> Iterator[ReceivedTransaction]:
    """The body of one block: some fail, some schedule deadlines, some touch the same counters."""
    for number in range(BLOCK_TRANSACTIONS):
        name = NAMES[(height * 3 + number) % len(NAMES)]
        sender = ("buyer", "merchant", "m1")[number % 3]
        operations = [add(name, number * 7), add(f"{name}{number}", height)]
        if number % 5 == 0:
            operations.append(schedule(f"{name}-{height}-{number}", world.now_ms + 1_500 * height))
        yield world.signed(sender, *operations, with_=["carrier"] if number % 4 == 0 else [])


def play(store: KVStore) -> list[str]:
    """The history on an empty store: one line a block."""
    world = ToyWorld(store=store)
    lines = [f"0 {world.ledger.tip.digest.hex()} {world.ledger.tip.state_root.hex()}"]
    for height in range(1, BLOCKS + 1):
        tip = world.decide(*transactions(world, height))
        receipts = world.ledger.receipts(height)
        assert receipts_root(receipts) == tip.receipts_root
        failed = sum(receipt.status != "ok" for receipt in receipts)
        lines.append(
            f"{height} {tip.digest.hex()} {tip.state_root.hex()} {tip.receipts_root.hex()}"
            f" {len(receipts)} {failed}"
        )
    return lines


def play_on(kind: str) -> list[str]:
    """The history on a fresh store of a kind: memory, sqlite or leveldb."""
    if kind == "memory":
        return play(MemoryStore())
    wanted: Kind = "sqlite" if kind == "sqlite" else "leveldb"
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "db", kind=wanted)
        try:
            return play(store)
        finally:
            store.close()


if __name__ == "__main__":
    sys.stdout.write("\n".join(play_on("memory")) + "\n")
