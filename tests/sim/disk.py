"""A member's disk: a journal with what is synced and what is not, and the ledger's store.

A crash keeps every synced byte of the journal and any prefix of the others, in which whole sectors
may read as zeros (a torn tail, which the real frame reader must drop). The store's batches are
atomic; one under way is there or not. A disk may refuse to write (EIO, ENOSPC), flip a bit of what
was synced, lose the journal or hold an older one. Like the real stores this one checks what it
reads: a damaged row is an error, never another value.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

from typing_extensions import override

from chain.store_contract import StorageFailed, StoreDamaged
from chain.store_memory import MemoryStore
from consensus.records import Record, SilenceRecord, decode_record, encode_record
from consensus.recovery import silence_without_store
from node.frames import SECTOR_SIZE, encode_frame, read_frames
from node.journal import JournalDamaged, JournalFailed

# Of the crashes while something is written: how many keep all of it, and how many lose sectors.
WHOLE_SHARE = 0.3
TORN_SHARE = 0.3
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
        # Why it can't be written at present, if so.
        self.refuses = ""

    @property
    def size(self) -> int:
        """Bytes, synced or not."""
        return len(self._synced) + len(self._unsynced)

    def append(self, records: Sequence[Record]) -> None:
        """Write a frame; not on disk before `sync`."""
        self._unsynced += encode_frame([encode_record(record) for record in records])
        self._pending += records

    def sync(self) -> list[Record]:
        """Everything written is on disk; what has become durable. May raise `JournalFailed`."""
        self._check()
        self._synced += self._unsynced
        self._unsynced = b""
        fresh, self._pending = self._pending, []
        self.durable += fresh
        return fresh

    def rewrite(self, records: Sequence[Record]) -> None:
        """Replace everything atomically. May raise `JournalFailed`."""
        self._check()
        encoded = [encode_record(record) for record in records]
        self._synced = encode_frame(encoded) if encoded else b""
        self._unsynced = b""
        self._pending = []
        self.size_rewritten = len(self._synced)
        self.durable = list(records)

    def _check(self) -> None:
        if self.refuses:
            raise JournalFailed(f"{_NOWHERE}: {self.refuses}")

    def lose(self) -> None:
        """The file is gone; the next begins with the silence that this means."""
        self._synced = encode_frame([encode_record(SilenceRecord(None))])
        self.size_rewritten = len(self._synced)

    def outlive_store(self) -> None:
        """The promises stay; none is given twice up to where the store was needed for that."""
        silence = silence_without_store(self.recover())
        self._synced += encode_frame([encode_record(silence)])

    def age(self, chance: Random) -> bool:
        """It is as it was some appends ago; False if there were none."""
        ends = [end for end, _ in read_frames(self._synced, 0, _NOWHERE, JournalDamaged)]
        if len(ends) < 2:
            return False
        self._synced = self._synced[: chance.choice(ends[:-1])]
        return True

    def flip(self, chance: Random) -> bool:
        """One bit of what was synced is another one; False if there is nothing."""
        if not self._synced:
            return False
        place = chance.randrange(len(self._synced))
        altered = bytearray(self._synced)
        altered[place] ^= 1 << chance.randrange(8)
        self._synced = bytes(altered)
        return True

    def crash(self, chance: Random) -> None:
        """Lose any suffix of what was not synced, and at times any sectors of the rest."""
        start, most = len(self._synced), len(self._unsynced)
        kept = most if chance.random() < WHOLE_SHARE else chance.randint(0, most)
        data = bytearray(self._synced + self._unsynced[:kept])
        if start < len(data) and chance.random() < TORN_SHARE:
            for sector in range(start - start % SECTOR_SIZE, len(data), SECTOR_SIZE):
                if chance.random() < 0.5:
                    torn = slice(max(start, sector), min(len(data), sector + SECTOR_SIZE))
                    data[torn] = bytes(torn.stop - torn.start)
        self._synced = bytes(data)
        self._unsynced = b""
        self._pending = []

    def recover(self) -> list[Record]:
        """As the real journal opens: whole frames count, a torn tail is cut off.

        Raises `JournalDamaged`.
        """
        found: list[bytes] = []
        whole = 0
        for end, payload in read_frames(self._synced, 0, _NOWHERE, JournalDamaged):
            found.extend(payload)
            whole = end
        self._synced = self._synced[:whole]
        self.durable = [decode_record(data) for data in found]
        return list(self.durable)


class SimStore(MemoryStore):
    """The ledger's store; what is written is synced."""

    __slots__ = ("refuses",)

    def __init__(self, content: Mapping[bytes, bytes]) -> None:
        super().__init__()
        # Why it can't be written at present, if so.
        self.refuses = ""
        if content:
            self.write(content)

    @override
    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        """As the real ones; may raise `StorageFailed`."""
        if self.refuses:
            raise StorageFailed(self.refuses)
        super().write(batch, sync=sync)


class DamagedStore(SimStore):
    """A store with one damaged row; it tells as soon as the row is read."""

    __slots__ = ("_damaged",)

    def __init__(self, content: Mapping[bytes, bytes], damaged: bytes) -> None:
        super().__init__(content)
        self._damaged = damaged

    @override
    def get(self, key: bytes) -> bytes | None:
        """As the real ones: `StoreDamaged` instead of a value that nobody wrote."""
        if key == self._damaged:
            raise StoreDamaged(f"the row {key!r} is damaged")
        return super().get(key)

    @override
    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """As the real ones."""
        if start <= self._damaged < stop:
            raise StoreDamaged(f"a row from {start!r} to {stop!r} is damaged")
        return super().scan(start, stop, reverse=reverse)


class Disk:
    """What survives a member's crash."""

    def __init__(self, founded: Mapping[bytes, bytes]) -> None:
        self._founded = founded
        self.journal = SimJournal()
        self.store = SimStore(founded)
        # Has a fault ever been put on it? Else its node has no reason to stop.
        self.is_suspect = False

    def refuse(self, why: str) -> None:
        """Let every write fail from now on."""
        self.is_suspect = True
        self.journal.refuses = self.store.refuses = why

    @property
    def refuses(self) -> bool:
        """Can't it be written at present?"""
        return bool(self.journal.refuses)

    def mend(self) -> None:
        """Writes succeed again; what is damaged stays so."""
        self.journal.refuses = self.store.refuses = ""

    # While the node is down.

    def flip_journal(self, chance: Random) -> bool:
        """Flip a bit of the journal; False if it is empty."""
        self.is_suspect = True
        return self.journal.flip(chance)

    def flip_store(self, chance: Random) -> bool:
        """Flip a bit in some row of the store, of each kind of row as often."""
        self.is_suspect = True
        content = dict(self.store.scan(b"\x00", b"\xff"))
        kind = chance.choice(sorted({key[:1] for key in content}))
        damaged = chance.choice([key for key in content if key[:1] == kind])
        self.store = DamagedStore(content, damaged)
        return True

    def lose_store(self, chance: Random) -> bool:  # noqa: ARG002 - as the others
        """The database is gone, the journal is whole: what `hushang repair` makes of that."""
        self.store = SimStore(self._founded)
        self.journal.outlive_store()
        return True

    def lose_journal(self, chance: Random) -> bool:  # noqa: ARG002 - as the others
        """The journal's file is gone."""
        self.journal.lose()
        return True

    def age_journal(self, chance: Random) -> bool:
        """An older journal is restored beside the newest store; False if there is none."""
        return self.journal.age(chance)
