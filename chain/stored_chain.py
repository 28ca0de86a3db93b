"""What lies in a store: blocks, headers, certificates, receipts, the agreed state, the indexes.

Readers only, which any thread may call. A row that can't be read is a `StorageError`, fatal to the
node; what a store may rightly lack is told by its `Base`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeVar

from chain import schema
from chain.block import Block, Certificate, Header, Receipt
from chain.codec import U32, U64, Hash, Height, decode
from chain.errors import EncodingInvalid, HistoryPruned
from chain.packing import unpack_row
from chain.recent import RecentIds
from chain.state import u64
from chain.store_contract import KVStore, StorageFailed, prefix_stop

T = TypeVar("T")

# Rows kept in memory, none with a larger value; and those found between two blocks.
KNOWN_MAX = 65_536
KNOWN_VALUE_MAX = 1_024
FOUND_MAX = 16_384
_UNKNOWN: Final = b"unknown"


@dataclass(frozen=True, slots=True)
class Tip:
    """The newest written block and its results, which the next header must carry.

    `needs_seal`: it had transactions, fired deadlines or changed the state, so a block that
    certifies its results must follow.
    """

    header: Header
    digest: Hash
    certificate: Certificate
    state_root: Hash
    receipts_root: Hash
    needs_seal: bool

    @property
    def height(self) -> int:
        """Height of the newest written block; 0 is the genesis."""
        return self.header.height


@dataclass(frozen=True, slots=True)
class ReceiptPlace:
    """Where a receipt lies: block height and index in the order of execution."""

    height: U64
    index: U32


@dataclass(frozen=True, slots=True)
class Base:
    """What of the past is here: blocks and receipts from `first_block` on, headers without a gap
    from `first_header` on. The genesis, and headers that change the committee, are always here.
    """

    first_block: Height
    first_header: Height


WHOLE = Base(1, 1)


def read_row(cls: type[T], data: bytes, key: bytes = b"") -> T:
    """Decode a row, for people the one under `key`; what doesn't is not what was written."""
    try:
        return decode(cls, data)
    except EncodingInvalid as error:
        where = f" in the row {key[:1].decode('ascii', 'replace')} {key[1:].hex()}" if key else ""
        msg = f"a damaged {cls.__name__}{where}: {error}"
        raise StorageFailed(msg) from error


class StoredState:
    """The agreed state in a store, as of the newest written block, with what was read lately.

    Any thread may read; whoever writes state rows says so with `wrote`, from one thread. A reader
    keeps what it found in the dict that was current when it began, so that a value from before a
    write can never hide the one after it: `wrote` lays the newer values over that dict.
    """

    __slots__ = ("_found", "_known", "_store")

    def __init__(self, store: KVStore) -> None:
        self._store = store
        self._known: dict[bytes, bytes | None] = {}
        self._found: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value under a state key, or None."""
        found = self._found
        value = self._known.get(key, _UNKNOWN)
        if value is _UNKNOWN:
            value = found.get(key, _UNKNOWN)
        if value is not _UNKNOWN:
            return value
        value = self._store.get(schema.STATE + key)
        if len(found) < FOUND_MAX and (value is None or len(value) <= KNOWN_VALUE_MAX):
            found[key] = value
        return value

    def wrote(self, changes: Mapping[bytes, bytes | None]) -> None:
        """These rows are in the store now."""
        known, found = self._known, self._found
        self._found = {}
        known.update(found)
        for key, value in changes.items():
            if value is None or len(value) <= KNOWN_VALUE_MAX:
                known[key] = value
            else:
                known.pop(key, None)
        excess = len(known) - KNOWN_MAX
        if excess > 0:
            # Those known longest; what is still in use is soon read again.
            for key in list(islice(known, excess + KNOWN_MAX // 16)):
                del known[key]

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix` and is at least `start`, in key order."""
        low, high = schema.STATE + max(prefix, start), prefix_stop(schema.STATE + prefix)
        for key, value in self._store.scan(low, high):
            yield key[1:], value


class StoredChain:
    """The chain in one store, as of the newest written block."""

    def __init__(self, store: KVStore) -> None:
        self.store = store
        self.recent = RecentIds()
        data = store.get(schema.META_BASE)
        self.base = WHOLE if data is None else read_row(Base, data, schema.META_BASE)

    def is_remembered(self, minute: int, transaction_id: bytes) -> bool:
        """Was this id decided in a block, and is its minute not over?"""
        if self.recent.surely_new(minute, transaction_id):
            return False
        return self.store.get(schema.remembered_key(minute, transaction_id)) is not None

    def digest_at(self, height: int) -> bytes:
        """Digest of the header at a height that is not above the tip."""
        header = self.header(height)
        if header is None:
            msg = f"the header at height {height} is missing"
            raise StorageFailed(msg)
        return header.digest()

    def block_bytes(self, height: int) -> bytes | None:
        """The canonical block at a height, or None above the tip."""
        data = self.store.get(schema.block_key(height))
        return None if data is None else unpack_row(data)

    def certificate_bytes(self, height: int) -> bytes | None:
        """The canonical certificate of the block at a height, or None above the tip."""
        return self.store.get(schema.certificate_key(height))

    def block(self, height: int) -> Block | None:
        """The block at a height, or None above the tip."""
        data = self.block_bytes(height)
        return None if data is None else read_row(Block, data, schema.block_key(height))

    def header(self, height: int) -> Header | None:
        """The header at a height, or None above the tip."""
        data = self.store.get(schema.header_key(height))
        return None if data is None else read_row(Header, data, schema.header_key(height))

    def certificate(self, height: int) -> Certificate | None:
        """The certificate of the block at a height, or None above the tip."""
        data = self.certificate_bytes(height)
        return None if data is None else read_row(Certificate, data, schema.certificate_key(height))

    def receipts(self, height: int) -> tuple[Receipt, ...]:
        """The receipts of a block in order of execution."""
        low = schema.receipt_key(height, 0)
        pairs = self.store.scan(low, prefix_stop(schema.RECEIPTS + u64(height)))
        return tuple(read_row(Receipt, value, key) for key, value in pairs)

    def receipt_rows(self, height: int, start: int) -> Iterator[bytes]:
        """The canonical bytes of a block's receipts from an index on, in order of execution."""
        stop = prefix_stop(schema.RECEIPTS + u64(height))
        return (value for _, value in self.store.scan(schema.receipt_key(height, start), stop))

    def find_receipt(self, receipt_id: bytes) -> tuple[ReceiptPlace, Receipt] | None:
        """The outcome of a transaction or system transition by id, and where it is."""
        found = self.receipt_row(receipt_id)
        return None if found is None else (found[0], read_row(Receipt, found[1]))

    def receipt_row(self, receipt_id: bytes) -> tuple[ReceiptPlace, bytes] | None:
        """As `find_receipt`, the receipt as its canonical bytes."""
        data = self.store.get(schema.receipt_place_key(receipt_id))
        if data is None:
            return None
        place = read_row(ReceiptPlace, data)
        receipt = self.store.get(schema.receipt_key(place.height, place.index))
        if receipt is None:
            if place.height < self.base.first_block:
                # Pruned since the place was read.
                return None
            msg = f"the receipt at height {place.height}, index {place.index} is missing"
            raise StorageFailed(msg)
        return place, receipt

    def index(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Secondary index entries under a prefix, in key order."""
        low = schema.INDEX + max(prefix, start)
        for key, value in self.store.scan(low, prefix_stop(schema.INDEX + prefix)):
            yield key[1:], value

    def index_value(self, key: bytes) -> bytes | None:
        """The value of one secondary index entry, or None."""
        return self.store.get(schema.INDEX + key)

    def index_tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """For each prefix what follows it in keys of secondary index entries: `KVStore.tails`."""
        return self.store.tails(map(schema.INDEX.__add__, prefixes))

    def require_block(self, height: int) -> None:
        """`HistoryPruned` if the block and receipts of a decided height are not kept here.

        Asked after reading them it is certain: the base is told before anything is deleted.
        """
        if 0 < height < self.base.first_block:
            msg = f"height {height}: this node has blocks from {self.base.first_block} on"
            raise HistoryPruned(msg)

    def require_header(self, height: int) -> None:
        """`HistoryPruned` if the header of a decided height, or its certificate, is not kept here.

        What a snapshot brings of the past is the newest headers, and of them the first certificate.
        """
        if 0 < height < self.base.first_block:
            msg = f"the certified header of height {height} is not kept here"
            raise HistoryPruned(msg)
