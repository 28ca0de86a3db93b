"""The tree after a set of changes, computed without touching the tree.

One walk from the root over the changes in the order of their paths meets each node once. Every
function returns what the parent must know of the node afterwards: its hash and its size byte.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from chain.tree_node import (
    ARRAY_SIZE,
    BLANK_ARRAY,
    BUCKET_BYTES_MAX,
    BUCKET_KEYS_MAX,
    CHILD_SLOT,
    EMPTY,
    ENTRY_SIZE,
    FAN_OUT,
    HEAVY,
    LIGHT,
    Item,
    bucket_hash,
    digit_at,
    light_page,
    light_place,
    merged,
    set_children,
    split,
)
from chain.tree_rows import ROOT_IDENT, TOP_DEPTH, Known, TreeRows

_SIZE_BYTE: Final = tuple(bytes((size,)) for size in range(HEAVY + 1))


class Walk:
    """One staging: `nodes` and `rows` are the outcome, None where something goes away."""

    __slots__ = ("_committed", "_items", "_keys", "_load", "nodes", "rows")

    def __init__(
        self,
        committed: Mapping[int, bytes],
        load: Callable[[int, int, Known], bytes],
        keys: TreeRows,
        nodes: dict[int, bytes | None],
        items: Sequence[Item],
    ) -> None:
        """`nodes` (changed in place) lies over `committed`, and that over `load`.

        `items` ascend by path.
        """
        self._committed = committed
        self._load = load
        self._keys = keys
        self._items = items
        self.nodes = nodes
        self.rows: dict[bytes, bytes | None] = {keys.entry + path: new for path, new in items}

    def run(self, root: Known) -> Known:
        """Apply all items below `root`; returns what there is to know of the new root."""
        if not self._items:
            return root
        new = self._child(ROOT_IDENT, 0, root, 0, len(self._items))
        self._record(ROOT_IDENT, 0, root[0], new)
        self.rows[self._keys.root] = self._keys.root_row(new[1])
        return new

    def _child(self, ident: int, depth: int, known: Known, low: int, high: int) -> Known:
        size = known[0]
        node = self._node(ident, depth, known) if size else b""
        if size == HEAVY:
            return self._heavy(ident, depth, node, low, high)
        if size == LIGHT:
            return self._light(ident, depth, node, low, high)
        return self._build(ident, depth, merged(node, self._items[low:high]))

    def _heavy(self, ident: int, depth: int, node: bytes, low: int, high: int) -> Known:
        array = bytearray(node)
        changed = []
        shrunk = False
        for digit, start, stop in self._groups(depth, low, high):
            size = node[digit]
            child = ident << 4 | digit
            new = self._child(child, depth + 1, (size, node[CHILD_SLOT[digit]]), start, stop)
            if depth >= TOP_DEPTH - 1 or size != HEAVY or new[0] != HEAVY:
                self._record(child, depth + 1, size, new)
            changed.append((digit, new[1]))
            if new[0] != size:
                array[digit] = new[0]
                shrunk = shrunk or new[0] < size
        digest = set_children(array, changed)
        if shrunk and _is_small(array, depth):
            return self._gather(ident, depth, array)
        self.nodes[ident] = bytes(array)
        return HEAVY, digest

    def _light(self, ident: int, depth: int, node: bytes, low: int, high: int) -> Known:
        page = bytearray(node)
        changed = []
        # From the last bucket to the first, so that an offset still holds when it is used.
        for digit, start, stop in reversed(self._groups(depth, low, high)):
            place = light_place(node, digit)
            bucket = merged(node[place], self._items[start:stop])
            if len(bucket) > BUCKET_BYTES_MAX:
                return self._rebuild(ident, depth, node, low, high)
            page[place] = bucket
            page[digit] = len(bucket) // ENTRY_SIZE
            changed.append((digit, bucket_hash(bucket)))
        if len(page) <= ARRAY_SIZE + BUCKET_BYTES_MAX:
            return self._rebuild(ident, depth, node, low, high)
        changed.reverse()
        digest = set_children(page, changed)
        self.nodes[ident] = bytes(page)
        return LIGHT, digest

    def _rebuild(self, ident: int, depth: int, page: bytes, low: int, high: int) -> Known:
        """A light node stops being one."""
        return self._build(ident, depth, merged(page[ARRAY_SIZE:], self._items[low:high]))

    def _gather(self, ident: int, depth: int, array: bytearray) -> Known:
        """A heavy node whose children have all become buckets: take their entries back."""
        parts = []
        for digit, size in enumerate(array[:FAN_OUT]):
            if not size:
                continue
            child = ident << 4 | digit
            parts.append(self._node(child, depth + 1, (size, bytes(array[CHILD_SLOT[digit]]))))
            self.nodes[child] = None
            self.rows[self._keys.node_key(child, depth + 1)] = None
        return self._build(ident, depth, b"".join(parts))

    def _build(self, ident: int, depth: int, entries: bytes) -> Known:
        """The node with these entries, which takes the place of whatever is at `ident`."""
        if not entries:
            self.nodes[ident] = None
            return 0, EMPTY
        if len(entries) <= BUCKET_BYTES_MAX:
            self.nodes[ident] = entries
            return len(entries) // ENTRY_SIZE, bucket_hash(entries)
        parts = split(entries, depth)
        if depth >= TOP_DEPTH and max(map(len, parts)) <= BUCKET_BYTES_MAX:
            self.nodes[ident], digest = light_page(parts)
            return LIGHT, digest
        array = bytearray(BLANK_ARRAY)
        changed = []
        for digit, part in enumerate(parts):
            if part:
                child = ident << 4 | digit
                new = self._build(child, depth + 1, part)
                self._record(child, depth + 1, 0, new)
                array[digit] = new[0]
                changed.append((digit, new[1]))
        digest = set_children(array, changed)
        self.nodes[ident] = bytes(array)
        return HEAVY, digest

    def _node(self, ident: int, depth: int, known: Known) -> bytes:
        node = self.nodes.get(ident)
        if node is None:
            node = self._committed.get(ident)
        return self._load(ident, depth, known) if node is None else node

    def _record(self, ident: int, depth: int, size_before: int, new: Known) -> None:
        """Write or remove the row of a heavy node's child; chain/tree_rows.py has the rule."""
        size = new[0]
        if size and (depth >= TOP_DEPTH or size <= BUCKET_KEYS_MAX):
            self.rows[self._keys.node_key(ident, depth)] = new[1] + _SIZE_BYTE[size]
        elif size_before and (depth >= TOP_DEPTH or size_before <= BUCKET_KEYS_MAX):
            self.rows[self._keys.node_key(ident, depth)] = None

    def _groups(self, depth: int, low: int, high: int) -> list[tuple[int, int, int]]:
        """The items by their digit at `depth`: (digit, start, stop), ascending."""
        items = self._items
        digit = digit_at(items[low][0], depth)
        if high - low == 1:
            return [(digit, low, high)]
        groups = []
        start = low
        for stop in range(low + 1, high):
            following = digit_at(items[stop][0], depth)
            if following != digit:
                groups.append((digit, start, stop))
                digit, start = following, stop
        groups.append((digit, start, high))
        return groups


def _is_small(array: bytearray, depth: int) -> bool:
    """Whether an inner node's children leave it no reason to be heavy."""
    sizes = array[:FAN_OUT]
    if max(sizes) > BUCKET_KEYS_MAX:
        return False
    return depth >= TOP_DEPTH or sum(sizes) <= BUCKET_KEYS_MAX
