"""code.bind: which thing an order's line gets, so that a scan elsewhere after the sale shows."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import U32, Hash
from chain.context import Context, event
from chain.state import Table
from commerce.codes.errors import (
    CodeBatchUnknown,
    CodeBound,
    CodeDead,
    CodeInactive,
    CodeUnknown,
    GoodsMismatch,
    LeafInvalid,
    NotInHand,
    SerialElsewhere,
    SerialMalformed,
)
from commerce.codes.items import Membership, Sale, require_active, save_code, shown_code
from commerce.codes.serials import Serial, code_id, link_of
from commerce.errors import LineUnknown, NotTheSeller, OrderUnknown, QuantityExceeded, StateForbids
from commerce.escrow import State
from commerce.goods.things import possessor_of
from commerce.orders import LineIndex, line_of, load_order
from commerce.products import Gtin
from commerce.records import altered
from commerce.refusals import refuses

_ENDED = (State.CLOSED, State.REFUNDED)


@dataclass(frozen=True, slots=True)
class CodeBind:
    """Before the thing is shipped. `member` shows a code that the chain doesn't know yet. A thing
    that is bound to another line moves to this one.
    """

    gtin: Gtin
    serial: Serial
    order_id: Hash
    line: LineIndex
    member: Membership | None


@dataclass(frozen=True, slots=True)
class BoundLine:
    """How many things a line of an order has."""

    count: U32


# By order and line, one byte.
BOUND: Table[BoundLine] = Table("code-line", BoundLine)


@refuses(
    OrderUnknown,
    NotTheSeller,
    LineUnknown,
    SerialMalformed,
    CodeBatchUnknown,
    LeafInvalid,
    SerialElsewhere,
    CodeUnknown,
    GoodsMismatch,
    StateForbids,
    CodeInactive,
    CodeDead,
    CodeBound,
    NotInHand,
    QuantityExceeded,
)
def code_bind(op: CodeBind, context: Context) -> tuple[Event, ...]:
    """Say which thing a paid line gets, by its seller, who has the thing."""
    order = load_order(context.state, op.order_id)
    if context.sender != order.seller:
        msg = "only the seller says what a line gets"
        raise NotTheSeller(msg)
    line = line_of(order, op.line)
    code = shown_code(context, op.gtin, op.serial, op.member)
    if line.gtin != op.gtin:
        msg = f"line {op.line} is of {line.gtin}"
        raise GoodsMismatch(msg)
    if order.paid_ms is None or line.state in _ENDED:
        msg = "the line is not paid, or has ended"
        raise StateForbids(msg)
    require_active(context.state, code)
    if code.sale is not None and (code.sale.order_id, code.sale.line) == (op.order_id, op.line):
        msg = "the line has this thing"
        raise CodeBound(msg)
    if possessor_of(context.state, link_of(op.gtin, op.serial)) != context.sender:
        msg = f"{op.gtin} {op.serial} is not in the seller's hands"
        raise NotInHand(msg)
    if _bound(context, op.order_id, op.line) >= line.quantity:
        msg = f"the line has its {line.quantity} things"
        raise QuantityExceeded(msg)
    if code.sale is not None:
        _count(context, code.sale.order_id, code.sale.line, -1)
    _count(context, op.order_id, op.line, 1)
    sale = Sale(op.order_id, op.line, context.sender, context.time_ms)
    save_code(context, code, altered(code, sale=sale))
    bound = event(
        "code.bound",
        code_id=code_id(op.gtin, op.serial),
        gtin=op.gtin,
        serial=op.serial,
        order_id=op.order_id,
        line=op.line,
        seller=context.sender,
        buyer=order.buyer,
    )
    return (bound,)


def _bound(context: Context, order_id: bytes, line: int) -> int:
    known = BOUND.load(context.state, order_id, bytes([line]))
    return 0 if known is None else known.count


def _count(context: Context, order_id: bytes, line: int, more: int) -> None:
    count = _bound(context, order_id, line) + more
    BOUND.store(context.state, BoundLine(count), order_id, bytes([line]))
