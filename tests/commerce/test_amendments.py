"""Rules of order.reprice and order.readdress."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from commerce.amendments import NewPrice, OrderReaddress, OrderReprice
from commerce.checkout import OrderPay
from commerce.shipments import ShipmentDelivered, recipient_code_commitment
from commerce.units import Funding
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.catalogue.coupon_terms import issue
from tests.commerce.catalogue.test_drawing import pay, place
from tests.commerce.shop import CODE, SHIP_TO, Shop
from tests.commerce.world import FUNDS_MINOR, HOUR_MS, account

REPRICE, READDRESS, PAY = "order.reprice", "order.readdress", "order.pay"
NOWHERE = bytes(32)
ELSEWHERE = bytes(range(1, 33))
NEW_CODE = b"a code for the neighbour"
NEW_COMMITMENT = recipient_code_commitment(NEW_CODE)


def repricing(shop: Shop) -> list[Row]:
    """An order of two teas and a bike, 3,000 in all, another that nobody pays, two with coupons."""
    order = shop.order((shop.tea, 2), (shop.bike, 1))
    other = shop.order((shop.tea, 2))
    over = issue(shop, amount_minor=500, minimum_minor=2_000)
    share = issue(shop, amount_minor=None, permille=10)
    cheap, dear = (place(shop, (shop.bike, 2), coupons=(c,)) for c in (share, over))

    def price(*lines: tuple[int, int], of: bytes = order) -> OrderReprice:
        return OrderReprice(of, tuple(NewPrice(*line) for line in lines))

    # fmt: off
    return [
        #       sender      type     payload                                  outcome
        Attempt("merchant", REPRICE, price((0, 1), (0, 2)),               (), "LineRepeated"),
        Attempt("merchant", REPRICE, price((0, 1), of=NOWHERE),           (), "OrderUnknown"),
        Attempt("rival",    REPRICE, price((0, 1)),                       (), "NotTheSeller"),
        Attempt("buyer",    REPRICE, price((2, 1)),                       (), "NotTheSeller"),
        Attempt("merchant", REPRICE, price((0, 1), (2, 1)),               (), "LineUnknown"),
        Attempt("merchant", REPRICE, price((0, 2_001)),                   (), "PriceNotLowered"),
        Attempt("merchant", REPRICE, price((0, 2_000)),                   (), "PriceNotLowered"),
        # One that isn't lower spoils the others.
        Attempt("merchant", REPRICE, price((0, 1), (1, 1_000)),           (), "PriceNotLowered"),
        # The coupons' conditions hold for the new price.
        Attempt("merchant", REPRICE, price((0, 99), of=cheap),            (), "CouponIneligible"),
        Attempt("merchant", REPRICE, price((0, 1_999), of=dear),          (), "CouponMinimumMissed"),
        Attempt("merchant", REPRICE, price((0, 1_999)),                   (), "ok"),
        Attempt("merchant", REPRICE, price((1, 1), (0, 1_001)),           (), "ok"),
        # Who signed for the old total pays nothing.
        Attempt("buyer",    PAY,     OrderPay(order, 3_000),              (), "AmountMismatch"),
        Attempt("buyer",    PAY,     OrderPay(order, 1_002),              (), "ok"),
        Attempt("merchant", REPRICE, price((0, 1)),                       (), "StateForbids"),
        # The clock comes before a seller who thinks of it too late.
        Wait(2 * HOUR_MS),
        Attempt("merchant", REPRICE, price((0, 1), of=other),             (), "StateForbids"),
    ]
    # fmt: on


def readdressing(shop: Shop) -> list[Row]:
    """A paid order that gets a parcel, an unpaid one, and a cancelled one."""
    order = shop.paid((shop.tea, 2))
    unpaid = shop.order((shop.tea, 1))
    ended = shop.order((shop.tea, 1))
    to = OrderReaddress(order, ELSEWHERE, NEW_COMMITMENT)
    same = OrderReaddress(order, SHIP_TO, recipient_code_commitment(CODE))
    late = replace(to, order_id=ended)
    return [
        Attempt("buyer", READDRESS, replace(to, order_id=NOWHERE), (), "OrderUnknown"),
        Attempt("friend", READDRESS, to, (), "NotTheBuyer"),
        Attempt("merchant", READDRESS, to, (), "NotTheBuyer"),
        Attempt("buyer", READDRESS, same, (), "UpdateEmpty"),
        Attempt("buyer", READDRESS, replace(to, order_id=unpaid, code_commitment=None), (), "ok"),
        Attempt("buyer", READDRESS, to, (), "ok"),
        Attempt("buyer", READDRESS, to, (), "UpdateEmpty"),
        Attempt("buyer", READDRESS, same, (), "ok"),
        Attempt("buyer", READDRESS, late, (), "ok"),
        Wait(2 * HOUR_MS),
        Attempt("buyer", READDRESS, late, (), "StateForbids"),
    ]


def test_a_seller_lowers_the_price_of_an_order_that_is_not_paid() -> None:
    shop = Shop()
    play(shop, repricing(shop))
    assert shop.money("buyer") == FUNDS_MINOR - 1_002


def test_a_lowered_price_is_shared_anew_between_payer_and_funders() -> None:
    shop = Shop()
    tenth = issue(shop, amount_minor=None, permille=100)
    order_id = place(shop, (shop.tea, 2), (shop.bike, 2), coupons=(tenth,))
    assert shop.load(order_id).payable_minor == 3_600
    shop.done("merchant", (REPRICE, OrderReprice(order_id, (NewPrice(0, 105),))))
    order = shop.load(order_id)
    funder = account("friend")
    # ⌊2,105 / 10⌋ = 210 over 105 and 2,000: 10.475 and 199.525.
    assert [line.funding for line in order.lines] == [
        (Funding(funder, tenth, 10),),
        (Funding(funder, tenth, 200),),
    ]
    pay(shop, order_id)
    assert shop.money("friend") == FUNDS_MINOR - 210
    assert shop.money("buyer") == FUNDS_MINOR - 1_895


def test_units_of_a_repriced_line_cost_their_share_of_the_new_price() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 3))
    shop.done("merchant", (REPRICE, OrderReprice(order_id, (NewPrice(0, 1_000),))))
    shop.pay(order_id)
    shop.confirm(shop.ship(order_id, (0, 1)))
    assert shop.money("merchant") == 333
    shop.confirm(shop.ship(order_id, (0, 2)))
    assert shop.money("merchant") == 1_000
    assert shop.load(order_id).state == "RELEASED"


def test_a_buyer_sends_an_order_elsewhere_until_there_is_a_parcel() -> None:
    shop = Shop()
    play(shop, readdressing(shop))
    order_id = shop.paid((shop.tea, 2))
    to = OrderReaddress(order_id, ELSEWHERE, NEW_COMMITMENT)
    parcel_id = shop.ship(order_id, (0, 1))
    assert shop.send("buyer", (READDRESS, to)).status == "StateForbids"
    shop.deliver(parcel_id)


def test_the_code_of_the_new_address_counts_and_the_old_one_no_more() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    shop.done("buyer", (READDRESS, OrderReaddress(order_id, ELSEWHERE, NEW_COMMITMENT)))
    assert shop.load(order_id).ship_to_commitment == ELSEWHERE
    parcel_id = shop.ship(order_id)
    old, new = (ShipmentDelivered(parcel_id, code, None) for code in (CODE, NEW_CODE))
    assert shop.send("carrier", ("shipment.delivered", old)).status == "RecipientCodeWrong"
    shop.done("carrier", ("shipment.delivered", new))


def test_an_order_is_readdressed_and_repriced_without_moving_its_clock() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    clock = shop.load(order_id).clock()
    shop.wait(HOUR_MS)
    shop.done("merchant", (REPRICE, OrderReprice(order_id, (NewPrice(0, 1),))))
    shop.done("buyer", (READDRESS, OrderReaddress(order_id, ELSEWHERE, None)))
    assert shop.load(order_id).clock() == clock
    shop.wait(HOUR_MS)
    assert shop.load(order_id).state == "CLOSED"
