"""The secondary index of captured events: what capture writes, and a trace index that reads it.

Outside the state root, and yet proven by it: the state holds the digest of each event's record
(`EVENT`), and every other entry follows from the record (`entries`). So rules may read it, as of
the parent block (`Context.indexed`), and a node that starts from a snapshot checks it
(`proven_entries`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice, starmap
from typing import Annotated, Any, TypeAlias

from chain.codec import U64, Hash, Size, encode, unpack
from chain.context import Context
from chain.crypto import HASH_SIZE, domain, tagged_hash
from chain.state import u64
from commerce.epcis.graph import History, Row
from commerce.epcis.shape import KEY_SIZE_MAX
from commerce.epcis.summary import LotMembers, Quantity, Role, Summary, mentioned

EVENT = b"epcis-event/"
ROW = b"epcis-row/"
HASH = b"epcis-hash/"
EVENT_ID = b"epcis-id/"
DECLARED = b"epcis-declared/"
# By event time, and by the height of capture.
TIME = b"epcis-time/"
AT = b"epcis-at/"
# Each value that events have, once: kind of word (`WORDS`), value.
WORD = b"epcis-word/"
WORDS = ("type", "biz_step", "disposition", "read_point", "biz_location")

# Names are written out, so that the rows of a product's items lie together; long ones are hashed.
NAME_SIZE_MAX = 128
_NAMES = domain("epcis-name")
# Event times may lie before 1970; key order must be time order.
_TIME_OFFSET = 2**63
_ROLES = tuple(Role)
_ROLE_BYTES = {role: bytes([number]) for number, role in enumerate(_ROLES)}
_ROWS_CACHED_MAX = 10_000
_VOID_CACHED_MAX = 1_000

# (prefix, start) to pairs in key order: `Ledger.index`, `Context.indexed`.
Scan: TypeAlias = Callable[[bytes, bytes], Iterator[tuple[bytes, bytes]]]
# What follows each of many prefixes in their keys: `Ledger.index_tails`, `Context.indexed_tails`.
Tails: TypeAlias = Callable[[Iterable[bytes]], Iterator[list[bytes]]]
# The value under a key: `Ledger.index_value`.
Value: TypeAlias = Callable[[bytes], bytes | None]
Entry: TypeAlias = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class IndexedEvent:
    """A captured event as traces and queries find it: the record behind all its index entries.

    `statement` is the SHA-256 of its CBV prehash with nothing ignored: what an error declaration
    shares with its original; `cbv_digest` that of its CBV hash. `height` is that of its block.
    """

    summary: Summary
    capturer: Hash
    statement: Hash
    cbv_digest: Hash
    event_id: Annotated[str, Size(max=KEY_SIZE_MAX)] | None
    declares_error: bool
    claim: bool
    height: U64


def record_digest(record: bytes) -> bytes:
    """What the state holds of an event's record."""
    return tagged_hash("epcis-record", record)


def entries(key: bytes, event: IndexedEvent, record: bytes | None = None) -> list[Entry]:
    """Every index entry of one captured event; `record` is its encoding, if that is at hand."""
    summary = event.summary
    time = u64(summary.time_ms + _TIME_OFFSET)
    seen = time + key
    written = [
        (EVENT + key, encode(event) if record is None else record),
        (HASH + event.cbv_digest + key, b""),
        (TIME + seen, b""),
        (AT + u64(event.height) + key, b""),
        *_words(summary),
    ]
    if event.event_id is not None:
        written.append((EVENT_ID + _name_hash(event.event_id) + key, b""))
    if event.declares_error:
        # Its rows are for queries; traces pass over it (`StoredIndex.summary`).
        written.append((DECLARED + event.capturer + event.statement + u64(event.height), b""))
    for role, things in mentioned(summary):
        if things:
            tail = seen + _ROLE_BYTES[role]
            written += [(ROW + name_key(thing) + tail, b"") for thing in things]
    return written


def read_record(record: bytes) -> IndexedEvent:
    """A record as capture wrote it, and the state proves it: not judged again, thing by thing."""
    said: Any = unpack(record)
    summary, *rest = said
    *head, quantities, lots, joined = summary
    weighed, members = tuple(starmap(Quantity, quantities)), tuple(starmap(LotMembers, lots))
    fields: Any = (*head, weighed, members, joined)
    return IndexedEvent(Summary(*fields), *rest)


def name_key(name: str) -> bytes:
    """A name in index keys: in order, and no key of one name begins with that of another."""
    written = name.encode()
    if len(written) > NAME_SIZE_MAX:
        # No UTF-8 begins so.
        return b"\xff" + sha256(_NAMES + written).digest()
    return written + b"\x00"


def _words(summary: Summary) -> list[Entry]:
    said = (
        *(summary.type, summary.biz_step, summary.disposition),
        *(summary.read_point, summary.biz_location),
    )
    return [_word(kind, value) for kind, value in enumerate(said) if value is not None]


# The events of a document were at the same few places.
@lru_cache(maxsize=1024)
def _word(kind: int, value: str) -> Entry:
    return WORD + bytes([kind]) + name_key(value), value.encode()


def keys_by_hash(scan: Scan, cbv_digest: bytes) -> list[bytes]:
    """Keys of the events with a CBV hash, sorted; several may share it."""
    return _keys(scan, HASH + cbv_digest)


def keys_by_event_id(scan: Scan, event_id: str) -> list[bytes]:
    """Keys of the events with an eventID, sorted; real data reuse one."""
    return _keys(scan, EVENT_ID + _name_hash(event_id))


def captured_between(scan: Scan, after: int, until: int) -> Iterator[IndexedEvent]:
    """Events captured above one height and up to another, by height and key."""
    for entry, _ in scan(AT, AT + u64(after + 1)):
        height, key = entry[len(AT) : -HASH_SIZE], entry[-HASH_SIZE:]
        if int.from_bytes(height, "big") > until:
            return
        for name, record in scan(EVENT + key, b""):
            assert name == EVENT + key
            yield read_record(record)


def _keys(scan: Scan, prefix: bytes) -> list[bytes]:
    return [key[len(prefix) :] for key, _ in scan(prefix, b"")]


def _name_hash(name: str) -> bytes:
    return sha256(_NAMES + name.encode()).digest()


def index_of(context: Context) -> "StoredIndex":
    """The index as a handler may read it: as of the parent block."""
    return StoredIndex(context.indexed, tails=context.indexed_tails)


class StoredIndex:
    """A trace index over the stored entries, as known at a height. Make one for each trace.

    With `tails` the rows of many things are read in one walk, with `value` a record at once.
    """

    def __init__(
        self,
        scan: Scan,
        height_max: int = 2**64 - 1,
        tails: Tails | None = None,
        value: Value | None = None,
    ) -> None:
        self._scan = scan
        self._height_max = height_max
        self._value = self._value_by_scan if value is None else value
        self._tails = self._tails_by_scans if tails is None else tails
        self._summaries: dict[bytes, Summary | None] = {}
        self._rows: dict[str, list[Row]] = {}
        self._events: dict[bytes, IndexedEvent | None] = {}
        # By capturer: the statements that are void, or None if they are too many to keep.
        self._void: dict[bytes, set[bytes] | None] = {}

    def rows(self, identity: str) -> list[Row]:
        """See `TraceIndex`."""
        found = self._rows.get(identity)
        if found is None:
            if len(self._rows) >= _ROWS_CACHED_MAX:
                self._rows.clear()
            (tails,) = self._tails([ROW + name_key(identity)])
            found = self._rows[identity] = [_row(tail) for tail in tails]
        return found

    def summary(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        if key not in self._summaries:
            event = self._event(key)
            counts = event is not None and not self._is_void(event)
            self._summaries[key] = self.fact(key) if counts else None
        return self._summaries[key]

    def fact(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        event = self._event(key)
        return None if event is None or event.claim or event.declares_error else event.summary

    def capturer(self, key: bytes) -> bytes:
        """See `TraceIndex`."""
        event = self._event(key)
        assert event is not None
        return event.capturer

    def expect(self, identities: Sequence[str]) -> None:
        """See `Expecting`."""
        new = [name for name in dict.fromkeys(identities) if name not in self._rows]
        if len(self._rows) + len(new) > _ROWS_CACHED_MAX:
            self._rows.clear()
        named = dict(zip(_row_prefixes(new), new, strict=True))
        order = sorted(islice(named, _ROWS_CACHED_MAX))
        for name, tails in zip(order, self._tails(order), strict=True):
            self._rows[named[name]] = [_row(tail) for tail in tails]

    def histories(self, things: Sequence[str]) -> list[History]:
        """See `TraceIndex`; in the order of their names."""
        named = dict(zip(_row_prefixes(things), things, strict=True))
        order = sorted(named)
        groups: dict[bytes, list[str]] = {}
        for name, tails in zip(order, self._tails(order), strict=True):
            if tails:
                rows = b"".join(tails)
                if rows in groups:
                    groups[rows].append(named[name])
                else:
                    groups[rows] = [named[name]]
        return [History(_rows(joined), tuple(group)) for joined, group in groups.items()]

    def _tails_by_scans(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        for prefix in prefixes:
            yield [entry[len(prefix) :] for entry, _ in self._scan(prefix, b"")]

    def _is_void(self, event: IndexedEvent) -> bool:
        """Has its capturer declared it erroneous, as known at the height?"""
        capturer = event.capturer
        if capturer not in self._void:
            known = list(islice(self._declared(capturer), _VOID_CACHED_MAX + 1))
            self._void[capturer] = set(known) if len(known) <= _VOID_CACHED_MAX else None
        void = self._void[capturer]
        if void is None:
            return next(self._declared(capturer, event.statement), None) is not None
        return event.statement in void

    def _declared(self, capturer: bytes, statement: bytes = b"") -> Iterator[bytes]:
        """The statements that a capturer declared erroneous by then: all, or the one if it is."""
        head = len(DECLARED + capturer)
        for entry, _ in self._scan(DECLARED + capturer + statement, b""):
            if int.from_bytes(entry[-_U64_SIZE:], "big") <= self._height_max:
                yield entry[head:-_U64_SIZE]

    def _event(self, key: bytes) -> IndexedEvent | None:
        """An event that was captured by then."""
        if key not in self._events:
            value = self._value(EVENT + key)
            event = None if value is None else read_record(value)
            known = event is not None and event.height <= self._height_max
            self._events[key] = event if known else None
        return self._events[key]

    def _value_by_scan(self, entry: bytes) -> bytes | None:
        for key, value in self._scan(entry, b""):
            return value if key == entry else None
        return None


_U64_SIZE = 8
# What follows the name in a row's key: time, the event's key, role.
_TAIL_SIZE = _U64_SIZE + 32 + 1


def _row_prefixes(names: Sequence[str]) -> list[bytes]:
    """What the keys of the rows of names begin with; there may be a million."""
    joined = "\0".join(names)
    if not joined.isascii() or len(max(names, key=len, default="")) > NAME_SIZE_MAX:
        return [ROW + name_key(name) for name in names]
    written = joined.encode().split(b"\0") if names else []
    assert len(written) == len(names), "no name has a NUL"
    return [ROW + name + b"\x00" for name in written]


def _row(tail: bytes) -> Row:
    time_ms = int.from_bytes(tail[:_U64_SIZE], "big") - _TIME_OFFSET
    return time_ms, tail[_U64_SIZE:-1], _ROLES[tail[-1]]


def _rows(joined: bytes) -> tuple[Row, ...]:
    starts = range(0, len(joined), _TAIL_SIZE)
    return tuple(_row(joined[start : start + _TAIL_SIZE]) for start in starts)
