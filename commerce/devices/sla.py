"""Storage promises: sla.attach.

The limits within which the goods of an order line are to be kept on their way, and what it costs to
leave them. Minutes outside count, by the worst reading that a report gives for its time; the first
`tolerated_ms` of them cost nothing. Every hour after that costs so many per mille of the price, by
how far the limits were left, at most `cap_permille` in all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Annotated

from chain.block import Event
from chain.codec import Hash, Name, Range, Size
from chain.context import Context, event
from chain.errors import CosignerMissing
from chain.state import StateReader, Table
from commerce.devices.errors import ReadingMalformed, SlaExists, SlaMalformed, UnitUnsuitable
from commerce.devices.measures import Reading, UnitCode, require_reading, require_unit, value_of
from commerce.errors import LineUnknown, NotAParty, OrderUnknown, StateForbids
from commerce.escrow import State
from commerce.orders import ORDER_LINES_MAX, LineIndex, Order, line_of, load_order
from commerce.refusals import refuses
from commerce.timers import DAY_MS

STEPS_MAX = 16
PERMILLE = 1_000
# Longer than any parcel travels.
TOLERATED_MAX_MS = 100 * DAY_MS

Tolerated = Annotated[int, Range(0, TOLERATED_MAX_MS)]
Share = Annotated[int, Range(1, PERMILLE)]


@dataclass(frozen=True, slots=True)
class PenaltyStep:
    """What an hour costs with readings beyond a limit by `excess` (in the promise's unit)."""

    excess: Reading
    permille_hour: Share


Steps = Annotated[tuple[PenaltyStep, ...], Size(min=1, max=STEPS_MAX)]


@dataclass(frozen=True, slots=True)
class SlaAttach:
    """`measures` as EPCIS calls it (`Temperature`). `low` and `high` are the least and the largest
    reading that is allowed, in `unit`; nothing for no limit. `tolerated_ms` is commercial time.
    The first step has the excess 0 and also is the price of gaps; later ones cost no less.
    """

    order_id: Hash
    line: LineIndex
    measures: Name
    unit: UnitCode
    low: Reading | None
    high: Reading | None
    tolerated_ms: Tolerated
    steps: Steps
    cap_permille: Share


@dataclass(frozen=True, slots=True)
class Sla:
    """The promise of one order line."""

    line: LineIndex
    measures: Name
    unit: UnitCode
    low: Reading | None
    high: Reading | None
    tolerated_ms: Tolerated
    steps: Steps
    cap_permille: Share

    def excess(self, least: Fraction, largest: Fraction) -> Fraction | None:
        """How far these readings, in the promise's unit, are outside; None: they are within."""
        beyond = []
        if self.low is not None:
            beyond.append(value_of(self.low) - least)
        if self.high is not None:
            beyond.append(largest - value_of(self.high))
        worst = max(beyond)
        return worst if worst > 0 else None

    def permille_hour(self, excess: Fraction) -> int:
        """What an hour outside by this much costs."""
        reached = [step for step in self.steps if value_of(step.excess) <= excess]
        return reached[-1].permille_hour


@dataclass(frozen=True, slots=True)
class OrderSlas:
    """All promises of an order, ascending by line, one each."""

    slas: Annotated[tuple[Sla, ...], Size(min=1, max=ORDER_LINES_MAX)]


# By the order.
SLAS: Table[OrderSlas] = Table("sla", OrderSlas)


def slas_of(state: StateReader, order_id: bytes) -> Sequence[Sla]:
    """The promises of an order."""
    found = SLAS.load(state, order_id)
    return () if found is None else found.slas


@refuses(
    UnitUnsuitable,
    ReadingMalformed,
    SlaMalformed,
    OrderUnknown,
    NotAParty,
    LineUnknown,
    SlaExists,
    StateForbids,
    CosignerMissing,
)
def sla_attach(op: SlaAttach, context: Context) -> tuple[Event, ...]:
    """Promise how a line's goods are kept on their way; who sells them signs in any case."""
    check_promise(op)
    order = load_order(context.state, op.order_id)
    if context.sender not in (order.buyer, order.seller):
        msg = "only the buyer or the seller attaches a storage promise"
        raise NotAParty(msg)
    line_of(order, op.line)
    known = slas_of(context.state, op.order_id)
    both = context.consents(order.buyer) and context.consents(order.seller)
    if any(sla.line == op.line for sla in known) and not both:
        msg = f"line {op.line} has a storage promise"
        raise SlaExists(msg)
    _require_unshipped(order, op.line)
    # It is the seller who gets less, so a buyer can't promise in its name.
    context.require_consent(order.seller, "the seller")
    sla = Sla(
        line=op.line,
        measures=op.measures,
        unit=op.unit,
        low=op.low,
        high=op.high,
        tolerated_ms=op.tolerated_ms,
        steps=op.steps,
        cap_permille=op.cap_permille,
    )
    others = [entry for entry in known if entry.line != op.line]
    slas = sorted([*others, sla], key=lambda entry: entry.line)
    SLAS.store(context.state, OrderSlas(tuple(slas)), op.order_id)
    attached = event(
        "sla.attached",
        order_id=op.order_id,
        line=op.line,
        buyer=order.buyer,
        seller=order.seller,
        measures=op.measures,
        unit=op.unit,
        low=op.low,
        high=op.high,
        tolerated_ms=op.tolerated_ms,
        steps=tuple(
            [{"excess": step.excess, "permille_hour": step.permille_hour} for step in op.steps]
        ),
        cap_permille=op.cap_permille,
    )
    return (attached,)


def check_promise(op: SlaAttach) -> None:
    """`UnitUnsuitable`, `ReadingMalformed` or `SlaMalformed`: whoever's promise it is."""
    require_unit(op.unit, op.measures)
    limits = [require_reading(limit) for limit in (op.low, op.high) if limit is not None]
    excesses = [require_reading(step.excess) for step in op.steps]
    ascending = all(one < other for one, other in pairwise(excesses))
    dearer = all(a.permille_hour <= b.permille_hour for a, b in pairwise(op.steps))
    rules = (
        (bool(limits), "neither a lower nor an upper limit is given"),
        (
            all(low < high for low, high in pairwise(limits)),
            "the lower limit is not below the upper",
        ),
        (excesses[0] == 0, f"the first step's excess is {op.steps[0].excess}, not 0"),
        (ascending, "the steps' excesses don't ascend"),
        (dearer, "a step costs less than the one before"),
    )
    broken = next((words for holds, words in rules if not holds), None)
    if broken is not None:
        raise SlaMalformed(broken)


def _require_unshipped(order: Order, index: int) -> None:
    line = order.lines[index]
    waits = line.state in (State.UNFUNDED, State.HELD, State.LATE)
    if line.shipped or not waits:
        msg = f"line {index} is {line.state}: a promise is made before anything of it is shipped"
        raise StateForbids(msg)
