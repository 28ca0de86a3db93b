"""State claims against the tree as its definition says it, for any set of keys."""

from dataclasses import replace
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.bundle import Proven, StateClaim, encode_bundle
from chain.bundle_check import verify_bundle
from chain.errors import ProofInvalid
from tests.bench.bundle_size import certified
from tests.chain.bundles import small_chain
from tests.chain.tree_reference import entries_of, real_path, reference_proof, reference_root

CHAIN = small_chain()
KEYS = st.binary(min_size=1, max_size=8)
VALUES = st.binary(max_size=4)


def claimed(model: dict[bytes, bytes], claim: StateClaim) -> bool:
    """Does a bundle hold whose header has the reference's root?"""
    root = reference_root(entries_of(model))
    header = replace(CHAIN.at(2).header, state_root=root)
    proven = Proven(header, certified(header), (claim,), (), ())
    data = encode_bundle(CHAIN.bundle(proven))
    try:
        (fact,) = verify_bundle(data, CHAIN.genesis).states
    except ProofInvalid:
        return False
    assert (fact.key, fact.value) == (claim.key, claim.value)
    return True


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=60), KEYS, VALUES)
def test_what_the_reference_proves_holds_and_nothing_else(
    model: dict[bytes, bytes], key: bytes, other: bytes
) -> None:
    # Enough keys that the root is an inner node.
    grown = {sha256(bytes([i])).digest()[:8]: bytes([i]) for i in range(40)} | model
    for state in (model, grown):
        value, proof = state.get(key), reference_proof(entries_of(state), real_path(key))
        assert claimed(state, StateClaim(key, value, proof))
        lie = None if value == other else other
        if lie != value:
            assert not claimed(state, StateClaim(key, lie, proof))
    larger = {**grown, key: other}
    shown = reference_proof(entries_of(larger), real_path(key))
    if larger != grown:
        assert not claimed(grown, StateClaim(key, other, shown))
