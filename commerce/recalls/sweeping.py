"""sys.recall.sweep: stop what is in flight, and write down who got what, so many orders a block.

It runs once the marks have spread, and again when more were found while it ran. What it does to an
order is what the order's own clocks do meanwhile (`check_parcel`), so that none is paid out first.
"""

from chain.block import EVENTS_MAX, Event
from chain.context import Context
from chain.deadlines import Deadline
from commerce.aftersale.cases import CASES_MAX
from commerce.orders import ORDERS, Order
from commerce.parcels import Parcel, load_parcel, parcel_id
from commerce.recalls.blocked import recalled_gtins, touching
from commerce.recalls.notices import Noticing, label_things
from commerce.recalls.record import SWEEP, Recall, fired, load_recall, save_recall, take_turn
from commerce.recalls.spreading import FIRST_ORDER
from commerce.recalls.stopping import Stop, stop_order
from commerce.records import altered

# Orders that one block looks at: 25 us each to read.
SWEEP_ORDERS_MAX = 5_000
# Orders that one block handles, rows of the index that it reads, and events before the last of
# them: each may leave 200 of those, two for each of its cases, and a receipt holds `EVENTS_MAX`.
SWEEP_STOPPED_MAX = 200
SWEEP_READ_MAX = 10_000
SWEEP_EVENTS_MAX = EVENTS_MAX - 2 * CASES_MAX


def sweep(deadline: Deadline, context: Context) -> tuple[Event, ...]:
    """sys.recall.sweep: stop what is in flight of some more orders, and note who got what."""
    recall_id = deadline.object_id
    recall = load_recall(context.state, recall_id)
    assert recall.cursor is not None
    if not take_turn(context, SWEEP):
        save_recall(context, recall_id, fired(recall), altered(recall, due_ms=context.time_ms + 1))
        return ()
    noticing = Noticing.of(context, recall_id, recall)
    events: list[Event] = []
    concerned, following = _concerned(context, recall.cursor, noticing)
    for order_id in concerned:
        if len(events) > SWEEP_EVENTS_MAX or noticing.meter.read > SWEEP_READ_MAX:
            following = order_id
            break
        events += _sweep_order(noticing, order_id)
    swept = _moved_on(context, recall, following)
    swept = altered(swept, outstanding=recall.outstanding + noticing.outstanding)
    save_recall(context, recall_id, fired(recall), swept)
    return tuple(events)


def _moved_on(context: Context, recall: Recall, following: bytes | None) -> Recall:
    """The recall with its sweep at the next order; through, unless marks were found meanwhile."""
    # The next block goes on: a block's time is bounded.
    next_ms = context.time_ms + 1
    if following is not None:
        return altered(recall, cursor=following, due_ms=next_ms)
    if recall.again:
        return altered(recall, cursor=FIRST_ORDER, again=False, due_ms=next_ms)
    return altered(recall, cursor=None, due_ms=None)


def _concerned(
    context: Context, cursor: bytes, noticing: Noticing
) -> tuple[list[bytes], bytes | None]:
    """Paid orders from the cursor on for products that the recall has reached, and the next."""
    found: list[bytes] = []
    for looked_at, (order_id, order) in enumerate(ORDERS.scan_from(context.state, cursor)):
        if looked_at == SWEEP_ORDERS_MAX or len(found) == SWEEP_STOPPED_MAX:
            return found, order_id
        if order.paid_ms is not None and noticing.concerns(order):
            found.append(order_id)
    return found, None


def _sweep_order(noticing: Noticing, order_id: bytes) -> tuple[Event, ...]:
    """Notice each parcel of an order, and stop what is recalled in it."""
    context, recall = noticing.context, noticing.recall
    order = ORDERS.load(context.state, order_id)
    assert order is not None
    stop = Stop(frozenset((recall.gtin,)) if recall.whole else frozenset())
    for number in range(order.parcels):
        parcel = load_parcel(context.state, parcel_id(order_id, number))
        noticing.notice(order_id, order, parcel, stop)
    return stop_order(context, order_id, stop)


def check_parcel(context: Context, order: Order, parcel: Parcel) -> tuple[Event, ...]:
    """Stop what is recalled of a parcel that silence would pay for, whether swept or not."""
    events: list[Event] = []
    whole = recalled_gtins(context.state)
    if whole:
        events += stop_order(context, parcel.order_id, Stop(whole))
    if not label_things(parcel):
        # It may have brought marked goods; that it did nobody knows.
        return tuple(events)
    gtins = dict.fromkeys(order.lines[entry.line].gtin for entry in parcel.lines if entry.open)
    recalls = {entry.recall_id: None for gtin in gtins for entry in touching(context.state, gtin)}
    for recall_id in recalls:
        recall = load_recall(context.state, recall_id)
        noticing, stop = Noticing.of(context, recall_id, recall), Stop()
        noticing.notice(parcel.order_id, order, parcel, stop)
        if noticing.outstanding:
            asked = altered(recall, outstanding=recall.outstanding + noticing.outstanding)
            save_recall(context, recall_id, recall, asked)
        events += stop_order(context, parcel.order_id, stop)
    return tuple(events)
