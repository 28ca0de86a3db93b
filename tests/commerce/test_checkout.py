"""Rules of order.create and order.pay."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from chain.account import KeyPolicy, WeightedKey
from commerce.checkout import OrderPay
from commerce.delegations import Delegate
from commerce.listings import ListingUpdate, ListingWithdraw, load_listing
from commerce.money import AMOUNT_MAX
from commerce.roles import RoleRevoke
from commerce.units import QUANTITY_MAX
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import TEA, TERMS, Shop, create
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, HOUR_MS, QUORUM, account, key

CREATE, PAY = "order.create", "order.pay"
NOWHERE = bytes(32)


def creating(shop: Shop) -> list[Row]:
    """The merchant sells tea, cake and bike, 100 of each; the rival sells tea."""
    tea, cake, bike = shop.tea, shop.cake, shop.bike
    rival = shop.publish(TEA, seller="rival")
    dear = shop.publish(TEA, terms=replace(TERMS, price_minor=AMOUNT_MAX // 2), stock=QUANTITY_MAX)
    dearer = shop.publish(TEA, terms=replace(TERMS, price_minor=AMOUNT_MAX), stock=9)
    gone = shop.publish(TEA)
    # fmt: off
    return [
        #       sender      type    payload                                          outcome
        Attempt("merchant", "listing.withdraw", ListingWithdraw(gone),           (), "ok"),
        Attempt("buyer",    CREATE, create((tea, 1), (tea, 1)),                  (), "LineRepeated"),
        Attempt("buyer",    CREATE, create((tea, 1), (NOWHERE, 1)),              (), "ListingUnknown"),
        Attempt("buyer",    CREATE, create((tea, 1), reference="PO 1"),          (), "ok"),
        Attempt("buyer",    CREATE, create((bike, 1), reference="PO 1"),         (), "ReferenceUsed"),
        Attempt("friend",   CREATE, create((bike, 1), reference="PO 1"),         (), "ok"),
        Attempt("buyer",    CREATE, create((gone, 1)),                           (), "ListingWithdrawn"),
        Attempt("buyer",    CREATE, create((tea, 1), version=2),                 (), "ListingVersionStale"),
        Attempt("merchant", "listing.update", ListingUpdate(bike, 1, 0, TERMS),  (), "ok"),
        Attempt("buyer",    CREATE, create((bike, 1)),                           (), "ListingVersionStale"),
        Attempt("buyer",    CREATE, create((bike, 1), version=2),                (), "ok"),
        Attempt("buyer",    CREATE, create((tea, 1), (rival, 1)),                (), "MixedOrder"),
        Attempt("m0", "role.revoke", RoleRevoke(account("rival"), "merchant", ""), QUORUM, "ok"),
        Attempt("buyer",    CREATE, create((rival, 1)),                          (), "RoleMissing"),
        Attempt("merchant", CREATE, create((tea, 1)),                            (), "SharedController"),
        Attempt("buyer",    CREATE, create((tea, 1), exempt=True),               (), "ExemptionNotOffered"),
        Attempt("buyer",    CREATE, create((cake, 1), exempt=True),              (), "ok"),
        Attempt("buyer",    CREATE, create((dear, 3)),                           (), "AmountTooLarge"),
        Attempt("buyer",    CREATE, create((dearer, 1), (tea, 1)),               (), "AmountTooLarge"),
        Attempt("buyer",    CREATE, create((tea, 100)),                          (), "StockInsufficient"),
        Attempt("buyer",    CREATE, create((tea, 90)),                           (), "ok"),
        Attempt("buyer",    CREATE, create((tea, 1)),                            (), "ok"),
        Attempt("buyer",    CREATE, create((tea, 1)),                            (), "TooManyUnpaidOrders"),
        Attempt("friend",   CREATE, create((tea, 1)),                            (), "ok"),
        # Closed by the clock, they no longer count, and their stock is back.
        Wait(2 * HOUR_MS),
        Attempt("buyer",    CREATE, create((tea, 100)),                          (), "ok"),
    ]
    # fmt: on


def paying(shop: Shop) -> list[Row]:
    """A cheap order, another, and one that nobody can pay."""
    order, other = shop.order((shop.tea, 2)), shop.order((shop.tea, 3))
    bikes = shop.publish(TEA, terms=replace(TERMS, price_minor=FUNDS_MINOR))
    dear = shop.order((bikes, 2))
    scope = Delegate(key("erp"), ("order.pay",), 1_999, GENESIS_MS + DAY_MS)
    # fmt: off
    return [
        #       sender       type  payload                                outcome
        Attempt("buyer",     PAY,  OrderPay(NOWHERE, 2_000),         (), "OrderUnknown"),
        Attempt("buyer",     PAY,  OrderPay(order, 1_999),           (), "AmountMismatch"),
        Attempt("buyer",     PAY,  OrderPay(order, 2_001),           (), "AmountMismatch"),
        Attempt("buyer",     PAY,  OrderPay(dear, 2 * FUNDS_MINOR),  (), "InsufficientFunds"),
        Attempt("buyer",     "delegate", scope,                      (), "ok"),
        Attempt("buyer/erp", PAY,  OrderPay(order, 2_000),           (), "DelegationExceeded"),
        Attempt("buyer",     PAY,  OrderPay(order, 2_000),           (), "ok"),
        Attempt("buyer",     PAY,  OrderPay(order, 2_000),           (), "StateForbids"),
        # The clock comes before whoever pays too late.
        Wait(2 * HOUR_MS - 1),
        Attempt("friend",    PAY,  OrderPay(other, 3_000),           (), "ok"),
        Wait(1),
        Attempt("buyer",     PAY,  OrderPay(dear, 2 * FUNDS_MINOR),  (), "StateForbids"),
    ]
    # fmt: on


def test_an_order_accepts_current_offers_of_one_seller() -> None:
    shop = Shop()
    play(shop, creating(shop))


def test_an_order_is_paid_exactly_once_by_anyone_in_time() -> None:
    shop = Shop()
    play(shop, paying(shop))


def test_a_key_in_the_buyers_and_the_sellers_policies_forbids_the_trade() -> None:
    shop = Shop()
    keys = sorted([key("merchant"), key("newcomer")])
    both = shop.open(KeyPolicy(tuple(WeightedKey(k, 1) for k in keys), 1), "newcomer")
    assert both != account("merchant")
    receipt = shop.send_as(both, "newcomer", ("order.create", create((shop.tea, 1))))
    assert receipt.status == "SharedController"


def test_freight_counts_once_per_line_and_the_promise_of_the_listing_comes_first() -> None:
    shop = Shop()
    listing = shop.publish(TEA, terms=replace(TERMS, freight_minor=77, ship_within_ms=5 * HOUR_MS))
    order = shop.load(shop.paid((listing, 3), (shop.tea, 1)))
    assert [line.total_minor for line in order.lines] == [3_077, 1_000]
    assert order.paid_ms is not None
    promises = [(line.due_ms or 0) - order.paid_ms for line in order.lines]
    assert promises == [5 * HOUR_MS, 72 * HOUR_MS]


def test_an_order_that_is_refused_reserves_nothing() -> None:
    shop = Shop()
    receipt = shop.send("buyer", ("order.create", create((shop.tea, 5), (shop.cake, 101))))
    assert receipt.status == "StockInsufficient"
    assert load_listing(shop.state, shop.tea).stock == 100
