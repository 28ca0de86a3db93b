"""What every store promises, whichever engine is below: the protocol, its errors, its limits.

A batch is atomic: after a crash either all of it is there or nothing. A scan sees the store as it
was when `scan` was called, whatever is written meanwhile. Any `StorageError` is fatal to the node:
after a failed write nobody knows what reached the disk.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Protocol

from chain.errors import HushangError

Kind = Literal["leveldb", "sqlite", "memory"]

REPAIR_HINT = (
    "stop the node; hushang repair says what is damaged, moves it aside and puts the node back to "
    "work; check the disk"
)
DISK_HINT = (
    "make room on the disk, or replace it if it fails, and start the node again: "
    "it catches up by itself; if it can't, hushang repair"
)
KEY_SIZE_MAX = 1024
VALUE_SIZE_MAX = 64 * 1024 * 1024


class KVStore(Protocol):
    """Ordered bytes to bytes. One thread writes; others may read at the same time."""

    @property
    def kind(self) -> Kind:
        """The engine, so that the node can say which one it runs on."""
        ...

    def get(self, key: bytes) -> bytes | None:
        """The value under `key`, or None."""
        ...

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """Pairs with start <= key < stop, in key order (or its reverse), as of this call."""
        ...

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """For each prefix what follows it in its keys, in their order, as of this call.

        One walk for many prefixes: they are ascending, and none begins with another (`follows`).
        """
        ...

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:
        """Apply all of `batch` or nothing; None deletes. With `sync` it is on disk on return."""
        ...

    def close(self) -> None:
        """Release the directory. Harmless when repeated; any other call then raises StoreClosed."""
        ...


class StorageError(HushangError):
    """The store can't be trusted to hold what it was given; fatal to the node."""

    hint = REPAIR_HINT


class StorageFailed(StorageError):
    """The engine or the disk below refused, or what it returned is damaged."""


class DiskRefused(StorageFailed):
    """The disk, or the file system on it, refused a read or a write (full, failing, a limit)."""

    hint = DISK_HINT


class StoreDamaged(StorageFailed):
    """What was synced is not what is read: the disk has damaged it. Nothing was changed."""


class StoreOfAnotherChain(StorageError):
    """The database is of another chain or layout than the genesis that was named."""

    hint = (
        "name this chain's genesis, or another data_dir; hushang doctor compares them, and "
        "hushang repair looks whether the disk has changed what it holds"
    )


class StoreLocked(StorageError):
    """Another process, or another store of this one, has the directory open."""

    hint = "is another node running on this directory?"


class StoreKindDiffers(StorageError):
    """The directory was made by another kind of store."""

    hint = "open it with the kind that made it, or point the node to a new directory"


class StoreKindUnavailable(StorageError):
    """The engine that the directory needs can't be imported here."""

    hint = "pip install plyvel"


class StoreClosed(StorageError):
    """The store was used after it was closed."""

    hint = "start the node again; if it happens while the node runs, report it with the node's log"


class StoreEntryRefused(StorageError):
    """A batch holds an empty key, or a key or value beyond the limits; nothing was written."""

    hint = "report it with the node's log: the software wrote what no store takes"


def check_batch(batch: Mapping[bytes, bytes | None]) -> None:
    """Refuse what one of the engines could not hold, before any of them is touched."""
    for key, value in batch.items():
        if not 0 < len(key) <= KEY_SIZE_MAX:
            raise StoreEntryRefused(f"key of {len(key)} bytes, allowed 1 to {KEY_SIZE_MAX}")
        if value is not None and len(value) > VALUE_SIZE_MAX:
            raise StoreEntryRefused(f"value of {len(value)} bytes, at most {VALUE_SIZE_MAX}")


def follows(prefix: bytes, before: bytes) -> bool:
    """May `prefix` come next in `KVStore.tails`, after `before` or, if that is b"", first?"""
    return before < prefix and not (before and prefix.startswith(before))


def prefix_stop(prefix: bytes) -> bytes:
    """The least key above all that begin with `prefix`: scan(prefix, prefix_stop(prefix))."""
    head = prefix.rstrip(b"\xff")
    assert head, "a prefix of 0xff bytes has no upper end"
    return head[:-1] + bytes((head[-1] + 1,))
