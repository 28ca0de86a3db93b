"""Proofs of presence and absence: what they show, and that nothing else passes for one."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.store import MemoryStore
from chain.tree import EMPTY_ROOT, StateTree, verify_proof
from tests.chain.tree_reference import PREFIX, numbered, planted


@pytest.mark.parametrize("count", [1, 16, 17, 400, 5000])
def test_a_proof_shows_one_value_of_one_key_under_one_root(count: int) -> None:
    _, tree = planted(numbered(count))
    other_root = tree.stage({b"another": b"state"}).root
    for key in (b"key 0", b"key %d" % (count - 1), b"absent", b""):
        value = numbered(count).get(key)
        proof = tree.prove(key)
        assert verify_proof(tree.root, key, value, proof)
        assert not verify_proof(other_root, key, value, proof)
        assert not verify_proof(tree.root, key, b"else", proof)
        if value is not None:
            assert not verify_proof(tree.root, key, None, proof)
        assert len(proof) <= 4096


def test_the_empty_state_proves_every_absence() -> None:
    tree = StateTree.open(MemoryStore(), PREFIX)
    proof = tree.prove(b"anything")
    assert proof == b"\0"
    assert verify_proof(EMPTY_ROOT, b"anything", None, proof)
    assert not verify_proof(EMPTY_ROOT, b"anything", b"", proof)


@pytest.mark.parametrize("key", [b"key 77", b"absent"])
def test_no_byte_of_a_proof_can_be_changed_added_or_dropped(key: bytes) -> None:
    _, tree = planted(numbered(3000))
    value = numbered(3000).get(key)
    proof = tree.prove(key)
    assert verify_proof(tree.root, key, value, proof)
    for at in range(len(proof)):
        for bit in (1, 128):
            mutant = proof[:at] + bytes((proof[at] ^ bit,)) + proof[at + 1 :]
            assert not verify_proof(tree.root, key, value, mutant)
            assert not verify_proof(tree.root, key, None if value else b"x", mutant)
        assert not verify_proof(tree.root, key, value, proof[:at])
        assert not verify_proof(tree.root, key, value, proof[:at] + b"\0" + proof[at:])
    for tail in (b"\0", bytes(32), bytes(96), bytes(192), bytes(64 * 192), bytes(1 << 16)):
        assert not verify_proof(tree.root, key, value, proof + tail)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=700), st.none() | st.binary(max_size=3))
def test_no_foreign_bytes_are_a_proof_or_an_accident(proof: bytes, value: bytes | None) -> None:
    assert verify_proof(bytes(32), b"k", value, proof) == (proof == b"\0" and value is None)


def test_a_bucket_of_another_place_proves_no_absence() -> None:
    """A liar shows a true bucket under a true path, but not on the way of the key."""
    model = numbered(400)
    _, tree = planted(model)
    present = b"key 5"
    refused = 0
    for n in range(400):
        proof = tree.prove(b"key %d" % n)
        if proof == tree.prove(present):
            continue
        assert not verify_proof(tree.root, present, None, proof)
        refused += 1
    assert refused > 300


def test_an_inner_node_does_not_pass_for_a_bucket() -> None:
    """The message of two quarters is 64 bytes a piece, like entries; the first byte differs."""
    _, tree = planted(numbered(400))
    top = tree._nodes[1]
    message = top[16 + 4 * 129 : 16 + 5 * 129]
    assert sha256(message).digest() == tree.root
    proof = bytes((2,)) + message[1:]
    assert not verify_proof(tree.root, b"absent", None, proof)
