"""What lies in a container now: what changes hands along with it."""

from collections.abc import Iterable, Iterator

from chain.context import Context
from commerce.epcis.containment import Containment
from commerce.epcis.identifiers import is_class
from commerce.epcis.stored_index import StoredIndex
from commerce.goods.errors import TooManyThings

# What goes along with a container, at any depth.
CONTENTS_MAX = 1_000
# Index entries that are read to find it: about 20 ms. Crates that go round for years have more.
READ_MAX = 10_000


def contents_of(context: Context, container: str, limit: int = CONTENTS_MAX) -> tuple[str, ...]:
    """What lies in a container now, at any depth, as far as the parent block knows; sorted.

    One more than `limit` where there is more, so that the caller sees it. `TooManyThings` if more
    than `READ_MAX` entries would have to be read to tell.
    """
    if is_class(container):
        return ()
    budget = _Budget(context)
    index = StoredIndex(budget.scan, tails=budget.tails)
    return Containment(index).contents(container, context.time_ms, limit + 1)


class _Budget:
    """Reads the index, so much and no more."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._left = READ_MAX

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """`Context.indexed`."""
        for pair in self._context.indexed(prefix, start):
            self._spend(1)
            yield pair

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """`Context.indexed_tails`."""
        for tails in self._context.indexed_tails(prefixes):
            self._spend(1 + len(tails))
            yield tails

    def _spend(self, entries: int) -> None:
        self._left -= entries
        if self._left < 0:
            msg = "these things have too long a history to tell what lies in them"
            raise TooManyThings(msg)
