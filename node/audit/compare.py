"""The first height at which the data of two stopped nodes differ, and how.

Headers link, so where two chains have parted they differ at every height above: the first one is
found by halving. Certificates may differ, any quorum will do. Where the chains agree, what lies
beside them is compared too: bodies and receipts as far as both have them, and at equal tips state,
tree, indexes and remembered ids. A difference there is damage, or a fault of the software.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from chain import schema
from chain.block import Block, Header
from chain.replay import minute_of
from chain.state import u64
from chain.store_contract import StorageError
from node.audit.findings import AuditFailed, Finding, Step, Tell, silent
from node.audit.rows import NAMES, Difference, Row, first_difference, rows_of
from node.audit.stored import StoredRows, open_stopped, unreadable

_PER_HEIGHT: Final = (schema.HEADER, schema.BLOCK, schema.RECEIPTS)
_AT_THE_TIP: Final = (schema.STATE, schema.TREE, schema.INDEX, schema.REMEMBERED)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both tips, and the lowest finding; `finding` None: the data agree up to the lower tip."""

    left_height: int
    right_height: int
    finding: Finding | None


def compare(left: Path, right: Path, tell: Tell = silent) -> Comparison:
    """Compare two stopped nodes' data. Raises `AuditFailed` for what can't be read."""
    with open_stopped(left) as one, open_stopped(right) as other, _named():
        chains = StoredRows(one), StoredRows(other)
        found = _Comparing(*chains, tell).first()
        return Comparison(chains[0].tip.height, chains[1].tip.height, found)


@contextmanager
def _named() -> Iterator[None]:
    """The message names the file, and so the side."""
    try:
        yield
    except StorageError as error:
        raise unreadable(None, error) from error


class _Comparing:
    def __init__(self, left: StoredRows, right: StoredRows, tell: Tell) -> None:
        self._left = left
        self._right = right
        self._tell = tell
        self._common = min(left.tip.height, right.tip.height)

    def first(self) -> Finding | None:
        if self._left.founding.genesis != self._right.founding.genesis:
            return Finding(0, "genesis", "these are two chains")
        lowest = max(self._left.base.first_header, self._right.base.first_header)
        if lowest > self._common:
            words = f"no height has a header on both sides: they begin at {lowest}"
            raise AuditFailed(Finding(self._common, "header", words))
        if self._digest(self._left, self._common) != self._digest(self._right, self._common):
            return self._parted(lowest)
        return self._beside(lowest)

    def _digest(self, chain: StoredRows, height: int) -> bytes:
        return chain.header(height).digest()

    def _parted(self, lowest: int) -> Finding:
        """The chains have parted at or below the lower tip: the lowest height that differs."""
        low, high = lowest, self._common
        while low < high:
            middle = (low + high) // 2
            if self._digest(self._left, middle) == self._digest(self._right, middle):
                low = middle + 1
            else:
                high = middle
        return Finding(low, "header", self._parting(low))

    def _parting(self, height: int) -> str:
        """In words, what differs in the two blocks of a height."""
        one, other = self._left.header(height), self._right.header(height)
        names = [
            field.name
            for field in fields(Header)
            if getattr(one, field.name) != getattr(other, field.name)
        ]
        words = f"these fields differ: {', '.join(names)}"
        if one.transactions_root != other.transactions_root:
            words += self._bodies(height)
        return words

    def _bodies(self, height: int) -> str:
        first = max(self._left.base.first_block, self._right.base.first_block)
        if height < first:
            return ""
        blocks: tuple[Block, Block] = self._left.block(height), self._right.block(height)
        counts = [len(block.bodies) for block in blocks]
        shared = len(set(blocks[0].bodies) & set(blocks[1].bodies))
        return f"; {counts[0]} and {counts[1]} transactions, {shared} of them the same"

    def _beside(self, lowest: int) -> Finding | None:
        """The chains agree; what is derived must too."""
        found = [self._in_heights(prefix, lowest) for prefix in _PER_HEIGHT]
        lowest_first = sorted(
            (finding for finding in found if finding is not None),
            key=lambda finding: finding.height or 0,
        )
        if lowest_first:
            return lowest_first[0]
        if self._left.tip.height != self._right.tip.height:
            return None
        return next(filter(None, map(self._at_the_tip, _AT_THE_TIP)), None)

    def _in_heights(self, prefix: bytes, lowest: int) -> Finding | None:
        if prefix != schema.HEADER:
            lowest = max(self._left.base.first_block, self._right.base.first_block)
        self._tell(Step(f"compare {NAMES[prefix]}s", 0, 1))
        start, stop = prefix + u64(lowest), prefix + u64(self._common + 1)
        sides = (self._counted(side, prefix, start, stop) for side in (self._left, self._right))
        different = first_difference(*sides)
        if different is None:
            return None
        height = int.from_bytes(different.key[1:9], "big")
        return Finding(height, NAMES[prefix], _words(different))

    def _counted(self, side: StoredRows, prefix: bytes, start: bytes, stop: bytes) -> Iterator[Row]:
        low = int.from_bytes(start[1:9], "big")
        for key, value in side.store.scan(start, stop):
            yield key, value
            done = int.from_bytes(key[1:9], "big") - low
            self._tell(Step(f"compare {NAMES[prefix]}s", done, self._common - low + 1))

    def _at_the_tip(self, prefix: bytes) -> Finding | None:
        start = prefix
        if prefix == schema.REMEMBERED:
            # How fast the ids of past minutes leave the database is each node's own affair.
            start = prefix + u64(minute_of(self._left.tip.header.time_ms))
        self._tell(Step(f"compare {NAMES[prefix]}", 0, 1))
        sides = (rows_of(side.store, prefix, start) for side in (self._left, self._right))
        different = first_difference(*sides)
        if different is None:
            return None
        return Finding(self._common, NAMES[prefix], _words(different))


def _words(different: Difference) -> str:
    return different.words("the first", "the second")
