"""Stretches of a tree: what is shown is in it, and nothing else can be."""

import pytest

from chain import merkle
from chain.crypto import sha256
from chain.errors import ProofInvalid
from commerce.codes.batch import BATCH_CODES_MAX
from commerce.codes.stretches import PATH_MAX, levels_of, stretch_path, stretch_root


def leaves_of(size: int) -> list[bytes]:
    return [bytes([i]) for i in range(size)]


def levels(size: int) -> list[list[bytes]]:
    return levels_of([merkle.leaf_hash(leaf) for leaf in leaves_of(size)])


def test_every_stretch_of_small_trees_leads_to_the_root_of_rfc_6962() -> None:
    for size in range(1, 14):
        leaves, known = leaves_of(size), levels(size)
        assert known[-1] == [merkle.root(leaves)]
        for first in range(size):
            for stop in range(first + 1, size + 1):
                path = stretch_path(known, first, stop - first)
                assert stretch_root(leaves[first:stop], first, size, path) == known[-1][0]


def test_the_path_of_one_leaf_has_the_hashes_of_its_audit_path() -> None:
    for size in range(1, 40):
        for index in range(size):
            path = stretch_path(levels(size), index, 1)
            assert sorted(path) == sorted(merkle.inclusion_proof(leaves_of(size), index))


def test_a_leaf_at_another_place_or_of_another_tree_leads_elsewhere() -> None:
    leaves, known = leaves_of(7), levels(7)
    path = stretch_path(known, 2, 2)
    assert stretch_root([leaves[3], leaves[2]], 2, 7, path) != known[-1][0]
    assert stretch_root(leaves[2:4], 2, 7, (sha256(b""), *path[1:])) != known[-1][0]
    for first, size in ((0, 7), (4, 7), (2, 4)):
        assert _root_or_none(leaves[2:4], first, size, path) != known[-1][0]


def _root_or_none(
    leaves: list[bytes], first: int, size: int, path: tuple[bytes, ...]
) -> bytes | None:
    try:
        return stretch_root(leaves, first, size, path)
    except ProofInvalid:
        return None


def test_paths_of_another_length_leaves_outside_and_hashes_of_another_size_are_refused() -> None:
    leaves, path = leaves_of(5), stretch_path(levels(5), 1, 2)
    attempts: tuple[tuple[list[bytes], int, int, tuple[bytes, ...]], ...] = (
        (leaves[1:3], 1, 5, path[:-1]),
        (leaves[1:3], 1, 5, (*path, bytes(32))),
        (leaves[1:3], 4, 5, path),
        (leaves[1:3], -1, 5, path),
        ([], 0, 5, (bytes(32),)),
        (leaves[1:3], 1, 5, (b"short", *path[1:])),
    )
    for shown, first, size, given in attempts:
        with pytest.raises(ProofInvalid):
            stretch_root(shown, first, size, given)


def test_a_path_has_at_most_two_hashes_a_level_however_much_is_shown() -> None:
    size = 100_000
    known = levels_of([bytes(32)] * size)
    for first in (1, 49_999, 12_345, 99_499):
        assert len(stretch_path(known, first, 500)) <= 2 * (size - 1).bit_length()
    assert 2 * (BATCH_CODES_MAX - 1).bit_length() <= PATH_MAX
