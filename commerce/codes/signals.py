"""Signs of copies: what scans of one code say that those of one thing can't.

Each rule looks at the new scan and what the code's row remembers. A sign turns the code to
suspect, and with it every label that bears it: nobody can tell the copy from the thing by its
label. A sign stays until its brand answers a report (commerce/codes/reports.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from commerce.codes.cells import is_reachable
from commerce.codes.items import CELLS_MAX, SEEN_MAX, SIGNALS_MAX, Code, Seen, Signal, Visited
from commerce.records import altered
from commerce.timers import DAY_MS

# Places count as long as they are of late.
CELLS_WINDOW_MS = 30 * DAY_MS

TRAVEL = "travel"
EARLY = "early"
DEAD = "dead"
SOLD = "sold"
CUSTODY = "custody"
CELLS = "cells"
TAG = "tag"
BRAND = "brand"
# Each kind once: there is room for all.
KINDS = (TRAVEL, EARLY, DEAD, SOLD, CUSTODY, CELLS, TAG, BRAND)
assert len(KINDS) <= SIGNALS_MAX


@dataclass(frozen=True, slots=True)
class Facts:
    """What the chain says beside the row: since when the code is active or dead (None: it isn't),
    since when its thing is where it is, who may have it, and how much faster than the clock time
    passes on a test chain.
    """

    active_ms: int | None
    dead_ms: int | None
    possessed_ms: int
    brand: bytes
    parties: tuple[bytes, ...]
    time_scale: int


def seen_by(code: Code, scan: Seen, facts: Facts) -> Code:
    """The code after a scan of it: counted, remembered, and suspect if it shows a copy."""
    kinds = tuple(_signs(code, scan, facts))
    cells = _visited(code, scan, facts.time_scale)
    if len(cells) > CELLS_MAX:
        kinds = (*kinds, CELLS)
    counted = altered(
        code,
        scans=code.scans + 1,
        seen=(*code.seen[-(SEEN_MAX - 1) :], scan),
        cells=cells[-CELLS_MAX:],
    )
    return with_signals(counted, kinds, scan.time_ms, scan.cell)


def with_signals(code: Code, kinds: tuple[str, ...], time_ms: int, cell: str | None) -> Code:
    """The code with signs of these kinds, each as it was first shown."""
    known = {signal.kind for signal in code.signals}
    new = tuple(Signal(kind, time_ms, cell) for kind in kinds if kind not in known)
    return altered(code, signals=code.signals + new) if new else code


def _signs(code: Code, scan: Seen, facts: Facts) -> Iterator[str]:
    if _is_impossible(code, scan, facts.time_scale):
        yield TRAVEL
    is_early = facts.active_ms is None or scan.time_ms < facts.active_ms
    # The brand itself scans what it makes before it goes out.
    if is_early and scan.scanner != facts.brand:
        yield EARLY
    if facts.dead_ms is not None and scan.time_ms >= facts.dead_ms:
        yield DEAD
    if _is_elsewhere(code, scan, facts):
        yield SOLD
    if _are_two(code, scan, facts.possessed_ms):
        yield CUSTODY


def _is_impossible(code: Code, scan: Seen, time_scale: int) -> bool:
    """Was it seen somewhere else at a time from which nobody could have come?"""
    return any(
        not is_reachable(other.cell, scan.cell, abs(scan.time_ms - other.time_ms) * time_scale)
        for other in code.seen
    )


def _is_elsewhere(code: Code, scan: Seen, facts: Facts) -> bool:
    """Has somebody of the trade, who has no part in its sale, a thing that is sold?"""
    return (
        code.sale is not None
        and scan.custodian
        and scan.time_ms > code.sale.bound_ms
        and scan.scanner not in facts.parties
    )


def _are_two(code: Code, scan: Seen, possessed_ms: int) -> bool:
    """Did somebody of the trade have it before and after somebody else, though the chain says that
    nobody handed it over in between?
    """
    scans = sorted((*code.seen, scan), key=lambda one: one.time_ms)
    holders = [one.scanner for one in scans if one.custodian and one.time_ms >= possessed_ms]
    changes = [now for before, now in zip(["", *holders], holders, strict=False) if before != now]
    return len(changes) != len(set(changes))


def _visited(code: Code, scan: Seen, time_scale: int) -> tuple[Visited, ...]:
    """The places of late, by their newest scan."""
    newest = {entry.cell: entry.last_ms for entry in code.cells}
    newest[scan.cell] = max(newest.get(scan.cell, 0), scan.time_ms)
    now_ms = max(newest.values())
    recent = [
        Visited(cell, last_ms)
        for cell, last_ms in newest.items()
        if (now_ms - last_ms) * time_scale <= CELLS_WINDOW_MS
    ]
    return tuple(sorted(recent, key=lambda entry: (entry.last_ms, entry.cell)))
