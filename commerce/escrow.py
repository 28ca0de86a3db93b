"""The escrow automaton: one table, from which checks, documentation and tests derive.

It runs per order line for the units that are not shipped, per parcel for those that are, and per
case for units under a request. A state with a clock goes on by itself (`sys.*`); one without is an
end. Who may trigger an edge is said in the letters of docs/transactions.md: B buyer, S seller,
C carrier, A arbiters, R brand or regulator, + both, "any" anyone, "–" the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from commerce.errors import StateForbids


class State(StrEnum):
    """Where units of an order and their money are; REFUNDED, SPLIT and CLOSED are the ends.

    Money that is RELEASED is the seller's; requests are possible until the windows are over.
    """

    UNFUNDED = "UNFUNDED"
    HELD = "HELD"
    LATE = "LATE"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    RELEASED = "RELEASED"
    REFUND_PENDING = "REFUND_PENDING"
    REJECTED = "REJECTED"
    COUNTERED = "COUNTERED"
    RETURNING = "RETURNING"
    RETURN_IN_TRANSIT = "RETURN_IN_TRANSIT"
    RETURN_DELIVERED = "RETURN_DELIVERED"
    EXCHANGING = "EXCHANGING"
    RECALLED = "RECALLED"
    DISPUTED = "DISPUTED"
    DECIDED = "DECIDED"
    REFUNDED = "REFUNDED"
    SPLIT = "SPLIT"
    CLOSED = "CLOSED"


class Trigger(StrEnum):
    """What moves units along an edge: the transaction or system transition of this name."""

    PAY = "order.pay"
    PAY_TIMEOUT = "sys.order.pay"
    CANCEL = "order.cancel"
    SHIP = "shipment.create"
    SHIP_TIMEOUT = "sys.order.ship"
    DELIVER = "shipment.delivered"
    LOSE = "shipment.lost"
    LOST_TIMEOUT = "sys.order.lost"
    CONFIRM = "order.confirm"
    CONFIRM_TIMEOUT = "sys.order.confirm"
    CLOSE_TIMEOUT = "sys.order.close"
    REQUEST = "refund.request"
    WITHDRAW = "refund.withdraw"
    AGREE = "refund.agree"
    REJECT = "refund.reject"
    COUNTER = "refund.counter"
    ACCEPT_COUNTER = "refund.accept_counter"
    ANSWER_TIMEOUT = "sys.refund.answer"
    COUNTER_TIMEOUT = "sys.refund.counter"
    RETURN_SHIP = "return.ship"
    RETURN_SHIP_TIMEOUT = "sys.return.ship"
    RETURN_DELIVER = "return.delivered"
    RETURN_LOST_TIMEOUT = "sys.return.lost"
    RECEIVE = "return.receive"
    RECEIVE_TIMEOUT = "sys.return.accept"
    CONTEST = "return.contest"
    EXCHANGE_SHIP = "exchange.ship"
    EXCHANGE_TIMEOUT = "sys.exchange.ship"
    RECALL = "recall.open"
    KEEP = "order.keep"
    RECALL_TIMEOUT = "sys.order.recall"
    DISPUTE = "dispute.open"
    RULE = "dispute.reveal"
    APPEAL = "dispute.appeal"
    SETTLE = "dispute.settle"
    DISPUTE_TIMEOUT = "sys.dispute.cap"
    APPEAL_TIMEOUT = "sys.dispute.appeal"


class Money(StrEnum):
    """What an edge does with the units' share of the money.

    Of units that were released before, "escrow" is the seller's balance, deposit and, only by a
    ruling, the mutual fund.
    """

    STAYS = "–"
    HOLD = "payer → escrow"
    RELEASE = "escrow → seller"
    REFUND = "escrow → payer"
    SPLIT = "escrow → payer and seller"


class When(StrEnum):
    """Which of several edges of one state and trigger: what was asked or agreed."""

    ALWAYS = ""
    KEEPS = "the buyer keeps the goods, or never had them"
    RETURNS = "the goods go back"
    EXCHANGES = "the goods go back for others"


# An edge's target: the state that the units were in before, with the time that was left.
BACK = None


@dataclass(frozen=True, slots=True)
class Edge:
    """Units in `source` go to `target` when `who` triggers it; `stock_back`: they are for sale."""

    source: State
    trigger: Trigger
    target: State | None
    who: str
    money: Money
    when: When = When.ALWAYS
    stock_back: bool = False


_S, _T, _M = State, Trigger, Money
_KEEPS, _RETURNS, _EXCHANGES = When.KEEPS, When.RETURNS, When.EXCHANGES

_ORDER = (
    Edge(_S.UNFUNDED, _T.PAY, _S.HELD, "any", _M.HOLD),
    Edge(_S.UNFUNDED, _T.CANCEL, _S.CLOSED, "B or S", _M.STAYS, stock_back=True),
    Edge(_S.UNFUNDED, _T.PAY_TIMEOUT, _S.CLOSED, "–", _M.STAYS, stock_back=True),
    Edge(_S.HELD, _T.SHIP, _S.IN_TRANSIT, "S + C", _M.STAYS),
    Edge(_S.HELD, _T.CANCEL, _S.REFUNDED, "B + S", _M.REFUND, stock_back=True),
    Edge(_S.HELD, _T.SHIP_TIMEOUT, _S.LATE, "–", _M.STAYS),
    Edge(_S.LATE, _T.SHIP, _S.IN_TRANSIT, "S + C", _M.STAYS),
    Edge(_S.LATE, _T.CANCEL, _S.REFUNDED, "B", _M.REFUND, stock_back=True),
    Edge(_S.LATE, _T.SHIP_TIMEOUT, _S.REFUNDED, "–", _M.REFUND, stock_back=True),
    Edge(_S.IN_TRANSIT, _T.DELIVER, _S.DELIVERED, "C", _M.STAYS),
    Edge(_S.IN_TRANSIT, _T.CONFIRM, _S.RELEASED, "B", _M.RELEASE),
    Edge(_S.IN_TRANSIT, _T.LOSE, _S.REFUNDED, "C", _M.REFUND),
    Edge(_S.IN_TRANSIT, _T.LOST_TIMEOUT, _S.REFUNDED, "–", _M.REFUND),
    # A delivery proof of the seller's own; the carrier's would have been shipment.delivered.
    Edge(_S.IN_TRANSIT, _T.DISPUTE, _S.DISPUTED, "S", _M.STAYS),
    Edge(_S.DELIVERED, _T.CONFIRM, _S.RELEASED, "B", _M.RELEASE),
    Edge(_S.DELIVERED, _T.CONFIRM_TIMEOUT, _S.RELEASED, "–", _M.RELEASE),
    Edge(_S.RELEASED, _T.CLOSE_TIMEOUT, _S.CLOSED, "–", _M.STAYS),
)

# States whose units a buyer may ask a refund for.
REQUESTABLE = (_S.HELD, _S.LATE, _S.IN_TRANSIT, _S.DELIVERED, _S.RELEASED)

_REQUESTS = (
    *(Edge(source, _T.REQUEST, _S.REFUND_PENDING, "B", _M.STAYS) for source in REQUESTABLE),
    *(
        edge
        for source, trigger, who in (
            (_S.REFUND_PENDING, _T.AGREE, "S"),
            (_S.REFUND_PENDING, _T.ANSWER_TIMEOUT, "–"),
            (_S.COUNTERED, _T.ACCEPT_COUNTER, "B"),
        )
        for edge in (
            Edge(source, trigger, _S.REFUNDED, who, _M.REFUND, _KEEPS),
            Edge(source, trigger, _S.RETURNING, who, _M.STAYS, _RETURNS),
        )
    ),
    # An offer is money, with or without the goods back; only what was asked is an exchange.
    Edge(_S.REFUND_PENDING, _T.AGREE, _S.RETURNING, "S", _M.STAYS, _EXCHANGES),
    Edge(_S.REFUND_PENDING, _T.ANSWER_TIMEOUT, _S.RETURNING, "–", _M.STAYS, _EXCHANGES),
    Edge(_S.REFUND_PENDING, _T.REJECT, _S.REJECTED, "S", _M.STAYS),
    Edge(_S.REFUND_PENDING, _T.COUNTER, _S.COUNTERED, "S", _M.STAYS),
    *(
        edge
        for source in (_S.REJECTED, _S.COUNTERED)
        for edge in (
            Edge(source, _T.DISPUTE, _S.DISPUTED, "B or S", _M.STAYS),
            Edge(source, _T.COUNTER_TIMEOUT, BACK, "–", _M.STAYS),
        )
    ),
    *(
        Edge(source, _T.WITHDRAW, BACK, "B", _M.STAYS)
        for source in (_S.REFUND_PENDING, _S.REJECTED, _S.COUNTERED, _S.RETURNING)
    ),
)

_RETURN = (
    Edge(_S.RETURNING, _T.RETURN_SHIP, _S.RETURN_IN_TRANSIT, "B + C", _M.STAYS),
    Edge(_S.RETURNING, _T.RETURN_SHIP_TIMEOUT, BACK, "–", _M.STAYS),
    Edge(_S.RETURN_IN_TRANSIT, _T.RETURN_DELIVER, _S.RETURN_DELIVERED, "C", _M.STAYS),
    Edge(_S.RETURN_IN_TRANSIT, _T.RETURN_LOST_TIMEOUT, _S.REFUNDED, "–", _M.REFUND),
    *(
        edge
        for source in (_S.RETURN_IN_TRANSIT, _S.RETURN_DELIVERED)
        for edge in (
            Edge(source, _T.RECEIVE, _S.REFUNDED, "S", _M.REFUND, _RETURNS),
            Edge(source, _T.RECEIVE, _S.EXCHANGING, "S", _M.STAYS, _EXCHANGES),
            Edge(source, _T.CONTEST, _S.DISPUTED, "S", _M.STAYS),
        )
    ),
    Edge(_S.RETURN_DELIVERED, _T.RECEIVE_TIMEOUT, _S.REFUNDED, "–", _M.REFUND, _RETURNS),
    Edge(_S.RETURN_DELIVERED, _T.RECEIVE_TIMEOUT, _S.EXCHANGING, "–", _M.STAYS, _EXCHANGES),
    Edge(_S.EXCHANGING, _T.EXCHANGE_SHIP, _S.IN_TRANSIT, "S + C", _M.STAYS),
    Edge(_S.EXCHANGING, _T.EXCHANGE_TIMEOUT, _S.REFUNDED, "–", _M.REFUND),
)

# States in which the escrow holds money of units and no panel has them: a recall stops all of them.
STOPPED_CASES = (
    *(_S.REFUND_PENDING, _S.REJECTED, _S.COUNTERED),
    *(_S.RETURNING, _S.RETURN_IN_TRANSIT, _S.RETURN_DELIVERED, _S.EXCHANGING),
)
STOPPED = (_S.HELD, _S.LATE, _S.IN_TRANSIT, _S.DELIVERED, *STOPPED_CASES)
# Every state in which the escrow holds money of units.
FUNDED = (*STOPPED, _S.DISPUTED, _S.DECIDED)

_RECALL = (
    *(Edge(source, _T.RECALL, _S.RECALLED, "R", _M.STAYS) for source in STOPPED),
    Edge(_S.RECALLED, _T.KEEP, _S.RELEASED, "B", _M.RELEASE, _KEEPS),
    Edge(_S.RECALLED, _T.KEEP, _S.REFUNDED, "B", _M.REFUND, _RETURNS),
    Edge(_S.RECALLED, _T.RECALL_TIMEOUT, _S.REFUNDED, "–", _M.REFUND),
)

# What happens inside a dispute stands in commerce/disputes/.
_DISPUTE = (
    Edge(_S.DISPUTED, _T.RULE, _S.DECIDED, "A", _M.STAYS),
    Edge(_S.DISPUTED, _T.SETTLE, _S.SPLIT, "B + S", _M.SPLIT),
    Edge(_S.DISPUTED, _T.DISPUTE_TIMEOUT, _S.SPLIT, "–", _M.SPLIT),
    Edge(_S.DECIDED, _T.APPEAL, _S.DISPUTED, "B or S", _M.STAYS),
    Edge(_S.DECIDED, _T.SETTLE, _S.SPLIT, "B + S", _M.SPLIT),
    Edge(_S.DECIDED, _T.APPEAL_TIMEOUT, _S.SPLIT, "–", _M.SPLIT),
)

EDGES: tuple[Edge, ...] = (*_ORDER, *_REQUESTS, *_RETURN, *_RECALL, *_DISPUTE)

# The system transition that ends each state when everybody is silent.
CLOCKS: Mapping[State, Trigger] = {edge.source: edge.trigger for edge in EDGES if edge.who == "–"}
# The same as state and deadlines write them.
CLOCK_KINDS: Mapping[str, str] = {state.value: kind.value for state, kind in CLOCKS.items()}
TERMINAL = (State.REFUNDED, State.SPLIT, State.CLOSED)

_EDGES: Mapping[tuple[str, Trigger, When], Edge] = {
    (edge.source.value, edge.trigger, edge.when): edge for edge in EDGES
}


def edge_from(state: str, trigger: Trigger, when: When = When.ALWAYS) -> Edge:
    """The edge that `trigger` takes from `state`, or `StateForbids`."""
    edge = _EDGES.get((state, trigger, when))
    if edge is None:
        msg = f"no {trigger} in state {state}"
        raise StateForbids(msg)
    return edge


def target_of(edge: Edge) -> State:
    """Where an edge that doesn't lead back leads."""
    assert edge.target is not None
    return edge.target


def satisfied(who: str, consenting: Mapping[str, bool]) -> bool:
    """Do the parties that consent (by letter) suffice for an edge's `who`?"""
    return any(
        all(consenting[letter] for letter in alternative.split(" + "))
        for alternative in who.split(" or ")
    )
