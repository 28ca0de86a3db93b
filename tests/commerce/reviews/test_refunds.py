"""What becomes of reviews, and of their weights, when money goes back after the sale."""

from commerce.reviews.market import take_census
from commerce.reviews.posting import ReviewPost
from commerce.reviews.reputation import Reputation, reputations
from tests.commerce.reviews.reviewing import GOOD, Rows, review_of
from tests.commerce.shop import PRICE_MINOR, Shop
from tests.commerce.world import DAY_MS, account


def sold(shop: Shop, units: int = 1) -> tuple[bytes, bytes]:
    """An order that was delivered and confirmed, and its parcel."""
    order_id = shop.paid((shop.tea, units))
    parcel_id = shop.ship(order_id)
    shop.deliver(parcel_id)
    shop.confirm(parcel_id)
    return order_id, parcel_id


def review(shop: Shop, order_id: bytes) -> None:
    shop.done("buyer", ("review.post", ReviewPost(order_id, 0, GOOD, None)))


def merchant(shop: Shop) -> Reputation:
    return reputations(shop.state, Rows(shop))[account("merchant")]


def test_a_return_after_the_sale_voids_the_review_in_the_same_block() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop)
    review(shop, order_id)
    case_id = shop.complain(parcel_id, "quality", (0, 1))
    shop.sent_back(case_id)
    assert review_of(shop, order_id).void_ms is None
    shop.receive(case_id)
    assert review_of(shop, order_id).void_ms == shop.time_ms
    (told,) = [event for event in shop.receipts[-1].events if event.type == "review.voided"]
    assert told.data["order_id"] == order_id
    assert (merchant(shop).reviews, merchant(shop).void) == (0, 1)


def test_silence_of_the_seller_voids_it_too() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop)
    review(shop, order_id)
    case_id = shop.complain(parcel_id, "no_reason", (0, 1))
    shop.sent_back(case_id)
    shop.wait(20 * DAY_MS)
    assert shop.load(order_id).lines[0].released_minor == 0
    assert review_of(shop, order_id).void_ms == shop.time_ms


def test_a_refund_of_all_burns_the_right_of_a_line_that_was_not_reviewed() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop)
    case_id = shop.complain(parcel_id, "quality", (0, 1))
    shop.sent_back(case_id)
    shop.receive(case_id)
    receipt = shop.send("buyer", ("review.post", ReviewPost(order_id, 0, GOOD, None)))
    assert receipt.status == "NothingPaid"


def test_a_refund_in_part_leaves_the_review_with_the_weight_of_the_rest() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop, 2)
    review(shop, order_id)
    assert merchant(shop).nominal_weight == 2 * PRICE_MINOR
    case_id = shop.complain(parcel_id, "quality", (0, 1))
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert review_of(shop, order_id).void_ms is None
    assert merchant(shop).nominal_weight == PRICE_MINOR
    shop.agree(shop.allowance(parcel_id, 300))
    assert merchant(shop).nominal_weight == PRICE_MINOR - 300


def test_the_second_half_of_a_refund_voids_what_the_first_left() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop, 2)
    review(shop, order_id)
    for _ in range(2):
        assert review_of(shop, order_id).void_ms is None
        case_id = shop.complain(parcel_id, "quality", (0, 1))
        shop.sent_back(case_id)
        shop.receive(case_id)
    assert review_of(shop, order_id).void_ms == shop.time_ms


def test_who_shops_elsewhere_only_to_send_it_back_has_spent_nothing_there() -> None:
    shop = Shop()
    _, parcel_id = sold(shop)
    before = merchant_spent(shop)
    case_id = shop.complain(parcel_id, "no_reason", (0, 1))
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert (before, merchant_spent(shop)) == (PRICE_MINOR, 0)


def merchant_spent(shop: Shop) -> int:
    """What the buyer has spent at the merchant, as weights see it."""
    market = take_census(shop.state, Rows(shop)).markets["CNY"]
    return market.spent.get(account("buyer"), {}).get(account("merchant"), 0)


def test_a_review_may_come_while_a_request_runs_and_ends_with_it() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop)
    case_id = shop.complain(parcel_id, "quality", (0, 1))
    review(shop, order_id)
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert review_of(shop, order_id).void_ms == shop.time_ms


def test_a_review_outlives_an_exchange() -> None:
    shop = Shop()
    order_id, parcel_id = sold(shop)
    review(shop, order_id)
    case_id = shop.complain(parcel_id, "exchange", (0, 1))
    shop.sent_back(case_id)
    shop.receive(case_id)
    other = shop.exchange(case_id)
    # The price is in escrow again until the other goods are there.
    assert shop.load(order_id).lines[0].held_minor == PRICE_MINOR
    assert merchant(shop).nominal_weight == 0
    shop.confirm(other)
    assert review_of(shop, order_id).void_ms is None
    assert merchant(shop).nominal_weight == PRICE_MINOR
