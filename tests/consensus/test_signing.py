"""What signatures cover: trap 10, a signature of one thing never holds for another."""

from dataclasses import fields, replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.block import VoteType, vote_bytes
from chain.crypto import PrivateKey, sha256, verify
from consensus.messages import Message, MessageSignatureInvalid, NotAMember, Prepare
from consensus.signing import signing_bytes, verify_message
from tests.consensus.samples import DIGEST, samples
from tests.consensus.stub_chain import GENESIS_HASH, committee, verify_stub

FOUR = committee(4)
EDGE = st.sampled_from([0, 1, 2, 255, 256, 2**32, 2**53 - 1])


def test_trap_10_no_two_kinds_chains_epochs_views_or_heights_share_signed_bytes() -> None:
    seen = {
        vote_bytes(genesis, epoch, kind, view, height, DIGEST)
        for genesis in (GENESIS_HASH, sha256(b"other"))
        for epoch in (0, 1)
        for kind in VoteType
        for view in (0, 1, 256)
        for height in (0, 1, 256)
    }
    assert len(seen) == 2 * 2 * len(VoteType) * 3 * 3


@given(st.tuples(EDGE, EDGE, EDGE), st.tuples(EDGE, EDGE, EDGE), st.binary(max_size=40))
def test_trap_10_equal_bytes_mean_equal_positions(
    one: tuple[int, int, int], other: tuple[int, int, int], body: bytes
) -> None:
    first = vote_bytes(GENESIS_HASH, one[0], VoteType.PREPARE, one[1], one[2], body)
    second = vote_bytes(GENESIS_HASH, other[0], VoteType.PREPARE, other[1], other[2], body)
    assert (first == second) == (one == other)


def test_trap_10_a_real_signature_of_one_message_verifies_for_no_other() -> None:
    key = PrivateKey(sha256(b"seed"))
    signed = [signing_bytes(message, GENESIS_HASH, 0) for message in samples()]
    for one, other in combinations(signed, 2):
        assert verify(key.public_key, one, key.sign(one))
        assert not verify(key.public_key, other, key.sign(one))


@pytest.mark.parametrize("message", samples(), ids=lambda m: type(m).__name__)
def test_an_honest_message_verifies_in_its_own_chain_and_epoch_only(message: Message) -> None:
    verify_message(message, FOUR, GENESIS_HASH, verify_stub)
    with pytest.raises(MessageSignatureInvalid):
        verify_message(message, FOUR, sha256(b"other"), verify_stub)
    with pytest.raises(MessageSignatureInvalid):
        verify_message(message, committee(4, epoch=1), GENESIS_HASH, verify_stub)


@pytest.mark.parametrize("message", samples(), ids=lambda m: type(m).__name__)
def test_every_field_but_carried_bodies_and_proofs_is_under_the_signature(message: Message) -> None:
    for field in fields(message):
        value = getattr(message, field.name)
        other: Any
        if isinstance(value, bool):
            other = not value
        elif isinstance(value, int):
            other = value + 1
        elif isinstance(value, bytes):
            other = bytes(len(value))
        elif field.name == "view_changes":
            other = value[:-1]
        elif field.name == "prepared":
            other = None
        else:
            # Header, body hashes and certificate: see the test of headers; bodies are bound by it.
            continue
        altered = replace(message, **{field.name: other})
        with pytest.raises((MessageSignatureInvalid, NotAMember)):
            verify_message(altered, FOUR, GENESIS_HASH, verify_stub)


def test_a_stranger_is_refused_before_any_signature_is_checked() -> None:
    def unreachable(public_key: bytes, message: bytes, signature: bytes) -> bool:
        raise AssertionError(public_key, message, signature)

    with pytest.raises(NotAMember):
        verify_message(Prepare(0, 1, DIGEST, 4, bytes(64)), FOUR, GENESIS_HASH, unreachable)
