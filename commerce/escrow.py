"""The escrow automaton: one table, from which checks, documentation and tests derive.

It runs per order line for the units that are not shipped, and per parcel for those that are. A
state with a clock ends by itself (`sys.order.*`); a state without one is terminal, but for the
lines whose units all are in parcels. Who may trigger an edge is said in the letters of
docs/transactions.md: B buyer, S seller, C carrier, + both, "any" anyone, "–" the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from commerce.errors import StateForbids


class State(StrEnum):
    """Where units of an order and their money are; RELEASED, REFUNDED and CLOSED are the ends."""

    UNFUNDED = "UNFUNDED"
    HELD = "HELD"
    LATE = "LATE"
    IN_TRANSIT = "IN_TRANSIT"
    DELIVERED = "DELIVERED"
    RELEASED = "RELEASED"
    REFUNDED = "REFUNDED"
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


class Money(StrEnum):
    """What an edge does with the units' share of the money."""

    STAYS = "–"
    HOLD = "payer → escrow"
    RELEASE = "escrow → seller"
    REFUND = "escrow → payer"


@dataclass(frozen=True, slots=True)
class Edge:
    """Units in `source` go to `target` when `who` triggers it; `stock_back`: they are for sale."""

    source: State
    trigger: Trigger
    target: State
    who: str
    money: Money
    stock_back: bool = False


EDGES: tuple[Edge, ...] = (
    Edge(State.UNFUNDED, Trigger.PAY, State.HELD, "any", Money.HOLD),
    Edge(State.UNFUNDED, Trigger.CANCEL, State.CLOSED, "B or S", Money.STAYS, stock_back=True),
    Edge(State.UNFUNDED, Trigger.PAY_TIMEOUT, State.CLOSED, "–", Money.STAYS, stock_back=True),
    Edge(State.HELD, Trigger.SHIP, State.IN_TRANSIT, "S + C", Money.STAYS),
    Edge(State.HELD, Trigger.CANCEL, State.REFUNDED, "B + S", Money.REFUND, stock_back=True),
    Edge(State.HELD, Trigger.SHIP_TIMEOUT, State.LATE, "–", Money.STAYS),
    Edge(State.LATE, Trigger.SHIP, State.IN_TRANSIT, "S + C", Money.STAYS),
    Edge(State.LATE, Trigger.CANCEL, State.REFUNDED, "B", Money.REFUND, stock_back=True),
    Edge(State.LATE, Trigger.SHIP_TIMEOUT, State.REFUNDED, "–", Money.REFUND, stock_back=True),
    Edge(State.IN_TRANSIT, Trigger.DELIVER, State.DELIVERED, "C", Money.STAYS),
    Edge(State.IN_TRANSIT, Trigger.CONFIRM, State.RELEASED, "B", Money.RELEASE),
    Edge(State.IN_TRANSIT, Trigger.LOSE, State.REFUNDED, "C", Money.REFUND),
    Edge(State.IN_TRANSIT, Trigger.LOST_TIMEOUT, State.REFUNDED, "–", Money.REFUND),
    Edge(State.DELIVERED, Trigger.CONFIRM, State.RELEASED, "B", Money.RELEASE),
    Edge(State.DELIVERED, Trigger.CONFIRM_TIMEOUT, State.RELEASED, "–", Money.RELEASE),
)

# The system transition that ends each state when everybody is silent.
CLOCKS: Mapping[State, Trigger] = {edge.source: edge.trigger for edge in EDGES if edge.who == "–"}
# The same as state and deadlines write them.
CLOCK_KINDS: Mapping[str, str] = {state.value: kind.value for state, kind in CLOCKS.items()}
TERMINAL = (State.RELEASED, State.REFUNDED, State.CLOSED)

_EDGES: Mapping[tuple[str, Trigger], Edge] = {
    (edge.source.value, edge.trigger): edge for edge in EDGES
}


def edge_from(state: str, trigger: Trigger) -> Edge:
    """The edge that `trigger` takes from `state`, or `StateForbids`."""
    edge = _EDGES.get((state, trigger))
    if edge is None:
        msg = f"no {trigger} in state {state}"
        raise StateForbids(msg)
    return edge


def satisfied(who: str, consenting: Mapping[str, bool]) -> bool:
    """Do the parties that consent (by letter) suffice for an edge's `who`?"""
    return any(
        all(consenting[letter] for letter in alternative.split(" + "))
        for alternative in who.split(" or ")
    )
