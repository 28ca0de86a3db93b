"""Discounts over lines: exact shares by largest remainder, coupons one after the other.

All in integers of minor units. Shares add up to the discount, no share exceeds what its line still
costs, and the same input always gives the same shares: ties go to the line of the lower index. (A
popular Chinese mall charges 100.10 for a coupon of ¥100, since it rounds each line by itself.)
"""

from collections.abc import Sequence
from dataclasses import dataclass

PER_MILLE = 1_000


@dataclass(frozen=True, slots=True)
class Discount:
    """What one coupon takes off. `amount_minor` alone: so much. `permille` alone: that share of the
    eligible lines, rounded down. Both: the share, at most the amount.
    """

    amount_minor: int | None
    permille: int | None

    def of(self, base_minor: int) -> int:
        """What it takes off a sum, never more than the sum."""
        amount_minor = base_minor if self.amount_minor is None else self.amount_minor
        if self.permille is not None:
            amount_minor = min(amount_minor, base_minor * self.permille // PER_MILLE)
        return min(amount_minor, base_minor)


def apportion(amount_minor: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Shares of an amount by largest remainder (Hamilton's method).

    The amount is at most the sum of the weights, so that no share exceeds its weight: the exact
    share is at most the weight, and a share is rounded up only where it isn't whole.
    """
    whole = sum(weights)
    assert 0 <= amount_minor <= whole
    if whole == 0:
        return (0,) * len(weights)
    shares = [amount_minor * weight // whole for weight in weights]
    remainders = [amount_minor * weight % whole for weight in weights]
    # `sorted` is stable, so of equal remainders the lower index comes first.
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: amount_minor - sum(shares)]:
        shares[index] += 1
    return tuple(shares)
