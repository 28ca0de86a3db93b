"""What a dry run tells, in words for people: rows of the state, ids not yet known, amounts.

Pure: pieces of the API's document go in, texts come out, which `node.words` may have in another
language. `-o json` has the document as it is.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from node.state_rows import Row, read_row
from node.words import words

Object = Mapping[str, Any]

# Tables whose own name says little to whoever doesn't know the state.
NAMES: Final = {
    "arbiter-trade": "note that an arbiter traded with somebody",
    "certified": "note that a thing has a certificate",
    "claimed": "note that a claim was made for a line",
    "code-active": "range of codes in use",
    "code-batch": "batch of codes",
    "code-dead": "range of dead codes",
    "code-item": "code of an item",
    "code-line": "codes of an order's line",
    "code-report": "report of a code",
    "code-reporter": "note of who reported a code",
    "coupon-buyer": "count of a coupon's uses by a buyer",
    "coupon-use": "count of a coupon's uses",
    "custody-offer": "handover",
    "custody-offered": "note that a thing is being handed over",
    "custody-open": "count of open handovers",
    "debtor": "sum of somebody's debts",
    "deposit-request": "request to pay in",
    "deposit-request-count": "count of requests to pay in",
    "epcis": "captured event",
    "epcis-declared": "note of a captured event",
    "fee-pool": "collected fees",
    "gcp": "company prefix",
    "item": "place of an item",
    "liability": "what a deposit answers for",
    "listing": "listing",
    "offer": "version of a listing",
    "order": "order",
    "parcel": "parcel",
    "prepaid": "prepaid card",
    "prepaid-count": "count of prepaid cards",
    "product": "product",
    "product-past": "earlier version of a product",
    "reference": "reference that no other may use",
    "sla": "terms of transport",
    "thing": "place of a thing",
    "thing-share": "somebody's share of a thing",
    "unpaid": "count of a buyer's unpaid orders of a listing",
    "watch": "watch over a parcel",
    "withdraw-request": "request to pay out",
    "withdraw-request-count": "count of requests to pay out",
}
# Tables of what gets its id from the transaction that makes it (`Context.new_id`): the same command
# makes another transaction each time, and so another id.
FRESH: Final = frozenset(
    {
        "certificate",
        "claim",
        "code-batch",
        "code-report",
        "coupon",
        "custody-offer",
        "deposit-request",
        "listing",
        "order",
        "prepaid",
        "recall",
        "withdraw-request",
    }
)
CHANGES: Final = {
    "made": "would make {what}",
    "changed": "would change {what}",
    "removed": "would remove {what}",
}
NEW_ID: Final = "(new id)"
NEW_IDS: Final = "  (new id): known when it is sent, another one each time"
_IN_MINOR_UNITS: Final = re.compile(r" \(minor units of ([A-Z0-9]{1,12})\)$")
_NUMBER: Final = re.compile(r"(?<!line )\b(?:0|[1-9][0-9]*)\b")


def fresh_ids(objects: Iterable[Object]) -> set[str]:
    """The ids among what would be made that will be others."""
    made = (_row(entry) for entry in objects if entry["change"] == "made")
    return {str(part) for row in made if row.table in FRESH for part in (row.parts or {}).values()}


def row_words(entry: Object, name: Callable[[str], str]) -> str:
    """`would make order 3f0c…`; accounts with their names."""
    row = _row(entry)
    if row.table is None:
        return words().text(CHANGES[entry["change"]], what=entry["title"])
    called = words().text(NAMES.get(row.table, row.table.replace("-", " ")))
    parts = [name(part) if part.startswith("hs1") else part for part in _texts(row)]
    return words().text(CHANGES[entry["change"]], what=" ".join([called, *parts]))


def without_fresh(lines: Iterable[str], fresh: Iterable[str]) -> Iterator[str]:
    """The lines with no id that will never be; then what stands for it, if there was one."""
    called, known = words().text(NEW_ID), sorted(fresh)
    said = False
    for line in lines:
        told = line
        for each in known:
            told = told.replace(each, called)
        said = said or told != line
        yield told
    if said:
        yield words().text(NEW_IDS)


def detail_words(detail: str, amount: Callable[[object, str], str]) -> str:
    """The reason of a refusal: what it tells in an asset's minor units is told as amounts."""
    found = _IN_MINOR_UNITS.search(detail)
    if found is None:
        return detail
    return _NUMBER.sub(lambda number: amount(number[0], found[1]), detail[: found.start()])


def _row(entry: Object) -> Row:
    return read_row(bytes.fromhex(entry["key"]), None)


def _texts(row: Row) -> list[str]:
    return [str(part) for part in (row.parts or {}).values()]
