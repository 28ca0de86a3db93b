"""The secondary index of captured events: what capture writes, and a trace index that reads it.

Outside the state root: derived from the blocks, the same on every node. Keys are a name, 32-byte
hashes and numbers, so that one prefix scan answers one question.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from chain.codec import U64, Hash, decode, encode
from chain.crypto import domain
from chain.state import u64
from commerce.epcis.summary import Role, Summary, mentioned
from commerce.epcis.trace import Row

EVENT = b"epcis-event/"
ROW = b"epcis-row/"
HASH = b"epcis-hash/"
EVENT_ID = b"epcis-id/"
DECLARED = b"epcis-declared/"

# Rows and eventIDs are found by a tagged hash of the name; written out, for there are many.
_NAMES = domain("epcis-name")
# Event times may lie before 1970; key order must be time order.
_TIME_OFFSET = 2**63
_ROLES = tuple(Role)
_ROLE_BYTES = {role: bytes([number]) for number, role in enumerate(_ROLES)}
_ROWS_CACHED_MAX = 10_000

# (prefix, start) to pairs in key order: `Ledger.index`.
Scan: TypeAlias = Callable[[bytes, bytes], Iterator[tuple[bytes, bytes]]]
Entry: TypeAlias = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class IndexedEvent:
    """A captured event as traces and queries find it.

    `statement` is the SHA-256 of its CBV prehash with nothing ignored: what an error declaration
    shares with its original. `height` is that of its block.
    """

    summary: Summary
    capturer: Hash
    statement: Hash
    declares_error: bool
    claim: bool
    height: U64


def entries(
    key: bytes, event: IndexedEvent, cbv_digest: bytes, event_id: str | None
) -> list[Entry]:
    """Every index entry of one captured event."""
    written = [(EVENT + key, encode(event)), (HASH + cbv_digest + key, b"")]
    if event_id is not None:
        written.append((EVENT_ID + _name_hash(event_id) + key, b""))
    if event.declares_error:
        written.append((DECLARED + event.capturer + event.statement, u64(event.height)))
        return written
    seen = u64(event.summary.time_ms + _TIME_OFFSET) + key
    for role, things in mentioned(event.summary):
        if things:
            tail = seen + _ROLE_BYTES[role]
            written += [
                (ROW + sha256(_NAMES + thing.encode()).digest() + tail, b"") for thing in things
            ]
    return written


def keys_by_hash(scan: Scan, cbv_digest: bytes) -> list[bytes]:
    """Keys of the events with a CBV hash, sorted; several may share it."""
    return _keys(scan, HASH + cbv_digest)


def keys_by_event_id(scan: Scan, event_id: str) -> list[bytes]:
    """Keys of the events with an eventID, sorted; real data reuse one."""
    return _keys(scan, EVENT_ID + _name_hash(event_id))


def _keys(scan: Scan, prefix: bytes) -> list[bytes]:
    return [key[len(prefix) :] for key, _ in scan(prefix, b"")]


def _name_hash(name: str) -> bytes:
    return sha256(_NAMES + name.encode()).digest()


class StoredIndex:
    """A trace index over the stored entries, as known at a height. Make one for each trace."""

    def __init__(self, scan: Scan, height_max: int = 2**64 - 1) -> None:
        self._scan = scan
        self._height_max = height_max
        self._summaries: dict[bytes, Summary | None] = {}
        self._rows: dict[str, list[Row]] = {}

    def rows(self, identity: str) -> list[Row]:
        """See `TraceIndex`."""
        found = self._rows.get(identity)
        if found is None:
            if len(self._rows) >= _ROWS_CACHED_MAX:
                self._rows.clear()
            found = self._rows[identity] = self._read_rows(identity)
        return found

    def summary(self, key: bytes) -> Summary | None:
        """See `TraceIndex`."""
        if key not in self._summaries:
            self._summaries[key] = self._read_summary(key)
        return self._summaries[key]

    def _read_rows(self, identity: str) -> list[Row]:
        prefix = ROW + _name_hash(identity)
        found: list[Row] = []
        for entry, _ in self._scan(prefix, b""):
            time, rest = entry[len(prefix) : len(prefix) + 8], entry[len(prefix) + 8 :]
            time_ms = int.from_bytes(time, "big") - _TIME_OFFSET
            found.append((time_ms, rest[:-1], _ROLES[rest[-1]]))
        return found

    def _read_summary(self, key: bytes) -> Summary | None:
        event = self._read_event(key)
        if event is None or event.claim or event.declares_error:
            return None
        if event.height > self._height_max:
            return None
        declared = self._get(DECLARED + event.capturer + event.statement)
        if declared is not None and int.from_bytes(declared, "big") <= self._height_max:
            return None
        return event.summary

    def _read_event(self, key: bytes) -> IndexedEvent | None:
        value = self._get(EVENT + key)
        return None if value is None else decode(IndexedEvent, value)

    def _get(self, entry: bytes) -> bytes | None:
        for key, value in self._scan(entry, b""):
            return value if key == entry else None
        return None
