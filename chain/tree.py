"""The state tree: one hash that commits to every key of the state and to no other.

`stage` computes the tree after a set of changes and leaves the tree as it is; its writes belong
into the block's one atomic batch, and after that batch is in the store, `commit` takes the staged
tree over. Any number of rivals may be staged on one state, and one on top of another. All calls on
one tree come from one thread at a time, and none between the store's write and the commit.

Inner nodes of the top stay in memory, the rest in a bounded cache filled on demand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from chain.store_contract import KVStore
from chain.tree_node import (
    CHILD_SLOT,
    EMPTY,
    ENTRY_SIZE,
    HEAVY,
    LIGHT,
    digit_at,
    light_place,
    path_of,
    siblings,
    value_hash,
)
from chain.tree_proof import verify_proof
from chain.tree_rows import (
    ROOT_IDENT,
    TOP_IDENT_END,
    TOP_NODES_MAX,
    Known,
    StateTreeDamaged,
    TreeRows,
)
from chain.tree_stage import Walk

__all__ = ["EMPTY_ROOT", "Staged", "StateTree", "StateTreeDamaged", "verify_proof"]

EMPTY_ROOT: Final = EMPTY

# Enough for 10^6 keys; a node of a larger state reads the rest from the store.
CACHE_BYTES_MAX: Final = 128 * 1024 * 1024
# What a cached node weighs beside its bytes: object header, key, its share of the dict.
_NODE_OVERHEAD_BYTES: Final = 140
_EVICTED_SHARE: Final = 16


@dataclass(frozen=True, slots=True)
class Staged:
    """The tree after a set of changes, waiting for the block to be written."""

    root: bytes
    """The new root, 32 bytes."""
    writes: Mapping[bytes, bytes | None]
    """The rows to merge into the block's atomic batch; None deletes. Of this stage alone."""
    bases: tuple[bytes, ...] = field(repr=False)
    """The roots it was staged on, the tree's own first, the direct parent's last."""
    size: int = field(repr=False)
    """The root's size byte (chain.tree_node)."""
    nodes: Mapping[int, bytes | None] = field(repr=False)
    """Every node that differs from the tree with the root bases[0]; None where there is none."""


class StateTree:
    """The committed tree of one store. Open one per store and prefix."""

    __slots__ = ("_cache_bytes", "_cache_bytes_max", "_known", "_nodes", "_rows")

    def __init__(
        self, rows: TreeRows, known: Known, top: dict[int, bytes], *, cache_bytes_max: int
    ) -> None:
        """Use `open`."""
        self._rows = rows
        self._known = known
        # The top and the cache in one dict, in order of last change.
        self._nodes = top
        self._cache_bytes = 0
        self._cache_bytes_max = cache_bytes_max

    @classmethod
    def open(
        cls, store: KVStore, prefix: bytes, *, cache_bytes_max: int = CACHE_BYTES_MAX
    ) -> "StateTree":
        """The tree under `prefix`; empty if nothing is there. Raises a StorageError.

        The caller compares the root with the header's: the rows may be consistent and yet old.
        """
        rows = TreeRows(store, prefix)
        known, top = rows.load_top()
        return cls(rows, known, top, cache_bytes_max=cache_bytes_max)

    @property
    def root(self) -> bytes:
        """The committed root, 32 bytes; EMPTY_ROOT if the state has no key."""
        return self._known[1]

    def stage(
        self, changes: Mapping[bytes, bytes | None], *, parent: Staged | None = None
    ) -> Staged:
        """The tree after `changes` (key to value, None deletes) to this tree, or to `parent`."""
        known = self._known
        nodes: dict[int, bytes | None] = {}
        bases: tuple[bytes, ...] = (self.root,)
        if parent is not None and parent.root != self.root:
            # Bases before the tree's own root are committed by now.
            assert self.root in parent.bases, "staged on a parent of another tree"
            known = (parent.size, parent.root)
            nodes = dict(parent.nodes)
            bases = (*parent.bases[parent.bases.index(self.root) :], parent.root)
        items = sorted(
            [
                (path_of(key), None if value is None else value_hash(value))
                for key, value in changes.items()
            ]
        )
        walk = Walk(self._nodes, self._load, self._rows, nodes, items)
        size, root = walk.run(known)
        return Staged(root=root, writes=walk.rows, bases=bases, size=size, nodes=walk.nodes)

    def commit(self, staged: Staged) -> None:
        """Take over `staged`, whose writes are in the store."""
        assert staged.bases[-1] == self.root, "staged on another root than the tree's"
        nodes = self._nodes
        grown = 0
        for ident, node in staged.nodes.items():
            before = nodes.pop(ident, None)
            if node is not None:
                nodes[ident] = node
            if ident < TOP_IDENT_END:
                continue
            if before is not None:
                grown -= len(before) + _NODE_OVERHEAD_BYTES
            if node is not None:
                grown += len(node) + _NODE_OVERHEAD_BYTES
        self._cache_bytes += grown
        self._known = (staged.size, staged.root)
        self._evict()

    def _evict(self) -> None:
        """Back within the limit: forget cached nodes, those longest unchanged, a share at a time.

        A dict that loses its first items one by one is slow to walk.
        """
        while self._cache_bytes > self._cache_bytes_max:
            oldest = islice(self._nodes, TOP_NODES_MAX + len(self._nodes) // _EVICTED_SHARE)
            for ident in [ident for ident in oldest if ident >= TOP_IDENT_END]:
                self._cache_bytes -= len(self._nodes.pop(ident)) + _NODE_OVERHEAD_BYTES

    def prove(self, key: bytes) -> bytes:
        """The proof for `verify_proof` that the committed state holds `key`, or that it doesn't."""
        path = path_of(key)
        ident, depth, known = ROOT_IDENT, 0, self._known
        steps = []
        bucket = b""
        while known[0]:
            node = self._node(ident, depth, known)
            if known[0] < LIGHT:
                bucket = node
                break
            digit = digit_at(path, depth)
            steps.append(siblings(node, digit))
            if known[0] == LIGHT:
                bucket = node[light_place(node, digit)]
                break
            assert known[0] == HEAVY
            known = (node[digit], node[CHILD_SLOT[digit]])
            ident, depth = ident << 4 | digit, depth + 1
        # Proofs alone fill the cache where no block comes.
        self._evict()
        return b"".join((bytes((len(bucket) // ENTRY_SIZE,)), bucket, *reversed(steps)))

    def _node(self, ident: int, depth: int, known: Known) -> bytes:
        node = self._nodes.get(ident)
        return self._load(ident, depth, known) if node is None else node

    def _load(self, ident: int, depth: int, known: Known) -> bytes:
        """Take a committed node that is not in memory from the store."""
        node = self._nodes[ident] = self._rows.load(ident, depth, known)
        if ident >= TOP_IDENT_END:
            self._cache_bytes += len(node) + _NODE_OVERHEAD_BYTES
        return node
