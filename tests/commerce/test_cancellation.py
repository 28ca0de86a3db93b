"""Rules of order.cancel, and how silence ends what was never shipped."""

from chain.block import OK
from commerce.cancellation import OrderCancel
from commerce.escrow import State
from commerce.listings import load_listing
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS

CANCEL = "order.cancel"
NOWHERE = bytes(32)
SHIP_MS = 72 * HOUR_MS


def cancelling(shop: Shop) -> list[Row]:
    """Three unpaid orders, then paid ones; a merchant who never ships."""
    paid = shop.paid((shop.cake, 4), (shop.bike, 2))
    partly = shop.paid((shop.cake, 4), (shop.bike, 2))
    shop.ship(partly, (0, 4))
    first, second, third = (shop.order((shop.tea, 1), (shop.bike, 1)) for _ in range(3))

    def cancel(order_id: bytes, *lines: int) -> OrderCancel:
        return OrderCancel(order_id, lines, "changed my mind")

    # fmt: off
    return [
        #       sender      type    payload                with           outcome
        Attempt("buyer",    CANCEL, cancel(first, 0, 0),   (),            "LineRepeated"),
        Attempt("buyer",    CANCEL, cancel(NOWHERE),       (),            "OrderUnknown"),
        Attempt("carrier",  CANCEL, cancel(first),         ("buyer",),    "NotAParty"),
        Attempt("buyer",    CANCEL, cancel(first, 2),      (),            "LineUnknown"),
        Attempt("buyer",    CANCEL, cancel(first, 0),      (),            "StateForbids"),
        Attempt("buyer",    CANCEL, cancel(first),         (),            "ok"),
        Attempt("buyer",    CANCEL, cancel(first),         (),            "StateForbids"),
        Attempt("merchant", CANCEL, cancel(second),        (),            "ok"),
        Attempt("buyer",    CANCEL, cancel(third, 1, 0),   (),            "ok"),
        Attempt("buyer",    CANCEL, cancel(paid),          (),            "CosignerMissing"),
        Attempt("merchant", CANCEL, cancel(paid),          (),            "CosignerMissing"),
        Attempt("merchant", CANCEL, cancel(paid, 1),       ("buyer",),    "ok"),
        Attempt("buyer",    CANCEL, cancel(paid, 1),       ("merchant",), "StateForbids"),
        Attempt("buyer",    CANCEL, cancel(partly, 0),     ("merchant",), "StateForbids"),
        Wait(SHIP_MS - 1),
        Attempt("buyer",    CANCEL, cancel(paid),          (),            "CosignerMissing"),
        Wait(1),
        Attempt("merchant", CANCEL, cancel(paid),          (),            "CosignerMissing"),
        Attempt("buyer",    CANCEL, cancel(paid),          (),            "ok"),
        Attempt("buyer",    CANCEL, cancel(partly),        (),            "ok"),
        Attempt("buyer",    CANCEL, cancel(partly),        (),            "StateForbids"),
    ]
    # fmt: on


def test_who_may_cancel_depends_on_payment_and_lateness() -> None:
    shop = Shop()
    play(shop, cancelling(shop))
    assert shop.money("buyer") == FUNDS_MINOR - 4_000
    assert load_listing(shop.state, shop.tea).stock == 100
    assert load_listing(shop.state, shop.bike).stock == 100


def test_an_unpaid_order_closes_and_its_stock_returns() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 40))
    assert load_listing(shop.state, shop.tea).stock == 60
    assert shop.wait(2 * HOUR_MS - 1) == ()
    (receipt,) = shop.wait(1)
    assert (receipt.status, receipt.events[0].type) == (OK, "order.closed")
    assert shop.load(order_id).state is State.CLOSED
    assert load_listing(shop.state, shop.tea).stock == 100


def test_a_silent_seller_costs_the_buyer_eighteen_days_and_no_money() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    (late,) = shop.wait(SHIP_MS)
    assert late.events[0].type == "order.late"
    assert shop.load(order_id).state is State.LATE
    assert shop.wait(15 * DAY_MS - 1) == ()
    (refund,) = shop.wait(1)
    assert refund.events[0].data["amount_minor"] == 3_000
    assert shop.load(order_id).state is State.REFUNDED
    assert shop.money("buyer") == FUNDS_MINOR
    assert load_listing(shop.state, shop.tea).stock == 100


def test_a_long_rest_of_the_chain_changes_no_date_and_ends_the_same() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    receipts = shop.wait(400 * DAY_MS)
    assert [receipt.events[0].type for receipt in receipts] == ["order.late", "order.refunded"]
    assert shop.load(order_id).state is State.REFUNDED


def test_whoever_acts_after_both_deadlines_acts_on_what_they_left() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    shop.time_ms += 400 * DAY_MS
    shop.limit_deadlines(0)
    receipt = shop.send("buyer", (CANCEL, OrderCancel(order_id, (), "too late")))
    assert receipt.status == "StateForbids"
    assert shop.load(order_id).state is State.REFUNDED


def test_the_refund_of_a_partly_shipped_line_is_the_price_of_the_rest() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    parcel_id = shop.ship(order_id, (0, 1))
    shop.cancel(order_id, by="merchant", with_=("buyer",))
    assert shop.money("buyer") == FUNDS_MINOR - 1_000
    assert shop.load(order_id).state is State.IN_TRANSIT
    shop.confirm(parcel_id)
    assert shop.load(order_id).state is State.RELEASED
    assert shop.money("merchant") == 1_000


def test_a_payer_who_is_not_the_buyer_gets_the_refund() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    shop.pay(order_id, "friend")
    shop.cancel(order_id, with_=("merchant",))
    assert (shop.money("friend"), shop.money("buyer")) == (FUNDS_MINOR, FUNDS_MINOR)


def test_each_line_is_late_by_its_own_promise() -> None:
    shop = Shop()
    presale = shop.promised(20 * DAY_MS)
    order_id = shop.paid((shop.tea, 1), (presale, 1))
    shop.wait(SHIP_MS)
    assert [line.state for line in shop.load(order_id).lines] == ["LATE", "HELD"]
    shop.cancel(order_id, 0)
    assert [line.state for line in shop.load(order_id).lines] == ["REFUNDED", "HELD"]
    refused = shop.send("buyer", (CANCEL, OrderCancel(order_id, (), "all of it")))
    assert refused.status == "CosignerMissing"
