"""RFC 6962 trees against the published roots, a recursive definition, and forged proofs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import merkle
from chain.crypto import sha256
from chain.errors import ProofInvalid

# The eight leaves and the roots of their prefixes from Certificate Transparency's reference tests.
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 §2.1 writes it."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:]))


def test_the_published_roots_hold() -> None:
    assert merkle.root([]).hex() == sha256(b"").hex()
    for size, expected in enumerate(ROOTS, start=1):
        assert merkle.root(LEAVES[:size]).hex() == expected


def leaves_of(size: int) -> list[bytes]:
    return [bytes([number]) for number in range(size)]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_leaf_of_every_size_is_proved(size: int) -> None:
    leaves = leaves_of(size)
    root = merkle.root(leaves)
    assert root == defined_root(leaves)
    for index in range(size):
        path = merkle.inclusion_proof(leaves, index)
        merkle.verify_inclusion(merkle.leaf_hash(leaves[index]), index, size, path, root)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_prefix_of_every_size_is_proved(size: int) -> None:
    leaves = leaves_of(size)
    root = merkle.root(leaves)
    for old_size in range(1, size + 1):
        path = merkle.consistency_proof(leaves, old_size)
        merkle.verify_consistency(old_size, size, merkle.root(leaves[:old_size]), root, path)


@given(st.integers(2, 40), st.data())
def test_a_changed_inclusion_proof_is_refused(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    root, index = merkle.root(leaves), data.draw(st.integers(0, size - 1))
    path = list(merkle.inclusion_proof(leaves, index))
    leaf = merkle.leaf_hash(leaves[index])
    forged = [
        (merkle.leaf_hash(b"other"), index, size, path, root),
        (leaf, (index + 1) % size, size, path, root),
        (leaf, index, size, path[:-1], root),
        (leaf, index, size, [*path, root], root),
        (leaf, index, size, path, leaf),
        (leaf, size, size, path, root),
        (leaf, -1, size, path, root),
        (leaf, index, size, [entry[:31] for entry in path], root),
    ]
    for arguments in forged:
        with pytest.raises(ProofInvalid):
            merkle.verify_inclusion(*arguments)


@given(st.integers(2, 40), st.data())
def test_a_changed_consistency_proof_is_refused(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    old_size = data.draw(st.integers(1, size - 1))
    old, new = merkle.root(leaves[:old_size]), merkle.root(leaves)
    path = list(merkle.consistency_proof(leaves, old_size))
    other = merkle.leaf_hash(b"other")
    forged = [
        (old_size, size, other, new, path),
        (old_size, size, old, other, path),
        (old_size, size, old, new, path[:-1]),
        (old_size, size, old, new, [*path, other]),
        (0, size, old, new, path),
        (size + 1, size, old, new, path),
        (size, size, old, new, []),
        (size, size, new, new, [other]),
    ]
    for arguments in forged:
        with pytest.raises(ProofInvalid):
            merkle.verify_consistency(*arguments)


def test_a_path_of_a_smaller_tree_proves_nothing_about_a_larger_one() -> None:
    leaves = [sha256(bytes([i])) for i in range(2)]
    root, path = merkle.root(leaves), merkle.inclusion_proof(leaves, 0)
    merkle.verify_inclusion(merkle.leaf_hash(leaves[0]), 0, 2, path, root)
    for size in (3, 4, 2**40):
        with pytest.raises(ProofInvalid):
            merkle.verify_inclusion(merkle.leaf_hash(leaves[0]), 0, size, path, root)
