"""Making a snapshot: scans that were opened between two blocks become parts.

`Source.of` looks at the ledger and belongs to its thread; the rest runs anywhere, while blocks go
on. The state comes in the order of its keys and is wanted in that of its paths: what exceeds a few
MB goes to temporary files by the next digit of the path, as often as it takes. So memory is bounded
however large the state is, and whatever keys it holds.

How the state is cut depends on the state alone, so that all nodes make the same parts.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby
from struct import Struct
from typing import BinaryIO, Final, Protocol

from chain import committees, merkle, schema
from chain.block import Certificate, Header
from chain.bundle import STEPS_MAX, CommitteeStep
from chain.codec import ENCODED_SIZE_MAX
from chain.crypto import HASH_SIZE
from chain.genesis import Genesis
from chain.ledger import Ledger
from chain.replay import REMEMBERED
from chain.snapshot import (
    IDS_BYTES_MAX,
    INDEX_PART_AIM,
    INDEX_PARTS_MAX,
    MINUTES_MAX,
    PAIRS_MAX,
    STATE_PART_AIM,
    STATE_PARTS_MAX,
    Manifest,
    Minute,
    PartId,
    PartKind,
    SnapshotTooLarge,
    encode_headers,
    encode_ids,
    encode_pairs,
    headers_count,
    index_part_hash,
)
from chain.snapshot_check import cut_root, running_hash, subtree_hash
from chain.state import StateReader, u64
from chain.store_contract import StoreDamaged, prefix_stop
from chain.tree_node import BUCKET_KEYS_MAX, FAN_OUT, digit_at, path_of, value_hash

# A pile of rows is sorted in memory up to this size; it exceeds a part, so that a pile that is
# spread is also cut.
PILE_SIZE_MAX: Final = 2 * STATE_PART_AIM
# Spread rows are written in pieces of this size, 16 files at a time.
_PIECE_SIZE: Final = 64 * 1024
# What a pair takes besides its bytes, about.
_PAIR_SIZE: Final = 8
# Rows between two breaths: about half a millisecond.
_BREATH_ROWS: Final = 100

_RECORD: Final = Struct(">32sHI")

Row = tuple[bytes, bytes, bytes]
"""Path, key, value."""


def needed_seal(below: Header, header: Header) -> bool:
    """What `Executed.needs_seal` said of a block, by the header above it.

    Each deadline that it fired left a receipt.
    """
    is_busy = below.transactions_count > 0 or header.receipts_root != merkle.EMPTY_ROOT
    return is_busy or header.state_root != below.state_root


class Sink(Protocol):
    """Where the parts go."""

    def put(self, part: PartId, data: bytes) -> None:
        """Keep a finished part."""
        ...

    def temporary(self) -> BinaryIO:
        """An empty file to write and read back, gone when it is closed."""
        ...

    def breathe(self) -> None:
        """Called every half millisecond of work: others may want the interpreter."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """What a snapshot is made of, as it was between two blocks.

    `resting`: no block is needed to certify it, the tip does already.
    """

    below: Header
    certificate: Certificate
    state_root: bytes
    minutes: tuple[Minute, ...]
    state: Iterator[tuple[bytes, bytes]]
    remembered: Iterator[tuple[bytes, bytes]]
    index: Iterator[tuple[bytes, bytes]]
    resting: bool

    @classmethod
    def of(cls, ledger: Ledger) -> "Source":
        """The state after the newest block that changed it. On the ledger's thread."""
        tip, store = ledger.tip, ledger.store
        below, certificate, resting = tip.header, tip.certificate, False
        if not tip.needs_seal and tip.height > 1:
            # The tip changed nothing and carries the roots after the block below.
            header, signed = ledger.header(tip.height - 1), ledger.certificate(tip.height - 1)
            if header is not None and signed is not None:
                below, certificate, resting = header, signed, True
        minutes = tuple(
            Minute(int.from_bytes(key), row, ledger.prove(REMEMBERED.key(key)))
            for key, row in REMEMBERED.items(ledger.state)
        )
        if len(minutes) > MINUTES_MAX:
            msg = f"ids are remembered for {len(minutes)} minutes, at most {MINUTES_MAX}"
            raise SnapshotTooLarge(msg)
        prefixes = (schema.STATE, schema.REMEMBERED, schema.INDEX)
        state, remembered, index = (store.scan(prefix, prefix_stop(prefix)) for prefix in prefixes)
        root = tip.state_root
        return cls(below, certificate, root, minutes, state, remembered, index, resting)

    def close(self) -> None:
        """End the scans, which a store that is closed could not. Harmless when repeated."""
        for scan in (self.state, self.remembered, self.index):
            if isinstance(scan, Generator):
                scan.close()


@dataclass(frozen=True, slots=True)
class Made:
    """The parts that were put, as the manifest tells of them."""

    source: Source
    prefixes: tuple[bytes, ...]
    nodes: tuple[bytes, ...]
    index_parts: tuple[bytes, ...]


def make_parts(source: Source, ledger: Ledger, sink: Sink) -> Made:
    """Put every part into the sink. Raises a StorageError where the store contradicts itself.

    The source is closed afterwards in any case.
    """
    try:
        return _make_parts(source, ledger, sink)
    finally:
        source.close()


def _make_parts(source: Source, ledger: Ledger, sink: Sink) -> Made:
    sink.put(PartId(PartKind.HEADERS), encode_headers(_headers(ledger, source.below)))
    state = _State(sink)
    state.cut(b"", _rows(source.state, sink))
    prefixes, nodes = tuple(state.prefixes), tuple(state.nodes)
    if cut_root(prefixes, nodes) != source.state_root:
        msg = f"the state after height {source.below.height} does not have its root"
        raise StoreDamaged(msg)
    _put_ids(source, sink)
    return Made(source, prefixes, nodes, _put_index(source.index, sink))


def manifest_of(made: Made, ledger: Ledger, header: Header, certificate: Certificate) -> Manifest:
    """The manifest, once the block above is decided, whose header certifies the state."""
    source = made.source
    assert header.parent_hash == source.below.digest()
    assert header.state_root == source.state_root
    return Manifest(
        genesis_hash=header.genesis_hash,
        steps=steps_of(ledger, header.epoch),
        header=header,
        certificate=certificate,
        below=source.below,
        below_certificate=source.certificate,
        prefixes=made.prefixes,
        nodes=made.nodes,
        minutes=source.minutes,
        index_parts=made.index_parts,
    )


def steps_of(ledger: Ledger, epoch: int) -> tuple[CommitteeStep, ...]:
    """The certified headers that lead from the genesis to an epoch."""
    if epoch > STEPS_MAX:
        msg = f"{epoch} changes of the committee, at most {STEPS_MAX}"
        raise SnapshotTooLarge(msg)
    genesis, state = ledger.chain.genesis, ledger.state
    return tuple(_step(ledger, genesis, state, number) for number in range(1, epoch + 1))


def _step(ledger: Ledger, genesis: Genesis, state: StateReader, epoch: int) -> CommitteeStep:
    record = committees.of_epoch(state, genesis.committee(), epoch)
    assert record is not None, f"epoch {epoch} is there"
    height = record.first_height - 1
    header, certificate = ledger.header(height), ledger.certificate(height)
    if header is None or certificate is None:
        msg = f"the header at height {height}, which names committee {epoch}, is missing"
        raise StoreDamaged(msg)
    return CommitteeStep(header, certificate, record.committee)


def _headers(ledger: Ledger, below: Header) -> Sequence[Header]:
    headers = []
    for height in range(below.height - headers_count(below.height) + 1, below.height + 1):
        header = ledger.header(height)
        if header is None:
            msg = f"the header at height {height} is missing"
            raise StoreDamaged(msg)
        headers.append(header)
    return headers


def _rows(scan: Iterator[tuple[bytes, bytes]], sink: Sink) -> Iterator[Row]:
    """State rows with their paths."""
    for number, (stored, value) in enumerate(scan):
        if not number % _BREATH_ROWS:
            sink.breathe()
        key = stored[1:]
        if len(value) > ENCODED_SIZE_MAX:
            msg = f"a value of {len(value)} bytes, at most {ENCODED_SIZE_MAX}"
            raise SnapshotTooLarge(msg)
        yield path_of(key), key, value


class _State:
    """Cuts the state; `prefixes` and `nodes` grow in path order."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.prefixes: list[bytes] = []
        self.nodes: list[bytes] = []

    def cut(self, prefix: bytes, rows: Iterable[Row]) -> None:
        """Make the parts of all rows whose path begins with `prefix`, in any order."""
        pile: list[Row] = []
        size = 0
        rows = iter(rows)
        for row in rows:
            pile.append(row)
            size += _size(row)
            if size > PILE_SIZE_MAX and len(pile) > BUCKET_KEYS_MAX:
                self._spread(prefix, chain(pile, rows))
                return
        pile.sort()
        self._cut(prefix, pile, size)

    def _spread(self, prefix: bytes, rows: Iterable[Row]) -> None:
        """Too many for memory: by the next digit into files, then one file after another."""
        piles = [_Pile(self._sink) for _ in range(FAN_OUT)]
        try:
            for row in rows:
                piles[digit_at(row[0], len(prefix))].add(row)
            for digit, pile in enumerate(piles):
                self.cut(prefix + bytes((digit,)), pile.rows())
                pile.close()
        finally:
            for pile in piles:
                pile.close()

    def _cut(self, prefix: bytes, rows: Sequence[Row], size: int) -> None:
        """The same in memory; rows ascend by path."""
        is_small = size <= STATE_PART_AIM and len(rows) <= PAIRS_MAX
        if is_small or len(rows) <= BUCKET_KEYS_MAX:
            self._put(prefix, rows)
            return
        for digit, group in groupby(rows, key=lambda row: digit_at(row[0], len(prefix))):
            children = list(group)
            self._cut(prefix + bytes((digit,)), children, sum(map(_size, children)))

    def _put(self, prefix: bytes, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if len(self.nodes) == STATE_PARTS_MAX:
            msg = f"more than {STATE_PARTS_MAX} parts of state"
            raise SnapshotTooLarge(msg)
        entries = []
        for at in range(0, len(rows), _BREATH_ROWS):
            self._sink.breathe()
            entries += [path + value_hash(value) for path, _, value in rows[at : at + _BREATH_ROWS]]
        self._sink.breathe()
        node = subtree_hash(b"".join(entries), len(prefix))
        self._sink.breathe()
        data = encode_pairs([(key, value) for _, key, value in rows])
        self._sink.put(PartId(PartKind.STATE, len(self.nodes)), data)
        self.prefixes.append(prefix)
        self.nodes.append(node)


def _size(row: Row) -> int:
    return len(row[1]) + len(row[2]) + _PAIR_SIZE


class _Pile:
    """Rows in a temporary file."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._file = sink.temporary()
        self._waiting: list[bytes] = []
        self._size = 0

    def add(self, row: Row) -> None:
        path, key, value = row
        self._waiting += (_RECORD.pack(path, len(key), len(value)), key, value)
        self._size += _size(row)
        if self._size >= _PIECE_SIZE:
            self._flush()

    def _flush(self) -> None:
        self._file.write(b"".join(self._waiting))
        self._waiting = []
        self._size = 0

    def rows(self) -> Iterator[Row]:
        """All that was added, in that order."""
        self._flush()
        self._file.seek(0)
        number = 0
        while head := self._file.read(_RECORD.size):
            if not number % _BREATH_ROWS:
                self._sink.breathe()
            number += 1
            path, key_size, value_size = _RECORD.unpack(head)
            yield path, self._file.read(key_size), self._file.read(value_size)

    def close(self) -> None:
        """Drop the file. Harmless when repeated."""
        self._file.close()


def _put_ids(source: Source, sink: Sink) -> None:
    """The ids of every minute in the order of their blocks, which each row's value tells."""
    wanted = {minute.minute: (number, minute) for number, minute in enumerate(source.minutes)}
    minute_end = len(schema.REMEMBERED) + len(u64(0))
    found = set()
    for stored, rows in groupby(source.remembered, key=lambda row: row[0][:minute_end]):
        known = wanted.get(int.from_bytes(stored[len(schema.REMEMBERED) :]))
        if known is None:
            # A minute that is over; its rows leave the store a few a block.
            continue
        number, minute = known
        found.add(number)
        ids = _ids_of(minute, rows, minute_end, sink)
        sink.put(PartId(PartKind.IDS, number), encode_ids(minute.minute, ids))
    if len(found) != len(wanted):
        msg = "remembered ids are missing"
        raise StoreDamaged(msg)


def _ids_of(minute: Minute, rows: Iterable[tuple[bytes, bytes]], start: int, sink: Sink) -> bytes:
    size = minute.remembered.count * HASH_SIZE
    if size > IDS_BYTES_MAX:
        msg = f"{minute.remembered.count} ids in one minute, at most {IDS_BYTES_MAX // HASH_SIZE}"
        raise SnapshotTooLarge(msg)
    ids = bytearray(size)
    for number, (stored, place) in enumerate(rows):
        if not number % _BREATH_ROWS:
            sink.breathe()
        at = HASH_SIZE * int.from_bytes(place)
        # A place beyond the end makes it longer.
        ids[at : at + HASH_SIZE] = stored[start:]
    if len(ids) != size or running_hash(ids, sink.breathe) != minute.remembered.running_hash:
        msg = f"the ids of minute {minute.minute} are not those that the state counts"
        raise StoreDamaged(msg)
    return bytes(ids)


def _put_index(rows: Iterable[tuple[bytes, bytes]], sink: Sink) -> tuple[bytes, ...]:
    """Index rows in key order; a part ends with the row that fills it. Returns their hashes."""
    hashes: list[bytes] = []
    pairs: list[tuple[bytes, bytes]] = []
    size = 0

    def put() -> None:
        if len(hashes) == INDEX_PARTS_MAX:
            msg = f"more than {INDEX_PARTS_MAX} parts of the index"
            raise SnapshotTooLarge(msg)
        data = encode_pairs(pairs)
        sink.put(PartId(PartKind.INDEX, len(hashes)), data)
        hashes.append(index_part_hash(data))

    for number, (stored, value) in enumerate(rows):
        if not number % _BREATH_ROWS:
            sink.breathe()
        pairs.append((stored[1:], value))
        size += len(stored) + len(value) + _PAIR_SIZE
        if size >= INDEX_PART_AIM:
            put()
            pairs, size = [], 0
    if pairs:
        put()
    return tuple(hashes)
