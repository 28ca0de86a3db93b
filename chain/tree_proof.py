"""Checking a proof that the state holds a key with a value, or doesn't hold the key.

proof = n ‖ n entries of 64 bytes ‖ siblings, where n (one byte, 0 to 16) is the number of keys in
the bucket at which the key's path ends, and the siblings are 3 hashes for each step of two bits,
from the bucket up to the root, each three in the order of their places. A pure function, written
to be repeated in another language; it shares only the hashes with the tree.
"""

from hashlib import sha256

from chain.tree_node import (
    BUCKET_KEYS_MAX,
    ENTRY_SIZE,
    HASH_SIZE,
    INNER_TAG,
    PATH_DIGITS,
    bucket_hash,
    path_of,
    value_hash,
)

_STEP_SIZE = 3 * HASH_SIZE
_STEPS_MAX = 2 * PATH_DIGITS
PROOF_SIZE_MAX = 1 + BUCKET_KEYS_MAX * ENTRY_SIZE + _STEPS_MAX * _STEP_SIZE


def verify_proof(root: bytes, key: bytes, value: bytes | None, proof: bytes) -> bool:
    """Whether `proof` shows that the state with `root` maps `key` to `value` (None: to nothing)."""
    if not 0 < len(proof) <= PROOF_SIZE_MAX:
        return False
    entries_end = 1 + ENTRY_SIZE * proof[0]
    entries, siblings = proof[1:entries_end], proof[entries_end:]
    # Two steps to a digit: an odd number would end inside an inner node.
    if len(entries) != ENTRY_SIZE * proof[0] or len(siblings) % (2 * _STEP_SIZE):
        return False
    steps = len(siblings) // _STEP_SIZE
    path = path_of(key)
    path_number = int.from_bytes(path)
    if not _bucket_holds(entries, path, value, 256 - 2 * steps):
        return False
    digest = bucket_hash(entries)
    for step in range(steps):
        at = _STEP_SIZE * step
        own = at + HASH_SIZE * (path_number >> (256 - 2 * (steps - step)) & 3)
        digest = sha256(
            INNER_TAG + siblings[at:own] + digest + siblings[own : at + _STEP_SIZE]
        ).digest()
    return digest == root


def _bucket_holds(entries: bytes, path: bytes, value: bytes | None, free_bits: int) -> bool:
    """Whether these are the entries of a bucket on the way of `path`, and say so about it."""
    count = len(entries) // ENTRY_SIZE
    if count > BUCKET_KEYS_MAX:
        return False
    table = {
        entries[at : at + HASH_SIZE]: entries[at + HASH_SIZE : at + ENTRY_SIZE]
        for at in range(0, len(entries), ENTRY_SIZE)
    }
    if len(table) != count or list(table) != sorted(table):
        return False
    prefix = int.from_bytes(path) >> free_bits
    if any(int.from_bytes(other) >> free_bits != prefix for other in table):
        return False
    return table.get(path) == (None if value is None else value_hash(value))
