"""Key policies, consents and delegated keys: who may speak for an account."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.account import (
    DELEGATIONS,
    POLICY_KEYS_MAX,
    WEIGHT_MAX,
    Delegation,
    KeyPolicy,
    SignatureEntry,
    WeightedKey,
    check_policy,
    check_sorted,
    find_delegation,
    keys_of,
    policy_satisfied,
    single_key_policy,
)
from chain.codec import decode, encode
from chain.errors import EncodingInvalid, KeyRefused, PolicyMalformed, SignaturesUnsorted
from chain.state import Overlay
from tests.chain.toy import EmptyState
from tests.chain.world import key

KEYS = sorted(key(f"policy {i}").public_key for i in range(POLICY_KEYS_MAX))


def policy(*weights: int, threshold: int) -> KeyPolicy:
    entries = [WeightedKey(public, weight) for public, weight in zip(KEYS, weights, strict=False)]
    return KeyPolicy(tuple(entries), threshold)


def test_an_account_id_is_bound_to_every_field_of_its_first_policy() -> None:
    two_of_three = policy(1, 1, 1, threshold=2)
    others = [
        policy(1, 1, 1, threshold=3),
        policy(1, 1, 2, threshold=2),
        policy(1, 1, threshold=2),
        replace(two_of_three, keys=tuple(WeightedKey(k, 1) for k in KEYS[1:4])),
    ]
    ids = {entry.account_id() for entry in [two_of_three, *others]}
    assert len(ids) == 1 + len(others)


@pytest.mark.parametrize("count", [1, 2, POLICY_KEYS_MAX])
def test_a_policy_with_sorted_keys_and_a_reachable_threshold_may_be_enrolled(count: int) -> None:
    check_policy(policy(*[WEIGHT_MAX] * count, threshold=WEIGHT_MAX * count))
    check_policy(policy(*[1] * count, threshold=1))


MALFORMED = {
    "no keys": KeyPolicy((), 1),
    "a threshold that is always reached": policy(1, 1, threshold=0),
    "a threshold that is never reached": policy(1, 1, threshold=3),
    "a key without weight": policy(0, 1, threshold=1),
    "a key above the greatest weight": policy(WEIGHT_MAX + 1, threshold=1),
    "keys out of order": KeyPolicy((WeightedKey(KEYS[1], 1), WeightedKey(KEYS[0], 1)), 1),
    "one key twice": KeyPolicy((WeightedKey(KEYS[0], 1), WeightedKey(KEYS[0], 1)), 2),
}


@pytest.mark.parametrize("refused", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_policy_is_refused(refused: KeyPolicy) -> None:
    with pytest.raises(PolicyMalformed):
        check_policy(refused)


def test_a_policy_with_a_key_of_low_order_is_refused() -> None:
    neutral = (1).to_bytes(32, "little")
    with pytest.raises(KeyRefused):
        check_policy(single_key_policy(neutral))


def test_a_policy_with_too_many_keys_cannot_even_be_read() -> None:
    entries = tuple(WeightedKey(bytes([0, i]) + bytes(30), 1) for i in range(POLICY_KEYS_MAX + 1))
    with pytest.raises(EncodingInvalid):
        decode(KeyPolicy, encode(KeyPolicy(entries, 1)))


def test_each_pair_of_a_two_of_three_satisfies_it_and_no_single_key_does() -> None:
    two_of_three = policy(1, 1, 1, threshold=2)
    for pair in combinations(KEYS[:3], 2):
        assert policy_satisfied(two_of_three, frozenset(pair))
    for single in KEYS[:3]:
        assert not policy_satisfied(two_of_three, frozenset([single]))


def test_weights_count_and_strangers_keys_do_not() -> None:
    weighted = policy(2, 1, 1, threshold=3)
    assert policy_satisfied(weighted, frozenset(KEYS[:2]))
    assert not policy_satisfied(weighted, frozenset(KEYS[1:3]))
    assert not policy_satisfied(weighted, frozenset([KEYS[0], *KEYS[3:]]))


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.data())
def test_a_policy_is_satisfied_exactly_from_its_threshold_on(
    weights: list[int], data: st.DataObject
) -> None:
    threshold = data.draw(st.integers(1, sum(weights)))
    chosen = data.draw(st.sets(st.integers(0, len(weights) - 1)))
    made = policy(*weights, threshold=threshold)
    keys = frozenset(KEYS[i] for i in chosen)
    assert policy_satisfied(made, keys) == (sum(weights[i] for i in chosen) >= threshold)


A, B = bytes(32), bytes([1]) * 32


def entry(account: bytes, number: int) -> SignatureEntry:
    return SignatureEntry(account, KEYS[number], bytes(64))


def test_signatures_sorted_by_account_then_key_are_taken() -> None:
    check_sorted([entry(A, 0), entry(A, 1), entry(B, 0)])


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [entry(A, 1), entry(A, 0)],
        [entry(B, 0), entry(A, 1)],
        [entry(A, 0), entry(A, 0)],
        [entry(A, 0), replace(entry(A, 0), signature=bytes([1]) * 64)],
    ],
    ids=["none", "keys unsorted", "accounts unsorted", "repeated", "one key, two signatures"],
)
def test_an_empty_unsorted_or_repeating_signature_list_is_refused(
    entries: list[SignatureEntry],
) -> None:
    with pytest.raises(SignaturesUnsorted):
        check_sorted(entries)


def test_a_key_counts_only_for_the_account_that_its_entry_names() -> None:
    entries = [entry(A, 0), entry(B, 1)]
    assert keys_of(entries, A) == {KEYS[0]}
    assert keys_of(entries, B) == {KEYS[1]}
    assert keys_of(entries, bytes([2]) * 32) == frozenset()


def delegations(*keys: tuple[int, Delegation]) -> Overlay:
    state = Overlay(EmptyState())
    for number, delegation in keys:
        DELEGATIONS.store(state, delegation, A, KEYS[number])
    return state


SCOPE = Delegation(("pay.transfer", "shipment.create"), 100, 0, 1000)


def test_a_delegated_key_speaks_for_its_types_until_it_expires() -> None:
    state = delegations((0, SCOPE))
    keys = frozenset([KEYS[0]])
    assert find_delegation(state, A, keys, ["pay.transfer"], 1000) == (KEYS[0], SCOPE)
    assert find_delegation(state, A, keys, ["pay.transfer"], 1001) is None
    assert find_delegation(state, A, keys, ["pay.transfer", "order.pay"], 0) is None
    assert find_delegation(state, B, keys, ["pay.transfer"], 0) is None
    assert find_delegation(state, A, frozenset([KEYS[1]]), ["pay.transfer"], 0) is None


def test_of_several_delegated_keys_the_first_by_key_order_with_the_scope_is_taken() -> None:
    narrow = replace(SCOPE, types=("order.pay",))
    state = delegations((0, narrow), (1, SCOPE), (2, SCOPE))
    found = find_delegation(state, A, frozenset(KEYS[:3]), ["pay.transfer"], 0)
    assert found == (KEYS[1], SCOPE)
