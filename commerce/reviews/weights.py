"""What a buyer's reviews of a seller weigh: money from outside, spent by who also shops elsewhere.

Two factors, both in thousandths, for each buyer and seller:

- *outside*: the share of what the buyer paid the seller that is not the seller's own money come
  round, times the same share of all that it paid anybody. So what a seller hands out to be bought
  from itself counts for nothing, in whatever shape it is handed round, and who lives on that is
  believed no more elsewhere.
- *elsewhere*: what the buyer spent at other, independent sellers, against what it paid this one, at
  most all. So whoever wants weight at its own shop must spend as much at shops that aren't its own:
  weight can't be had for less than its worth, by however many accounts.

A seller is independent of another as far as its customers' other money does not end there: the
return probability of a walk seller - its customers, by what they spent - where else they spent. Two
shops that live on the same few buyers vouch for one another for nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from commerce.reviews.market import Market, Pairs
from commerce.reviews.origins import Origins

PERMILLE = 1_000
# What counts of one buyer at one seller at most: a thousand whole units of the asset.
CAP_UNITS = 100_000
# Who shops nowhere else is no fake by that alone: enough to tell merchants apart of whom nobody
# else says anything.
ELSEWHERE_MIN_PERMILLE = 1
# From this share of its customers' other money on a seller depends on another altogether.
DEPENDENT_PERMILLE = 500
# Of so many sellers of a buyer, those where it spent most, it is asked what they share.
SELLERS_MAX = 64


@dataclass(frozen=True, slots=True)
class Trust:
    """What of a buyer's money at a seller counts. `paid` are the units paid in all."""

    paid: int
    outside_permille: int
    elsewhere_permille: int

    def nominal(self, paid: int) -> int:
        """What a review of a part of it weighs at face value: the part, under the buyer's cap."""
        return paid if self.paid <= CAP_UNITS else paid * CAP_UNITS // self.paid

    def weights(self, paid: int) -> tuple[int, int, int]:
        """At face value; less the seller's own money; less what nothing elsewhere vouches for."""
        nominal = self.nominal(paid)
        outside = nominal * self.outside_permille // PERMILLE
        return nominal, outside, outside * self.elsewhere_permille // PERMILLE


NO_TRUST = Trust(0, 0, 0)


def trust_of_buyers(market: Market) -> Mapping[tuple[bytes, bytes], Trust]:
    """By (buyer, seller), for all who bought."""
    outside = outside_money(market)
    dependence = seller_dependence(outside)
    trusted = {}
    for buyer, sellers in market.spent.items():
        own = outside[buyer]
        own_in_all, paid_in_all = sum(own.values()), sum(sellers.values())
        for seller, paid in sellers.items():
            elsewhere = _elsewhere(own, seller, dependence.get(seller, {}))
            trusted[buyer, seller] = Trust(
                paid=paid,
                outside_permille=own[seller] * own_in_all * PERMILLE // (paid * paid_in_all),
                elsewhere_permille=max(
                    ELSEWHERE_MIN_PERMILLE, min(PERMILLE, elsewhere * PERMILLE // paid)
                ),
            )
    return trusted


def outside_money(market: Market) -> Pairs:
    """As `spent`, less what each buyer has got of the seller's own money."""
    origins = Origins(market)
    sellers = {seller for spent in market.spent.values() for seller in spent}
    of_sellers = {seller: origins.from_seller(seller) for seller in sellers}
    return {
        buyer: {
            seller: max(0, paid - of_sellers[seller].get(buyer, 0))
            for seller, paid in spent.items()
        }
        for buyer, spent in market.spent.items()
    }


def seller_dependence(outside: Pairs) -> Mapping[bytes, Mapping[bytes, int]]:
    """[seller][other]: how much `other` depends on `seller`, in thousandths."""
    takings: dict[bytes, int] = {}
    shared: dict[bytes, dict[bytes, int]] = {}
    for spent in outside.values():
        total = sum(spent.values())
        for other, units in spent.items():
            takings[other] = takings.get(other, 0) + units
        largest = sorted(spent.items(), key=lambda entry: (-entry[1], entry[0]))[:SELLERS_MAX]
        for other, units in largest:
            _share(shared, other, units, largest, total - units)
    return {
        seller: {
            other: min(PERMILLE, units * PERMILLE // takings[other])
            for other, units in others.items()
        }
        for seller, others in shared.items()
    }


def _share(
    shared: dict[bytes, dict[bytes, int]],
    other: bytes,
    units: int,
    sellers: list[tuple[bytes, int]],
    rest: int,
) -> None:
    """Distribute what a buyer spent at `other` over where it spent the rest of its money."""
    if not units or not rest:
        return
    for seller, spent in sellers:
        if seller != other and spent:
            of_seller = shared.setdefault(seller, {})
            of_seller[other] = of_seller.get(other, 0) + units * spent // rest


def _elsewhere(own: Mapping[bytes, int], seller: bytes, dependence: Mapping[bytes, int]) -> int:
    """What a buyer spent at other sellers, each as far as it is independent of this one."""
    total = 0
    for other, units in own.items():
        if other != seller:
            dependent = min(DEPENDENT_PERMILLE, dependence.get(other, 0))
            total += units * (DEPENDENT_PERMILLE - dependent) // DEPENDENT_PERMILLE
    return total
