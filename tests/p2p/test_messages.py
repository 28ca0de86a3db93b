"""Messages between peers: each round-trips on its channel; caps and strangers are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.codec import encode, pack
from p2p.frames import FRAME_SIZE_MAX, Channel, frame_header
from p2p.messages import (
    BLOCKS_MAX,
    BODIES_MAX,
    TRANSACTION_SIZE_MAX,
    TRANSACTIONS_MAX,
    Blocks,
    BlocksRequest,
    Bodies,
    BodiesRequest,
    CertifiedBlock,
    Hello,
    Message,
    MessageMalformed,
    Ping,
    Proposed,
    ProposedRequest,
    Transactions,
    UnknownMessage,
    read_message,
    write_message,
)

EXAMPLES: list[Message] = [
    Hello(1, bytes(32), 2**64 - 1, "pudong", 10, "hushang/0.1.0"),
    Ping(),
    Transactions((b"a", bytes(1000))),
    BodiesRequest((bytes(32), b"h" * 32)),
    Bodies((b"body",)),
    Bodies(()),
    BlocksRequest(1, BLOCKS_MAX),
    Blocks(1, (CertifiedBlock(b"block", b"certificate"),)),
    Blocks(9, ()),
    ProposedRequest(3, bytes(32)),
    Proposed(b"block"),
]


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_a_message_reads_back_equal_and_on_no_other_channel(message: Message) -> None:
    channel, payload = write_message(message)
    assert read_message(channel, payload) == message
    for other in Channel:
        if other is not channel:
            with pytest.raises(UnknownMessage):
                read_message(other, payload)


@pytest.mark.parametrize(
    "message",
    [
        Hello(2**16, bytes(32), 0, "pudong", 0, ""),
        Hello(1, bytes(31), 0, "pudong", 0, ""),
        Hello(1, bytes(32), 0, "", 0, ""),
        Hello(1, bytes(32), 0, "pudong", -1, ""),
        Hello(1, bytes(32), 0, "pudong", 0, "a" * 65),
        Transactions(()),
        Transactions((b"",)),
        Transactions((bytes(TRANSACTION_SIZE_MAX + 1),)),
        Transactions((b"t",) * (TRANSACTIONS_MAX + 1)),
        BodiesRequest(()),
        BodiesRequest((bytes(32),) * (BODIES_MAX + 1)),
        Bodies((b"t",) * (BODIES_MAX + 1)),
        BlocksRequest(1, 0),
        BlocksRequest(1, BLOCKS_MAX + 1),
        Blocks(1, (CertifiedBlock(b"b", b"c"),) * (BLOCKS_MAX + 1)),
        Blocks(1, (CertifiedBlock(b"", b"c"),)),
        ProposedRequest(3, bytes(31)),
        Proposed(b""),
    ],
    ids=lambda m: type(m).__name__,
)
def test_a_message_beyond_its_caps_is_refused(message: Message) -> None:
    channel, payload = write_message(message)
    with pytest.raises(MessageMalformed):
        read_message(channel, payload)


@pytest.mark.parametrize("channel", Channel)
@given(payload=st.binary(max_size=100))
def test_garbage_is_refused_by_name(channel: Channel, payload: bytes) -> None:
    try:
        message = read_message(channel, payload)
    except (UnknownMessage, MessageMalformed):
        return
    assert write_message(message) == (channel, payload)


@pytest.mark.parametrize("payload", [b"", b"\x02", b"\x02\x90\x90", b"\xff\x90", b"\x02\xc0"])
def test_an_empty_cut_or_overlong_payload_is_refused(payload: bytes) -> None:
    with pytest.raises((UnknownMessage, MessageMalformed)):
        read_message(Channel.CONTROL, payload)


def test_a_second_encoding_of_the_same_message_is_refused() -> None:
    request = encode(BlocksRequest(1, 5))
    assert request == b"\x92\x01\x05"
    with pytest.raises(MessageMalformed, match="shortest"):
        read_message(Channel.SYNC, b"\x22\x92\xcd\x00\x01\x05")


def test_a_bomb_of_empty_containers_is_refused() -> None:
    bomb = pack([[]] * 65_536)
    with pytest.raises(MessageMalformed):
        read_message(Channel.TRANSACTIONS, b"\x10" + bomb)


def test_the_largest_transaction_fits_into_a_frame() -> None:
    _, payload = write_message(Transactions((bytes(TRANSACTION_SIZE_MAX),)))
    assert len(payload) <= FRAME_SIZE_MAX


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (
            Hello(1, bytes(range(32)), 7, "pudong", 10, "hushang"),
            "0000003600019601c420000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
            "07a67075646f6e670aa768757368616e67",
        ),
        (Ping(), "00000002000290"),
        (BlocksRequest(5, 2), "000000040322920502"),
        (BodiesRequest((b"\xaa" * 32,)), "0000002503209191c420" + 32 * "aa"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_bytes_of_the_protocol_page_are_those_on_the_wire(message: Message, frame: str) -> None:
    channel, payload = write_message(message)
    assert (frame_header(channel, len(payload)) + payload).hex() == frame
