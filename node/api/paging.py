"""Pages of a secondary index, newest first. A cursor is the key after which to go on, as hex."""

import re

from chain import schema
from chain.crypto import HASH_SIZE
from chain.ledger import Ledger
from chain.store_contract import prefix_stop
from node.api.parameters import Parameter, number

PAGE_MAX = 100
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


def split_place(rest: bytes) -> tuple[int, bytes]:
    """Height and object id of an index key that ends in both."""
    assert len(rest) == HEIGHT_SIZE + HASH_SIZE
    return int.from_bytes(rest[:HEIGHT_SIZE], "big"), rest[HEIGHT_SIZE:]
