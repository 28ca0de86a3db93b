"""What is left of the weight of rings of fake buyers: `python -m tests.bench.reputation_rings`.

One line a shape of ring: nominal weight, weight, in thousandths, and whether all honest sellers
keep their ranks.
"""

import sys

from commerce.reviews.reputation import weigh_census
from tests.commerce.reviews.rings import SHAPES
from tests.commerce.reviews.test_reputation import fair, ranking, ring_weights, without_ring

SEED = "spring"


def main() -> int:
    """The command."""
    before = ranking(without_ring(SEED))
    for name, shape in SHAPES.items():
        bazaar = fair(SEED)
        shape(bazaar)
        census = bazaar.census()
        nominal, weight = ring_weights(census)
        ranks = "same ranks" if ranking(weigh_census(census)) == before else "OTHER RANKS"
        left = weight * 1000 / nominal
        sys.stdout.write(f"{name:<28}{nominal:>12,}{weight:>10,}{left:>7.1f} ‰  {ranks}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
