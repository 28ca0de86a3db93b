"""Orders with coupons: rules of order.create and order.pay, and that funders can't be drained."""

# ruff: noqa: E501 (the rule table is aligned)

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from commerce.account_views import account_view
from commerce.catalogue.coupons import buyer_uses, use_of
from commerce.catalogue.drawing import drawings_of
from commerce.catalogue.issuing import CouponWithdraw
from commerce.checkout import OrderCreate, OrderPay
from commerce.delegations import Delegate
from commerce.order_views import order_view
from commerce.payments import PayTransfer
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.catalogue.coupon_terms import WITHDRAW, issue
from tests.commerce.shop import BIKE, TERMS, Shop, create
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, HOUR_MS, account, key

CREATE, PAY = "order.create", "order.pay"
NOWHERE = bytes(32)


def wanted(*lines: tuple[bytes, int], coupons: Sequence[bytes] = ()) -> OrderCreate:
    """An order of (listing, quantity) lines with coupons."""
    return replace(create(*lines), coupons=tuple(coupons))


def place(shop: Shop, *lines: tuple[bytes, int], coupons: Sequence[bytes] = ()) -> bytes:
    """An unpaid order with coupons."""
    placed = shop.done("buyer", (CREATE, wanted(*lines, coupons=coupons)))[0]
    order_id = placed.data["order_id"]
    assert isinstance(order_id, bytes)
    return order_id


def pay(shop: Shop, order_id: bytes, payer: str = "buyer") -> None:
    """Pay exactly what is left for the payer."""
    payable = shop.load(order_id).payable_minor
    shop.done(payer, (PAY, OrderPay(order_id, payable)))


def bought(shop: Shop, *lines: tuple[bytes, int], coupons: Sequence[bytes] = ()) -> bytes:
    """A paid order with coupons."""
    order_id = place(shop, *lines, coupons=coupons)
    pay(shop, order_id)
    return order_id


def creating(shop: Shop) -> list[Row]:
    """Coupons of the friend for orders of tea at 1,000 each."""
    tea = shop.tea
    good = issue(shop, amount_minor=500)
    early = issue(shop, valid_from_ms=shop.time_ms + DAY_MS)
    gone = issue(shop, amount_minor=1)
    bikes = issue(shop, gtins=(BIKE,))
    dear = issue(shop, amount_minor=500, minimum_minor=1_600)
    small = issue(shop, amount_minor=500, permille=500, budget_minor=499, valid_until_ms=2**50)
    once = issue(shop, amount_minor=1)

    def order(*coupons: bytes, units: int = 1) -> OrderCreate:
        return wanted((tea, units), coupons=coupons)

    # fmt: off
    return [
        Attempt("friend", WITHDRAW, CouponWithdraw(gone),                  (), "ok"),
        #       sender    type    payload                                      outcome
        Attempt("buyer",  CREATE, order(good, NOWHERE, good),              (), "CouponRepeated"),
        Attempt("buyer",  CREATE, wanted((NOWHERE, 1), coupons=(NOWHERE,)), (), "ListingUnknown"),
        Attempt("buyer",  CREATE, order(good, NOWHERE),                    (), "CouponUnknown"),
        Attempt("buyer",  CREATE, order(early, gone),                      (), "CouponNotInTime"),
        Attempt("buyer",  CREATE, order(gone, early),                      (), "CouponWithdrawn"),
        Attempt("buyer",  CREATE, order(good, bikes),                      (), "CouponIneligible"),
        Attempt("buyer",  CREATE, order(dear),                             (), "CouponMinimumMissed"),
        Attempt("buyer",  CREATE, order(good, dear, units=2),              (), "CouponMinimumMissed"),
        Attempt("buyer",  CREATE, order(dear, units=101),                  (), "StockInsufficient"),
        Attempt("buyer",  CREATE, order(small),                            (), "CouponExhausted"),
        Attempt("buyer",  CREATE, order(dear, good, units=2),              (), "ok"),
        # An order that nobody has paid uses nothing.
        Attempt("buyer",  CREATE, order(once),                             (), "ok"),
        Do(lambda _world: bought(shop, (tea, 1), coupons=(once,))),
        Attempt("buyer",  CREATE, order(once),                             (), "CouponUsedUp"),
        Wait(30 * DAY_MS),
        Attempt("buyer",  CREATE, order(good),                             (), "ok"),
        Wait(DAY_MS),
        Attempt("buyer",  CREATE, order(good),                             (), "CouponNotInTime"),
    ]
    # fmt: on


def paying(shop: Shop) -> list[Row]:
    """Orders of two teas, 2,000 in all, of which coupons pay 500."""
    one = issue(shop, amount_minor=500)
    poor = issue(shop, "inspector", amount_minor=500)
    scarce = issue(shop, amount_minor=500, budget_minor=700, uses_per_buyer=9)
    first, again = (place(shop, (shop.tea, 2), coupons=(one,)) for _ in range(2))
    unfunded = place(shop, (shop.bike, 2), coupons=(poor,))
    scarcer = [place(shop, (shop.cake, 2), coupons=(scarce,)) for _ in range(2)]
    scope = Delegate(key("erp"), (PAY,), 1_499, GENESIS_MS + DAY_MS)
    rich = PayTransfer(account("inspector"), "CNY", 500, None)
    # fmt: off
    return [
        #       sender       type  payload                                       outcome
        Attempt("buyer",     PAY,  OrderPay(first, 2_000),                   (), "AmountMismatch"),
        Attempt("rival",     PAY,  OrderPay(first, 1_500),                   (), "InsufficientFunds"),
        Attempt("buyer",     "delegate", scope,                              (), "ok"),
        Attempt("buyer/erp", PAY,  OrderPay(first, 1_500),                   (), "DelegationExceeded"),
        Attempt("buyer",     PAY,  OrderPay(first, 1_500),                   (), "ok"),
        Attempt("buyer",     PAY,  OrderPay(again, 1_500),                   (), "CouponUsedUp"),
        Attempt("buyer",     PAY,  OrderPay(unfunded, 1_500),                (), "CouponUnfunded"),
        Attempt("friend",    "pay.transfer", rich,                           (), "ok"),
        Attempt("buyer",     PAY,  OrderPay(unfunded, 1_500),                (), "ok"),
        Attempt("buyer",     PAY,  OrderPay(scarcer[0], 1_500),              (), "ok"),
        Attempt("buyer",     PAY,  OrderPay(scarcer[1], 1_500),              (), "CouponExhausted"),
    ]
    # fmt: on


def test_an_order_takes_coupons_that_are_open_eligible_and_not_used_up() -> None:
    shop = Shop()
    play(shop, creating(shop))


def test_each_funder_pays_its_part_or_nothing_happens() -> None:
    shop = Shop()
    play(shop, paying(shop))
    assert shop.money("inspector") == 0
    assert shop.money("friend") == FUNDS_MINOR - 500 - 500 - 500


def test_payer_and_funder_pay_their_parts_and_the_merchant_gets_the_whole_price() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=700)
    order_id = bought(shop, (shop.tea, 2), (shop.bike, 1), coupons=(coupon,))
    order = shop.load(order_id)
    assert [line.funded_minor for line in order.lines] == [467, 233]
    assert (order.total_minor, order.payable_minor) == (3_000, 2_300)
    assert shop.money("buyer") == FUNDS_MINOR - 2_300
    assert shop.money("friend") == FUNDS_MINOR - 700
    shop.confirm(shop.ship(order_id))
    assert shop.money("merchant") == 3_000


def test_a_refund_returns_each_share_to_its_funder_exact_to_the_fen() -> None:
    shop = Shop()
    ours = issue(shop, amount_minor=100)
    theirs = issue(shop, "merchant", amount_minor=None, permille=333)
    shop.done("friend", ("pay.transfer", PayTransfer(account("merchant"), "CNY", 1_000, None)))
    before = {name: shop.money(name) for name in ("buyer", "friend", "merchant")}
    # 3,000 − 100 = 2,900, and ⌊2,900 · 333 / 1000⌋ = 965.
    order_id = bought(shop, (shop.tea, 3), coupons=(ours, theirs))
    assert shop.load(order_id).payable_minor == 3_000 - 100 - 965
    shop.cancel(order_id, with_=("merchant",))
    assert {name: shop.money(name) for name in before} == before
    order_id = bought(shop, (shop.bike, 3), coupons=(issue(shop, amount_minor=100),))
    shop.confirm(shop.ship(order_id, (0, 2)))
    shop.cancel(order_id, with_=("merchant",))
    # One of three units comes back: ⌊100·3/3⌋ − ⌊100·2/3⌋ of the coupon, the rest to the buyer.
    assert shop.money("friend") == before["friend"] - 66
    assert shop.money("buyer") == before["buyer"] - 2_000 + 66
    assert shop.money("merchant") == before["merchant"] + 2_000


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 3_000), st.integers(1, 7)), min_size=1, max_size=2),
    st.lists(st.tuples(st.integers(1, 9_000), st.integers(1, 1_000)), min_size=1, max_size=3),
    st.integers(0, 7),
)
def test_whatever_is_cancelled_no_fen_is_lost_and_none_is_gained(
    goods: list[tuple[int, int]], stack: list[tuple[int, int]], shipped: int
) -> None:
    shop = Shop()
    funders = ("friend", "merchant", "issuer")[: len(stack)]
    for name in funders[1:]:
        shop.done("friend", ("pay.transfer", PayTransfer(account(name), "CNY", 50_000, None)))
    listings = [shop.publish(BIKE, terms=replace(TERMS, price_minor=price)) for price, _ in goods]
    coupons = [
        issue(shop, name, amount_minor=amount, permille=permille)
        for name, (amount, permille) in zip(funders, stack, strict=True)
    ]
    names = ("buyer", "friend", "merchant", "issuer")
    before = {name: shop.money(name) for name in names}
    order = wanted(
        *((listing, units) for listing, (_, units) in zip(listings, goods, strict=True)),
        coupons=coupons,
    )
    receipt = shop.send("buyer", (CREATE, order))
    if receipt.status == "CouponIneligible":
        return
    order_id = receipt.events[0].data["order_id"]
    pay(shop, order_id)
    drawn = {entry.funder: entry.amount_minor for entry in drawings_of(shop.load(order_id).lines)}
    first = min(shipped, goods[0][1])
    if first:
        shop.confirm(shop.ship(order_id, (0, first)))
    if any(line.unshipped for line in shop.load(order_id).lines):
        shop.cancel(order_id, with_=("merchant",))
    released = goods[0][0] * goods[0][1] * first // goods[0][1]
    after = {name: shop.money(name) for name in names}
    assert sum(after.values()) == sum(before.values())
    for name in ("friend", "issuer"):
        assert 0 <= before[name] - after[name] <= drawn.get(account(name), 0)
    if not first:
        assert after == before
    share = drawn.get(account("merchant"), 0)
    assert released - share <= after["merchant"] - before["merchant"] <= released


def test_a_coupon_that_is_refunded_pays_nobody_out() -> None:
    """A buyer who pays one fen and gives the goods back doesn't walk away with the coupon."""
    shop = Shop()
    coupon = issue(shop, amount_minor=999)
    order_id = bought(shop, (shop.tea, 1), coupons=(coupon,))
    assert shop.money("buyer") == FUNDS_MINOR - 1
    shop.cancel(order_id, with_=("merchant",))
    assert (shop.money("buyer"), shop.money("friend")) == (FUNDS_MINOR, FUNDS_MINOR)


def test_colluders_draw_no_more_than_budget_and_uses_allow() -> None:
    """Buyer and seller trade with themselves, as dear as they like, as often as they like."""
    shop = Shop()
    coupon = issue(shop, amount_minor=10_000, budget_minor=25_000, uses_per_buyer=3)
    dear = shop.publish(BIKE, terms=replace(TERMS, price_minor=1_000_000))
    for _ in range(2):
        shop.confirm(shop.ship(bought(shop, (dear, 1), coupons=(coupon,))))
    refused = shop.send("buyer", (CREATE, wanted((dear, 1), coupons=(coupon,))))
    assert refused.status == "CouponExhausted"
    assert shop.money("friend") == FUNDS_MINOR - 20_000
    personal = issue(shop, amount_minor=1, uses_per_buyer=1)
    bought(shop, (shop.tea, 1), coupons=(personal,))
    refused = shop.send("buyer", (CREATE, wanted((shop.tea, 1), coupons=(personal,))))
    assert refused.status == "CouponUsedUp"


def test_many_unpaid_orders_with_one_coupon_are_paid_within_its_budget_only() -> None:
    """Orders that are made before the first one is paid share the budget that is there."""
    shop = Shop()
    coupon = issue(shop, amount_minor=500, budget_minor=600, uses_per_buyer=9)
    orders = [place(shop, (shop.tea, 1), coupons=(coupon,)) for _ in range(3)]
    pay(shop, orders[0])
    for order_id in orders[1:]:
        receipt = shop.send("buyer", (PAY, OrderPay(order_id, 500)))
        assert receipt.status == "CouponExhausted"
    assert shop.money("friend") == FUNDS_MINOR - 500
    assert (use_of(shop.state, coupon).spent_minor, use_of(shop.state, coupon).orders) == (500, 1)


def test_a_refund_brings_no_use_of_the_coupon_back() -> None:
    """Who pays and cancels again and again burns its own uses, not the funder's patience."""
    shop = Shop()
    coupon = issue(shop, amount_minor=500)
    shop.cancel(bought(shop, (shop.tea, 1), coupons=(coupon,)), with_=("merchant",))
    assert buyer_uses(shop.state, coupon, account("buyer")) == 1
    refused = shop.send("buyer", (CREATE, wanted((shop.tea, 1), coupons=(coupon,))))
    assert refused.status == "CouponUsedUp"


def test_an_order_that_is_closed_unpaid_used_nothing() -> None:
    shop = Shop()
    coupon = issue(shop)
    place(shop, (shop.tea, 1), coupons=(coupon,))
    shop.wait(2 * HOUR_MS)
    assert use_of(shop.state, coupon).orders == 0
    bought(shop, (shop.tea, 1), coupons=(coupon,))


def test_an_order_keeps_the_coupon_that_is_withdrawn_or_expires_before_it_is_paid() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=500, valid_until_ms=shop.time_ms + 1)
    order_id = place(shop, (shop.tea, 1), coupons=(coupon,))
    shop.done("friend", (WITHDRAW, CouponWithdraw(coupon)))
    shop.wait(HOUR_MS)
    pay(shop, order_id)
    assert shop.money("buyer") == FUNDS_MINOR - 500


def test_an_order_that_coupons_pay_whole_is_paid_with_nothing() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=1_000)
    order_id = place(shop, (shop.tea, 1), coupons=(coupon,))
    assert shop.load(order_id).payable_minor == 0
    refused = shop.send("buyer", (PAY, OrderPay(order_id, 1)))
    assert refused.status == "AmountMismatch"
    pay(shop, order_id)
    assert (shop.money("buyer"), shop.money("friend")) == (FUNDS_MINOR, FUNDS_MINOR - 1_000)
    shop.confirm(shop.ship(order_id))
    assert shop.money("merchant") == 1_000


def test_a_payer_without_any_money_pays_nothing_for_a_fully_funded_order() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=1_000)
    order_id = place(shop, (shop.tea, 1), coupons=(coupon,))
    pay(shop, order_id, "carrier")
    assert shop.load(order_id).payer == account("carrier")
    assert account_view(shop.state, account("carrier")).balances == ()
    shop.cancel(order_id, with_=("merchant",))
    assert shop.money("carrier") == 0


def test_a_funder_may_buy_with_its_own_coupon_and_pays_the_price_once() -> None:
    shop = Shop()
    coupon = issue(shop, "buyer", amount_minor=600)
    bought(shop, (shop.tea, 1), coupons=(coupon,))
    assert shop.money("buyer") == FUNDS_MINOR - 1_000


def test_what_was_drawn_is_told() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=700)
    order_id = place(shop, (shop.tea, 1), coupons=(coupon,))
    paid, used = shop.done("buyer", (PAY, OrderPay(order_id, 300)))
    assert (paid.data["amount_minor"], paid.data["funded_minor"]) == (300, 700)
    assert used.type == "coupon.used"
    assert (used.data["coupon_id"], used.data["amount_minor"]) == (coupon, 700)


def test_an_order_shows_its_coupons_and_who_pays_how_much() -> None:
    shop = Shop()
    coupon = issue(shop, amount_minor=700)
    view = order_view(shop.state, place(shop, (shop.tea, 1), coupons=(coupon,)))
    assert (view.coupons, view.total_minor, view.payable_minor) == ((coupon,), 1_000, 300)
    assert view.lines[0].funded_minor == 700


def test_drawings_are_sums_by_coupon() -> None:
    shop = Shop()
    coupons = [issue(shop, amount_minor=700), issue(shop, amount_minor=200)]
    order = shop.load(place(shop, (shop.tea, 1), (shop.bike, 1), coupons=coupons))
    drawn = {entry.coupon_id: entry.amount_minor for entry in drawings_of(order.lines)}
    assert drawn == dict(zip(coupons, (700, 200), strict=True))
