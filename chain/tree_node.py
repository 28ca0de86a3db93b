"""Nodes of the state tree: their hashes, which are agreed on, and their shape in memory.

A state key is found under path = H(0x10 ‖ key), read as 64 digits of four bits. A node stands for
all keys whose path begins with the same digits. What its hash is depends on that set alone:

- no key: 32 zero bytes;
- 1 to 16 keys, a *bucket*: H(0x12 ‖ entries), where an entry is path ‖ H(0x11 ‖ value), 64 bytes,
  and the entries ascend by path;
- more, an *inner node* with 16 children c0…c15, one for each next digit:
  H(0x13 ‖ q0 ‖ q1 ‖ q2 ‖ q3) with q_i = H(0x13 ‖ c_4i ‖ c_4i+1 ‖ c_4i+2 ‖ c_4i+3).

H is SHA-256. The first bytes keep the kinds apart, and differ from those of RFC 6962 (0x00, 0x01)
and of `chain.crypto.tagged_hash` ("h"). docs/adr/0010-state-tree.md says why, and how fast.

In memory a bucket is its entries; an inner node is an *array*: 16 size bytes, then the five
messages that are hashed, so that hashing is a slice and no concatenation. A *light* inner node,
whose children are all buckets, carries its entries behind the array.
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import accumulate
from typing import Final

PATH_TAG: Final = b"\x10"
VALUE_TAG: Final = b"\x11"
BUCKET_TAG: Final = b"\x12"
INNER_TAG: Final = b"\x13"

HASH_SIZE: Final = 32
ENTRY_SIZE: Final = 64
PATH_DIGITS: Final = 64
FAN_OUT: Final = 16
BUCKET_KEYS_MAX: Final = 16
BUCKET_BYTES_MAX: Final = BUCKET_KEYS_MAX * ENTRY_SIZE
EMPTY: Final = bytes(HASH_SIZE)

# The size byte of a child: 0 none, 1 to 16 the keys of a bucket, then the two inner kinds.
LIGHT: Final = 17
HEAVY: Final = 18

_MESSAGE: Final = 1 + 4 * HASH_SIZE
_QUARTER: Final = tuple(slice(16 + _MESSAGE * q, 16 + _MESSAGE * (q + 1)) for q in range(4))
_TOP: Final = slice(16 + 4 * _MESSAGE, 16 + 5 * _MESSAGE)
ARRAY_SIZE: Final = _TOP.stop


def _slot(message: slice, place: int) -> slice:
    start = message.start + 1 + HASH_SIZE * place
    return slice(start, start + HASH_SIZE)


CHILD_SLOT: Final = tuple(_slot(_QUARTER[d >> 2], d & 3) for d in range(FAN_OUT))
_QUARTER_SLOT: Final = tuple(_slot(_TOP, q) for q in range(4))

_BLANK_QUARTER: Final = INNER_TAG + bytes(4 * HASH_SIZE)
BLANK_ARRAY: Final = (
    bytes(FAN_OUT) + _BLANK_QUARTER * 4 + INNER_TAG + sha256(_BLANK_QUARTER).digest() * 4
)

# Beyond this many changes one pass over all entries is cheaper than an edit for each.
_EDITS_MAX: Final = 3

Item = tuple[bytes, bytes | None]
"""A change: the path, and the hash of the new value or None to delete."""


def path_of(key: bytes) -> bytes:
    """Where the tree keeps `key`."""
    return sha256(PATH_TAG + key).digest()


def value_hash(value: bytes) -> bytes:
    """What an entry says about `value`."""
    return sha256(VALUE_TAG + value).digest()


def bucket_hash(entries: bytes) -> bytes:
    """The hash of a node with at most 16 keys."""
    return sha256(BUCKET_TAG + entries).digest() if entries else EMPTY


def digit_at(path: bytes, depth: int) -> int:
    """Digit number `depth` of a path, the most significant first."""
    byte = path[depth >> 1]
    return byte & 15 if depth & 1 else byte >> 4


def set_children(array: bytearray, children: Sequence[tuple[int, bytes]]) -> bytes:
    """Write (digit, hash) of changed children, digits ascending; returns the inner node's hash."""
    quarter = -1
    for digit, child in children:
        if digit >> 2 != quarter:
            if quarter >= 0:
                array[_QUARTER_SLOT[quarter]] = sha256(array[_QUARTER[quarter]]).digest()
            quarter = digit >> 2
        array[CHILD_SLOT[digit]] = child
    if quarter >= 0:
        array[_QUARTER_SLOT[quarter]] = sha256(array[_QUARTER[quarter]]).digest()
    return sha256(array[_TOP]).digest()


def siblings(array: bytes, digit: int) -> bytes:
    """The six hashes that lead from child `digit` to the node's hash: its quarter's, the top's."""
    quarter = digit >> 2
    return _others(array, _QUARTER[quarter], digit & 3) + _others(array, _TOP, quarter)


def _others(array: bytes, message: slice, place: int) -> bytes:
    own = _slot(message, place)
    return array[message.start + 1 : own.start] + array[own.stop : message.stop]


def light_place(page: bytes, digit: int) -> slice:
    """Where a light node has the entries of one child."""
    start = ARRAY_SIZE + ENTRY_SIZE * sum(page[:digit])
    return slice(start, start + ENTRY_SIZE * page[digit])


def split(entries: bytes, depth: int) -> list[bytes]:
    """Part ascending entries that share `depth` digits by their next digit, into 16."""
    counts = [0] * FAN_OUT
    byte, shift = depth >> 1, 0 if depth & 1 else 4
    for value in entries[byte::ENTRY_SIZE]:
        counts[value >> shift & 15] += ENTRY_SIZE
    return [entries[end - n : end] for n, end in zip(counts, accumulate(counts), strict=True)]


def light_page(parts: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The page and the hash of a light node with these 16 buckets."""
    array = bytearray(BLANK_ARRAY)
    array[:FAN_OUT] = bytes(len(part) // ENTRY_SIZE for part in parts)
    children = [(digit, bucket_hash(part)) for digit, part in enumerate(parts) if part]
    digest = set_children(array, children)
    return b"".join((array, *parts)), digest


def merged(entries: bytes, items: Sequence[Item]) -> bytes:
    """`entries` after `items`; both ascend by path."""
    if len(items) <= _EDITS_MAX:
        for path, digest in items:
            entries = _edited(entries, path, digest)
        return entries
    if not entries:
        return b"".join([path + digest for path, digest in items if digest is not None])
    table: dict[bytes, bytes | None] = {
        entries[at : at + 32]: entries[at + 32 : at + 64]
        for at in range(0, len(entries), ENTRY_SIZE)
    }
    table.update(items)
    return b"".join([path + digest for path, digest in sorted(table.items()) if digest is not None])


def _edited(entries: bytes, path: bytes, digest: bytes | None) -> bytes:
    at = position(entries, path)
    end = at + ENTRY_SIZE if entries.startswith(path, at) else at
    if digest is None:
        return entries[:at] + entries[end:]
    return b"".join((entries[:at], path, digest, entries[end:]))


def position(entries: bytes, path: bytes) -> int:
    """The offset of the first entry whose path is not below `path`."""
    at = entries.find(path)
    if at >= 0 and not at % ENTRY_SIZE:
        return at
    low, high = 0, len(entries) // ENTRY_SIZE
    while low < high:
        middle = (low + high) // 2
        if entries[ENTRY_SIZE * middle : ENTRY_SIZE * middle + HASH_SIZE] < path:
            low = middle + 1
        else:
            high = middle
    return low * ENTRY_SIZE
