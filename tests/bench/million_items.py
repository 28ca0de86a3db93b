"""A contaminated lot to a million items: `python -m tests.bench.million_items`.

Captures a tea maker's history (`tests/commerce/epcis/tea_history.py`: six levels, commingling,
repacking, corrections) through real transactions on a ledger with LevelDB. Then a fresh process is
asked what became of the bad lot, and where one bottle came from: the first time, again (the node
keeps traces), and after a block that has nothing to do with it. What is found is compared with an
oracle that plays the events item by item. `--folder` keeps the chain, and measures one that is
there.
"""

import argparse
import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, thread_time
from typing import Any

from chain.block import OK, Certificate
from chain.ledger import Ledger
from chain.store import open_store
from chain.store_contract import KVStore
from chain.transaction import read_transaction
from commerce.epcis.identifiers import identity
from commerce.epcis.path import Direction
from commerce.epcis.stored_index import StoredIndex
from commerce.epcis.trace import walk
from commerce.registry import Registry
from node.api.trace_book import FoundTrace, TraceBook
from node.api.traces import PAGE_DEFAULT, page
from tests.bench.capture import BLOCK_MS, signed
from tests.bench.command import command, say, tell
from tests.chain.world import header_above
from tests.commerce.epcis.brute_force import link, oracle
from tests.commerce.epcis.statements import CONTEXT, Members
from tests.commerce.epcis.tea_history import BAD, PREFIX, History, bottle
from tests.commerce.world import genesis

BOTTLES = 1_091_000
DOCUMENT_EVENTS = 100
DOCUMENT_THINGS = 2_900
BLOCK_DOCUMENTS = 8


def documents(events: Sequence[Members]) -> Iterator[bytes]:
    """Documents of as many events as capture takes."""
    batch: list[Members] = []
    things = 0
    for event in events:
        named = sum(len(value) for value in event.values() if isinstance(value, list))
        if batch and (len(batch) == DOCUMENT_EVENTS or things + named > DOCUMENT_THINGS):
            yield document(batch)
            batch, things = [], 0
        batch.append(event)
        things += named
    yield document(batch)


def document(events: Sequence[Members]) -> bytes:
    whole = {
        "@context": [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-01-01T00:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(whole, separators=(",", ":")).encode()


def capture(ledger: Ledger, events: Sequence[Members], nonce: int = 0) -> None:
    """Every event by a transaction of its maker; all must be facts."""
    nonces = count(nonce * BLOCK_DOCUMENTS + 1)
    pending: list[bytes] = []
    for data in documents(events):
        pending.append(data)
        if len(pending) == BLOCK_DOCUMENTS:
            decide(ledger, pending, nonces)
            pending = []
    if pending:
        decide(ledger, pending, nonces)


def decide(ledger: Ledger, texts: Sequence[bytes], nonces: Iterator[int]) -> None:
    """A block of captures."""
    body = [read_transaction(signed(ledger, text, next(nonces)), ledger.rules) for text in texts]
    header = header_above(ledger, body, ledger.tip.header.time_ms + BLOCK_MS)
    executed = ledger.execute(header, body)
    for receipt in executed.result.receipts:
        assert receipt.status == OK, receipt
        assert not any(event.data["claim"] for event in receipt.events), receipt
    ledger.write(executed, Certificate(executed.header.height, 0, executed.digest, ()))


def index_of(ledger: Ledger) -> StoredIndex:
    """A new index, that remembers nothing."""
    return StoredIndex(ledger.index, ledger.tip.height, ledger.index_tails, ledger.index_value)


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock and of this thread's CPU."""

    wall_s: float
    cpu_s: float


def timed(ask: Callable[[], FoundTrace]) -> tuple[FoundTrace, Spent]:
    """A trace, and what it took."""
    wall, cpu = perf_counter(), thread_time()
    found = ask()
    return found, Spent(perf_counter() - wall, thread_time() - cpu)


def measure(ledger: Ledger) -> dict[str, Any]:
    """Forward and back: the first time in this process, again, and after one more block."""
    book = TraceBook(ledger)

    def ask(query: str, direction: Direction) -> FoundTrace:
        found = book.trace(query, direction, ledger.tip.height)
        view = page(ledger, found, ledger.tip.height, (0, PAGE_DEFAULT))
        assert view.complete
        return found

    spent: dict[str, Spent] = {}
    lot, item = identity(BAD), identity(bottle(1))
    found, spent["forward, first"] = timed(lambda: ask(lot, Direction.FORWARD))
    _, spent["back, first"] = timed(lambda: ask(item, Direction.BACK))
    _, spent["forward, again"] = timed(lambda: ask(lot, Direction.FORWARD))
    _, spent["back, again"] = timed(lambda: ask(item, Direction.BACK))
    capture(ledger, [other(ledger.tip.height)], ledger.tip.height)
    _, spent["forward, after a block"] = timed(lambda: ask(lot, Direction.FORWARD))
    _, spent["back, after a block"] = timed(lambda: ask(item, Direction.BACK))
    return {
        "things": len(found.path.things),
        "steps": len(found.steps),
        "spent": {name: [took.wall_s, took.cpu_s] for name, took in spent.items()},
        "memory_mib": getrusage(RUSAGE_SELF).ru_maxrss // 1024,
    }


def other(number: int) -> Members:
    """An event of other goods."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2025-06-01T00:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "ADD",
        "epcList": [f"urn:epc:id:sgtin:{PREFIX}.000009.{number}"],
    }


def compare(ledger: Ledger, events: Sequence[Members]) -> str:
    """What differs between the trace and the oracle, in words; nothing if they agree."""
    index = index_of(ledger)
    found = walk(index, identity(BAD), Direction.FORWARD)
    expected = oracle(events, BAD)
    bad = {link(uri) for uri in expected.bad}
    missing, foreign = bad - found.things, found.things - bad
    if missing or foreign:
        return f"things: {sorted(missing)[:5]} missing, {sorted(foreign)[:5]} too many"
    times = sorted(events[place]["eventTime"] for place in expected.steps)
    steps = [text(step.time_ms) for step in found.ordered_steps(index)]
    if steps != times:
        odd = sorted(set(times) ^ set(steps))[:5]
        return f"steps: {len(times)} expected, {len(steps)} found; first at {odd}"
    return ""


def text(time_ms: int) -> str:
    """A time as the history writes it."""
    moment = datetime.fromtimestamp(time_ms // 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def opened(store: KVStore) -> Ledger:
    """The chain in a store."""
    return Ledger(store, genesis(), Registry())


def once(folder: Path) -> None:
    """In a process of its own: measure and print what was found."""
    # As a node does once it is assembled (node/server.py).
    gc.freeze()
    gc.set_threshold(25_000, 20, 20)
    with closing(open_store(folder)) as store:
        say(json.dumps(measure(opened(store))))


def bench(folder: Path, bottles: int) -> bool:
    """Build the chain if it isn't there, measure in a fresh process, compare; do they agree?"""
    history = History(bottles)
    events = list(history.run())
    say(f"{bottles + history.gifts:,} items in {len(events):,} events")
    with closing(open_store(folder)) as store:
        ledger = opened(store)
        if ledger.tip.height == 0:
            tell("capturing")
            start = perf_counter()
            capture(ledger, events)
            say(f"captured in {ledger.tip.height} blocks, {perf_counter() - start:.0f} s")
    start = perf_counter()
    own = [sys.executable, "-m", "tests.bench.million_items", "--once", "--folder", str(folder)]
    told = json.loads(subprocess.run(own, capture_output=True, check=True, text=True).stdout)
    whole_s = perf_counter() - start
    say(f"forward: {told['things']:,} things in {told['steps']:,} steps")
    for name, (wall_s, cpu_s) in told["spent"].items():
        say(f"  {name:<24} {wall_s * 1000:9.1f} ms, {cpu_s * 1000:9.1f} ms of CPU")
    say(f"  the fresh process in all {whole_s * 1000:9.1f} ms, {told['memory_mib']} MiB at most")
    tell("comparing with the oracle")
    with closing(open_store(folder)) as store:
        differs = compare(opened(store), events)
    say(differs or "exact: the oracle finds the same things and steps")
    return not differs


def main() -> None:
    """Parse the command line and run."""
    parser = command("million_items", __doc__)
    parser.add_argument("--bottles", type=int, default=BOTTLES, help="items to begin with")
    parser.add_argument("--folder", type=Path, help="keep the chain there")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        once(arguments.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        if not bench(arguments.folder or Path(folder) / "db", arguments.bottles):
            sys.exit(1)


if __name__ == "__main__":
    main()
