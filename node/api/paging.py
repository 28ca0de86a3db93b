"""Pages of a secondary index, newest first. A cursor is the key after which to go on, as hex."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from chain import schema
from chain.crypto import HASH_SIZE
from chain.ledger import Ledger
from chain.state import StateReader, Table
from chain.store_contract import prefix_stop
from node.api.parameters import Parameter, number

T = TypeVar("T")
E = TypeVar("E")

PAGE_MAX = 100
# Rows that one request looks at, where not every row is shown.
LOOKED_AT_MAX = 1_000
KEY_SIZE_MAX = 64
HEIGHT_SIZE = 8

_KEY = re.compile(r"(?:[0-9a-f]{2}){1,64}")


def _key(text: str) -> bytes:
    if not _KEY.fullmatch(text):
        msg = f"`next` of the page before, up to {KEY_SIZE_MAX} bytes in hex"
        raise ValueError(msg)
    return bytes.fromhex(text)


CURSOR: Parameter[bytes | None] = Parameter(
    "cursor",
    "query",
    _key,
    {"type": "string", "pattern": "^([0-9a-f]{2}){1,64}$"},
    "`next` of the page before; newest first without",
    None,
)
LIMIT = number("limit", 1, PAGE_MAX, 20, "entries per page")


def newest(
    ledger: Ledger, prefix: bytes, cursor: bytes | None, limit: int
) -> tuple[list[tuple[bytes, bytes]], str | None]:
    """Up to `limit` entries before the cursor, as (rest of the key, value), and the next cursor."""
    low = schema.INDEX + prefix
    high = prefix_stop(low) if cursor is None else low + cursor
    found: list[tuple[bytes, bytes]] = []
    for key, value in ledger.store.scan(low, high, reverse=True):
        if len(found) == limit:
            return found, found[-1][0].hex()
        found.append((key[len(low) :], value))
    return found, None


def newest_chosen(
    ledger: Ledger,
    prefix: bytes,
    page: tuple[bytes | None, int],
    choose: Callable[[bytes, bytes], T | None],
) -> tuple[list[T], str | None]:
    """As `newest`, of what `choose` makes of rows; rows of which it makes None are passed over.

    `page` is the cursor and the limit. A page looks at `LOOKED_AT_MAX` rows at most: so it may be
    short, or empty, and not the last; the cursor says where it stopped.
    """
    cursor, limit = page
    low = schema.INDEX + prefix
    high = prefix_stop(low) if cursor is None else low + cursor
    rows = ledger.store.scan(low, high, reverse=True)
    return chosen(((key[len(low) :], value) for key, value in rows), limit, choose)


def chosen(
    rows: Iterable[tuple[bytes, E]], limit: int, choose: Callable[[bytes, E], T | None]
) -> tuple[list[T], str | None]:
    """Up to `limit` of what `choose` makes of rows, and the key of the last one looked at, in hex;
    None if there are no more.
    """
    found: list[T] = []
    last = b""
    rest = iter(rows)
    for key, value in islice(rest, LOOKED_AT_MAX):
        made = choose(key, value)
        if made is not None:
            found.append(made)
        last = key
        if len(found) == limit:
            break
    return found, None if next(rest, None) is None else last.hex()


def rows_after(
    state: StateReader, table: Table[E], cursor: bytes | None
) -> Iterable[tuple[bytes, E]]:
    """The rows of a table of the state in the order of their keys, those after the cursor's."""
    return table.scan_from(state, b"" if cursor is None else cursor + b"\0")


def split_place(rest: bytes) -> tuple[int, bytes]:
    """Height and object id of an index key that ends in both."""
    assert len(rest) == HEIGHT_SIZE + HASH_SIZE
    return int.from_bytes(rest[:HEIGHT_SIZE], "big"), rest[HEIGHT_SIZE:]
