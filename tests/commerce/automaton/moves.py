"""Everything that anybody could send about an order, its parcels and its cases."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
)
from commerce.aftersale.cases import ENDED, Case, cases_of
from commerce.aftersale.exchanges import ExchangeShip
from commerce.aftersale.kinds import KINDS
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.aftersale.returns import ReturnDelivered, ReturnReceive, ReturnShip
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderPay
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.disputes.filing import DisputeOpen, ReturnContest
from commerce.disputes.hearing import DisputeSettle
from commerce.escrow import State
from commerce.parcels import parcel_id
from commerce.recalls.blocked import recalled_products
from commerce.recalls.keeping import OrderKeep
from commerce.recalls.recalls import RecallOpen
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.shop import TEA, Shop
from tests.commerce.world import account

HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class Move:
    """One operation that somebody sends; `label` names it and what it is done to."""

    label: str
    sender: str
    type: str
    payload: object
    with_: tuple[str, ...] = ()


def order_moves(shop: Shop, order_id: bytes, portions: Sequence[int]) -> Iterator[Move]:
    """Everything that anybody could send now about an order; most of it is refused."""
    order = shop.load(order_id)
    pay = OrderPay(order_id, order.payable_minor)
    yield Move("pay", "buyer", "order.pay", pay)
    cancel = OrderCancel(order_id, (), "")
    yield Move("cancel B", "buyer", "order.cancel", cancel)
    yield Move("cancel S", "merchant", "order.cancel", cancel)
    yield Move("cancel B+S", "buyer", "order.cancel", cancel, ("merchant",))
    if order.paid_ms is not None and not recalled_products(shop.state):
        yield Move("recall", "merchant", "recall.open", RecallOpen(TEA, 2, HASH, None))
    for count in portions:
        lines = (ShippedLine(0, count),)
        ship = ShipmentCreate(order_id, account("carrier"), lines, None, (), None)
        yield Move(f"ship {count}", "merchant", "shipment.create", ship, ("carrier",))
        yield from _requests(order_id, None, count)
    for number in range(order.parcels):
        yield from _parcel_moves(shop, order_id, number, portions)
    for case_id, case in list(cases_of(shop.state, order_id, order)):
        if State(case.state) not in ENDED:
            yield from case_moves(case_id, case)


def _parcel_moves(
    shop: Shop, order_id: bytes, number: int, portions: Sequence[int]
) -> Iterator[Move]:
    known_id = parcel_id(order_id, number)
    name = f"parcel {number}"
    proof = shop.proof(known_id)
    yield Move(f"deliver {name}", "carrier", "shipment.delivered", proof)
    yield Move(f"lose {name}", "carrier", "shipment.lost", ShipmentLost(known_id))
    proven = DisputeOpen(known_id, (0,), 1_000, HASH)
    yield Move(f"prove {name}", "merchant", "dispute.open", proven)
    for count in portions:
        confirm = OrderConfirm(known_id, (ConfirmedLine(0, count),))
        yield Move(f"confirm {count} of {name}", "buyer", "order.confirm", confirm)
        yield from _requests(order_id, known_id, count)


def _requests(order_id: bytes, known_id: bytes | None, count: int) -> Iterator[Move]:
    for kind in KINDS:
        amount = 300 * count if kind.name == "allowance" else None
        lines = (RequestedLine(0, count, amount),)
        asked = RefundRequest(order_id, known_id, kind.name, lines, "", None)
        label = f"{kind.name} {count} of {known_id is not None}"
        yield Move(label, "buyer", "refund.request", asked)


def case_moves(case_id: bytes, case: Case) -> Iterator[Move]:
    """Everything that anybody could do with a case."""
    name = f"case of {case.kind}"
    plea_buyer = DisputeOpen(case_id, (1_000,), 0, HASH)
    plea_seller = DisputeOpen(case_id, (0,), 1_000, HASH)
    half = tuple(entry.amount_minor // 2 for entry in case.lines)
    back = ReturnShip(case_id, account("carrier"), 0, None)
    again = ExchangeShip(case_id, account("carrier"), None, (), None)
    yield from (
        Move(f"withdraw {name}", "buyer", "refund.withdraw", RefundWithdraw(case_id)),
        Move(f"agree {name}", "merchant", "refund.agree", RefundAgree(case_id, None)),
        Move(f"reject {name}", "merchant", "refund.reject", RefundReject(case_id, "", None)),
        *(
            Move(
                f"counter {name} {gives_back}",
                "merchant",
                "refund.counter",
                RefundCounter(case_id, half, gives_back, None, ""),
            )
            for gives_back in (False, True)
        ),
        Move(f"accept {name}", "buyer", "refund.accept_counter", RefundAcceptCounter(case_id)),
        Move(f"send back {name}", "buyer", "return.ship", back, ("carrier",)),
        Move(f"bring back {name}", "carrier", "return.delivered", ReturnDelivered(case_id)),
        Move(f"receive {name}", "merchant", "return.receive", ReturnReceive(case_id)),
        Move(
            f"contest {name}",
            "merchant",
            "return.contest",
            ReturnContest(case_id, (0,), 1_000, HASH),
        ),
        Move(f"exchange {name}", "merchant", "exchange.ship", again, ("carrier",)),
        Move(f"keep {name}", "buyer", "order.keep", OrderKeep(case_id, keep=True)),
        Move(f"don't keep {name}", "buyer", "order.keep", OrderKeep(case_id, keep=False)),
        Move(f"dispute B {name}", "buyer", "dispute.open", plea_buyer),
        Move(f"dispute S {name}", "merchant", "dispute.open", plea_seller),
        Move(
            f"settle {name}",
            "buyer",
            "dispute.settle",
            DisputeSettle(case_id, (400,)),
            ("merchant",),
        ),
    )
