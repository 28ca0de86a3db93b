"""Where a replay keeps its own chain: memory for a short one, else a directory that goes away.

Nothing is synced, since nothing of it is kept; and blocks, receipts and certificates are checked as
they pass, so only state, tree, indexes, remembered ids and headers are written.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chain import schema
from chain.store import open_store
from chain.store_contract import Kind, KVStore
from chain.store_memory import MemoryStore

MEMORY_BYTES_MAX: Final = 32 * 1024 * 1024
_PASSING: Final = (schema.BLOCK, schema.CERTIFICATE, schema.RECEIPTS, schema.RECEIPT_PLACE)


class ReplayStore:
    """A KVStore that takes what a replay must remember, and drops the rest."""

    __slots__ = ("_store",)

    def __init__(self, store: KVStore) -> None:
        self._store = store

    @property
    def kind(self) -> Kind:
        """The kind of the store behind."""
        return self._store.kind

    def get(self, key: bytes) -> bytes | None:
        """See KVStore."""
        return self._store.get(key)

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See KVStore."""
        return self._store.scan(start, stop, reverse=reverse)

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """See KVStore."""
        return self._store.tails(prefixes)

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:  # noqa: ARG002
        """See KVStore; nothing is synced."""
        kept = {key: value for key, value in batch.items() if key[:1] not in _PASSING}
        self._store.write(kept, sync=False)

    def close(self) -> None:
        """See KVStore."""
        self._store.close()


@contextmanager
def scratch_store(database: Path, folder: Path | None) -> Iterator[ReplayStore]:
    """A store for a chain as large as `database`, in `folder` or beside the database."""
    size = sum(file.stat().st_size for file in database.iterdir() if file.is_file())
    if size <= MEMORY_BYTES_MAX:
        yield ReplayStore(MemoryStore())
        return
    where = folder or database.parent
    with (
        TemporaryDirectory(prefix="hushang-replay-", dir=where) as made,
        closing(open_store(Path(made) / "db")) as store,
    ):
        yield ReplayStore(store)
