"""Lists of orders: of an account, newest first; of what is due, earliest first.

A page looks at a bounded number of rows (`node.api.paging`), whatever is asked for.
"""

from dataclasses import dataclass
from itertools import takewhile

from pydantic import BaseModel

from chain.codec import Hash
from chain.deadlines import DEADLINES, Deadline
from chain.state import StateReader
from commerce import indexes
from commerce.aftersale.case_views import DeadlineView, view_of_deadline
from commerce.escrow import State
from commerce.money import load_asset
from commerce.order_views import next_deadline, order_of_deadline
from commerce.orders import Order, load_order, order_deadline
from node.api.paging import CURSOR, LIMIT, chosen, newest_chosen, rows_after, split_place
from node.api.parameters import account_in_path, account_in_query, time_in_query, word_in_query
from node.api.problems import ParameterInvalid
from node.api.render import model_of, render_fields
from node.api.replies import Reply, json_reply
from node.api.routing import Call

PARTS = ("buyer", "seller", "payer")
STATES = (
    *(State.UNFUNDED, State.HELD, State.LATE, State.IN_TRANSIT, State.DELIVERED),
    *(State.RELEASED, State.REFUNDED, State.CLOSED),
)

PARTY = account_in_path("account", "buyer, seller or payer")
OF_ACCOUNT = account_in_query("account", "orders with this buyer, seller or payer")
PART = word_in_query("part", PARTS, "only those in which the account has this part")
STATE = word_in_query(
    "state", tuple(state.value for state in STATES), "only orders in this state as a whole"
)
DUE_BEFORE = time_in_query(
    "due_before_ms", "instead: what is due before this time, an entry a deadline, earliest first"
)


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """An order in a list; `part` is the account's: buyer, seller or payer.

    In a list of what is due `deadline` is the one that put it there: the order's own, a parcel's, a
    case's, a claim's or a penalty's; `part` is None if no account was asked for. Elsewhere it is
    the order's. `next_deadline` is the earliest of all that run for the order.
    """

    order_id: Hash
    part: str | None
    state: str
    buyer: Hash
    seller: Hash
    symbol: str
    decimals: int
    total_minor: int
    held_minor: int
    created_ms: int
    deadline: DeadlineView | None
    next_deadline: DeadlineView | None


@dataclass(frozen=True, slots=True)
class OrdersView:
    """Orders; one in which the account has two parts stands there for each."""

    orders: tuple[OrderEntry, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked for; None: all."""

    account: bytes | None
    part: str | None
    state: str | None

    def wants(self, order: Order) -> bool:
        """Is the order in the state asked for?"""
        return self.state is None or order.state == self.state

    def part_in(self, order: Order) -> str | None:
        """The account's first part in the order that was asked for, or None.

        As in the index of orders, a buyer who pays is no payer besides.
        """
        payer = None if order.payer == order.buyer else order.payer
        parties = {"buyer": order.buyer, "seller": order.seller, "payer": payer}
        for part, account in parties.items():
            if account is not None and account == self.account and self.part in (None, part):
                return part
        return None


ORDERS_MODEL: type[BaseModel] = model_of(OrdersView)


def read_orders(call: Call) -> Reply:
    """GET /v1/orders?account= or ?due_before_ms=."""
    account, due_before_ms = call.get(OF_ACCOUNT), call.get(DUE_BEFORE)
    if due_before_ms is not None:
        return _due(call, _wanted(call, account), due_before_ms)
    if account is None:
        msg = "give account, or due_before_ms"
        raise ParameterInvalid(msg, "query.account")
    return _newest(call, _wanted(call, account), account)


def read_orders_of(call: Call) -> Reply:
    """GET /v1/accounts/{account}/orders."""
    account, due_before_ms = call.get(PARTY), call.get(DUE_BEFORE)
    wanted = _wanted(call, account)
    if due_before_ms is not None:
        return _due(call, wanted, due_before_ms)
    return _newest(call, wanted, account)


def _wanted(call: Call, account: bytes | None) -> _Wanted:
    part = call.get(PART)
    if account is None and part is not None:
        msg = "part is an account's: give account too"
        raise ParameterInvalid(msg, "query.part")
    return _Wanted(account, part, call.get(STATE))


def _newest(call: Call, wanted: _Wanted, account: bytes) -> Reply:
    state = call.service.ledger.state

    def choose(rest: bytes, value: bytes) -> OrderEntry | None:
        part = value.decode()
        if wanted.part not in (None, part):
            return None
        order_id = split_place(rest)[1]
        order = load_order(state, order_id)
        if not wanted.wants(order):
            return None
        return _entry(state, order_id, order, part, order_deadline(order_id, order))

    prefix = indexes.ACCOUNT_ORDER + account
    page = (call.get(CURSOR), call.get(LIMIT))
    orders, following = newest_chosen(call.service.ledger, prefix, page, choose)
    return json_reply(render_fields(OrdersView(tuple(orders), following)))


def _due(call: Call, wanted: _Wanted, due_before_ms: int) -> Reply:
    state = call.service.ledger.state

    def choose(_key: bytes, deadline: Deadline) -> OrderEntry | None:
        order_id = order_of_deadline(state, deadline)
        if order_id is None:
            return None
        order = load_order(state, order_id)
        part = wanted.part_in(order)
        if (wanted.account is not None and part is None) or not wanted.wants(order):
            return None
        return _entry(state, order_id, order, part, deadline)

    rows = rows_after(state, DEADLINES, call.get(CURSOR))
    due = takewhile(lambda row: row[1].time_ms < due_before_ms, rows)
    orders, following = chosen(due, call.get(LIMIT), choose)
    return json_reply(render_fields(OrdersView(tuple(orders), following)))


def _entry(  # of its record, seen by one who has a part in it, and by a clock
    state: StateReader, order_id: bytes, order: Order, part: str | None, deadline: Deadline | None
) -> OrderEntry:
    return OrderEntry(
        order_id=order_id,
        part=part,
        state=order.state.value,
        buyer=order.buyer,
        seller=order.seller,
        symbol=order.symbol,
        decimals=load_asset(state, order.symbol).decimals,
        total_minor=order.total_minor,
        held_minor=sum([line.held_minor for line in order.lines]),
        created_ms=order.created_ms,
        deadline=view_of_deadline(deadline),
        next_deadline=next_deadline(state, order_id, order),
    )
