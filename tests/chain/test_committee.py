"""Quorum arithmetic for every committee size that is allowed to be small (traps 13 and 14)."""

from dataclasses import replace

import pytest

from chain.committee import Committee, Member, fault_limit, quorum_size


@pytest.mark.parametrize("n", range(1, 129))
def test_any_two_quorums_share_a_correct_member_and_a_quorum_survives_f_dead(n: int) -> None:
    f, quorum = fault_limit(n), quorum_size(n)
    assert 2 * quorum - n >= f + 1
    assert n - f >= quorum
    # No smaller quorum would do.
    assert 2 * (quorum - 1) - n < f + 1


@pytest.mark.parametrize(
    ("n", "f", "quorum"),
    [(1, 0, 1), (2, 0, 2), (3, 0, 2), (4, 1, 3), (5, 1, 4), (6, 1, 4), (7, 2, 5), (10, 3, 7)],
)
def test_the_sizes_of_small_committees(n: int, f: int, quorum: int) -> None:
    committee = Committee(0, tuple(Member(f"m{i}", bytes(32), bytes(32)) for i in range(n)))
    assert (committee.n, committee.f, committee.quorum) == (n, f, quorum)
    assert committee.weak_quorum == f + 1


def test_the_hash_of_a_committee_binds_epoch_order_and_keys() -> None:
    a, b = Member("a", bytes(32), bytes(32)), Member("b", bytes(32), bytes([1]) * 32)
    variants = [
        Committee(0, (a, b)),
        Committee(1, (a, b)),
        Committee(0, (b, a)),
        Committee(0, (a, Member("b", bytes(32), bytes([2]) * 32))),
        Committee(0, (a, replace(b, suspended=True))),
    ]
    assert len({committee.hash() for committee in variants}) == len(variants)


def test_a_members_index_is_found_by_its_key_and_by_no_others() -> None:
    keys = [bytes([i]) * 32 for i in range(3)]
    committee = Committee(0, tuple(Member(f"m{i}", bytes(32), key) for i, key in enumerate(keys)))
    assert [committee.index_of(key) for key in keys] == [0, 1, 2]
    assert committee.index_of(bytes([9]) * 32) is None
