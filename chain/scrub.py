"""A store read from end to end and held against itself: whole, or which row is not.

Every row is read with its checksum, so that no damage of the disk stays hidden until somebody asks
for that row; and since an engine may lose rows that no checksum covers (a table that it no longer
knows of), what follows from one another is compared: headers, certificates, bodies, receipts and
where they are, the state and its tree. Signatures are not verified and nothing is executed: that is
an audit (`hushang verify-chain`), this is about the disk.
"""

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeAlias, TypeVar

from chain import schema
from chain.block import Block, Certificate, Header, Receipt, receipts_root, transactions_root
from chain.codec import decode, encode
from chain.errors import EncodingInvalid
from chain.genesis import genesis_certificate, genesis_header
from chain.ledger import Ledger
from chain.packing import unpack_row
from chain.replay import NONE_REMEMBERED, REMEMBERED, remembered
from chain.state import u64
from chain.store_contract import KVStore, StoreDamaged, prefix_stop
from chain.stored_chain import ReceiptPlace
from chain.transaction import body_hash
from chain.tree_recount import Recount

T = TypeVar("T")

# Told (what is being read, how many of it so far, of how many; 0 where that isn't known).
Tell: TypeAlias = Callable[[str, int, int], None]

TELL_EVERY_ROWS: Final = 20_000
TELL_EVERY_HEIGHTS: Final = 500
_LEAST: Final = b"\x00"
_GREATEST: Final = b"\xff" * 2
_PREFIXES: Final = frozenset(
    (
        schema.STATE,
        schema.TREE,
        schema.BLOCK,
        schema.HEADER,
        schema.CERTIFICATE,
        schema.RECEIPTS,
        schema.RECEIPT_PLACE,
        schema.REMEMBERED,
        schema.INDEX,
        schema.META_TIP[:1],
    )
)


def silent(_stage: str, _done: int, _total: int) -> None:
    """Tell nobody."""


def scrub(ledger: Ledger, tell: Tell = silent) -> Counter[bytes]:
    """How many rows there are of each prefix. Raises a StorageError that names the first bad row.

    `ledger` was opened on the store just now and nobody writes.
    """
    counts = read_all(ledger.store, tell)
    receipts = _Heights(ledger, tell).check()
    if counts[schema.RECEIPT_PLACE] != receipts:
        told = counts[schema.RECEIPT_PLACE]
        raise StoreDamaged(f"{told} rows say where receipts are, and there are {receipts} receipts")
    _check_state(ledger, tell)
    _check_remembered(ledger)
    return counts


def read_all(store: KVStore, tell: Tell = silent) -> Counter[bytes]:
    """Read every row with its checksum; how many there are of each prefix."""
    counts: Counter[bytes] = Counter()
    for number, (key, _) in enumerate(store.scan(_LEAST, _GREATEST)):
        counts[key[:1]] += 1
        if key[:1] not in _PREFIXES:
            raise StoreDamaged(f"no row of this format begins with {key[:9].hex()}")
        if number % TELL_EVERY_ROWS == 0:
            tell("rows", number, 0)
    return counts


class _Heights:
    """Headers, certificates, blocks and receipts, each height against the one below."""

    def __init__(self, ledger: Ledger, tell: Tell) -> None:
        self._genesis = ledger.chain.genesis
        self._base = ledger.base
        self._tip = ledger.tip
        self._store = ledger.store
        self._tell = tell
        self._receipts = 0

    def check(self) -> int:
        """Every height that is kept here; the number of receipts."""
        tip = self._tip
        parent: Header | None = self._check_genesis()
        if self._base.first_header > 1:
            self._check_lone_headers()
            parent = None
        root: bytes | None = None
        for height in range(max(1, self._base.first_header), tip.height + 1):
            header = self._check_header(height, parent)
            root = self._check_receipts_root(header, root)
            parent = header
            if height % TELL_EVERY_HEIGHTS == 1:
                self._tell("blocks", height, tip.height)
        newest = self._row(Certificate, schema.certificate_key(tip.height))
        if (parent, newest) != (tip.header, tip.certificate):
            raise StoreDamaged(f"height {tip.height}: the tip is not the newest block")
        if root is not None and root != tip.receipts_root:
            raise StoreDamaged(f"height {tip.height}: the receipts are not those of the tip")
        self._refuse_rows_above(tip.height)
        return self._receipts

    def _check_genesis(self) -> Header:
        """No block like others, and there in any case."""
        header = genesis_header(self._genesis)
        expected = {
            schema.header_key(0): encode(header),
            schema.block_key(0): encode(Block(header, ())),
            schema.certificate_key(0): encode(genesis_certificate(self._genesis)),
        }
        for key, value in expected.items():
            if self._store.get(key) != value:
                raise StoreDamaged(f"{_named(key)} is not what the genesis says")
        return header

    def _check_receipts_root(self, header: Header, expected: bytes | None) -> bytes | None:
        """A header seals the receipts of the block below; the root of its own block's receipts."""
        if expected is not None and header.receipts_root != expected:
            below = header.height - 1
            raise StoreDamaged(f"height {below}: the receipts are not those of its seal")
        return None if header.height < self._base.first_block else self._check_block(header)

    def _check_header(self, height: int, parent: Header | None) -> Header:
        header = self._row(Header, schema.header_key(height))
        if header.height != height:
            raise StoreDamaged(f"the header at height {height} is of height {header.height}")
        if parent is not None and header.parent_hash != parent.digest():
            raise StoreDamaged(f"the header at height {height} does not follow from its parent")
        key = schema.certificate_key(height)
        if height >= self._base.first_block or self._store.get(key) is not None:
            certificate = self._row(Certificate, key)
            if (certificate.height, certificate.digest) != (height, header.digest()):
                raise StoreDamaged(f"the certificate at height {height} is of another block")
        return header

    def _check_lone_headers(self) -> None:
        """Below the headers that have no gap there are those that change the committee."""
        start, stop = schema.header_key(1), schema.header_key(self._base.first_header)
        for key, _ in self._store.scan(start, stop):
            self._check_header(int.from_bytes(key[1:]), None)

    def _check_block(self, header: Header) -> bytes:
        """A block's bodies are those of its header; the root of its receipts."""
        height = header.height
        block = self._block(height)
        root = transactions_root([body_hash(raw) for raw in block.bodies])
        if block.header != header or root != header.transactions_root:
            raise StoreDamaged(f"the block at height {height} is not that of its header")
        rows = self._store.scan(
            schema.receipt_key(height, 0), prefix_stop(schema.RECEIPTS + u64(height))
        )
        receipts = []
        for index, (key, value) in enumerate(rows):
            receipt = _decoded(Receipt, key, value)
            if key != schema.receipt_key(height, index):
                raise StoreDamaged(f"height {height}: the receipt {index} is missing")
            place = schema.receipt_place_key(receipt.id)
            if self._row(ReceiptPlace, place) != ReceiptPlace(height, index):
                raise StoreDamaged(f"{_named(place)} does not say where the receipt is")
            receipts.append(receipt)
        self._receipts += len(receipts)
        return receipts_root(receipts)

    def _refuse_rows_above(self, height: int) -> None:
        for prefix in (schema.HEADER, schema.BLOCK, schema.CERTIFICATE, schema.RECEIPTS):
            for key, _ in self._store.scan(prefix + u64(height + 1), prefix_stop(prefix)):
                raise StoreDamaged(f"{_named(key)} lies above the tip at height {height}")

    def _block(self, height: int) -> Block:
        key = schema.block_key(height)
        return _decoded(Block, key, unpack_row(self._value(key)))

    def _row(self, cls: type[T], key: bytes) -> T:
        return _decoded(cls, key, self._value(key))

    def _value(self, key: bytes) -> bytes:
        value = self._store.get(key)
        if value is None:
            raise StoreDamaged(f"{_named(key)} is missing")
        return value


def _check_state(ledger: Ledger, tell: Tell) -> None:
    """The state makes the tree that is stored, and its root is the tip's."""
    tell("state", 0, 0)
    recount = Recount(ledger.store)
    if recount.root != ledger.tip.state_root:
        words = next(recount.differences(), f"the state's root is {recount.root.hex()}")
        raise StoreDamaged(f"height {ledger.tip.height}: {words}")
    for words in recount.differences():
        raise StoreDamaged(f"height {ledger.tip.height}: {words}")
    tell("state", recount.count, recount.count)


def _check_remembered(ledger: Ledger) -> None:
    """The remembered ids of each minute give the running hash that the state has of them."""
    for name, agreed in REMEMBERED.items(ledger.state):
        prefix = schema.REMEMBERED + name
        rows = sorted(
            (place, key[len(prefix) :])
            for key, place in ledger.store.scan(prefix, prefix_stop(prefix))
        )
        found = NONE_REMEMBERED
        for _, transaction_id in rows:
            found = remembered(found, transaction_id)
        in_place = all(place == u64(number) for number, (place, _) in enumerate(rows))
        if found != agreed or not in_place:
            raise StoreDamaged(f"the ids of {_named(prefix)} are not those that the state has")


def _decoded(cls: type[T], key: bytes, value: bytes) -> T:
    try:
        return decode(cls, value)
    except EncodingInvalid as error:
        raise StoreDamaged(f"{_named(key)} is no {cls.__name__}: {error}") from error


def _named(key: bytes) -> str:
    """A row, for people."""
    return f"the row {key[:1].decode('ascii', 'replace')} {key[1:].hex()}"
