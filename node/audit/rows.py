"""Comparing stores row by row, and counting what lies in one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chain import schema
from chain.store_contract import KVStore, prefix_stop

Row = tuple[bytes, bytes]

# Every prefix there is, and what a reader calls its rows.
NAMES: Final = {
    schema.STATE: "state",
    schema.TREE: "state tree",
    schema.BLOCK: "block",
    schema.HEADER: "header",
    schema.CERTIFICATE: "certificate",
    schema.RECEIPTS: "receipts",
    schema.RECEIPT_PLACE: "receipt place",
    schema.REMEMBERED: "remembered id",
    schema.INDEX: "index",
    schema.META_TIP[:1]: "meta",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """The first row that two sides don't share; None where a side has none of this key."""

    key: bytes
    left: bytes | None
    right: bytes | None

    def words(self, left: str, right: str) -> str:
        """For people; the two names are what the sides are called."""
        key = _readable(self.key)
        if self.left is None:
            return f"{key}: only {right} has it"
        if self.right is None:
            return f"{key}: only {left} has it"
        return f"{key}: {left} and {right} have different values"


def _readable(key: bytes) -> str:
    inner = key[1:]
    table, slash, rest = inner.partition(b"/")
    if slash and table.replace(b"-", b"").isalpha():
        return f"{table.decode('ascii', 'replace')}/{rest.hex()}"
    return inner.hex()


def first_difference(left: Iterator[Row], right: Iterator[Row]) -> Difference | None:
    """Of two runs in key order."""
    while True:
        one, other = next(left, None), next(right, None)
        if one is None and other is None:
            return None
        if one == other:
            continue
        if other is None or (one is not None and one[0] < other[0]):
            assert one is not None
            return Difference(one[0], one[1], None)
        if one is None or other[0] < one[0]:
            return Difference(other[0], None, other[1])
        return Difference(one[0], one[1], other[1])


def rows_of(store: KVStore, prefix: bytes, start: bytes = b"") -> Iterator[Row]:
    """All rows under a prefix, from `start` on."""
    return store.scan(max(prefix, start), prefix_stop(prefix))


def census(store: KVStore) -> Counter[bytes]:
    """How many rows lie under each first byte: every row is read, and so every checksum."""
    counted: Counter[bytes] = Counter()
    for key, _ in store.scan(b"\x00", b"\xff" * 2):
        counted[key[:1]] += 1
    return counted
