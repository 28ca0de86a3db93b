"""The row of one code: whose leaf it is, what was seen of it, who claims it.

A code has a row from the first operation that shows its leaf; before that the chain knows nothing
but its batch's root. Everything in a row is bounded: of its scans it keeps the newest few, of its
places those of late, and of each sign of copies the first.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.codec import U16, U32, U64, Hash, Name, Size, TimeMs
from chain.context import Context
from chain.deadlines import Deadline
from chain.errors import ProofInvalid
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.codes.batch import ACTIVE, DEAD, load_batch, since_of
from commerce.codes.errors import (
    CodeDead,
    CodeInactive,
    CodeUnknown,
    LeafInvalid,
    SerialElsewhere,
)
from commerce.codes.indexes import index_code
from commerce.codes.serials import Leaf, Serial, check_serial, code_id, leaf_bytes
from commerce.codes.stretches import PATH_MAX, stretch_root
from commerce.orders import LineIndex
from commerce.parcels import Cell
from commerce.products import Gtin

# Scans that a row remembers: what a new one is compared with.
SEEN_MAX = 8
# Places that a row remembers; one more is a sign (commerce/codes/signals.py).
CELLS_MAX = 8
SIGNALS_MAX = 8
CLAIM = "sys.code.claim"

Uid = Annotated[bytes, Size(min=7, max=7)]


@dataclass(frozen=True, slots=True)
class Membership:
    """The place of a code in its batch: `path` leads from its leaf to the batch's root."""

    batch_id: Hash
    index: U32
    claim_hash: Hash
    path: Annotated[tuple[Hash, ...], Size(max=PATH_MAX)]


@dataclass(frozen=True, slots=True)
class Place:
    """A leaf at its place: what a row begins with."""

    gtin: Gtin
    leaf: Leaf
    batch_id: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Seen:
    """One scan: by whom, where and when. `custodian`: by somebody of the trade, who has it."""

    scanner: Hash
    custodian: bool
    time_ms: TimeMs
    cell: Cell


@dataclass(frozen=True, slots=True)
class Visited:
    """A place, and the newest scan there."""

    cell: Cell
    last_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Signal:
    """A sign of copies: what kind (commerce/codes/signals.py), and the scan that showed it."""

    kind: Name
    time_ms: TimeMs
    cell: Cell | None


@dataclass(frozen=True, slots=True)
class Sale:
    """The order's line that the seller has given this thing to."""

    order_id: Hash
    line: LineIndex
    seller: Hash
    bound_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Leading:
    """The earliest commitment that was revealed so far: number `made` of all on this chain.

    At `due_ms` its own time to be revealed is over, and so is that of every earlier one.
    """

    account: Hash
    made: U64
    due_ms: TimeMs


@dataclass(frozen=True, slots=True)
class Claimed:
    """Who claimed it and when; whose it is now, custody tells (commerce/goods/things.py)."""

    account: Hash
    claimed_ms: TimeMs
    passed_ms: TimeMs | None


@dataclass(frozen=True, slots=True)
class Code:
    """A code that the chain knows. `scans` counts all, `seen` are the newest to arrive;
    `answered_ms` is when the brand last found the signs to mean nothing. `reports` are open.
    """

    gtin: Gtin
    serial: Serial
    batch_id: Hash
    index: U32
    claim_hash: Hash
    leading: Leading | None
    claimed: Claimed | None
    sale: Sale | None
    tag: Uid | None
    scans: U64
    seen: Annotated[tuple[Seen, ...], Size(max=SEEN_MAX)]
    cells: Annotated[tuple[Visited, ...], Size(max=CELLS_MAX)]
    signals: Annotated[tuple[Signal, ...], Size(max=SIGNALS_MAX)]
    answered_ms: TimeMs | None
    reports: U16

    def clock(self) -> Clock | None:
        """When the claim that leads becomes the owner's."""
        return None if self.leading is None else (self.leading.due_ms, CLAIM)


CODES: Table[Code] = Table("code-item", Code)


def find_code(state: StateReader, gtin: str, serial: str) -> Code:
    """The code, or `CodeUnknown`."""
    code = CODES.load(state, code_id(gtin, serial))
    if code is None:
        msg = f"no code {serial!r} of {gtin} was shown to the chain"
        raise CodeUnknown(msg)
    return code


def shown_code(context: Context, gtin: str, serial: str, shown: Membership | None) -> Code:
    """The code's row, or a new one, not yet written, for a leaf that is shown to be in its batch.

    `CodeUnknown`, `SerialMalformed`, `CodeBatchUnknown`, `LeafInvalid` or `SerialElsewhere`.
    """
    if shown is None:
        return find_code(context.state, gtin, serial)
    check_serial(serial)
    batch = load_batch(context.state, shown.batch_id)
    leaf = Leaf(serial, shown.claim_hash)
    try:
        root = stretch_root([leaf_bytes(leaf)], shown.index, batch.count, shown.path)
    except ProofInvalid as error:
        raise LeafInvalid(str(error)) from error
    if root != batch.root or gtin != batch.gtin:
        msg = f"serial {serial} of {gtin} is not at place {shown.index} of this batch"
        raise LeafInvalid(msg)
    return _known_or_new(context.state, Place(gtin, leaf, shown.batch_id, shown.index))[0]


def disclose(context: Context, place: Place) -> None:
    """A row for a leaf that is known to be in its batch. `SerialMalformed`, `SerialElsewhere`."""
    check_serial(place.leaf.serial)
    code, is_new = _known_or_new(context.state, place)
    if is_new:
        save_code(context, None, code)


def _known_or_new(state: StateReader, place: Place) -> tuple[Code, bool]:
    known = CODES.load(state, code_id(place.gtin, place.leaf.serial))
    if known is None:
        return _new(place), True
    at = (known.batch_id, known.index, known.claim_hash)
    if at != (place.batch_id, place.index, place.leaf.claim_hash):
        msg = f"serial {place.leaf.serial} of {place.gtin} is known at another place"
        raise SerialElsewhere(msg)
    return known, False


def _new(place: Place) -> Code:
    return Code(
        gtin=place.gtin,
        serial=place.leaf.serial,
        batch_id=place.batch_id,
        index=place.index,
        claim_hash=place.leaf.claim_hash,
        leading=None,
        claimed=None,
        sale=None,
        tag=None,
        scans=0,
        seen=(),
        cells=(),
        signals=(),
        answered_ms=None,
        reports=0,
    )


def save_code(context: Context, before: Code | None, after: Code) -> None:
    """Write a code and move its deadline: one while a claim waits."""
    known_id = code_id(after.gtin, after.serial)
    if not is_known(context.state, known_id):
        index_code(context, after.gtin, after.serial, known_id)
    CODES.store(context.state, after, known_id)
    move_deadline(context, known_id, None if before is None else before.clock(), after.clock())


def require_active(state: StateReader, code: Code) -> None:
    """`CodeInactive` or `CodeDead` for a code that is not in circulation."""
    if since_of(ACTIVE, state, code.batch_id, code.index) is None:
        msg = f"{code.gtin} {code.serial} is not active"
        raise CodeInactive(msg)
    if since_of(DEAD, state, code.batch_id, code.index) is not None:
        msg = f"{code.gtin} {code.serial} is decommissioned"
        raise CodeDead(msg)


def is_known(state: StateReader, known_id: bytes) -> bool:
    """Has the code a row?"""
    return state.get(CODES.key(known_id)) is not None


def code_clocks(state: StateReader, gtin: str, serial: str) -> list[tuple[bytes, Clock]]:
    """The code's id and clock, if it is known and a claim waits."""
    known_id = code_id(gtin, serial)
    code = CODES.load(state, known_id)
    clock = None if code is None else code.clock()
    return [] if clock is None else [(known_id, clock)]


def code_deadlines(state: StateReader) -> list[Deadline]:
    """The deadlines of all claims that wait."""
    clocks = [(known_id, code.clock()) for known_id, code in CODES.items(state)]
    return [deadline_of(known_id, clock) for known_id, clock in clocks if clock is not None]
