"""Seller or buyer vanishes at each stage, for ever: the money ends where it belongs by itself."""

from collections.abc import Callable

import pytest

from chain.deadlines import DEADLINES
from commerce.deposits.debts import owed_by
from commerce.listings import load_listing
from commerce.payments import PayTransfer
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.disputes.court import Court
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, account

FOREVER_MS = 400 * DAY_MS
# Steps after which one party is never heard of again.
Stage = Callable[[Shop], object]


def agreed(shop: Shop, kind: str = "quality") -> bytes:
    case_id = complained(shop, kind)
    shop.agree(case_id)
    return case_id


def complained(shop: Shop, kind: str = "quality") -> bytes:
    _, parcel = delivered(shop, (shop.tea, 2))
    return shop.complain(parcel, kind, (0, 2))


def sent(shop: Shop, kind: str = "quality") -> bytes:
    case_id = agreed(shop, kind)
    shop.send_back(case_id)
    shop.bring_back(case_id)
    return case_id


def to_be_exchanged(shop: Shop) -> None:
    shop.receive(sent(shop, "exchange"))


def exchanged_and_delivered(shop: Shop) -> None:
    case_id = sent(shop, "exchange")
    shop.receive(case_id)
    shop.deliver(shop.exchange(case_id))


def countered(shop: Shop) -> None:
    shop.counter(complained(shop), 900)


def confirmed(shop: Shop) -> None:
    _, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)


def returned_after_the_payment(shop: Shop) -> None:
    _, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)
    case_id = shop.complain(parcel, "no_reason", (0, 2))
    shop.wait(5 * DAY_MS)
    shop.send_back(case_id)
    shop.bring_back(case_id)


def late_and_asked(shop: Shop) -> None:
    order_id = shop.paid((shop.tea, 2))
    shop.wait(72 * HOUR_MS)
    shop.request(order_id, "unshipped", (0, 2))


# What the buyer has spent in the end of 20.00, and the seller got.
SELLER_VANISHES: dict[str, tuple[Stage, int]] = {
    "before shipping": (lambda shop: shop.paid((shop.tea, 2)), 0),
    "when late": (late_and_asked, 0),
    "after shipping": (lambda shop: shop.ship(shop.paid((shop.tea, 2))), 0),
    "after the delivery": (lambda shop: delivered(shop, (shop.tea, 2)), 2_000),
    "before an answer, goods come back": (sent, 0),
    "once it agreed, goods come back": (sent, 0),
    "before sending other goods": (to_be_exchanged, 0),
    "after the payment, goods come back": (returned_after_the_payment, 0),
}

BUYER_VANISHES: dict[str, tuple[Stage, int]] = {
    "before paying": (lambda shop: shop.order((shop.tea, 2)), 0),
    "before the delivery": (lambda shop: shop.deliver(shop.ship(shop.paid((shop.tea, 2)))), 2_000),
    "after confirming": (confirmed, 2_000),
    "before sending goods back": (agreed, 2_000),
    "before answering an offer": (countered, 2_000),
    "before taking a rejection to a panel": (lambda shop: shop.reject(complained(shop)), 2_000),
    "after sending goods back": (lambda shop: shop.receive(sent(shop)), 0),
    "before confirming an exchange": (exchanged_and_delivered, 2_000),
}


@pytest.mark.parametrize("stage", SELLER_VANISHES)
def test_a_seller_vanishes(stage: str) -> None:
    check(*SELLER_VANISHES[stage])


@pytest.mark.parametrize("stage", BUYER_VANISHES)
def test_a_buyer_vanishes(stage: str) -> None:
    check(*BUYER_VANISHES[stage])


def check(steps: Stage, spent_minor: int) -> None:
    shop = Shop()
    steps(shop)
    shop.wait(FOREVER_MS)
    assert (FUNDS_MINOR - shop.money("buyer"), shop.money("merchant")) == (spent_minor, spent_minor)
    assert list(DEADLINES.items(shop.state)) == []
    if not shop.load(_only_order(shop)).parcels:
        assert load_listing(shop.state, shop.tea).stock == 100


def _only_order(shop: Shop) -> bytes:
    for receipt in shop.receipts:
        for told in receipt.events:
            if told.type == "order.created":
                order_id = told.data["order_id"]
                assert isinstance(order_id, bytes)
                return order_id
    raise AssertionError


def test_a_seller_that_took_the_money_along_owes_it() -> None:
    shop = Shop()
    _, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)
    away = PayTransfer(account("rival"), "CNY", 2_000, None)
    shop.done("merchant", ("pay.transfer", away))
    case_id = shop.complain(parcel, "quality", (0, 2))
    shop.wait(5 * DAY_MS)
    shop.send_back(case_id)
    shop.bring_back(case_id)
    shop.wait(FOREVER_MS)
    assert shop.money("buyer") == FUNDS_MINOR - 2_000
    assert owed_by(shop.state, account("merchant"), "CNY").total_minor == 2_000


def test_a_seller_that_rejects_and_vanishes_is_judged_in_its_absence() -> None:
    court = Court()
    case_id = court.requested()
    court.reject(case_id)
    court.take(case_id, 1_000)
    court.drawn(case_id)
    court.vote(case_id, (1_000,), (1_000,), (1_000,))
    court.wait(FOREVER_MS)
    assert court.money("buyer") == FUNDS_MINOR


def test_a_carrier_and_a_seller_that_report_a_false_delivery_meet_a_panel() -> None:
    """The buyer never got it: an allowance of all asks for the money without any goods."""
    court = Court()
    parcel = court.ship(court.paid((court.tea, 1)))
    court.deliver(parcel)
    case_id = court.allowance(parcel, 1_000)
    court.reject(case_id)
    court.take(case_id, 1_000)
    court.drawn(case_id)
    court.vote(case_id, (1_000,), (1_000,), (0,))
    court.wait(FOREVER_MS)
    assert court.money("buyer") == FUNDS_MINOR


def test_a_buyer_that_denies_a_reported_delivery_gets_nothing_by_silence() -> None:
    shop = Shop()
    parcel = shop.ship(shop.paid((shop.tea, 1)))
    case_id = shop.complain(parcel, "not_received")
    shop.deliver(parcel)
    # The seller sees the delivery and rejects; the request ends, and silence pays the seller.
    shop.reject(case_id)
    shop.wait(FOREVER_MS)
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 1_000, 1_000)
