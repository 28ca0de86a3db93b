"""A member's disk: a journal with what is synced and what is not, and the ledger's store.

A crash keeps every synced byte of the journal and any prefix of the others (a torn tail, which
the real frame reader must drop). The store's batches are atomic; one under way is there or not.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from chain.store_memory import MemoryStore
from consensus.records import Record, decode_record, encode_record
from node.journal import _encode_frame, _frames

_NOWHERE = Path("simulated journal")


class SimJournal:
    """The bytes of one journal, with the real frames."""

    def __init__(self) -> None:
        self._synced = b""
        self._unsynced = b""
        # What a crash at this instant would keep for certain.
        self.durable: list[Record] = []
        self._pending: list[Record] = []
        # Its size after the newest rewrite.
        self.size_rewritten = 0

    @property
    def size(self) -> int:
        """Bytes, synced or not."""
        return len(self._synced) + len(self._unsynced)

    def append(self, records: Sequence[Record]) -> None:
        """Write a frame; not on disk before `sync`."""
        self._unsynced += _encode_frame([encode_record(record) for record in records])
        self._pending += records

    def sync(self) -> list[Record]:
        """Everything written is on disk; what has become durable."""
        self._synced += self._unsynced
        self._unsynced = b""
        fresh, self._pending = self._pending, []
        self.durable += fresh
        return fresh

    def rewrite(self, records: Sequence[Record]) -> None:
        """Replace everything atomically."""
        encoded = [encode_record(record) for record in records]
        self._synced = _encode_frame(encoded) if encoded else b""
        self._unsynced = b""
        self._pending = []
        self.size_rewritten = len(self._synced)
        self.durable = list(records)

    def crash(self, chance: Random) -> None:
        """Lose any suffix of what was not synced."""
        kept = self._unsynced[: chance.randint(0, len(self._unsynced))]
        self._synced += kept
        self._unsynced = b""
        self._pending = []

    def recover(self) -> list[Record]:
        """As the real journal opens: whole frames count, a torn tail is cut off."""
        found: list[bytes] = []
        whole = 0
        for end, payload in _frames(self._synced, 0, _NOWHERE):
            found.extend(payload)
            whole = end
        self._synced = self._synced[:whole]
        self.durable = [decode_record(data) for data in found]
        return list(self.durable)


class SimStore(MemoryStore):
    """The ledger's store; what is written is synced."""

    __slots__ = ("writes",)

    def __init__(self, content: Mapping[bytes, bytes] | None = None) -> None:
        super().__init__()
        self.writes = 0
        if content:
            super().write(content)


class Disk:
    """What survives a member's crash."""

    def __init__(self, founded: Mapping[bytes, bytes]) -> None:
        self.journal = SimJournal()
        self.store = SimStore(founded)
