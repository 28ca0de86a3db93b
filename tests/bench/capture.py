"""What a captured event costs a node: `python -m tests.bench.capture --events 100 --repeat 20`.

CPU microseconds an event, the least of the rounds. First the stages by themselves, on documents of
events with five items and a sensor reading, each of which is new to every cache; then whole
transactions: read and verified as at the door, executed and written to LevelDB by a ledger.
`--block N` puts so many documents into one block, `--profile` prints the calls of the whole
transactions instead.
"""

import argparse
import cProfile
import hashlib
import json
import pstats
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import count, islice
from pathlib import Path
from time import thread_time
from typing import TypeVar

from chain.block import OK, Certificate, Receipt
from chain.codec import encode, encode_checked
from chain.context import event
from chain.crypto import require_valid
from chain.ledger import Executed, Ledger
from chain.state import Overlay
from chain.store import open_store
from chain.transaction import (
    TRANSACTION_VERSION,
    ReceivedTransaction,
    Transaction,
    read_transaction,
    sign_transaction,
)
from commerce.custody import Hands
from commerce.epcis.canonical import event_keys
from commerce.epcis.capture import EVENTS, CapturedEvent, EpcisCapture, may_state
from commerce.epcis.cbv_hash import prehashes
from commerce.epcis.document import read_document
from commerce.epcis.lexeme import read_json
from commerce.epcis.stored_index import IndexedEvent, entries, record_digest
from commerce.epcis.summary import summarise
from commerce.registry import Registry, operation
from tests.bench.command import command, say
from tests.chain.world import header_above
from tests.commerce.epcis.statements import CONTEXT, Members
from tests.commerce.world import PREFIX, account, genesis, private_key

SENDER = "merchant"
RUN = 0x48
BLOCK_MS = 1_000
VALID_FOR_MS = 60_000
PROFILE_LINES = 50

T = TypeVar("T")
Costs = dict[str, float]


def documents(events: int) -> Iterator[bytes]:
    """Documents of so many events each, like those of `hushang bench --workload provenance`."""
    numbers = count()
    while True:
        document = {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-01-01T00:00:00Z",
            "epcisBody": {"eventList": [observation(n) for n in islice(numbers, events)]},
        }
        yield json.dumps(document, separators=(",", ":")).encode()


def observation(number: int) -> Members:
    """An ObjectEvent of 900 bytes: five new items, a production order and a temperature."""
    hour, minute, second = number // 3600 % 24, number // 60 % 60, number % 60
    moment = f"2026-01-01T{hour:02}:{minute:02}:{second:02}+08:00"
    place = {"id": f"urn:epc:id:sgln:{PREFIX}.00001.0"}
    order = f"urn:epc:id:gdti:{PREFIX}.00001.{number:09}"
    metadata = {"time": moment, "deviceID": f"urn:epc:id:giai:{PREFIX}.logger17"}
    report = {"type": "Temperature", "value": number % 160 / 10, "uom": "CEL"}
    return {
        "type": "ObjectEvent",
        "eventTime": moment,
        "eventTimeZoneOffset": "+08:00",
        "eventID": f"urn:uuid:{RUN:08x}-0000-4000-8000-{number:012x}",
        "epcList": [f"urn:epc:id:sgtin:{PREFIX}.012345.{RUN}{number:07}{at}" for at in range(5)],
        "action": "ADD",
        "bizStep": "commissioning",
        "disposition": "active",
        "readPoint": place,
        "bizLocation": place,
        "bizTransactionList": [{"type": "prodorder", "bizTransaction": order}],
        "sensorElementList": [{"sensorMetadata": metadata, "sensorReport": [report]}],
    }


class Watch:
    """CPU time by name, of this thread."""

    def __init__(self) -> None:
        self.spent: Costs = {}

    def __call__(self, name: str, job: Callable[[], T]) -> T:
        """Do a job and book what it took."""
        start = thread_time()
        result = job()
        self.spent[name] = self.spent.get(name, 0.0) + thread_time() - start
        return result


def stages(ledger: Ledger, document: bytes) -> Costs:
    """Seconds of each stage of one document's capture, one after the other."""
    watch, sender = Watch(), account(SENDER)
    watch("JSON", lambda: read_json(document))
    read = watch("JSON and checks", lambda: read_document(document))
    stated = read.events
    keys = watch("event keys", lambda: event_keys(sender, stated))
    hashes = watch(
        "CBV hashes",
        lambda: [hashlib.sha256(text.encode()).digest() for text in prehashes(stated)],
    )
    summaries = watch("summaries", lambda: [summarise(each) for each in stated])
    hands = Hands(ledger.state, sender)
    rights = watch("rights", lambda: [may_state(hands, summary) for summary in summaries])
    assert all(rights)
    rows = zip(keys, hashes, summaries, strict=True)
    indexed = [
        (
            key,
            IndexedEvent(
                *(summary, sender, cbv, cbv, "urn:uuid:1"),
                declares_error=False,
                claim=False,
                height=1,
            ),
        )
        for key, cbv, summary in rows
    ]
    records = watch("records", lambda: [encode(event_) for _, event_ in indexed])
    watch("digests", lambda: [record_digest(record) for record in records])
    told = zip(indexed, records, strict=True)
    watch("index rows", lambda: [entries(*row, record) for row, record in told])
    overlay = Overlay(ledger.state)
    watch("state rows", lambda: _store(overlay, keys))
    reported = tuple(
        event(
            "epcis.captured",
            event_key=key,
            cbv_hash=cbv,
            type="ObjectEvent",
            claim=False,
            known=False,
        )
        for key, cbv in zip(keys, hashes, strict=True)
    )
    watch("receipt", lambda: encode_checked(Receipt(bytes(32), OK, None, reported)))
    watch("state tree", lambda: ledger._tree.stage(overlay.changes))
    return watch.spent


def _store(overlay: Overlay, keys: Sequence[bytes]) -> None:
    for index, key in enumerate(keys):
        EVENTS.store(overlay, CapturedEvent(bytes(32), 0, index, 1, claim=False, record=key), key)


def signed(ledger: Ledger, document: bytes, nonce: int) -> bytes:
    """The raw transaction that captures a document."""
    content = Transaction(
        version=TRANSACTION_VERSION,
        genesis_hash=ledger.chain.genesis_hash,
        sender=account(SENDER),
        nonce=nonce,
        valid_until_ms=ledger.tip.header.time_ms + VALID_FOR_MS,
        operations=(operation("epcis.capture", EpcisCapture(document, "public")),),
        memo=None,
    )
    return encode(sign_transaction(content, [(account(SENDER), private_key(SENDER))]))


def at_the_door(ledger: Ledger, raw: bytes) -> ReceivedTransaction:
    """Read and verified."""
    received = read_transaction(raw, ledger.rules)
    for entry in received.signatures:
        require_valid(entry.public_key, received.signing, entry.signature)
    return received


def whole(ledger: Ledger, raws: Sequence[bytes]) -> Costs:
    """Seconds of a block of transactions from raw bytes to the store."""
    watch = Watch()
    body = watch("door", lambda: [at_the_door(ledger, raw) for raw in raws])
    header = header_above(ledger, body, ledger.tip.header.time_ms + BLOCK_MS)
    executed = watch("execution", lambda: ledger.execute(header, body))
    assert all(receipt.status == OK for receipt in executed.result.receipts)
    watch("write", lambda: ledger.write(executed, certified(executed)))
    return watch.spent


def certified(executed: Executed) -> Certificate:
    """The ledger doesn't ask for signatures: whoever certifies has checked them."""
    return Certificate(executed.header.height, 0, executed.digest, ())


def least(rounds: Iterable[Costs], events: int) -> Costs:
    """Microseconds an event of each name: the least of the rounds."""
    every = list(rounds)
    return {name: min(spent[name] for spent in every) / events * 1e6 for name in every[0]}


def table(title: str, costs: Costs) -> None:
    """Print costs and their sum."""
    say(title)
    for name, cost in costs.items():
        say(f"  {name:<12} {cost:8.1f}")
    say(f"  {'sum':<12} {sum(costs.values()):8.1f}")


def bench(ledger: Ledger, arguments: argparse.Namespace) -> None:
    """Measure, or profile."""
    events, per_block, repeat = arguments.events, arguments.block, arguments.repeat
    texts = documents(events)
    nonces = count(1)

    def round_() -> Costs:
        raws = [signed(ledger, text, next(nonces)) for text in islice(texts, per_block)]
        if not arguments.profile:
            return whole(ledger, raws)
        profile.enable()
        spent = whole(ledger, raws)
        profile.disable()
        return spent

    profile = cProfile.Profile()
    if arguments.profile:
        least([round_() for _ in range(repeat)], events)
        pstats.Stats(profile).sort_stats("tottime").print_stats(PROFILE_LINES)
        return
    by_stage = least((stages(ledger, text) for text in islice(texts, repeat)), events)
    # Reading with the checks includes the reading.
    by_stage["checks"] = by_stage.pop("JSON and checks") - by_stage["JSON"]
    table("µs CPU an event, stage by stage", by_stage)
    costs = least((round_() for _ in range(repeat)), events * per_block)
    table("µs CPU an event, whole transactions", costs)
    block_ms = (costs["execution"] + costs["write"]) * events * per_block / 1000
    say(f"a block of {per_block} such documents: {block_ms:.1f} ms to execute and write")


def main() -> None:
    """Parse the command line and run."""
    parser = command("capture", __doc__)
    parser.add_argument("--events", type=int, default=100, help="events a document, at most 100")
    parser.add_argument("--repeat", type=int, default=20, help="rounds; the least counts")
    parser.add_argument("--block", type=int, default=1, help="documents a block")
    parser.add_argument("--profile", action="store_true", help="print the calls instead")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, closing(open_store(Path(folder) / "db")) as store:
        bench(Ledger(store, genesis(), Registry()), arguments)


if __name__ == "__main__":
    main()
