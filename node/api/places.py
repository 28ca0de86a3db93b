"""A bounded number of places for what stays open: waits for a decision, event streams."""

from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """`taken` of `count_max` places are taken. The caller asks `free` first."""

    def __init__(self, count_max: int) -> None:
        self.count_max = count_max
        self.taken = 0

    @property
    def free(self) -> bool:
        """Is a place left?"""
        return self.taken < self.count_max

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take a place for a while."""
        assert self.free
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
