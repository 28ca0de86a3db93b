"""A ring of 300 accounts gets less than 5 % of its nominal weight, and honest ranks stay."""

from collections.abc import Mapping
from functools import cache

import pytest

from commerce.reviews.market import Census
from commerce.reviews.records import Scores
from commerce.reviews.reputation import (
    PRIOR_HUNDREDTHS,
    Reputation,
    no_reviews,
    reputations,
    weigh_census,
)
from commerce.reviews.weights import trust_of_buyers
from tests.bench.reputation_time import stored
from tests.commerce.reviews.bazaar import (
    CNY,
    YUAN,
    Bazaar,
    Bought,
    honest_market,
    honest_names,
    party,
)
from tests.commerce.reviews.rings import MILL, RING, SECOND_MILL, SHAPES, fake, open_mill

# Every shape in one market, two of them in another.
PLAYED = [*((name, "spring") for name in SHAPES), ("star", "autumn"), ("camouflaged", "autumn")]
PERMILLE_MAX = 50


def fair(seed: str) -> Bazaar:
    """A market in which the mill has its real customers only."""
    bazaar = honest_market(seed)
    open_mill(bazaar)
    return bazaar


@cache
def without_ring(seed: str) -> Mapping[bytes, Reputation]:
    return weigh_census(fair(seed).census())


def ranking(known: Mapping[bytes, Reputation]) -> list[str]:
    """Honest sellers, the best first."""
    return sorted(honest_names(), key=lambda name: -known[party(name)].score_hundredths)


def ring_weights(census: Census) -> tuple[int, int]:
    """Nominal weight and weight of all that the ring says of the mills."""
    fakes = {party(fake(number)) for number in range(RING)}
    mills = {party(MILL), party(SECOND_MILL)}
    trust = trust_of_buyers(census.markets[CNY])
    weighed = [
        trust[rated.buyer, rated.seller].weights(rated.paid)
        for rated in census.rated
        if rated.buyer in fakes and rated.seller in mills
    ]
    return sum(nominal for nominal, _, _ in weighed), sum(weight for _, _, weight in weighed)


@pytest.mark.parametrize(("name", "seed"), PLAYED)
def test_a_ring_weighs_next_to_nothing_and_moves_no_honest_seller(name: str, seed: str) -> None:
    bazaar = fair(seed)
    SHAPES[name](bazaar)
    census = bazaar.census()
    nominal, weight = ring_weights(census)
    assert nominal >= RING * 100 * YUAN
    assert weight * 1000 < nominal * PERMILLE_MAX
    before, after = without_ring(seed), weigh_census(census)
    assert ranking(after) == ranking(before)
    for honest in honest_names():
        moved = after[party(honest)].score_hundredths - before[party(honest)].score_hundredths
        assert abs(moved) <= 1, honest
    # The mill has five stars at face value; ranked it is what its real customers say.
    mill, real = after[party(MILL)], before[party(MILL)]
    assert (mill.nominal_mean_hundredths or 0) > 480
    if name != "through_the_bank":
        assert mill.score_hundredths - real.score_hundredths < 10


def test_honest_reviews_keep_nearly_all_of_their_weight() -> None:
    known = without_ring("spring")
    for name in honest_names():
        reputation = known[party(name)]
        assert reputation.weight * 10 > reputation.nominal_weight * 9, name


def test_what_is_taken_off_is_told_to_the_unit() -> None:
    bazaar = fair("spring")
    for shape in ("camouflaged", "through_the_bank", "two_mills"):
        SHAPES[shape](bazaar)
    for reputation in weigh_census(bazaar.census()).values():
        told = reputation.discounts
        taken = told.own_goods + told.own_money + told.nothing_elsewhere
        assert reputation.nominal_weight - reputation.weight == taken


def test_the_same_market_read_in_another_order_gives_the_same_answer() -> None:
    bazaar = fair("spring")
    SHAPES["cliques"](bazaar)
    first = weigh_census(bazaar.census())
    turned = Bazaar(bazaar.bought[::-1], bazaar.moved[::-1])
    assert weigh_census(turned.census()) == first


def test_reviews_of_ones_own_goods_weigh_nothing() -> None:
    bazaar = Bazaar()
    bazaar.buy("buyer", MILL, YUAN, 3)
    bazaar.buy(MILL, MILL, 7 * YUAN, 5)
    reputation = weigh_census(bazaar.census())[party(MILL)]
    assert (reputation.reviews, reputation.stars) == (2, 24)
    assert reputation.discounts.own_goods == 7 * YUAN


def test_a_merchant_of_whom_nobody_speaks_has_three_stars_without_weight() -> None:
    unknown = no_reviews(party("nobody"))
    assert (unknown.reviews, unknown.weight, unknown.weighted_mean_hundredths) == (0, 0, None)
    assert unknown.score_hundredths == PRIOR_HUNDREDTHS
    assert unknown.nominal_mean_hundredths is None


def test_void_and_hidden_reviews_are_counted_and_weigh_nothing() -> None:
    census = Census({}, [], {party("a"): 2}, {party("b"): 1})
    known = weigh_census(census)
    assert (known[party("a")].void, known[party("a")].reviews) == (2, 0)
    assert known[party("b")].hidden == 1


def test_each_dimension_has_its_own_mean() -> None:
    bazaar = Bazaar()
    for buyer in ("a", "b"):
        for other in range(4):
            bazaar.buy(buyer, f"other {buyer} {other}", 10 * YUAN, None)
    scores = (Scores(5, 3, 1), Scores(4, 3, 2))
    for buyer, given in zip(("a", "b"), scores, strict=True):
        bazaar.bought.append(Bought(party(buyer), party("shop"), 10 * YUAN, given))
    shop = weigh_census(bazaar.census())[party("shop")]
    assert (shop.goods_hundredths, shop.service_hundredths) == (450, 300)
    assert (shop.logistics_hundredths, shop.weighted_mean_hundredths) == (150, 300)


def test_a_market_read_from_records_and_rows_is_the_same_market() -> None:
    """A sample of `python -m tests.bench.reputation_time`."""
    bazaar = honest_market("sample", buyers=60, sellers=12, each=6)
    open_mill(bazaar)
    SHAPES["cliques"](bazaar)
    known = reputations(*stored(bazaar))
    expected = weigh_census(bazaar.census())
    (sampled,) = set(known) - set(expected)
    assert known[sampled].reviews == 1
    assert {merchant: known[merchant] for merchant in expected} == expected
