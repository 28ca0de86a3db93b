"""The state tree counted anew from the state's rows, believing nothing of the tree that is stored.

For auditors: chain/tree.py keeps the tree up change by change, this file says in one pass what must
have come of it, after the rule of chain/tree_node.py alone. It takes 64 bytes of memory a key.
"""

from collections.abc import Iterator
from typing import Final

from chain import schema
from chain.store_contract import KVStore, prefix_stop
from chain.tree_node import (
    BLANK_ARRAY,
    BUCKET_BYTES_MAX,
    BUCKET_KEYS_MAX,
    EMPTY,
    ENTRY_SIZE,
    HASH_SIZE,
    HEAVY,
    LIGHT,
    bucket_hash,
    light_page,
    path_of,
    set_children,
    split,
    value_hash,
)
from chain.tree_rows import ROOT_IDENT, TOP_DEPTH, Known, TreeRows

# Entries are sorted by the first byte of their path: what shares it lies below one node.
_SORTED_DEPTH: Final = 2
_PARTS: Final = 16**_SORTED_DEPTH


class Recount:
    """What the tree over a store's state rows must be; `count` keys, `root` over them."""

    __slots__ = ("_keys", "_parts", "_rows", "_store", "count", "root")

    def __init__(self, store: KVStore) -> None:
        """Reads every row of the state once. Raises a StorageError."""
        self._store = store
        self._keys = TreeRows(store, schema.TREE)
        self._parts = [bytearray() for _ in range(_PARTS)]
        self.count = 0
        for key, value in store.scan(schema.STATE, prefix_stop(schema.STATE)):
            path = path_of(key[len(schema.STATE) :])
            self._parts[path[0]] += path + value_hash(value)
            self.count += 1
        for place, part in enumerate(self._parts):
            self._parts[place] = bytearray(_in_order(part))
        self._rows: dict[bytes, bytes] = {}
        known = self._top(ROOT_IDENT, 0, 0)
        self._record(ROOT_IDENT, 0, known)
        self.root = known[1]
        self._rows[self._keys.root] = self._keys.root_row(self.root)

    def _top(self, ident: int, depth: int, first: int) -> Known:
        """A node above the sorted parts; `first` is the first part below it."""
        width = _PARTS >> 4 * depth
        below = self._parts[first : first + width]
        if depth == _SORTED_DEPTH or sum(map(len, below)) <= BUCKET_BYTES_MAX:
            return self._node(b"".join(below), ident, depth)
        children = {
            digit: self._top(ident << 4 | digit, depth + 1, first + digit * (width >> 4))
            for digit in range(16)
        }
        return self._heavy(children, ident, depth)

    def _node(self, entries: bytes, ident: int, depth: int) -> Known:
        if not entries:
            return 0, EMPTY
        if len(entries) <= BUCKET_BYTES_MAX:
            return len(entries) // ENTRY_SIZE, bucket_hash(entries)
        parts = split(entries, depth)
        if depth >= TOP_DEPTH and max(map(len, parts)) <= BUCKET_BYTES_MAX:
            return LIGHT, light_page(parts)[1]
        children = {
            digit: self._node(part, ident << 4 | digit, depth + 1)
            for digit, part in enumerate(parts)
        }
        return self._heavy(children, ident, depth)

    def _heavy(self, children: dict[int, Known], ident: int, depth: int) -> Known:
        for digit, known in children.items():
            self._record(ident << 4 | digit, depth + 1, known)
        held = [(digit, digest) for digit, (size, digest) in children.items() if size]
        return HEAVY, set_children(bytearray(BLANK_ARRAY), held)

    def _record(self, ident: int, depth: int, known: Known) -> None:
        """Which nodes have a row: chain/tree_rows.py."""
        size, digest = known
        if size and (depth >= TOP_DEPTH or size <= BUCKET_KEYS_MAX):
            self._rows[self._keys.node_key(ident, depth)] = digest + bytes((size,))

    def differences(self) -> Iterator[str]:
        """How the stored tree differs from this, in words: entries, then nodes, then the root."""
        for path, words in self._entry_differences():
            yield f"{words}{self._key_of(path)}"
        stored = dict(self._store.scan(self._keys.node, prefix_stop(self._keys.node)))
        root = self._store.get(self._keys.root)
        if root is not None or self.root == EMPTY:
            # A tree that never had a key has no row for its root either.
            stored[self._keys.root] = root or self._keys.root_row(EMPTY)
        for key in sorted(self._rows.keys() | stored.keys()):
            if self._rows.get(key) != stored.get(key):
                yield f"the tree's row {key.hex()} is not what follows from the state"

    def _key_of(self, path: bytes) -> str:
        """For people: the state key of a path, looked for among all."""
        for key, _ in self._store.scan(schema.STATE, prefix_stop(schema.STATE)):
            if path_of(key[len(schema.STATE) :]) == path:
                return f": {key[len(schema.STATE) :]!r}"
        return f", at the path {path.hex()}"

    def _entry_differences(self) -> Iterator[tuple[bytes, str]]:
        at = len(self._keys.entry)
        stored = self._store.scan(self._keys.entry, prefix_stop(self._keys.entry))
        found = next(stored, None)
        for part in self._parts:
            for place in range(0, len(part), ENTRY_SIZE):
                path = bytes(part[place : place + HASH_SIZE])
                while found is not None and found[0][at:] < path:
                    yield found[0][at:], "the tree has an entry that the state has no key for"
                    found = next(stored, None)
                if found is None or found[0][at:] != path:
                    yield path, "the tree has no entry for a key of the state"
                    continue
                if found[1] != part[place + HASH_SIZE : place + ENTRY_SIZE]:
                    yield path, "the tree's entry is for another value than the state's"
                found = next(stored, None)
        while found is not None:
            yield found[0][at:], "the tree has an entry that the state has no key for"
            found = next(stored, None)


def _in_order(entries: bytearray) -> bytes:
    """Entries in the order of their paths."""
    return b"".join(
        sorted(entries[at : at + ENTRY_SIZE] for at in range(0, len(entries), ENTRY_SIZE))
    )
