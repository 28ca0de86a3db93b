"""A recalled lot in a million items: `python -m tests.bench.recall_spread`.

Captures the tea maker's history of `tests.bench.million_items` (or takes a kept chain: `--folder`),
recalls the bad lot, and makes empty blocks until all marks stand. Prints what a block costs its
node (execution and writing, CPU of one thread), how many blocks and seconds it takes, whether the
product was held in the recall's own block, and compares what is marked with the oracle.
"""

import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, thread_time

from chain.block import OK, Certificate, Receipt
from chain.codec import encode
from chain.ledger import Ledger
from chain.store import open_store
from chain.transaction import (
    TRANSACTION_VERSION,
    ReceivedTransaction,
    Transaction,
    read_transaction,
    sign_transaction,
)
from commerce.epcis.identifiers import gtin_of, identity
from commerce.epcis.spread import Mark, things_of
from commerce.epcis.stored_index import StoredIndex
from commerce.products import ProductRegister
from commerce.recalls.blocked import held_by_spread
from commerce.recalls.marks import MARKED, QUEUE, recalled_by
from commerce.recalls.recalls import RecallOpen
from commerce.recalls.record import load_recall
from commerce.registry import operation
from tests.bench.capture import BLOCK_MS, VALID_FOR_MS
from tests.bench.command import command, say, tell
from tests.bench.million_items import BOTTLES, capture, opened
from tests.chain.world import header_above
from tests.commerce.epcis.brute_force import link, oracle
from tests.commerce.epcis.tea_history import BAD, History
from tests.commerce.world import account, private_key

HASH = bytes(32)
SENDER = "merchant"
# More than any chain here needs.
BLOCKS_MAX = 10_000
SAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Blocks:
    """What each block cost, in CPU and in all, and whether the product was held in the first."""

    recall_id: bytes
    held: bool
    cpu_s: list[float]
    wall_s: list[float]


def sent(ledger: Ledger, name: str, payload: object, nonce: int) -> ReceivedTransaction:
    """One operation of the maker, as a node reads it."""
    content = Transaction(
        TRANSACTION_VERSION,
        ledger.chain.genesis_hash,
        account(SENDER),
        2**40 + nonce,
        ledger.tip.header.time_ms + VALID_FOR_MS,
        (operation(name, payload),),
        None,
    )
    signed = sign_transaction(content, [(account(SENDER), private_key(SENDER))])
    return read_transaction(encode(signed), ledger.rules)


def block(ledger: Ledger, *body: ReceivedTransaction) -> tuple[tuple[Receipt, ...], float, float]:
    """The next block; its receipts, and what it took of CPU and of the clock."""
    header = header_above(ledger, body, ledger.tip.header.time_ms + BLOCK_MS)
    cpu, wall = thread_time(), perf_counter()
    executed = ledger.execute(header, body)
    ledger.write(executed, Certificate(executed.header.height, 0, executed.digest, ()))
    return executed.result.receipts, thread_time() - cpu, perf_counter() - wall


def recall(ledger: Ledger) -> Blocks:
    """Recall the bad lot, and wait until its marks stand."""
    gtin = gtin_of(BAD)
    assert gtin is not None
    product = ProductRegister(gtin, "leaf", "food", True, "dry", ())  # noqa: FBT003
    (registered,), _, _ = block(ledger, sent(ledger, "product.register", product, 1))
    assert registered.status == OK, registered
    number = identity(BAD).rpartition("/")[2]
    opening = RecallOpen(gtin, 1, HASH, None, (number,))
    receipts, cpu, wall = block(ledger, sent(ledger, "recall.open", opening, 2))
    assert receipts[0].status == OK, receipts[0]
    recall_id = receipts[0].events[0].data["recall_id"]
    assert isinstance(recall_id, bytes)
    spent = Blocks(recall_id, held_by_spread(ledger.state, gtin) == gtin, [cpu], [wall])
    while load_recall(ledger.state, recall_id).due_ms is not None:
        assert len(spent.cpu_s) < BLOCKS_MAX
        _, cpu, wall = block(ledger)
        spent.cpu_s.append(cpu)
        spent.wall_s.append(wall)
    return spent


def marked(ledger: Ledger, recall_id: bytes) -> set[str]:
    """Everything that the recall's marks cover."""
    index = StoredIndex(ledger.index, ledger.tip.height, ledger.index_tails)
    found: set[str] = set()
    for _, queued in QUEUE.items(ledger.state, recall_id):
        found.update(things_of(index, Mark(queued.kind, queued.name, queued.since_ms)))
    return found


def compare(ledger: Ledger, recall_id: bytes, history: History) -> str:
    """What differs between the marks and the oracle, in words; nothing if they agree."""
    bad = {link(uri) for uri in oracle(list(history.run()), BAD).bad}
    found = marked(ledger, recall_id)
    missing, foreign = bad - found, found - bad
    if missing or foreign:
        return f"{sorted(missing)[:5]} missing, {sorted(foreign)[:5]} too many"
    index = StoredIndex(ledger.index, ledger.tip.height, ledger.index_tails)
    step = max(1, len(bad) // SAMPLES)
    for thing in sorted(bad)[::step]:
        if recalled_by(ledger.state, index, thing) != recall_id:
            return f"{thing} doesn't inherit its mark"
    return ""


def bench(ledger: Ledger, bottles: int, *, oracled: bool) -> bool:
    """Build what isn't there, recall, print and compare; do they agree?"""
    history = History(bottles)
    if ledger.tip.height == 0:
        events = list(history.run())
        tell(f"capturing {len(events):,} events")
        capture(ledger, events)
    spent = recall(ledger)
    say(f"held in the recall's own block: {'yes' if spent.held else 'no'}")
    marks = sum(1 for _ in MARKED.items(ledger.state))
    things = len(marked(ledger, spent.recall_id))
    say(f"{marks:,} marks cover {things:,} things after {len(spent.cpu_s)} blocks")
    cpu = sorted(spent.cpu_s)
    say(f"CPU a block: median {median(cpu) * 1000:.0f} ms, at most {cpu[-1] * 1000:.0f} ms")
    say(f"in all {sum(cpu):.1f} s of CPU, {sum(spent.wall_s):.1f} s by the clock")
    if not oracled:
        return True
    tell("comparing with the oracle")
    differs = compare(ledger, spent.recall_id, History(bottles))
    say(differs or "exact: the oracle finds the same things")
    return not differs


def main() -> None:
    """Parse the command line and run."""
    parser = command("recall_spread", __doc__)
    parser.add_argument("--bottles", type=int, default=BOTTLES, help="items to begin with")
    parser.add_argument("--folder", type=Path, help="a kept chain of million_items; a copy is used")
    parser.add_argument("--no-oracle", action="store_true", help="don't compare")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "db"
        if arguments.folder is not None:
            shutil.copytree(arguments.folder, folder)
        with closing(open_store(folder)) as store:
            agreed = bench(opened(store), arguments.bottles, oracled=not arguments.no_oracle)
    if not agreed:
        sys.exit(1)


if __name__ == "__main__":
    main()
