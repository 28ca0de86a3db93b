"""Penalties as records: what one custody's time outside costs, until nobody can contest it.

A penalty grows while more is reported of its custody, and each addition gives whoever is charged
the whole time to contest it. When that is over it is settled (commerce/devices/settling.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from chain.codec import U8, Amount, Hash, Name, Size, TimeMs
from chain.context import Context
from chain.crypto import tagged_hash
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.devices.errors import PenaltyUnknown
from commerce.devices.watch import Watch
from commerce.indexes import index_penalty
from commerce.orders import ORDER_LINES_MAX, LineIndex, load_order, timers_for
from commerce.records import altered

SETTLE = "sys.penalty.settle"
# One custody has one that grows; more come of contesting each as it is opened.
PENALTIES_MAX = 255


class PenaltyState(StrEnum):
    """PENDING: it can be contested until its clock settles it. DISPUTED: a dispute under its id
    decides. RULED: it waits for its clock as it was ruled. SETTLED: it was charged.
    """

    PENDING = "PENDING"
    DISPUTED = "DISPUTED"
    RULED = "RULED"
    SETTLED = "SETTLED"


@dataclass(frozen=True, slots=True)
class PenaltyLine:
    """What of one order line's price."""

    line: LineIndex
    amount_minor: Amount


@dataclass(frozen=True, slots=True)
class Penalty:
    """`custodian` pays the seller, and the seller the buyer; None: the seller bears it alone.

    Once it is SETTLED: `charged_minor` was paid by the custodian, `refunded_minor` was refunded,
    `owed_minor` became the seller's debt. `custody` is the position in the watch.
    """

    parcel_id: Hash
    number: U8
    order_id: Hash
    custody: U8
    custodian: Hash | None
    lines: Annotated[tuple[PenaltyLine, ...], Size(min=1, max=ORDER_LINES_MAX)]
    state: Name
    opened_ms: TimeMs
    due_ms: TimeMs | None
    charged_minor: Amount
    refunded_minor: Amount
    owed_minor: Amount

    @property
    def amount_minor(self) -> int:
        """All lines together."""
        return sum([entry.amount_minor for entry in self.lines])

    def clock(self) -> Clock | None:
        """When it is settled."""
        return None if self.due_ms is None else (self.due_ms, SETTLE)


# Under `penalty_id`.
PENALTIES: Table[Penalty] = Table("penalty", Penalty)


def penalty_id(parcel_id: bytes, number: int) -> bytes:
    """The id of a parcel's penalty; numbers count from 0."""
    return tagged_hash("penalty", parcel_id + bytes([number]))


def load_penalty(state: StateReader, known_id: bytes) -> Penalty:
    """The penalty, or `PenaltyUnknown`."""
    penalty = PENALTIES.load(state, known_id)
    if penalty is None:
        msg = f"no penalty {known_id.hex()}"
        raise PenaltyUnknown(msg)
    return penalty


def save_penalty(context: Context, before: Penalty | None, after: Penalty) -> None:
    """Write a penalty and move its clock."""
    known_id = penalty_id(after.parcel_id, after.number)
    PENALTIES.store(context.state, after, known_id)
    move_deadline(context, known_id, None if before is None else before.clock(), after.clock())


def add_penalty(
    context: Context, watch: Watch, position: int, amounts: Sequence[tuple[int, int]]
) -> tuple[Watch, bytes | None]:
    """Charge (line, amount) pairs to a custody: its penalty grows, or begins. The watch, and the id
    of the penalty; None where there is nothing to charge.
    """
    added = {line: minor for line, minor in amounts if minor}
    custody = watch.custodies[position]
    known = _growing(context, watch, custody.penalty)
    if not added or (known is None and watch.penalties >= PENALTIES_MAX):
        return watch, None
    timers = timers_for(context.state, load_order(context.state, watch.order_id))
    before = {} if known is None else {entry.line: entry.amount_minor for entry in known.lines}
    lines = tuple(
        [
            PenaltyLine(line, before.get(line, 0) + added.get(line, 0))
            for line in sorted({**before, **added})
        ]
    )
    due_ms = context.time_ms + timers.penalty_ms
    if known is not None:
        save_penalty(context, known, altered(known, lines=lines, due_ms=due_ms))
        return watch, penalty_id(known.parcel_id, known.number)
    number = watch.penalties
    begun = Penalty(
        parcel_id=watch.parcel_id,
        number=number,
        order_id=watch.order_id,
        custody=position,
        custodian=custody.custodian,
        lines=lines,
        state=PenaltyState.PENDING.value,
        opened_ms=context.time_ms,
        due_ms=due_ms,
        charged_minor=0,
        refunded_minor=0,
        owed_minor=0,
    )
    save_penalty(context, None, begun)
    known_id = penalty_id(watch.parcel_id, number)
    _index(context, known_id, begun)
    custodies = list(watch.custodies)
    custodies[position] = altered(custody, penalty=number)
    counted = altered(
        watch,
        custodies=tuple(custodies),
        penalties=number + 1,
        pending=watch.pending + 1,
    )
    return counted, known_id


def penalty_clocks(state: StateReader, known_id: bytes) -> list[tuple[bytes, Clock]]:
    """The penalty's id and clock, if there is one and it runs."""
    penalty = PENALTIES.load(state, known_id)
    clock = None if penalty is None else penalty.clock()
    return [] if clock is None else [(known_id, clock)]


def penalty_deadlines(state: StateReader) -> Iterator[Deadline]:
    """Of all penalties that wait for their clock."""
    for known_id, penalty in PENALTIES.items(state):
        clock = penalty.clock()
        if clock is not None:
            yield deadline_of(known_id, clock)


def _growing(context: Context, watch: Watch, number: int | None) -> Penalty | None:
    """A custody's penalty that can still grow: one that is overdue has had its time."""
    if number is None:
        return None
    penalty = load_penalty(context.state, penalty_id(watch.parcel_id, number))
    is_pending = penalty.state == PenaltyState.PENDING
    overdue = penalty.due_ms is None or penalty.due_ms <= context.time_ms
    return penalty if is_pending and not overdue else None


def _index(context: Context, known_id: bytes, penalty: Penalty) -> None:
    order = load_order(context.state, penalty.order_id)
    index_penalty(context, order.buyer, known_id, "buyer")
    index_penalty(context, order.seller, known_id, "seller")
    if penalty.custodian is not None:
        index_penalty(context, penalty.custodian, known_id, "custodian")
