"""A stopped node's data as rows: nothing is believed, nothing is changed.

Opening a store takes its lock, so that no node runs on it meanwhile, and lets its engine finish
what it had in its log; `chain.store` cuts off what a power cut has torn, as the node's own next
start would.
"""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from chain import schema
from chain.block import Block, Certificate, Header
from chain.codec import decode
from chain.errors import EncodingInvalid, HushangError
from chain.ledger import Version
from chain.packing import unpack_row
from chain.state import u64
from chain.store import StoreLocked, TornLog, open_store
from chain.store_contract import KVStore, StorageError, prefix_stop
from chain.store_sqlite import FILE_NAME as SQLITE_FILE_NAME
from chain.stored_chain import WHOLE, Base, Tip
from node.audit.findings import AuditFailed, Finding

logger = logging.getLogger(__name__)

T = TypeVar("T")


class DataMissing(HushangError):
    """The directory holds no node's data."""

    hint = "name a node's data_dir, or the db directory in it"


class DataInUse(HushangError):
    """A node that runs has the data open."""

    hint = "stop the node first; or check a copy: hushang backup, then hushang restore"


def database_of(directory: Path) -> Path:
    """The database in a data directory, or the directory if it is one itself."""
    for folder in (directory / "db", directory):
        if any((folder / name).exists() for name in ("CURRENT", "store.lock", SQLITE_FILE_NAME)):
            return folder
    raise DataMissing(f"{directory} holds no database")


@contextmanager
def open_stopped(directory: Path) -> Iterator[KVStore]:
    """The store of a stopped node. What can't be opened is a finding."""
    folder = database_of(directory)
    try:
        store = open_store(folder, mended=_tell_torn)
    except StoreLocked as error:
        raise DataInUse(f"{folder} is open in another process") from error
    except StorageError as error:
        raise unreadable(None, error) from error
    with closing(store):
        yield store


def _tell_torn(torn: TornLog) -> None:
    """A node's journal would bring the block back; who reads the database alone must know."""
    logger.warning("%s: the newest block may be missing in the database", torn.words)


def unreadable(height: int | None, error: StorageError) -> AuditFailed:
    """What a store's own checks found."""
    return AuditFailed(Finding(height, "storage", f"{error.code}: {error}"))


def read_row(cls: type[T], data: bytes, height: int | None, rule: str) -> T:
    """A row as its type; what doesn't decode is a finding."""
    try:
        return decode(cls, data)
    except EncodingInvalid as error:
        words = f"no {cls.__name__}: {error.code}: {error}"
        raise AuditFailed(Finding(height, rule, words)) from error


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """What is stored of one height, as bytes; None or empty where there is nothing."""

    block: bytes | None
    certificate: bytes | None
    receipts: tuple[bytes, ...]


class StoredRows:
    """A store's rows by height, and what it says of itself."""

    __slots__ = ("base", "founding", "store", "tip")

    def __init__(self, store: KVStore) -> None:
        self.store = store
        self.founding = self._meta(Version, schema.META_GENESIS)
        self.tip = self._meta(Tip, schema.META_TIP)
        base = store.get(schema.META_BASE)
        self.base = WHOLE if base is None else read_row(Base, base, None, "base")

    def _meta(self, cls: type[T], key: bytes) -> T:
        data = self.store.get(key)
        if data is None:
            raise AuditFailed(Finding(None, "meta", f"there is no {cls.__name__}"))
        return read_row(cls, data, None, "meta")

    def at(self, height: int) -> StoredBlock:
        """All of a height but its header's own row."""
        low = schema.receipt_key(height, 0)
        pairs = self.store.scan(low, prefix_stop(schema.RECEIPTS + u64(height)))
        return StoredBlock(
            self._block_bytes(height),
            self.store.get(schema.certificate_key(height)),
            tuple(value for _, value in pairs),
        )

    def header(self, height: int) -> Header:
        """The header of a height where there must be one."""
        data = self.store.get(schema.header_key(height))
        return read_row(Header, data or b"", height, "header")

    def certificate(self, height: int) -> Certificate:
        """The certificate of a height where there must be one."""
        data = self.store.get(schema.certificate_key(height))
        return read_row(Certificate, data or b"", height, "certificate")

    def block(self, height: int) -> Block:
        """The block of a height where there must be one."""
        return read_row(Block, self._block_bytes(height) or b"", height, "block")

    def _block_bytes(self, height: int) -> bytes | None:
        """The canonical block; what can't be unpacked is a finding."""
        data = self.store.get(schema.block_key(height))
        try:
            return None if data is None else unpack_row(data)
        except StorageError as error:
            raise AuditFailed(Finding(height, "block", str(error))) from error
