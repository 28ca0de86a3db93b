"""What is read of a chain for the weights: real transactions, in the state and in the index."""

from dataclasses import replace

from chain.account import Account, KeyPolicy, WeightedKey
from chain.state import Overlay
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.checkout import OrderPay
from commerce.orders import ORDERS
from commerce.payments import PayTransfer
from commerce.reviews.hiding import ReviewHide
from commerce.reviews.market import Census, controllers, own_minor, take_census
from commerce.reviews.posting import ReviewPost
from commerce.reviews.reputation import reputations
from commerce.units import Funding
from tests.commerce.reviews.reviewing import COURT, Rows, bought, posted, refund_all, scored
from tests.commerce.shop import PRICE_MINOR, Shop
from tests.commerce.world import FUNDS_MINOR, account, key, policy


def census(shop: Shop) -> Census:
    return take_census(shop.state, Rows(shop))


def pay(shop: Shop, giver: str, taker: str, amount_minor: int) -> None:
    shop.done(giver, ("pay.transfer", PayTransfer(account(taker), "CNY", amount_minor, None)))


def test_purchases_issues_and_transfers_are_read() -> None:
    shop = Shop()
    posted(shop)
    pay(shop, "merchant", "buyer", 30)
    pay(shop, "merchant", "buyer", 70)
    found = census(shop)
    market = found.markets["CNY"]
    assert market.spent == {account("buyer"): {account("merchant"): PRICE_MINOR}}
    assert market.given == {
        account("issuer"): {account("buyer"): FUNDS_MINOR, account("friend"): FUNDS_MINOR},
        account("merchant"): {account("buyer"): 100},
    }
    (rated,) = found.rated
    assert (rated.merchant, rated.paid, rated.symbol) == (account("merchant"), PRICE_MINOR, "CNY")


def test_money_in_escrow_is_not_spent_yet() -> None:
    shop = Shop()
    shop.paid((shop.tea, 3))
    assert census(shop).markets["CNY"].spent == {}


def test_whoever_pays_an_order_has_given_its_buyer_the_money() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    pay(shop, "friend", "merchant", 5_000)
    shop.done("merchant", ("order.pay", OrderPay(order_id, PRICE_MINOR)))
    shop.confirm(shop.ship(order_id))
    shop.done("buyer", ("review.post", ReviewPost(order_id, 0, scored(5), None)))
    given = census(shop).markets["CNY"].given
    assert given[account("merchant")] == {account("buyer"): PRICE_MINOR}
    merchant = reputations(shop.state, Rows(shop))[account("merchant")]
    assert (merchant.nominal_weight, merchant.weight) == (PRICE_MINOR, 0)
    assert merchant.discounts.own_money == PRICE_MINOR


def test_sending_to_and_fro_leaves_the_difference() -> None:
    shop = Shop()
    pay(shop, "buyer", "friend", 500)
    pay(shop, "friend", "buyer", 200)
    given = census(shop).markets["CNY"].given
    assert given[account("buyer")] == {account("friend"): 300}
    assert account("buyer") not in given.get(account("friend"), {})
    pay(shop, "friend", "buyer", 300)
    given = census(shop).markets["CNY"].given
    assert not given.get(account("buyer"))
    assert not given.get(account("friend"))


def test_void_and_hidden_reviews_are_counted_apart() -> None:
    shop = Shop()
    void, hidden = posted(shop), posted(shop)
    shop.state.write(refund_all(shop, void).changes)
    shop.audited = False
    shop.done("regulator", ("review.hide", ReviewHide(hidden, 0, COURT, "a court says so")))
    found = census(shop)
    merchant = account("merchant")
    assert (found.rated, found.void, found.hidden) == ([], {merchant: 1}, {merchant: 1})
    told = reputations(shop.state, Rows(shop))[merchant]
    assert (told.reviews, told.void, told.hidden, told.weight) == (0, 1, 1, 0)


def test_a_review_whose_order_has_left_the_state_counts_what_was_paid_then() -> None:
    shop = Shop()
    order_id = posted(shop)
    before = census(shop)
    overlay = Overlay(shop.state)
    ORDERS.remove(overlay, order_id)
    after = take_census(overlay, Rows(shop))
    assert after.rated == before.rated
    assert after.markets["CNY"].spent == before.markets["CNY"].spent


def test_what_a_coupon_paid_is_not_the_buyers() -> None:
    shop = Shop()
    line = shop.load(bought(shop, (shop.tea, 2))).lines[0]
    assert own_minor(line) == 2 * PRICE_MINOR
    funding = Funding(account("merchant"), bytes(32), 500)
    assert own_minor(replace(line, funding=(funding,))) == 1_500
    assert own_minor(replace(line, funding=(replace(funding, amount_minor=2_000),))) == 0


def test_accounts_that_one_key_alone_speaks_for_are_one_party() -> None:
    def held_by(*weights: tuple[str, int], threshold: int) -> Account:
        keys = tuple(sorted((WeightedKey(key(name), weight) for name, weight in weights), key=str))
        return Account(KeyPolicy(keys, threshold), bytes(32), None)

    names = {number: bytes((number,)) * 32 for number in range(1, 6)}
    accounts = {
        names[1]: held_by(("a", 1), threshold=1),
        names[2]: held_by(("a", 2), ("b", 2), threshold=2),
        names[3]: held_by(("b", 1), threshold=1),
        names[4]: held_by(("a", 1), ("c", 1), threshold=2),
        names[5]: None,
    }
    party = controllers(accounts)
    assert party[names[1]] == party[names[2]] == party[names[3]] == names[1]
    assert (party[names[4]], party[names[5]]) == (names[4], names[5])
    assert controllers(dict(reversed(accounts.items()))) == party


def test_a_ring_on_a_chain_weighs_nothing_beside_one_honest_buyer() -> None:
    """Eight fakes with the merchant's own money, and one buyer with its own."""
    shop = Shop(stock=1_000)
    shop.audited = False
    for number in range(8):
        name = f"fake {number}"
        shop.done("m0", ("account.open", AccountOpen(policy(name), None)), with_=(name,))
    shop.done("issuer", ("asset.issue", AssetIssue("CNY", account("merchant"), 50_000, "float")))
    for number in range(8):
        name = f"fake {number}"
        pay(shop, "merchant", name, PRICE_MINOR)
        order_id = bought(shop, (shop.bike, 1), buyer=name)
        shop.done(name, ("review.post", ReviewPost(order_id, 0, scored(5), None)))
    order_id = bought(shop, (shop.bike, 1))
    shop.done("buyer", ("review.post", ReviewPost(order_id, 0, scored(2), None)))
    merchant = reputations(shop.state, Rows(shop))[account("merchant")]
    assert merchant.reviews == 9
    assert merchant.nominal_weight == 9 * PRICE_MINOR
    assert merchant.discounts.own_money == 8 * PRICE_MINOR
    assert merchant.weighted_mean_hundredths == 200
