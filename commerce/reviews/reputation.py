"""What a merchant's reviews say, at face value and by their weights; a query, never a rule.

A function of the agreed state and of the flows in the secondary index: every node that has both
answers the same at the same height. Integers throughout. The method, its parameters and what it
can't do: docs/reputation.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain.codec import Hash
from chain.state import StateReader
from commerce.reviews.indexes import IndexReader
from commerce.reviews.market import Census, Rated, take_census
from commerce.reviews.records import Scores
from commerce.reviews.weights import CAP_UNITS, NO_TRUST, Trust, trust_of_buyers

HUNDREDTHS = 100
DIMENSIONS = 3
# Three stars, with the weight of one buyer at the most, before anybody has said anything.
PRIOR_HUNDREDTHS = 300
PRIOR_WEIGHT = CAP_UNITS


@dataclass(frozen=True, slots=True)
class Discounts:
    """What keeps reviews from their weight at face value, in the same units.

    `own_goods`: buyer and seller are one party. `own_money`: the buyer paid with what the seller
    had given. `nothing_elsewhere`: the buyer spends little at independent sellers.
    """

    own_goods: int
    own_money: int
    nothing_elsewhere: int


@dataclass(frozen=True, slots=True)
class Reputation:
    """A merchant's reviews. `stars` is the sum of all their scores, three for each review.

    `nominal_…` are at face value, `weight` is what counts: nominal_weight - weight is the sum of
    the discounts. Means are in hundredths of a star, None where nothing counts. `score_hundredths`
    is what merchants are ranked by: the weighted mean, drawn to three stars while little weighs in.
    """

    merchant: Hash
    reviews: int
    void: int
    hidden: int
    stars: int
    nominal_mean_hundredths: int | None
    nominal_weight: int
    weight: int
    weighted_mean_hundredths: int | None
    goods_hundredths: int | None
    service_hundredths: int | None
    logistics_hundredths: int | None
    score_hundredths: int
    discounts: Discounts


def reputations(state: StateReader, index: IndexReader) -> Mapping[bytes, Reputation]:
    """By merchant, of all who have a review. Reads everything once: for a node's book, not a call.

    Whoever has none has `no_reviews`.
    """
    return weigh_census(take_census(state, index))


def weigh_census(census: Census) -> Mapping[bytes, Reputation]:
    """By merchant, of what was read."""
    trusted = {symbol: trust_of_buyers(market) for symbol, market in census.markets.items()}
    of_merchants: dict[bytes, list[tuple[Rated, Trust]]] = {}
    for rated in census.rated:
        trust = trusted[rated.symbol].get((rated.buyer, rated.seller), NO_TRUST)
        of_merchants.setdefault(rated.merchant, []).append((rated, trust))
    merchants = sorted({*of_merchants, *census.void, *census.hidden})
    return {
        merchant: _reputation(merchant, of_merchants.get(merchant, ()), census)
        for merchant in merchants
    }


def no_reviews(merchant: bytes) -> Reputation:
    """What is said of a merchant of whom nobody has said anything."""
    return _reputation(merchant, (), Census({}, [], {}, {}))


def _reputation(
    merchant: bytes, entries: Sequence[tuple[Rated, Trust]], census: Census
) -> Reputation:
    sums, stars = _Sums(), 0
    for rated, trust in entries:
        stars += sum(_dimensions(rated.scores))
        sums.add(rated, trust)
    goods, service, logistics = (sums.mean(total) for total in sums.dimensions)
    prior = PRIOR_WEIGHT * PRIOR_HUNDREDTHS
    weighed = sum(sums.dimensions) * HUNDREDTHS // DIMENSIONS
    return Reputation(
        merchant=merchant,
        reviews=len(entries),
        void=census.void.get(merchant, 0),
        hidden=census.hidden.get(merchant, 0),
        stars=stars,
        nominal_mean_hundredths=stars * HUNDREDTHS // (DIMENSIONS * len(entries))
        if entries
        else None,
        nominal_weight=sums.nominal,
        weight=sums.weight,
        weighted_mean_hundredths=weighed // sums.weight if sums.weight else None,
        goods_hundredths=goods,
        service_hundredths=service,
        logistics_hundredths=logistics,
        score_hundredths=(weighed + prior) // (sums.weight + PRIOR_WEIGHT),
        discounts=Discounts(sums.own_goods, sums.own_money, sums.nothing_elsewhere),
    )


def _dimensions(scores: Scores) -> tuple[int, int, int]:
    return scores.goods, scores.service, scores.logistics


class _Sums:
    """Weights of one merchant's reviews as they are added up."""

    def __init__(self) -> None:
        self.nominal = 0
        self.weight = 0
        self.own_goods = 0
        self.own_money = 0
        self.nothing_elsewhere = 0
        self.dimensions = [0, 0, 0]

    def add(self, rated: Rated, trust: Trust) -> None:
        """One more review."""
        if rated.buyer == rated.seller:
            face_value = min(rated.paid, CAP_UNITS)
            self.nominal += face_value
            self.own_goods += face_value
            return
        nominal, outside, weight = trust.weights(rated.paid)
        self.nominal += nominal
        self.own_money += nominal - outside
        self.nothing_elsewhere += outside - weight
        self.weight += weight
        for position, stars in enumerate(_dimensions(rated.scores)):
            self.dimensions[position] += weight * stars

    def mean(self, total: int) -> int | None:
        """Hundredths of a star."""
        return total * HUNDREDTHS // self.weight if self.weight else None
