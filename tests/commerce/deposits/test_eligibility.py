"""Who owes money, or has too small a deposit, gets no new listing and no new order."""

from commerce.deposits.deposits import DepositWithdrawRequest
from commerce.deposits.recourse import RecourseRepay
from commerce.listings import ListingPublish
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.deposits.inside import deposit, fund_merchant, indebted, two_assets
from tests.commerce.shop import TEA, TERMS, Shop, create

PUBLISH, ORDER = "listing.publish", "order.create"
ASK = "deposit.withdraw.request"
MINIMUM_MINOR = 5_000
LIMIT = {"deposit_minimum/food": MINIMUM_MINOR}
OFFER = ListingPublish(TEA, "CNY", 5, TERMS)


def selling(shop: Shop) -> list[Row]:
    """The class food asks for a deposit from now on."""
    wanted = create((shop.tea, 1))
    less = DepositWithdrawRequest("CNY", 1)
    none = DepositWithdrawRequest("CNY", 0)
    # fmt: off
    return [
        Do(lambda _world: shop.genesis.limits.update(LIMIT)),
        #       sender      type     payload                     with  outcome
        Attempt("merchant", PUBLISH, OFFER,                      (),   "DepositTooSmall"),
        Attempt("buyer",    ORDER,   wanted,                     (),   "DepositTooSmall"),
        Do(lambda world: deposit(world, MINIMUM_MINOR - 1)),
        Attempt("merchant", PUBLISH, OFFER,                      (),   "DepositTooSmall"),
        Do(lambda world: indebted(world, 10, symbol="PTS")),
        Attempt("merchant", PUBLISH, OFFER,                      (),   "MerchantInDebt"),
        Attempt("buyer",    ORDER,   wanted,                     (),   "MerchantInDebt"),
        Do(lambda world: deposit(world, 1)),
        Attempt("merchant", PUBLISH, OFFER,                      (),   "MerchantInDebt"),
        Attempt("buyer",    ORDER,   wanted,                     (),   "MerchantInDebt"),
        Do(lambda world: fund_merchant(world, 10, symbol="PTS")),
        Attempt("merchant", "recourse.repay", RecourseRepay("PTS", 10), (), "ok"),
        Attempt("merchant", PUBLISH, OFFER,                      (),   "ok"),
        Attempt("buyer",    ORDER,   wanted,                     (),   "ok"),
        # What was asked back stands behind nothing new.
        Attempt("merchant", ASK,     less,                       (),   "ok"),
        Attempt("merchant", PUBLISH, OFFER,                      (),   "DepositTooSmall"),
        Attempt("buyer",    ORDER,   wanted,                     (),   "DepositTooSmall"),
        Attempt("merchant", ASK,     none,                       (),   "ok"),
        Attempt("merchant", PUBLISH, OFFER,                      (),   "ok"),
    ]
    # fmt: on


def strict_shop() -> Shop:
    """A shop whose genesis can be given limits after its listings were made."""
    return Shop(two_assets(limits={"deposit_minimum/toys": 1}))


def test_debts_and_small_deposits_end_selling_until_they_are_mended() -> None:
    shop = strict_shop()
    play(shop, selling(shop))


def test_a_class_without_a_minimum_asks_for_nothing() -> None:
    shop = strict_shop()
    shop.order((shop.tea, 1))


def test_a_debt_in_any_asset_counts() -> None:
    shop = Shop()
    indebted(shop, 1, to=None)
    refused = shop.send("buyer", (ORDER, create((shop.tea, 1))))
    assert refused.status == "MerchantInDebt"
