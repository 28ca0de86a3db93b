"""A step as the payload of its transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
)
from commerce.aftersale.cases import case_id_of
from commerce.aftersale.exchanges import ExchangeShip
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.aftersale.returns import ReturnDelivered, ReturnReceive, ReturnShip
from commerce.amendments import NewPrice, OrderReprice
from commerce.assets import AssetIssue
from commerce.banking.requests import AssetRequestCancel
from commerce.banking.withdrawals import AssetWithdrawRequest, AssetWithdrawSettle
from commerce.cancellation import OrderCancel
from commerce.catalogue.issuing import CouponWithdraw
from commerce.checkout import OrderCreate, OrderPay, WantedLine
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.deposits.deposits import (
    DepositAdd,
    DepositWithdrawExecute,
    DepositWithdrawRequest,
)
from commerce.deposits.recourse import RecourseRepay
from commerce.disputes.filing import DisputeOpen, ReturnContest
from commerce.disputes.hearing import DisputeSettle
from commerce.extensions import OrderExtend
from commerce.listings import ListingUpdate
from commerce.parcels import parcel_id
from commerce.payments import PayTransfer
from commerce.recalls.keeping import OrderKeep
from commerce.recalls.recalls import RecallClose, RecallOpen
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShipmentLost, ShippedLine
from tests.commerce.double_entry.steps import Step
from tests.commerce.shop import SHIP_TO
from tests.commerce.world import account

HASH = bytes(32)
CARRIER = account("carrier")


@dataclass(slots=True)
class Ids:
    """What the chain calls what the books have names or labels for."""

    listings: dict[str, bytes] = field(default_factory=dict)
    coupons: dict[str, bytes] = field(default_factory=dict)
    orders: dict[int, bytes] = field(default_factory=dict)
    withdrawals: dict[int, bytes] = field(default_factory=dict)
    recalls: dict[str, bytes] = field(default_factory=dict)
    references: "count[int]" = field(default_factory=count)

    def order(self, step: Step) -> bytes:
        """Unknown ones are nowhere."""
        return self.orders.get(step.trade, HASH)

    def parcel(self, step: Step) -> bytes:
        """By the number in the order."""
        return parcel_id(self.order(step), step.number or 0)

    def case(self, step: Step) -> bytes:
        """By the number in the order."""
        return case_id_of(self.order(step), step.number or 0)


def _create(step: Step, ids: Ids) -> object:
    wanted, coupons = step.data
    lines = tuple(WantedLine(ids.listings[name], 1, n, confirmed) for name, n, confirmed in wanted)
    return OrderCreate(lines, SHIP_TO, None, None, tuple(ids.coupons[name] for name in coupons))


def _request(step: Step, ids: Ids) -> object:
    kind, wanted = step.data
    lines = tuple(RequestedLine(*entry) for entry in wanted)
    parcel = None if step.number is None else ids.parcel(step)
    return RefundRequest(ids.order(step), parcel, kind, lines, "", None)


def _dispute(step: Step, ids: Ids) -> object:
    of_parcel, shares, bond = step.data
    return DisputeOpen(ids.parcel(step) if of_parcel else ids.case(step), shares, bond, HASH)


def _ship(step: Step, ids: Ids) -> object:
    lines = tuple(ShippedLine(*entry) for entry in step.data)
    return ShipmentCreate(ids.order(step), CARRIER, lines, None, (), None)


def _issue(step: Step, ids: Ids) -> object:
    to, amount = step.data
    return AssetIssue("CNY", account(to), amount, f"issue {next(ids.references)}")


def _settle_bank(step: Step, ids: Ids) -> object:
    request = ids.withdrawals.get(step.trade, HASH)
    return AssetWithdrawSettle(request, f"payout {next(ids.references)}")


def _bank(step: Step, _ids: Ids) -> object:
    amount, within_ms = step.data
    return AssetWithdrawRequest("CNY", amount, "bank", HASH, within_ms)


def _confirm(step: Step, ids: Ids) -> object:
    return OrderConfirm(ids.parcel(step), tuple(ConfirmedLine(*entry) for entry in step.data))


def _reprice(step: Step, ids: Ids) -> object:
    return OrderReprice(ids.order(step), tuple(NewPrice(*entry) for entry in step.data))


PAYLOADS: Mapping[str, Callable[[Step, Ids], object]] = {
    "order.create": _create,
    "order.pay": lambda s, i: OrderPay(i.order(s), s.data[0]),
    "order.cancel": lambda s, i: OrderCancel(i.order(s), s.data[0], ""),
    "order.reprice": _reprice,
    "shipment.create": _ship,
    "shipment.delivered": lambda s, i: ShipmentDelivered(i.parcel(s), None, "wtw3s"),
    "shipment.lost": lambda s, i: ShipmentLost(i.parcel(s)),
    "order.extend": lambda s, i: OrderExtend(i.parcel(s), s.data[0]),
    "order.confirm": _confirm,
    "recall.open": lambda s, _: RecallOpen(s.data[0], s.data[1], HASH, None),
    "recall.close": lambda s, i: RecallClose(i.recalls.get(s.data[0], HASH), HASH),
    "order.keep": lambda s, i: OrderKeep(i.case(s), keep=s.data[0]),
    "pay.transfer": lambda s, _: PayTransfer(account(s.data[0]), "CNY", s.data[1], None),
    "asset.issue": _issue,
    "listing.update": lambda s, i: ListingUpdate(i.listings[s.data[0]], 1, s.data[1], None),
    "coupon.withdraw": lambda s, i: CouponWithdraw(i.coupons[s.data[0]]),
    "deposit.add": lambda s, _: DepositAdd("CNY", s.data[0]),
    "deposit.withdraw.request": lambda s, _: DepositWithdrawRequest("CNY", s.data[0]),
    "deposit.withdraw.execute": lambda _, __: DepositWithdrawExecute("CNY"),
    "recourse.repay": lambda s, _: RecourseRepay("CNY", s.data[0]),
    "asset.withdraw.request": _bank,
    "asset.withdraw.settle": _settle_bank,
    "asset.withdraw.cancel": lambda s, i: AssetRequestCancel(i.withdrawals.get(s.trade, HASH), ""),
    "refund.request": _request,
    "refund.withdraw": lambda s, i: RefundWithdraw(i.case(s)),
    "refund.agree": lambda s, i: RefundAgree(i.case(s), None),
    "refund.reject": lambda s, i: RefundReject(i.case(s), "", None),
    "refund.counter": lambda s, i: RefundCounter(i.case(s), s.data[0], s.data[1], None, ""),
    "refund.accept_counter": lambda s, i: RefundAcceptCounter(i.case(s)),
    "return.ship": lambda s, i: ReturnShip(i.case(s), CARRIER, s.data[0], None),
    "return.delivered": lambda s, i: ReturnDelivered(i.case(s)),
    "return.receive": lambda s, i: ReturnReceive(i.case(s)),
    "return.contest": lambda s, i: ReturnContest(i.case(s), s.data[0], s.data[1], HASH),
    "exchange.ship": lambda s, i: ExchangeShip(i.case(s), CARRIER, None, (), None),
    "dispute.open": _dispute,
    "dispute.settle": lambda s, i: DisputeSettle(i.case(s), s.data[0]),
}


def payload(step: Step, ids: Ids) -> object:
    """What the transaction of a step carries."""
    return PAYLOADS[step.type](step, ids)
