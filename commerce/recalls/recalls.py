"""recall.open, recall.close, order.keep, and the clocks of recalls.

A recall is of a product as a whole; lots and what became of them come with provenance. Its block
refuses every later sale, shipment and confirmation of the product (commerce/recalls/blocked.py),
and the sweep that is due at once stops the orders in flight, so many a block.
"""

from dataclasses import dataclass
from typing import Annotated

from chain.block import EVENTS_MAX, Event
from chain.codec import U64, Hash, Name, Range, TimeMs
from chain.context import Context, event
from chain.deadlines import Deadline
from chain.state import StateReader, Table
from commerce.aftersale.cases import CASES_MAX, Case, load_case
from commerce.aftersale.errors import CaseUnknown, KeepForbidden
from commerce.aftersale.freight import pay_freight
from commerce.aftersale.outcomes import refund_case, release_case
from commerce.clocks import Clock, deadline_of, move_deadline
from commerce.errors import NotTheBuyer, PrefixNotHeld, ProductUnknown, StateForbids
from commerce.escrow import State, Trigger, When, edge_from
from commerce.orders import ORDERS, load_order
from commerce.products import Gtin, load_product
from commerce.recalls.blocked import (
    RECALLS_MAX,
    block,
    recalled_gtins,
    recalled_products,
    unblock,
)
from commerce.recalls.errors import (
    NotTheRecaller,
    RecallExists,
    RecallNotAlone,
    RecallUnknown,
    TooManyRecalls,
)
from commerce.recalls.stopping import stop_order
from commerce.records import altered
from commerce.refusals import refuses
from commerce.roles import has_role_for_goods

# Orders that one block looks at: 25 us each to read.
SWEEP_ORDERS_MAX = 5_000
# Orders that one block stops, and events before the last of them: each may leave 200 of those, two
# for each of its cases, and a receipt holds `EVENTS_MAX`.
SWEEP_STOPPED_MAX = 200
SWEEP_EVENTS_MAX = EVENTS_MAX - 2 * CASES_MAX
SWEEP = "sys.recall.sweep"

RecallClass = Annotated[int, Range(1, 3)]


@dataclass(frozen=True, slots=True)
class RecallOpen:
    """`recall_class` 1 is the gravest (食品召回管理办法 art. 13). `instruction` is the hash of
    what buyers are told, `report` that of the regulator's file.
    """

    gtin: Gtin
    recall_class: RecallClass
    instruction: Hash
    report: Hash | None


@dataclass(frozen=True, slots=True)
class RecallClose:
    """`report` is the hash of what became of the goods."""

    recall_id: Hash
    report: Hash


@dataclass(frozen=True, slots=True)
class OrderKeep:
    """`keep`: the buyer has the goods and wants them, so the seller is paid; else it takes the
    refund at once.
    """

    case_id: Hash
    keep: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """`cursor` is the order that the sweep looks at next, nothing once it is through."""

    gtin: Gtin
    recall_class: RecallClass
    opener: Hash
    instruction: Hash
    report: Hash | None
    opened_ms: TimeMs
    closed_ms: TimeMs | None
    state: Name
    cursor: Hash | None
    due_ms: TimeMs | None

    def clock(self) -> Clock | None:
        """When the sweep goes on; None once it is through."""
        return None if self.due_ms is None else (self.due_ms, SWEEP)


@dataclass(frozen=True, slots=True)
class Swept:
    """The block that had the last sweep: one a block, whichever recall it is of."""

    height: U64


# Under one empty key.
SWEPT: Table[Swept] = Table("recall-sweep", Swept)
RECALLS: Table[Recall] = Table("recall", Recall)


def load_recall(state: StateReader, recall_id: bytes) -> Recall:
    """The recall, or `RecallUnknown`."""
    recall = RECALLS.load(state, recall_id)
    if recall is None:
        msg = f"no recall {recall_id.hex()}"
        raise RecallUnknown(msg)
    return recall


@refuses(RecallNotAlone, ProductUnknown, PrefixNotHeld, RecallExists, TooManyRecalls)
def recall_open(op: RecallOpen, context: Context) -> tuple[Event, ...]:
    """Block a product from this block on, and stop its units in flight: by its brand or a
    regulator.
    """
    assert context.received is not None
    if len(context.received.types) != 1:
        msg = "recall.open is the only operation of its transaction"
        raise RecallNotAlone(msg)
    product = load_product(context.state, op.gtin)
    if context.sender != product.holder and not _is_regulator(context, op.gtin):
        msg = f"only its brand or a regulator recalls {op.gtin}"
        raise PrefixNotHeld(msg)
    known = recalled_products(context.state)
    if op.gtin in recalled_gtins(context.state):
        msg = f"product {op.gtin} is recalled"
        raise RecallExists(msg)
    if len(known) >= RECALLS_MAX:
        msg = f"at most {RECALLS_MAX} products are recalled at a time"
        raise TooManyRecalls(msg)
    recall_id = context.new_id("recall")
    block(context, op.gtin, recall_id)
    recall = Recall(
        gtin=op.gtin,
        recall_class=op.recall_class,
        opener=context.sender,
        instruction=op.instruction,
        report=op.report,
        opened_ms=context.time_ms,
        closed_ms=None,
        state="OPEN",
        cursor=bytes(32),
        due_ms=context.time_ms,
    )
    _save(context, recall_id, None, recall)
    opened = event(
        "recall.opened",
        recall_id=recall_id,
        gtin=op.gtin,
        recall_class=op.recall_class,
        opener=context.sender,
        instruction=op.instruction,
        report=op.report,
    )
    return (opened,)


@refuses(RecallUnknown, NotTheRecaller, StateForbids)
def recall_close(op: RecallClose, context: Context) -> tuple[Event, ...]:
    """The product may be sold again; what was stopped goes its way."""
    recall = load_recall(context.state, op.recall_id)
    if context.sender != recall.opener and not _is_regulator(context, recall.gtin):
        msg = "only who opened a recall, or a regulator, closes it"
        raise NotTheRecaller(msg)
    if recall.state != "OPEN" or recall.due_ms is not None:
        msg = "the recall is closed, or still stops what is in flight"
        raise StateForbids(msg)
    unblock(context, recall.gtin)
    closed = altered(recall, state="CLOSED", closed_ms=context.time_ms, report=op.report)
    _save(context, op.recall_id, recall, closed)
    return (event("recall.closed", recall_id=op.recall_id, gtin=recall.gtin, report=op.report),)


@refuses(CaseUnknown, NotTheBuyer, StateForbids, KeepForbidden)
def order_keep(op: OrderKeep, context: Context) -> tuple[Event, ...]:
    """Say what is to happen with recalled goods: keep and pay them, or have the money back."""
    case = load_case(context.state, op.case_id)
    order = load_order(context.state, case.order_id)
    if context.sender != order.buyer:
        msg = "only the buyer keeps its goods"
        raise NotTheBuyer(msg)
    edge_from(case.state, Trigger.KEEP, When.KEEPS if op.keep else When.RETURNS)
    if not op.keep:
        return _refund(context, op.case_id, case, context.time_ms, "recall")
    _require_keepable(context, case)
    return release_case(context, op.case_id, case)


def sweep(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.recall.sweep: stop what is in flight of some more orders."""
    recall_id = deadline.object_id
    recall = load_recall(context.state, recall_id)
    assert recall.cursor is not None
    if not _take_turn(context):
        waiting = altered(recall, due_ms=context.time_ms + 1)
        _save(context, recall_id, altered(recall, due_ms=None), waiting)
        return ()
    gtins = frozenset((recall.gtin,))
    events: list[Event] = []
    affected, following = _in_flight(context.state, recall.cursor, gtins)
    for order_id in affected:
        if len(events) > SWEEP_EVENTS_MAX:
            following = order_id
            break
        events += stop_order(context, order_id, gtins)
    # The next block goes on: a block's time is bounded.
    due_ms = None if following is None else context.time_ms + 1
    swept = altered(recall, cursor=following, due_ms=due_ms)
    # Its entry in the index was taken out when it fired.
    _save(context, recall_id, altered(recall, due_ms=None), swept)
    return tuple(events)


def _take_turn(context: Context) -> bool:
    """Is this the first sweep of its block? A thousand recalls at once take as many blocks."""
    last = SWEPT.load(context.state)
    if last is not None and last.height == context.height:
        return False
    SWEPT.store(context.state, Swept(context.height))
    return True


def _in_flight(
    state: StateReader, cursor: bytes, gtins: frozenset[str]
) -> tuple[list[bytes], bytes | None]:
    """Orders from the cursor on that hold money for these products, and the next cursor."""
    affected: list[bytes] = []
    for looked_at, (order_id, order) in enumerate(ORDERS.scan_from(state, cursor)):
        if looked_at == SWEEP_ORDERS_MAX or len(affected) == SWEEP_STOPPED_MAX:
            return affected, order_id
        if any(line.gtin in gtins and line.held_minor for line in order.lines):
            affected.append(order_id)
    return affected, None


def recall_timeout(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.order.recall: the buyer of recalled goods was silent and has its money back."""
    case = load_case(context.state, deadline.object_id)
    edge_from(case.state, Trigger.RECALL_TIMEOUT)
    return _refund(context, deadline.object_id, case, deadline.time_ms, deadline.kind)


def _refund(
    context: Context, case_id: bytes, case: Case, now_ms: int, reason: str
) -> tuple[Event, ...]:
    whole = _whole(context, case)
    told = refund_case(context, case_id, whole, now_ms, reason)
    return (*told, *pay_freight(context, case_id, case, recalled=True))


def _whole(context: Context, case: Case) -> Case:
    """A case that asks for all that its units are worth, whatever was asked before the recall."""
    order = load_order(context.state, case.order_id)
    lines = [
        altered(entry, amount_minor=order.lines[entry.line].worth_minor(entry.spans))
        for entry in case.lines
    ]
    return altered(case, lines=tuple(lines))


def _require_keepable(context: Context, case: Case) -> None:
    if case.origin in (State.HELD, State.LATE) or case.returned is not None:
        msg = "the buyer doesn't have these goods"
        raise KeepForbidden(msg)
    order = load_order(context.state, case.order_id)
    gravest = {entry.gtin: entry.recall_id for entry in recalled_products(context.state)}
    for entry in case.lines:
        recall_id = gravest.get(order.lines[entry.line].gtin)
        if recall_id is not None and load_recall(context.state, recall_id).recall_class == 1:
            msg = "goods of a class I recall are not kept"
            raise KeepForbidden(msg)


def _is_regulator(context: Context, gtin: str) -> bool:
    return has_role_for_goods(context.state, context.sender, "regulator", gtin)


def _save(context: Context, recall_id: bytes, before: Recall | None, after: Recall) -> None:
    RECALLS.store(context.state, after, recall_id)
    move_deadline(context, recall_id, None if before is None else before.clock(), after.clock())


def recall_deadlines(state: StateReader) -> list[Deadline]:
    """The deadlines of all recalls whose sweep runs."""
    clocks = [(recall_id, recall.clock()) for recall_id, recall in RECALLS.items(state)]
    return [deadline_of(recall_id, clock) for recall_id, clock in clocks if clock is not None]
