"""Looking into a stopped node's data, and changing it."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from chain.store import open_store
from chain.store_contract import prefix_stop

Row = tuple[bytes, bytes]


def rows_under(data: Path, prefix: bytes) -> list[Row]:
    """All rows whose key begins so."""
    with closing(open_store(data / "db")) as store:
        return list(store.scan(prefix, prefix_stop(prefix)))


def change(data: Path, batch: Mapping[bytes, bytes | None]) -> None:
    """Write these rows, past every rule."""
    with closing(open_store(data / "db")) as store:
        assert any(store.get(key) != value for key, value in batch.items())
        store.write(batch)


def flip(value: bytes, at: int) -> bytes:
    """One bit of one byte another way."""
    at %= len(value)
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
