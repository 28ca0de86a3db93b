"""A market in memory: issues, transfers and reviewed purchases, played into a census.

Honest people buy at random, from a hash stream: each seed is one market, the same everywhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from chain.crypto import sha256
from commerce.reviews.market import Census, Market, Rated
from commerce.reviews.records import Scores

CNY = "CNY"
YUAN = 100
BANK = "bank"
HONEST_SELLERS = 40
HONEST_BUYERS = 400
PURCHASES = 12


@cache
def party(name: str) -> bytes:
    """The account of a name."""
    return sha256(f"bazaar {name}".encode())


class Dice:
    """Numbers from a hash stream."""

    def __init__(self, seed: str) -> None:
        self._stream = self._bytes(seed)

    def below(self, limit: int) -> int:
        """One of 0 … limit - 1."""
        return int.from_bytes(bytes(next(self._stream) for _ in range(6)), "big") % limit

    def _bytes(self, seed: str) -> Iterator[int]:
        count = 0
        while True:
            yield from sha256(f"{seed} {count}".encode())
            count += 1


@dataclass(frozen=True)
class Bought:
    """A purchase that was settled; without scores if it wasn't reviewed."""

    buyer: bytes
    seller: bytes
    units: int
    scores: Scores | None


@dataclass
class Bazaar:
    """What has happened; `census` reads it as it stands. `moved` is giver, taker, units."""

    bought: list[Bought] = field(default_factory=list)
    moved: list[tuple[bytes, bytes, int]] = field(default_factory=list)

    def issue(self, to: str, units: int) -> None:
        """A bank's customer has paid money in."""
        self.pay(BANK, to, units)

    def pay(self, giver: str, taker: str, units: int) -> None:
        """A transfer."""
        self.moved.append((party(giver), party(taker), units))

    def buy(self, buyer: str, seller: str, units: int, stars: int | None) -> None:
        """A purchase that was settled, and reviewed if there are stars."""
        scores = None if stars is None else Scores(stars, stars, stars)
        self.bought.append(Bought(party(buyer), party(seller), units, scores))

    def census(self) -> Census:
        """As the chain would be read."""
        market = Market()
        for entry in self.bought:
            market.spend(entry.buyer, entry.seller, entry.units)
        for giver, taker, units in self.moved:
            market.give(giver, taker, units)
        parties = {known: known for known in market.accounts()}
        rated = [
            Rated(CNY, entry.seller, entry.buyer, entry.seller, entry.units, entry.scores)
            for entry in self.bought
            if entry.scores is not None
        ]
        return Census({CNY: market.of_parties(parties)}, rated, {}, {})


def seller_name(number: int) -> str:
    """An honest seller; its quality falls with its number."""
    return f"seller {number}"


def honest_names() -> list[str]:
    """All honest sellers."""
    return [seller_name(number) for number in range(HONEST_SELLERS)]


def honest_market(
    seed: str, buyers: int = HONEST_BUYERS, sellers: int = HONEST_SELLERS, each: int = PURCHASES
) -> Bazaar:
    """Buyers with money of their own buy here and there; sellers pay wages, cash back, suppliers.

    A tenth of the buyers work for a seller; friends share bills. What is said of a seller is its
    quality and what befell the buyer.
    """
    dice, bazaar = Dice(seed), Bazaar()
    for number in range(buyers):
        buyer = f"buyer {number}"
        bazaar.issue(buyer, 5_000 * YUAN)
        if number % 10 == 0:
            bazaar.pay(seller_name(dice.below(sellers)), buyer, 2_000 * YUAN)
        for _ in range(each):
            seller, units = dice.below(sellers), (5 + dice.below(495)) * YUAN
            stars = stars_of(seller, sellers, dice)
            bazaar.buy(buyer, seller_name(seller), units, stars if dice.below(3) else None)
            if dice.below(10) == 0:
                bazaar.pay(seller_name(seller), buyer, units // 20)
            if dice.below(5) == 0:
                bazaar.pay(buyer, f"buyer {dice.below(buyers)}", units // 2)
    for seller in range(sellers):
        bazaar.pay(seller_name(seller), seller_name(dice.below(sellers)), 3_000 * YUAN)
    return bazaar


def stars_of(seller: int, sellers: int, dice: Dice) -> int:
    """Around the seller's quality, which falls from five stars to two."""
    quality_hundredths = 480 - 280 * seller // sellers
    luck = dice.below(160) - 80
    return max(1, min(5, (quality_hundredths + luck + 50) // 100))
