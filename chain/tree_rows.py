"""The rows of the state tree in the store, and how nodes are read back from them, checked.

Rows of one node only; nothing here is agreed on. Under the tree's prefix:

- `e` ‖ path -> value hash: every entry of every bucket;
- `n` ‖ depth (u8) ‖ place -> hash ‖ size byte: a node that is not empty, if it lies at depth 4,
  or above as a bucket, or below as a child of a heavy node. The place is the digit 1 and the
  node's digits, big-endian in the fewest bytes, so that siblings are neighbours;
- `r` -> format (u8) ‖ root.

So a changed key costs two or three short rows rather than its bucket and the inner nodes above it
(LevelDB writes each byte about ten times), a start reads at most 65,536 rows, and any other node
is made again from one short scan, when it is first needed, and compared with the hash above it.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Final

from chain.store_contract import KVStore, StorageError, prefix_stop
from chain.tree_node import (
    ARRAY_SIZE,
    BLANK_ARRAY,
    EMPTY,
    ENTRY_SIZE,
    HASH_SIZE,
    HEAVY,
    LIGHT,
    PATH_DIGITS,
    bucket_hash,
    light_page,
    set_children,
    split,
)

# Nodes above this depth stay in memory, inner ones from the start: at most 4,369, 3 MB.
TOP_DEPTH: Final = 4
TOP_IDENT_END: Final = 1 << 4 * TOP_DEPTH
TOP_NODES_MAX: Final = TOP_IDENT_END // 15
ROOT_IDENT: Final = 1
_FORMAT: Final = b"\x01"
_DEPTH: Final = tuple(bytes((depth,)) for depth in range(PATH_DIGITS + 1))

Known = tuple[int, bytes]
"""What a parent knows of a child: size byte and hash."""


class StateTreeDamaged(StorageError):
    """The tree's rows in the store contradict each other."""


class TreeRows:
    """The keys of the rows under one prefix of a store. A node's ident is its place as a number."""

    __slots__ = ("_store", "entry", "node", "root")

    def __init__(self, store: KVStore, prefix: bytes) -> None:
        self._store = store
        self.entry = prefix + b"e"
        self.node = prefix + b"n"
        self.root = prefix + b"r"

    def node_key(self, ident: int, depth: int) -> bytes:
        """The key of a node's row."""
        return self.node + _DEPTH[depth] + ident.to_bytes((depth >> 1) + 1)

    def root_row(self, root: bytes) -> bytes:
        """The value of the root's row."""
        return _FORMAT + root

    def load_top(self) -> tuple[Known, dict[int, bytes]]:
        """What there is to know of the root, and the inner nodes above TOP_DEPTH."""
        top: dict[int, bytes] = {}
        children = self._known(1 << 4 * TOP_DEPTH, (2 << 4 * TOP_DEPTH) - 1, TOP_DEPTH)
        for depth in reversed(range(TOP_DEPTH)):
            nodes = self._known(1 << 4 * depth, (2 << 4 * depth) - 1, depth)
            for ident, members in groupby(sorted(children), key=lambda child: child >> 4):
                if ident in nodes:
                    raise StateTreeDamaged(f"node {ident:x} is both a bucket and an inner node")
                top[ident], digest = _heavy_array({child: children[child] for child in members})
                nodes[ident] = (HEAVY, digest)
            children = nodes
        size, root = children.get(ROOT_IDENT, (0, EMPTY))
        row = self._store.get(self.root)
        if row != self.root_row(root) and (row is not None or root != EMPTY):
            raise StateTreeDamaged(f"the rows give the root {root.hex()}, another was written")
        return (size, root), top

    def load(self, ident: int, depth: int, known: Known) -> bytes:
        """A node at or below TOP_DEPTH, or a bucket above it, as its parent knows it."""
        size, expected = known
        if size == HEAVY:
            assert depth >= TOP_DEPTH, "the top is never dropped"
            first = ident << 4
            node, digest = _heavy_array(self._known(first, first | 15, depth + 1))
        elif size == LIGHT:
            node, digest = light_page(split(self._entries(ident, depth), depth))
        else:
            node = self._entries(ident, depth)
            digest = bucket_hash(node)
        if digest != expected:
            raise StateTreeDamaged(f"node {ident:x} at depth {depth} is not {expected.hex()}")
        return node

    def _known(self, first: int, last: int, depth: int) -> dict[int, Known]:
        stop = self.node_key(last, depth) + b"\0"
        known: dict[int, Known] = {}
        at = len(self.node) + 1
        for key, row in self._store.scan(self.node_key(first, depth), stop):
            if len(row) != HASH_SIZE + 1 or not 0 < row[HASH_SIZE] <= HEAVY:
                raise StateTreeDamaged(f"the row {key.hex()} is no node")
            known[int.from_bytes(key[at:])] = (row[HASH_SIZE], row[:HASH_SIZE])
        return known

    def _entries(self, ident: int, depth: int) -> bytes:
        free_bits = 4 * (PATH_DIGITS - depth)
        start = (ident << free_bits).to_bytes(HASH_SIZE + 1)
        stop = (ident + 1 << free_bits).to_bytes(HASH_SIZE + 1)
        rows = self._store.scan(
            self.entry + start[1:],
            self.entry + stop[1:] if stop[0] == ROOT_IDENT else prefix_stop(self.entry),
        )
        at = len(self.entry)
        entries = b"".join([key[at:] + digest for key, digest in rows])
        if len(entries) % ENTRY_SIZE:
            raise StateTreeDamaged(f"an entry below node {ident:x} has a wrong size")
        return entries


def _heavy_array(children: Mapping[int, Known]) -> tuple[bytes, bytes]:
    """The array and the hash of an inner node; `children` ascend by ident."""
    array = bytearray(BLANK_ARRAY)
    for ident, (size, _) in children.items():
        array[ident & 15] = size
    digest = set_children(array, [(ident & 15, digest) for ident, (_, digest) in children.items()])
    assert len(array) == ARRAY_SIZE
    return bytes(array), digest
