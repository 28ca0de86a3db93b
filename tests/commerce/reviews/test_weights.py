"""The two factors of a review's weight, by hand."""

from commerce.reviews.weights import (
    CAP_UNITS,
    ELSEWHERE_MIN_PERMILLE,
    PERMILLE,
    Trust,
    seller_dependence,
    trust_of_buyers,
)
from tests.commerce.reviews.bazaar import YUAN, Bazaar, party


def trust(bazaar: Bazaar, buyer: str, seller: str) -> Trust:
    """Of a buyer at a seller."""
    market = bazaar.census().markets["CNY"]
    return trust_of_buyers(market)[party(buyer), party(seller)]


def town(*buyers: str, sellers: int = 10) -> Bazaar:
    """Each buyer spends ¥10 at each of the sellers."""
    bazaar = Bazaar()
    for buyer in buyers:
        for number in range(sellers):
            bazaar.buy(buyer, f"shop {number}", 10 * YUAN, None)
    return bazaar


def test_who_spends_as_much_elsewhere_is_believed_in_full() -> None:
    assert trust(town("a", "b"), "a", "shop 1") == Trust(10 * YUAN, PERMILLE, PERMILLE)


def test_who_spends_a_tenth_elsewhere_is_believed_for_a_tenth() -> None:
    bazaar = town("a", "b")
    bazaar.buy("c", "shop 0", 1_000 * YUAN, None)
    bazaar.buy("c", "shop 1", 100 * YUAN, None)
    found = trust(bazaar, "c", "shop 0")
    # Shop 1 took 120, of which 100 from somebody whose other money goes to shop 0, the rest from
    # people who spend a ninth of theirs there: it depends on shop 0 altogether.
    assert found.elsewhere_permille == ELSEWHERE_MIN_PERMILLE
    for number in range(2, 7):
        bazaar.buy("c", f"shop {number}", 20 * YUAN, None)
        for crowd in range(20):
            bazaar.buy(f"passer {number} {crowd}", f"shop {number}", 20 * YUAN, None)
    found = trust(bazaar, "c", "shop 0")
    assert 70 <= found.elsewhere_permille <= 100


def test_who_shops_at_one_seller_only_counts_a_thousandth() -> None:
    bazaar = town("a", "b")
    bazaar.buy("c", "shop 0", 50 * YUAN, None)
    assert trust(bazaar, "c", "shop 0").elsewhere_permille == ELSEWHERE_MIN_PERMILLE


def test_money_that_came_from_the_seller_counts_for_nothing() -> None:
    bazaar = town("a")
    bazaar.pay("shop 0", "a", 4 * YUAN)
    # 6 of 10 at shop 0 is the buyer's own, and 96 of 100 in all.
    assert trust(bazaar, "a", "shop 0").outside_permille == 576
    assert trust(bazaar, "a", "shop 1").outside_permille == 960


def test_two_sellers_that_live_on_the_same_buyers_vouch_for_nothing() -> None:
    bazaar = Bazaar()
    for buyer in ("a", "b", "c"):
        for shop in ("left", "right"):
            bazaar.buy(buyer, shop, 10 * YUAN, None)
    assert trust(bazaar, "a", "left").elsewhere_permille == ELSEWHERE_MIN_PERMILLE


def test_dependence_is_where_else_a_sellers_customers_spend() -> None:
    bazaar = Bazaar()
    bazaar.buy("a", "shop", 30, None)
    bazaar.buy("a", "other", 10, None)
    bazaar.buy("b", "other", 30, None)
    bazaar.buy("b", "third", 5, None)
    spent = bazaar.census().markets["CNY"].spent
    found = seller_dependence(spent)
    # A quarter of other's takings is from a, all of whose other money goes to the shop.
    assert found[party("shop")] == {party("other"): 250}
    assert found[party("third")] == {party("other"): 750}
    assert found[party("other")] == {party("shop"): 1000, party("third"): 1000}


def test_one_buyer_counts_up_to_the_cap_however_often_it_buys() -> None:
    rich = Trust(4 * CAP_UNITS, PERMILLE, PERMILLE)
    assert rich.nominal(4 * CAP_UNITS) == CAP_UNITS
    assert sum(rich.weights(CAP_UNITS)[2] for _ in range(4)) == CAP_UNITS
    modest = Trust(CAP_UNITS, PERMILLE, PERMILLE)
    assert modest.nominal(CAP_UNITS // 2) == CAP_UNITS // 2


def test_weights_only_fall_from_factor_to_factor() -> None:
    assert Trust(1_000, 500, 250).weights(1_000) == (1_000, 500, 125)


def test_splitting_into_accounts_gains_nothing() -> None:
    def weight_of_ring(accounts: int) -> int:
        bazaar = town("a", "b", "c", sellers=20)
        for number in range(accounts):
            bazaar.buy(f"fake {number}", "mill", 1_200 * YUAN // accounts, None)
            for shop in range(3):
                bazaar.buy(f"fake {number}", f"shop {shop}", 12 * YUAN // accounts, None)
        market = bazaar.census().markets["CNY"]
        trusted = trust_of_buyers(market)
        return sum(
            trust.weights(trust.paid)[2]
            for (_, seller), trust in trusted.items()
            if seller == party("mill")
        )

    # Of 36 spent elsewhere at most 36 count at the mill.
    for accounts in (2, 12, 120):
        assert weight_of_ring(accounts) <= 36 * YUAN
