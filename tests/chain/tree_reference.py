"""The state tree as docs/adr/0010-state-tree.md defines it, slowly; and what its tests share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from unittest.mock import patch

from chain.store import KVStore, MemoryStore
from chain.tree import Staged, StateTree

PREFIX = b"T/"
Model = dict[bytes, bytes]
Changes = Mapping[bytes, bytes | None]

# --- the reference: nothing of ours, straight from the definition ---


def real_path(key: bytes) -> bytes:
    return sha256(b"\x10" + key).digest()


def ground_path(key: bytes) -> bytes:
    """As if the key's first byte said how many bytes of prefix its maker had ground."""
    path = real_path(key)
    ground = key[0] % 9
    return b"\xab" * ground + path[ground:]


def entries_of(model: Model, path_of: Callable[[bytes], bytes] = real_path) -> list[bytes]:
    return sorted(path_of(k) + sha256(b"\x11" + v).digest() for k, v in model.items())


def digit(entry: bytes, depth: int) -> int:
    return int(entry.hex()[depth], 16)


def four(hashes: list[bytes]) -> bytes:
    return sha256(b"\x13" + b"".join(hashes)).digest()


def children(entries: list[bytes], depth: int) -> list[bytes]:
    parts: list[list[bytes]] = [[] for _ in range(16)]
    for entry in entries:
        parts[digit(entry, depth)].append(entry)
    return [reference_root(part, depth + 1) for part in parts]


def reference_root(entries: list[bytes], depth: int = 0) -> bytes:
    if not entries:
        return bytes(32)
    if len(entries) <= 16:
        return sha256(b"\x12" + b"".join(entries)).digest()
    below = children(entries, depth)
    return four([four(below[i : i + 4]) for i in (0, 4, 8, 12)])


def reference_proof(entries: list[bytes], path: bytes, depth: int = 0) -> bytes:
    if len(entries) <= 16:
        return bytes((len(entries),)) + b"".join(entries)
    below = children(entries, depth)
    own = digit(path, depth)
    quarters = [four(below[i : i + 4]) for i in (0, 4, 8, 12)]
    near = [below[i] for i in range(own // 4 * 4, own // 4 * 4 + 4) if i != own]
    far = [quarters[i] for i in range(4) if i != own // 4]
    deeper = [entry for entry in entries if digit(entry, depth) == own]
    return reference_proof(deeper, path, depth + 1) + b"".join(near + far)


# --- helpers ---


@contextmanager
def ground_keys() -> Iterator[None]:
    with patch("chain.tree.path_of", ground_path), patch("chain.tree_proof.path_of", ground_path):
        yield


def commit(store: KVStore, tree: StateTree, changes: Changes) -> Staged:
    staged = tree.stage(changes)
    store.write(staged.writes)
    tree.commit(staged)
    return staged


def changed(model: Model, changes: Changes) -> Model:
    merged = {**model, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def rows(store: KVStore) -> dict[bytes, bytes]:
    return dict(store.scan(b"", b"\xff"))


def numbered(count: int, *, start: int = 0) -> Model:
    return {b"key %d" % n: b"value %d" % n for n in range(start, start + count)}


def planted(model: Changes, *, cache_bytes_max: int = 1 << 20) -> tuple[KVStore, StateTree]:
    store = MemoryStore()
    tree = StateTree.open(store, PREFIX, cache_bytes_max=cache_bytes_max)
    commit(store, tree, model)
    return store, tree
