"""Messages on the wire: one encoding each, and nothing else is read."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import ProtocolError
from chain.votes import ViewChange
from consensus.messages import (
    Message,
    MessageMalformed,
    MessageUnknown,
    NewView,
    Prepare,
    PrePrepare,
    decode_message,
    encode_message,
)
from tests.consensus.samples import CHANGES, DIGEST, PROOF, SECOND, samples


@pytest.mark.parametrize("message", samples(), ids=lambda m: type(m).__name__)
def test_a_message_comes_back_from_its_bytes(message: Message) -> None:
    assert decode_message(encode_message(message)) == message


def test_each_kind_begins_with_its_own_byte() -> None:
    assert [encode_message(message)[0] for message in samples()] == list(range(1, 10))


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x0a\x90", b"\xff" * 40])
def test_a_first_byte_of_no_kind_is_unknown(data: bytes) -> None:
    with pytest.raises(MessageUnknown):
        decode_message(data)


@pytest.mark.parametrize("message", samples(), ids=lambda m: type(m).__name__)
def test_a_cut_or_lengthened_message_is_malformed(message: Message) -> None:
    data = encode_message(message)
    for spoiled in (data[:1], data[:-1], data + b"\x00"):
        with pytest.raises(MessageMalformed):
            decode_message(spoiled)


@given(st.binary(max_size=200))
def test_garbage_never_does_more_than_be_refused(data: bytes) -> None:
    try:
        message = decode_message(data)
    except ProtocolError:
        return
    assert encode_message(message) == data


def test_lists_have_caps() -> None:
    too_many = PrePrepare(0, 1, SECOND, (DIGEST,) * 10_001, PROOF, bytes(64))
    with pytest.raises(MessageMalformed):
        decode_message(encode_message(too_many))
    crowd = NewView(1, 2, 1, CHANGES[:1] * 129, bytes(64))
    with pytest.raises(MessageMalformed):
        decode_message(encode_message(crowd))


def test_a_signature_of_another_length_is_malformed() -> None:
    with pytest.raises(MessageMalformed):
        decode_message(encode_message(Prepare(0, 1, DIGEST, 1, bytes(63))))


def test_height_is_that_of_the_content() -> None:
    by_kind = {type(message).__name__: message.height for message in samples()}
    assert by_kind == {
        "PrePrepare": 2,
        "Prepare": 2,
        "Commit": 2,
        "ViewChange": 2,
        "NewView": 2,
        "Complaint": 2,
        "Status": 1,
        "RecoveryQuery": 1,
        "RecoveryReply": 1,
    }
    lower = replace(CHANGES[0], certificate=replace(PROOF, height=7))
    assert isinstance(lower, ViewChange)
    assert lower.height == 8
