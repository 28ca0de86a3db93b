"""Merkle trees of RFC 6962: roots, inclusion proofs, consistency proofs.

Leaves are arbitrary bytes (hashed with prefix 0x00, inner nodes with 0x01). Hashes are 32 bytes.
Verification follows RFC 9162 §2.1.3.2 and §2.1.4.2, which give RFC 6962's proofs an algorithm.
"""

import hashlib
from collections.abc import Sequence

from chain.crypto import HASH_SIZE, sha256
from chain.errors import ProofInvalid

EMPTY_ROOT = sha256(b"")


def leaf_hash(leaf: bytes) -> bytes:
    """MTH of one leaf, RFC 6962 §2.1."""
    return sha256(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node, RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right)


def root(leaves: Sequence[bytes]) -> bytes:
    """Merkle tree hash of the list; SHA-256 of nothing when it is empty (RFC 6962 §2.1)."""
    # As `leaf_hash` says, without a call for each.
    return root_of_hashes([hashlib.sha256(b"\x00" + leaf).digest() for leaf in leaves])


def root_of_hashes(hashes: Sequence[bytes]) -> bytes:
    """As `root`, from leaf hashes."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        # Pairing from the left and carrying the odd one up gives RFC 6962's split at the largest
        # power of two below n.
        carried = [level[-1]] if len(level) % 2 else []
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        level += carried
    return level[0]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The audit path of leaf `index`, RFC 6962 §2.1.1; nearest sibling first."""
    assert 0 <= index < len(leaves)
    level = [leaf_hash(leaf) for leaf in leaves]
    path = []
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        carried = [level[-1]] if len(level) % 2 else []
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)] + carried
        index //= 2
    return tuple(path)


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], expected_root: bytes
) -> None:
    """Raise `ProofInvalid` unless the path leads from the leaf's hash to the root."""
    if not 0 <= index < size:
        msg = f"leaf index {index} outside a tree of {size}"
        raise ProofInvalid(msg)
    _check_hashes((leaf, expected_root, *path))
    first, second, computed = index, size - 1, leaf
    for sibling in path:
        if second == 0:
            msg = "inclusion path too long"
            raise ProofInvalid(msg)
        if first % 2 or first == second:
            computed = node_hash(sibling, computed)
            while first % 2 == 0 and first:
                first, second = first // 2, second // 2
        else:
            computed = node_hash(computed, sibling)
        first, second = first // 2, second // 2
    if second or computed != expected_root:
        msg = "inclusion path does not lead to the root"
        raise ProofInvalid(msg)


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> tuple[bytes, ...]:
    """Proof that the first `old_size` leaves are a prefix, RFC 6962 §2.1.2."""
    assert 0 < old_size <= len(leaves)
    hashes = [leaf_hash(leaf) for leaf in leaves]
    return tuple(_subproof(old_size, hashes, complete=True))


def _subproof(old_size: int, hashes: Sequence[bytes], *, complete: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2; depth is log2 of the list's length."""
    size = len(hashes)
    if old_size == size:
        return [] if complete else [root_of_hashes(hashes)]
    split = 1 << ((size - 1).bit_length() - 1)
    if old_size <= split:
        proof = _subproof(old_size, hashes[:split], complete=complete)
        return [*proof, root_of_hashes(hashes[split:])]
    proof = _subproof(old_size - split, hashes[split:], complete=False)
    return [*proof, root_of_hashes(hashes[:split])]


def verify_consistency(
    old_size: int, new_size: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Raise `ProofInvalid` unless the old tree is a prefix of the new (RFC 9162 §2.1.4.2)."""
    if not 0 < old_size <= new_size:
        msg = f"no tree of {old_size} leaves is a prefix of one of {new_size}"
        raise ProofInvalid(msg)
    _check_hashes((old_root, new_root, *path))
    if old_size == new_size:
        if path or old_root != new_root:
            msg = "trees of one size need one root and no path"
            raise ProofInvalid(msg)
        return
    _walk_consistency(old_size, new_size, (old_root, new_root), path)


def _walk_consistency(
    old_size: int, new_size: int, roots: tuple[bytes, bytes], path: Sequence[bytes]
) -> None:
    """Steps 1-7 of RFC 9162 §2.1.4.2."""
    nodes = list(path) if old_size & (old_size - 1) else [roots[0], *path]
    if not nodes:
        msg = "consistency path empty"
        raise ProofInvalid(msg)
    first, second = old_size - 1, new_size - 1
    while first % 2:
        first, second = first // 2, second // 2
    old = new = nodes[0]
    for node in nodes[1:]:
        if second == 0:
            msg = "consistency path too long"
            raise ProofInvalid(msg)
        if first % 2 or first == second:
            old, new = node_hash(node, old), node_hash(node, new)
            while first % 2 == 0 and first:
                first, second = first // 2, second // 2
        else:
            new = node_hash(new, node)
        first, second = first // 2, second // 2
    if second or (old, new) != roots:
        msg = "consistency path does not lead to both roots"
        raise ProofInvalid(msg)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(entry) != HASH_SIZE for entry in hashes):
        msg = f"a hash has {HASH_SIZE} bytes"
        raise ProofInvalid(msg)
