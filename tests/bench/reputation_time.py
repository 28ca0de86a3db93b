"""How long a node computes the reputations of all merchants: 10^5 reviews and their market.

    python -m tests.bench.reputation_time
    python -m tests.bench.reputation_time --reviews 10000

Every purchase is an order in the state, two thirds of them are reviewed; buyers have issued money,
friends pay one another, sellers pay wages and suppliers. A ring of 300 turns one merchant's money
over. Prints what each step took, and how much of the ring's nominal weight is left.
"""

import argparse
import sys
from bisect import bisect_left
from collections.abc import Iterator
from time import perf_counter

from chain.account import ACCOUNTS, Account
from chain.codec import encode
from chain.crypto import sha256
from chain.state import u64
from commerce.money import asset_part
from commerce.orders import ORDERS
from commerce.records import altered
from commerce.reviews.indexes import MONEY_FLOW
from commerce.reviews.market import take_census
from commerce.reviews.records import REVIEWS, line_part
from commerce.reviews.reputation import weigh_census
from tests.commerce.reviews.bazaar import YUAN, Bazaar, honest_market, party
from tests.commerce.reviews.reviewing import posted, review_of
from tests.commerce.reviews.rings import MILL, REAL_CUSTOMERS, cliques, open_mill, star
from tests.commerce.shop import Shop
from tests.commerce.world import Memory, account

EACH = 15
REVIEWED_OF_3 = 2
# What the mill's real customers weigh at most.
REAL_WEIGHT = REAL_CUSTOMERS * 80 * YUAN


class SortedRows:
    """An index in memory."""

    def __init__(self, rows: dict[bytes, bytes]) -> None:
        self._rows = rows
        self._keys = sorted(rows)

    def rows(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """In key order."""
        for key in self._keys[bisect_left(self._keys, prefix) :]:
            if not key.startswith(prefix):
                return
            yield key, self._rows[key]


def stored(bazaar: Bazaar) -> tuple[Memory, SortedRows]:
    """The state and the index of a chain on which all of this happened."""
    shop = Shop()
    order_id = posted(shop)
    order, review = shop.load(order_id), review_of(shop, order_id)
    opened = ACCOUNTS.load(shop.state, account("buyer"))
    assert opened is not None
    values = dict(shop.state.values)
    rows: dict[bytes, bytes] = {}
    for number, bought in enumerate(bazaar.bought):
        name = sha256(b"order %d" % number)
        line = altered(
            order.lines[0],
            total_minor=bought.units,
            paid_minor=bought.units,
            released_minor=bought.units,
        )
        own = altered(order, buyer=bought.buyer, seller=bought.seller, payer=bought.buyer)
        values[ORDERS.key(name)] = encode(altered(own, lines=(line,)))
        if bought.scores is not None:
            said = altered(
                review,
                buyer=bought.buyer,
                seller=bought.seller,
                paid_minor=bought.units,
                scores=bought.scores,
            )
            values[REVIEWS.key(name, line_part(0))] = encode(said)
        for known in (bought.buyer, bought.seller):
            values.setdefault(ACCOUNTS.key(known), encode(_account(opened, known)))
    for number, (giver, taker, units) in enumerate(bazaar.moved):
        place = u64(number) + sha256(b"payment %d" % number) + b"\x00"
        rows[MONEY_FLOW + taker + giver + place + asset_part("CNY")] = u64(units)
    state = Memory()
    state.values, state.order = values, sorted(values)
    return state, SortedRows(rows)


def _account(opened: Account, known: bytes) -> Account:
    (entry,) = opened.policy.keys
    policy = altered(opened.policy, keys=(altered(entry, public_key=known),))
    return altered(opened, policy=policy)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reviews", type=int, default=100_000)
    wanted = parser.parse_args().reviews
    buyers = wanted * 3 // (REVIEWED_OF_3 * EACH)
    bazaar = honest_market("bench", buyers, max(40, buyers // 10), EACH)
    open_mill(bazaar)
    star(bazaar)
    cliques(bazaar)
    state, index = stored(bazaar)
    began = perf_counter()
    census = take_census(state, index)
    read = perf_counter()
    known = weigh_census(census)
    ended = perf_counter()
    mill = known[party(MILL)]
    ring = mill.nominal_weight - REAL_WEIGHT
    lines = (
        f"{len(census.rated):,} reviews of {len(known):,} merchants by {buyers:,} buyers",
        f"{len(bazaar.bought):,} orders, {len(bazaar.moved):,} payments and issues",
        f"read in {read - began:.1f} s, weighed in {ended - read:.1f} s",
        f"of the ring's nominal weight {ring:,} is left {max(0, mill.weight - REAL_WEIGHT):,}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
