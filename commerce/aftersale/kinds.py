"""The kinds of request: for goods in which states, until when, and who may refuse what.

One table, from which refund.request and the answers to it are checked and docs/transactions.md is
written. 消费者权益保护法 art. 24 (quality), art. 25 (without a reason); the 2022 judicial
interpretation on online consumer disputes, art. 1 (confirming waives none of these rights).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from commerce.escrow import State, When


class Window(StrEnum):
    """Until when a request may be made, counted from when the goods were signed for."""

    NONE = "no end"
    NO_REASON = "7 calendar days"
    QUALITY = "quality_ms"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request.

    `gives_back`: the goods are to be returned. `whole`: always the whole worth of the units.
    `refusable`: the seller may reject it or offer something else. `seller_pays_freight`: of the
    return (art. 24; without a reason the buyer does, art. 25).
    """

    name: str
    origins: tuple[State, ...]
    window: Window
    gives_back: bool
    whole: bool
    refusable: bool
    seller_pays_freight: bool
    asks: str


_ARRIVED = (State.DELIVERED, State.RELEASED)

KINDS: tuple[Kind, ...] = (
    Kind(
        "unshipped",
        (State.HELD, State.LATE),
        Window.NONE,
        gives_back=False,
        whole=True,
        refusable=True,
        seller_pays_freight=False,
        asks="the price of units that aren't shipped",
    ),
    Kind(
        "not_received",
        (State.IN_TRANSIT,),
        Window.NONE,
        gives_back=False,
        whole=True,
        refusable=True,
        seller_pays_freight=False,
        asks="the price of units that don't arrive",
    ),
    Kind(
        "no_reason",
        _ARRIVED,
        Window.NO_REASON,
        gives_back=True,
        whole=True,
        refusable=False,
        seller_pays_freight=False,
        asks="the price, for the goods",
    ),
    Kind(
        "quality",
        _ARRIVED,
        Window.QUALITY,
        gives_back=True,
        whole=True,
        refusable=True,
        seller_pays_freight=True,
        asks="the price of bad or wrong goods, for the goods",
    ),
    Kind(
        "allowance",
        _ARRIVED,
        Window.QUALITY,
        gives_back=False,
        whole=False,
        refusable=True,
        seller_pays_freight=False,
        asks="a part of the price; the goods stay with the buyer",
    ),
    Kind(
        "exchange",
        _ARRIVED,
        Window.QUALITY,
        gives_back=True,
        whole=True,
        refusable=True,
        seller_pays_freight=True,
        asks="the same goods again, for the goods",
    ),
)
# What the chain opens itself: a seller's delivery proof, a recall.
OTHER_KINDS = ("delivery", "recall")

BY_NAME: Mapping[str, Kind] = {kind.name: kind for kind in KINDS}


def when_of(kind: str, *, gives_back: bool) -> When:
    """Which edge of the automaton an agreement takes."""
    if not gives_back:
        return When.KEEPS
    return When.EXCHANGES if kind == "exchange" else When.RETURNS
