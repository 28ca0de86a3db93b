"""Which old blocks a store need not keep, and what leaves with them.

Bodies, receipts and the receipts' places go; headers, certificates, state, tree and indexes stay,
so that the chain of headers and every proof of a living object can still be checked. How long is
each node's own affair: nothing that is agreed ever reads a pruned row (docs/adr/0073).
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from chain import schema
from chain.block import Receipt
from chain.codec import encode
from chain.state import u64
from chain.store_contract import StorageFailed, prefix_stop
from chain.stored_chain import Base, StoredChain, Tip, read_row

DAY_MS: Final = 86_400_000
# Three years from the day of the trade (电子商务法 art. 31), with a leap day.
KEEP_DAYS: Final = 1_096
KEEP_BLOCKS: Final = 100_000
# What one batch removes at most, so that no block waits long behind it; one height at least.
ROWS_MAX: Final = 2_000
HEIGHTS_MAX: Final = 32


@dataclass(frozen=True, slots=True)
class Keep:
    """A block stays while it is one of the newest `blocks` or no older than `age_ms`, by block time
    and counted back from the newest block: a wrong clock prunes nothing.
    """

    blocks: int = KEEP_BLOCKS
    age_ms: int = KEEP_DAYS * DAY_MS


@dataclass(frozen=True, slots=True)
class Removal:
    """One atomic batch of deletions, and what the store lacks afterwards. The base is told to
    readers before the batch is written: what they then miss was pruned.
    """

    base: Base
    batch: dict[bytes, bytes | None]


def first_kept(chain: StoredChain, tip: Tip, keep: Keep) -> int:
    """The lowest height above the genesis whose block must stay."""
    first = chain.base.first_block
    # The tip itself always stays.
    old_enough = range(first, max(first, tip.height - max(1, keep.blocks) + 1))
    before_ms = tip.header.time_ms - keep.age_ms

    def time_ms(height: int) -> int:
        header = chain.header(height)
        if header is None:
            msg = f"the header at height {height} is missing"
            raise StorageFailed(msg)
        return header.time_ms

    # Block times rise with the heights.
    return first + bisect_left(old_enough, before_ms, key=time_ms)


def removal(chain: StoredChain, last: int) -> Removal:
    """The next batch that removes the store's lowest blocks, `last` at most. There is one to go."""
    first = chain.base.first_block
    assert first <= last
    batch: dict[bytes, bytes | None] = {}
    height = first
    while height <= min(last, first + HEIGHTS_MAX - 1):
        rows = _rows_of(chain, height)
        if batch and len(batch) + len(rows) > ROWS_MAX:
            break
        batch |= rows
        height += 1
    base = Base(height, chain.base.first_header)
    batch[schema.META_BASE] = encode(base)
    return Removal(base, batch)


def _rows_of(chain: StoredChain, height: int) -> dict[bytes, bytes | None]:
    rows: dict[bytes, bytes | None] = {schema.block_key(height): None}
    low = schema.receipt_key(height, 0)
    for key, value in chain.store.scan(low, prefix_stop(schema.RECEIPTS + u64(height))):
        rows[key] = None
        rows[schema.receipt_place_key(read_row(Receipt, value).id)] = None
    return rows


def remove(chain: StoredChain, removed: Removal) -> None:
    """Write a removal that was made on this store as it is; on the thread that writes.

    Unsynced: what a crash takes back is removed again, and the next block's batch syncs it.
    """
    chain.base = removed.base
    chain.store.write(removed.batch, sync=False)
