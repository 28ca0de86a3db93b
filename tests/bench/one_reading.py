"""One reading of every document, whatever the process is like: `python -m tests.bench.one_reading`.

A chain captures the project's own documents, valid and invalid, numbers of many digits, times near
offsets and ends of years, text that only looks alike; each in a transaction of its own. It is made
once and replayed in processes of other hash seeds, locales, time zones, limits of digits
(PYTHONINTMAXSTRDIGITS), with and without -O: all must come to the same receipts, roots and rows.
`--python PATH` (repeatable) adds interpreters that can import msgpack, nacl, typing_extensions.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import Any

from chain.archive import ArchivedBlock
from chain.codec import encode
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX
from commerce.registry import Registry
from node.archive import write_archive
from tests.bench.capture import BLOCK_MS, at_the_door, certified, signed
from tests.bench.command import command
from tests.bench.one_root import GENESIS_FILE, LOCALES, Setting, compare
from tests.chain.world import header_above
from tests.commerce.epcis.statements import Members, data, document, harvest
from tests.commerce.world import genesis

RANDOM_DOCUMENTS = 400
PER_BLOCK = 40
ZONES = ("UTC", "Asia/Shanghai", "America/St_Johns", "Pacific/Kiritimati")
DIGITS = ("", "0", "640", "4300", "100000")
TIMES = (
    *("2024-12-31T23:59:59.9995Z", "2024-12-31T23:59:59.99949999999Z", "2024-02-29T23:30:00-00:30"),
    *("2025-01-01T00:15:00.0005+00:45", "1999-12-31T23:59:59.999999999+14:00"),
    *("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9994Z", "1970-01-01T00:00:00.0004999Z"),
    *("1969-12-31T23:59:59.9995Z", "2024-03-31T02:30:00+01:00", "2024-11-03T01:30:00-04:00"),
)
NUMBERS = (
    *("0.1", "1e-7", "1E400", "-0.0", "123456789012345678901234567890.1234", "0.30000000000000004"),
    *("9007199254740993", "1" * 34, "1" * 35, "1" * 199, "1" * 5_000, "1e128", "1e-128", "2.50e1"),
)
TEXTS = (
    *("\u00e9", "e\u0301", "\u1e9b\u0323", "\ufb01", "\u212b", "\uac00", "\u1100\u1161"),
    # Assigned in Unicode 14.0, 15.0, 15.1 and 16.0.
    *("\U0001fae0", "\U0001fae8", "\u2ffc", "\U0001fae9", "\U000105c9", "\U00011f02"),
    *("\u0130", "\u0131", "ß", "\u2028", "\ufeff", "\u200b", "雨前"),
)


def documents(at_random: int = RANDOM_DOCUMENTS) -> Iterator[bytes]:
    """Every document that fits into a transaction."""
    for stated in _all(at_random):
        if 0 < len(stated) <= DOCUMENT_SIZE_MAX:
            yield stated


def _all(at_random: int) -> Iterator[bytes]:
    # Of tests: what replays needs none of them.
    invalid: Any = import_module("tests.commerce.epcis.test_invalid_documents")
    oddities: Any = import_module("tests.commerce.epcis.test_valid_oddities")
    variations: Any = import_module("tests.commerce.epcis.variations")
    yield data(invalid.whole())
    yield from (data(invalid.changed(place, value)) for place, value, *_ in invalid.INVALID)
    yield from (stated for stated, *_ in invalid.UNREADABLE)
    yield from (data(document(event)) for event in oddities.EVENTS)
    yield data(document(*(harvest(eventTime=time, eventID="urn:x:1") for time in TIMES)))
    for number in NUMBERS:
        yield data(document(_marked())).replace(b'"@"', number.encode())
    yield from (data(document(harvest(**{"tea:note": text}))) for text in TEXTS)
    yield from islice(variations.documents(4), at_random)


def _marked() -> Members:
    report = {"type": "Temperature", "value": "@", "uom": "CEL"}
    quantity = {"epcClass": "urn:epc:class:lgtin:6901234.012345.L1", "quantity": "@"}
    elements = [{"sensorReport": [report]}]
    return harvest(sensorElementList=elements, quantityList=[quantity], **{"tea:n": ["@"]})


def record(folder: Path, at_random: int = RANDOM_DOCUMENTS) -> tuple[int, int]:
    """Make the chain and file it with its genesis: how many documents, how many accepted."""
    founded = genesis()
    ledger = Ledger(MemoryStore(), founded, Registry())
    filed: list[ArchivedBlock] = []
    nonces, captured, accepted = count(1), 0, 0
    stated = documents(at_random)
    while batch := list(islice(stated, PER_BLOCK)):
        body = [at_the_door(ledger, signed(ledger, each, next(nonces))) for each in batch]
        header = header_above(ledger, body, ledger.tip.header.time_ms + BLOCK_MS)
        executed = ledger.execute(header, body)
        ledger.write(executed, certified(executed))
        receipts = ledger.receipts(header.height)
        captured += len(receipts)
        accepted += sum(receipt.status == "ok" for receipt in receipts)
        filed.append(
            ArchivedBlock(
                header.height,
                ledger.block_bytes(header.height) or b"",
                ledger.certificate_bytes(header.height) or b"",
                tuple(map(encode, receipts)),
            )
        )
    write_archive(folder, ledger.chain.genesis_hash, (1, ledger.tip.height), filed)
    (folder / GENESIS_FILE).write_bytes(encode(founded))
    return captured, accepted


def settings(pythons: Sequence[str]) -> Iterator[Setting]:
    """For each interpreter every limit of digits, the other settings taking turns."""
    for python in pythons:
        for turn, digits in enumerate((*DIGITS, *DIGITS)):
            name, zone = LOCALES[turn % len(LOCALES)], ZONES[turn % len(ZONES)]
            yield Setting(python, turn, name, zone, turn % 2 == 1, digits)


def main() -> int:
    """Run them all; 0 if they agree."""
    parser = command("one_reading", __doc__)
    parser.add_argument("--python", action="append", default=[], help="another interpreter")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    chosen: argparse.Namespace = parser.parse_args()
    wanted = list(settings([sys.executable, *chosen.python]))

    def make(folder: Path) -> str:
        captured, accepted = record(folder)
        return f"{captured} documents, {accepted} accepted"

    return compare(wanted, chosen.jobs, make)


if __name__ == "__main__":
    sys.exit(main())
