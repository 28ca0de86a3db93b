"""Stretches of a Merkle tree: some neighbouring leaves shown to be in it, by one short path.

RFC 6962 §2.1 splits a list at the largest power of two below its size. A path lists the roots of
the subtrees that hold none of the shown leaves, from left to right: two logarithms at most, however
many leaves are shown. Of one leaf it has the same hashes as an audit path of §2.1.1, in order of
place instead of height.
"""

from collections.abc import Iterator, Sequence

from chain.crypto import HASH_SIZE
from chain.errors import ProofInvalid
from chain.merkle import leaf_hash, node_hash, root_of_hashes

# Two for each level of a tree of 2^32 leaves.
PATH_MAX = 64


def levels_of(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Every subtree's root, from the hashes of the leaves up: entry i of level k stands for the
    leaves from i·2^k on. The last level is the root alone.
    """
    levels = [list(hashes)]
    while len(levels[-1]) > 1:
        level = levels[-1]
        pairs = zip(level[::2], level[1::2], strict=False)
        carried = [level[-1]] if len(level) % 2 else []
        levels.append([node_hash(left, right) for left, right in pairs] + carried)
    return levels


def stretch_path(levels: Sequence[Sequence[bytes]], first: int, count: int) -> tuple[bytes, ...]:
    """The path of `count` leaves from `first` on, of a tree given by its levels."""
    assert 0 <= first < first + count <= len(levels[0])
    return tuple(_outside(levels, (0, len(levels[0])), first, first + count))


def _outside(
    levels: Sequence[Sequence[bytes]], subtree: tuple[int, int], start: int, stop: int
) -> Iterator[bytes]:
    """The roots that are missing in a subtree, (first leaf, size); depth is log2 of its size."""
    low, size = subtree
    if stop <= low or start >= low + size:
        height = (size - 1).bit_length()
        yield levels[height][low >> height]
        return
    if start <= low and stop >= low + size:
        return
    split = _split(size)
    yield from _outside(levels, (low, split), start, stop)
    yield from _outside(levels, (low + split, size - split), start, stop)


def stretch_root(leaves: Sequence[bytes], first: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves with these from `first` on; `ProofInvalid` if there is
    none.
    """
    if not leaves or first < 0 or first + len(leaves) > size:
        msg = f"{len(leaves)} leaves from {first} on outside a tree of {size}"
        raise ProofInvalid(msg)
    if any(len(entry) != HASH_SIZE for entry in path):
        msg = f"a hash has {HASH_SIZE} bytes"
        raise ProofInvalid(msg)
    rest = iter(path)
    root = _root([leaf_hash(leaf) for leaf in leaves], first, size, rest)
    if next(rest, None) is not None:
        msg = "the path is too long"
        raise ProofInvalid(msg)
    return root


def _root(hashes: Sequence[bytes], first: int, size: int, path: Iterator[bytes]) -> bytes:
    """`hashes` are those of the shown leaves that lie in this subtree, from its index `first`."""
    if not hashes:
        found = next(path, None)
        if found is None:
            msg = "the path is too short"
            raise ProofInvalid(msg)
        return found
    if len(hashes) == size:
        return root_of_hashes(hashes)
    split = _split(size)
    # Of the shown leaves, so many lie on the left.
    left = min(len(hashes), max(0, split - first))
    return node_hash(
        _root(hashes[:left], first, split, path),
        _root(hashes[left:], max(0, first - split), size - split, path),
    )


def _split(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
