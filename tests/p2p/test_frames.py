"""The frame decoder against every way of cutting a stream, and against bytes that break it."""

import struct
import sys
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2p.frames import (
    FRAME_SIZE_MAX,
    GREETING_SIZE_MAX,
    Channel,
    Frame,
    FrameDecoder,
    FrameEmpty,
    FrameTooLarge,
    UnknownChannel,
    frame_header,
)

FRAMES = st.builds(Frame, st.sampled_from(Channel), st.binary(min_size=1, max_size=300))


def wire(frames: list[Frame]) -> bytes:
    return b"".join(frame_header(f.channel, len(f.payload)) + f.payload for f in frames)


def decode_all(decoder: FrameDecoder, pieces: list[bytes]) -> list[Frame]:
    frames = []
    for piece in pieces:
        decoder.feed(piece)
        while (frame := decoder.next_frame()) is not None:
            frames.append(frame)
    return frames


@given(st.lists(FRAMES, max_size=12), st.data())
def test_any_cutting_of_the_stream_yields_the_same_frames(
    frames: list[Frame], data: st.DataObject
) -> None:
    stream = wire(frames)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=30).map(sorted))
    edges = [0, *cuts, len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(edges)]
    decoder = FrameDecoder()
    assert decode_all(decoder, pieces) == frames
    assert not decoder.mid_frame
    assert decoder.held_size == 0


@given(st.lists(FRAMES, min_size=1, max_size=4), st.data())
def test_a_cut_stream_yields_its_whole_frames_and_knows_it_is_inside_one(
    frames: list[Frame], data: st.DataObject
) -> None:
    stream = wire(frames)
    last = len(stream) - len(wire(frames[-1:]))
    cut = data.draw(st.integers(last + 1, len(stream) - 1))
    decoder = FrameDecoder()
    assert decode_all(decoder, [stream[:cut]]) == frames[:-1]
    assert decoder.mid_frame


@given(st.binary(max_size=200))
def test_garbage_yields_frames_or_a_named_refusal(garbage: bytes) -> None:
    decoder = FrameDecoder(GREETING_SIZE_MAX)
    with suppress(FrameTooLarge, FrameEmpty, UnknownChannel):
        decode_all(decoder, [garbage])
    assert decoder.held_size <= len(garbage)


def test_a_length_above_the_cap_is_refused_by_its_header_alone() -> None:
    decoder = FrameDecoder()
    decoder.feed(struct.pack(">IB", FRAME_SIZE_MAX + 1, Channel.SYNC))
    with pytest.raises(FrameTooLarge):
        decoder.next_frame()


def test_a_refused_stream_stays_refused() -> None:
    decoder = FrameDecoder()
    decoder.feed(struct.pack(">IB", 0, Channel.SYNC) + wire([Frame(Channel.SYNC, b"good")]))
    for _ in range(2):
        with pytest.raises(FrameEmpty):
            decoder.next_frame()


def test_a_channel_that_this_version_does_not_know_is_refused() -> None:
    decoder = FrameDecoder()
    decoder.feed(struct.pack(">IB", 1, len(Channel)) + b"x")
    with pytest.raises(UnknownChannel):
        decoder.next_frame()


def test_the_largest_frame_passes_and_is_not_kept() -> None:
    payload = bytes(FRAME_SIZE_MAX)
    decoder = FrameDecoder()
    stream = wire([Frame(Channel.SYNC, payload)])
    pieces = [stream[i : i + 65536] for i in range(0, len(stream), 65536)]
    assert decode_all(decoder, pieces) == [Frame(Channel.SYNC, payload)]
    assert decoder.held_size == 0


def test_a_cap_raised_between_two_frames_holds_for_the_second() -> None:
    small, large = Frame(Channel.CONTROL, b"hello"), Frame(Channel.SYNC, bytes(100))
    decoder = FrameDecoder(10)
    decoder.feed(wire([small, large]))
    assert decoder.next_frame() == small
    decoder.frame_size_max = 100
    assert decoder.next_frame() == large


def test_single_bytes_cost_no_more_memory_than_their_number() -> None:
    size = 100_000
    decoder = FrameDecoder()
    decoder.feed(frame_header(Channel.SYNC, size))
    assert decoder.next_frame() is None
    for _ in range(size - 1):
        decoder.feed(b"x")
        assert decoder.next_frame() is None
    assert decoder.held_size == size - 1
    assert sys.getsizeof(decoder._partial) < 2 * size
