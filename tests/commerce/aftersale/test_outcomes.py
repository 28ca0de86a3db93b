"""How cases end, to the fen: what escrow holds, what was paid out, who had funded it, debts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from commerce.aftersale.cases import CaseLine
from commerce.aftersale.outcomes import consume
from commerce.deposits.debts import DEBTS, owed_by
from commerce.deposits.holding import deposit_of
from commerce.escrow import State
from commerce.payments import PayTransfer
from commerce.shipments import ShipmentLost
from commerce.units import Span
from tests.commerce.aftersale.test_requests import delivered
from tests.commerce.catalogue.coupon_terms import issue
from tests.commerce.deposits.inside import deposit
from tests.commerce.disputes.court import Court
from tests.commerce.shop import TEA, TERMS, Shop, create
from tests.commerce.world import DAY_MS, FUNDS_MINOR, account

FOREVER_MS = 400 * DAY_MS


def with_coupon(shop: Shop, amount_minor: int, *lines: tuple[bytes, int]) -> bytes:
    """A paid order of which the friend's coupon pays so much."""
    coupon = issue(shop, amount_minor=amount_minor)
    placed = shop.done("buyer", ("order.create", replace(create(*lines), coupons=(coupon,))))
    order_id = placed[0].data["order_id"]
    assert isinstance(order_id, bytes)
    shop.pay(order_id)
    return order_id


def spend(shop: Shop, amount_minor: int) -> None:
    """The merchant sends money away."""
    away = PayTransfer(account("rival"), "CNY", amount_minor, None)
    shop.done("merchant", ("pay.transfer", away))


def debts(shop: Shop) -> dict[bytes | None, int]:
    """What the merchant owes, by creditor."""
    return {debt.creditor: debt.amount_minor for _, debt in DEBTS.items(shop.state)}


def test_partial_shipment_coupon_partial_refund_and_split_ruling_are_exact_to_the_fen() -> None:
    """Three teas for 100.00 and a bike for 50.00; a coupon pays 15.00: 10.00 and 5.00 of them."""
    court = Court()
    had_minor = court.money("merchant")
    tea = court.publish(TEA, terms=replace(TERMS, price_minor=3_333, freight_minor=1))
    bike = court.publish(TEA, terms=replace(TERMS, price_minor=5_000))
    order_id = with_coupon(court, 1_500, (tea, 3), (bike, 1))
    assert [line.funded_minor for line in court.load(order_id).lines] == [1_000, 500]
    assert (court.money("buyer"), court.money("friend")) == (
        FUNDS_MINOR - 13_500,
        FUNDS_MINOR - 1_500,
    )
    first = court.ship(order_id, (0, 2))
    second = court.ship(order_id, (0, 1))
    third = court.ship(order_id)
    court.deliver(first)
    # 10.00 of the first unit's 33.33: a tenth of it was the coupon's.
    court.agree(court.allowance(first, 1_000))
    assert court.money("buyer") == FUNDS_MINOR - 13_500 + 900
    assert court.money("friend") == FUNDS_MINOR - 1_500 + 100
    # The last tea of 33.34 is lost; the coupon's part of it is 10.00 - 6.66 = 3.34.
    court.done("carrier", ("shipment.lost", ShipmentLost(second)))
    assert court.money("buyer") == FUNDS_MINOR - 13_500 + 900 + 3_000
    assert court.money("friend") == FUNDS_MINOR - 1_500 + 100 + 334
    # A panel gives the buyer a quarter of the bike, 12.50, of which a tenth is the coupon's.
    court.deliver(third)
    case_id = court.complain(third, "quality", (1, 1))
    court.reject(case_id)
    court.take(case_id, 1_000)
    assert len(court.drawn(case_id)) == 3
    court.vote(case_id, (250,), (200,), (1_000,))
    court.wait(FOREVER_MS)
    assert court.case_of(case_id).state == State.SPLIT
    assert court.money("buyer") == FUNDS_MINOR - 13_500 + 900 + 3_000 + 1_125
    assert court.money("friend") == FUNDS_MINOR - 1_500 + 100 + 334 + 125
    # The rest of the first parcel, 23.33 + 33.33, was paid out in silence, and of the bike 37.50.
    assert court.money("merchant") == had_minor + 5_666 + 3_750
    lines = court.load(order_id).lines
    assert [(line.released_minor, line.refunded_minor) for line in lines] == [
        (5_666, 4_334),
        (3_750, 1_250),
    ]


def test_what_was_paid_out_comes_from_the_balance_then_the_deposit_then_is_owed() -> None:
    """Of 30.00, 3.00 a coupon's: 4.00 are left, the deposit has 12.00, so 14.00 are owed.

    Who bought comes before who funded the discount.
    """
    shop = Shop()
    deposit(shop, 1_200)
    order_id = with_coupon(shop, 300, (shop.tea, 3))
    assert shop.load(order_id).reserved_minor == 0
    parcel = shop.ship(order_id)
    shop.deliver(parcel)
    shop.confirm(parcel)
    spend(shop, 2_600)
    shop.sent_back(shop.complain(parcel, "no_reason", (0, 3)))
    shop.wait(7 * DAY_MS)
    assert shop.money("merchant") == 0
    assert deposit_of(shop.state, account("merchant"), "CNY").held_minor == 0
    assert shop.money("buyer") == FUNDS_MINOR - 2_700 + 1_600
    assert shop.money("friend") == FUNDS_MINOR - 300
    assert debts(shop) == {account("buyer"): 1_100, account("friend"): 300}
    line = shop.load(order_id).lines[0]
    assert (line.released_minor, line.refunded_minor, line.state) == (1_400, 1_600, "RELEASED")


def test_a_reserve_pays_for_its_own_order_and_is_free_after_its_windows() -> None:
    shop = Shop()
    deposit(shop, 3_000)
    order_id, parcel = delivered(shop, (shop.tea, 3))
    assert shop.load(order_id).reserved_minor == 3_000
    shop.confirm(parcel)
    spend(shop, 3_000)
    shop.sent_back(shop.complain(parcel, "quality"))
    shop.wait(7 * DAY_MS)
    # One unit's money came out of what was reserved for it.
    known = deposit_of(shop.state, account("merchant"), "CNY")
    assert (known.held_minor, known.reserved_minor) == (2_000, 2_000)
    assert shop.load(order_id).reserved_minor == 2_000
    assert shop.money("buyer") == FUNDS_MINOR - 2_000
    shop.wait(FOREVER_MS)
    known = deposit_of(shop.state, account("merchant"), "CNY")
    assert (known.held_minor, known.reserved_minor) == (2_000, 0)
    assert not debts(shop)


def test_an_allowance_after_the_payment_lets_the_rest_be_asked_for() -> None:
    shop = Shop()
    order_id, parcel = delivered(shop, (shop.tea, 2))
    shop.confirm(parcel)
    shop.agree(shop.allowance(parcel, 700, quantity=2))
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 1_300, 1_300)
    case_id = shop.complain(parcel, "no_reason", (0, 2))
    assert shop.case_of(case_id).asked_minor == 1_300
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR, 0)
    line = shop.load(order_id).lines[0]
    assert (line.refunded_minor, line.state) == (2_000, "REFUNDED")


@pytest.mark.parametrize("step", [Shop.withdraw, Shop.reject, Shop.agree, Shop.silence])
def test_a_parcel_that_is_lost_takes_the_units_in_its_cases_with_it(
    step: Callable[[Shop, bytes], None],
) -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel = shop.ship(order_id)
    case_id = shop.complain(parcel, "not_received")
    shop.done("carrier", ("shipment.lost", ShipmentLost(parcel)))
    assert shop.money("buyer") == FUNDS_MINOR - 1_000
    step(shop, case_id)
    shop.wait(FOREVER_MS)
    assert shop.money("buyer") == FUNDS_MINOR
    assert shop.case_of(case_id).state == State.REFUNDED
    assert shop.load(order_id).state is State.REFUNDED


def test_what_was_confirmed_of_a_lost_parcel_stays_the_sellers() -> None:
    """Two of three were confirmed on the way and are asked for when the rest is given up."""
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel = shop.ship(order_id)
    shop.wait(28 * DAY_MS)
    shop.confirm(parcel, (0, 2))
    case_id = shop.complain(parcel, "quality", (0, 2))
    shop.reject(case_id)
    shop.wait(2 * DAY_MS)
    assert shop.parcel(parcel).state == State.REFUNDED
    shop.silence(case_id)
    assert shop.case_of(case_id).state == State.CLOSED
    assert (shop.money("buyer"), shop.money("merchant")) == (FUNDS_MINOR - 2_000, 2_000)
    # Their windows go on.
    assert shop.parcel(parcel).state == State.RELEASED
    shop.wait(FOREVER_MS)
    assert shop.parcel(parcel).state == State.CLOSED
    assert shop.load(order_id).state is State.RELEASED


def test_a_seller_that_owes_nothing_keeps_its_claim_to_other_orders_reserves() -> None:
    """A refund of one order takes nothing that is reserved for another."""
    shop = Shop()
    deposit(shop, 1_000)
    kept, _ = delivered(shop)
    assert shop.load(kept).reserved_minor == 1_000
    order_id, parcel = delivered(shop)
    assert shop.load(order_id).reserved_minor == 0
    shop.confirm(parcel)
    spend(shop, 1_000)
    shop.sent_back(shop.complain(parcel, "no_reason"))
    shop.wait(7 * DAY_MS)
    assert deposit_of(shop.state, account("merchant"), "CNY").held_minor == 1_000
    assert owed_by(shop.state, account("merchant"), "CNY").total_minor == 1_000


def test_an_amount_comes_out_of_one_unit_after_the_other() -> None:
    shop = Shop()
    line = replace(shop.load(shop.order((shop.tea, 4))).lines[0], total_minor=1_000)
    spans = (Span(0, 1, 0, 0), Span(2, 2, 100, 1))
    entry = CaseLine(0, spans, 650, 0)
    portions, ended, left = consume(line, entry, 300)
    assert (portions, ended) == ([(0, (0, 250), 0), (0, (600, 650), 0)], ())
    assert left == (Span(0, 1, 250, 0), Span(2, 2, 150, 1))
    portions, ended, left = consume(line, entry, 650)
    assert (portions, ended, left) == ([(0, (0, 250), 1), (0, (600, 1_000), 2)], spans, ())
