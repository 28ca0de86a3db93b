"""How much of the money in others' hands came from one seller.

What a seller gives away is followed from hand to hand: whoever has got a share of its money from
the seller gives on the same share of all it gives, in gifts and purchases alike (the "haircut" of
taint analysis: Möser, Böhme, Breuker 2014). Money that comes back to the seller has arrived; money
that reaches an issuer is lost in all that it issues.
"""

from collections.abc import Mapping

from commerce.reviews.market import Market, Pairs

# Less than one whole unit of the asset (100 hundredths) is counted where it has arrived and not
# followed any more.
FOLLOWED_MIN = 100
# How many payments are looked at for one seller; what is on its way then isn't followed.
STEPS_MAX = 1_000_000


class Origins:
    """The hands of one market."""

    def __init__(self, market: Market) -> None:
        self._paid: tuple[Pairs, Pairs] = (market.given, market.spent)
        received: dict[bytes, int] = {}
        passed: dict[bytes, int] = {}
        for pairs in self._paid:
            for giver, takers in pairs.items():
                passed[giver] = passed.get(giver, 0) + sum(takers.values())
                for taker, units in takers.items():
                    received[taker] = received.get(taker, 0) + units
        # An issuer gives what it never received, and so does who was paid in ways not seen here.
        self._through = {
            account: max(received.get(account, 0), passed.get(account, 0))
            for account in (*received, *passed)
        }

    def from_seller(self, seller: bytes) -> Mapping[bytes, int]:
        """Units of the seller's money that each account has got, directly or by others."""
        reached: dict[bytes, int] = {}
        wave = self._next_wave({seller: self._through.get(seller, 0)}, seller)
        steps = 0
        while wave and steps <= STEPS_MAX:
            for account, units in wave.items():
                reached[account] = reached.get(account, 0) + units
            followed = {known: units for known, units in wave.items() if units >= FOLLOWED_MIN}
            steps += sum([1 + self._degree(account) for account in followed])
            wave = self._next_wave(followed, seller)
        return reached

    def _next_wave(self, wave: Mapping[bytes, int], seller: bytes) -> dict[bytes, int]:
        following: dict[bytes, int] = {}
        for account, units in wave.items():
            for pairs in self._paid:
                for taker, paid in pairs[account].items() if account in pairs else ():
                    share = paid * units // self._through[account]
                    if share and taker != seller:
                        following[taker] = following.get(taker, 0) + share
        return following

    def _degree(self, account: bytes) -> int:
        return sum([len(pairs[account]) for pairs in self._paid if account in pairs])
