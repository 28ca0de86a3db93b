"""Numbers that look random and follow from a seed: a seed is a history."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypeVar

T = TypeVar("T")


class Stream:
    """Numbers that look random and follow from a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0
        self._pool = 0

    def below(self, bound: int) -> int:
        """A number from 0 on."""
        if self._pool < 1 << 32:
            self._count += 1
            digest = sha256(self._seed + self._count.to_bytes(8, "big")).digest()
            self._pool = int.from_bytes(digest, "big") | 1 << 256
        self._pool, number = divmod(self._pool, bound)
        return number

    def chance(self, percent: int) -> bool:
        """True so often."""
        return self.below(100) < percent

    def pick(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[self.below(len(items))]

    def weighed(self, weights: Mapping[T, int]) -> T:
        """One of them, by weight."""
        number = self.below(sum(weights.values()))
        for item, weight in weights.items():
            number -= weight
            if number < 0:
                return item
        raise AssertionError
