"""Cursors of the event stream: `height.receipt.event` names the next event to be told.

A cursor is inclusive: what stands at it or after it comes next, nothing before. Every event carries
its own place and, as `next`, the cursor that resumes after it; so a reader that keeps `next` of the
last event it has dealt with loses nothing and sees nothing twice, over any number of connections.
"""

import re
from dataclasses import dataclass

from typing_extensions import override

from chain.block import BLOCK_TRANSACTIONS_MAX, EVENTS_MAX
from node.api.parameters import HEIGHT_MAX, Parameter

# Receipts of a block: its transactions and its fired deadlines (at most 100,000 by genesis).
RECEIPT_INDEX_MAX = BLOCK_TRANSACTIONS_MAX + 1_000_000
_CURSOR = re.compile(r"(0|[1-9][0-9]{0,15})\.(0|[1-9][0-9]{0,6})\.(0|[1-9][0-9]{0,6})")


@dataclass(frozen=True, slots=True, order=True)
class Cursor:
    """A place between events, in the chain's order."""

    height: int
    receipt: int
    event: int

    @override
    def __str__(self) -> str:
        return f"{self.height}.{self.receipt}.{self.event}"


BEGINNING = Cursor(0, 0, 0)
# Stands for the place after everything that is decided here now.
LATEST = Cursor(HEIGHT_MAX, 0, 0)


def parse_cursor(text: str) -> Cursor:
    """A cursor of its text; `latest` is after everything that is decided now."""
    if text == "latest":
        return LATEST
    match = _CURSOR.fullmatch(text)
    if match is None:
        msg = "latest, or height.receipt.event in ASCII digits"
        raise ValueError(msg)
    height, receipt, event = (int(number) for number in match.groups())
    if height > HEIGHT_MAX or receipt > RECEIPT_INDEX_MAX or event > EVENTS_MAX:
        msg = "a cursor within a block's limits"
        raise ValueError(msg)
    return Cursor(height, receipt, event)


CURSOR: Parameter[Cursor] = Parameter(
    "cursor",
    "query",
    parse_cursor,
    {"type": "string", "pattern": r"^(latest|\d{1,16}\.\d{1,7}\.\d{1,7})$", "default": "0.0.0"},
    "the next event to be told: `next` of the last one seen, `latest`, or from the beginning",
    BEGINNING,
)
