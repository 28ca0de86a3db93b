"""The bytes of archive files: what goes in comes out, and any change is noticed."""

import pytest

from chain.archive import (
    FRAME_HEAD_SIZE,
    HEAD_SIZE,
    ArchiveDamaged,
    ArchivedBlock,
    Head,
    pack_frame,
    pack_head,
    read_frame,
    read_frame_head,
    read_head,
)

BLOCK = ArchivedBlock(7, b"block", b"certificate", (b"", b"one", b"another"))


def read(frame: bytes) -> ArchivedBlock:
    size, checksum = read_frame_head(frame[:FRAME_HEAD_SIZE])
    if size != len(frame) - FRAME_HEAD_SIZE:
        raise ArchiveDamaged("a frame of another length")
    return read_frame(frame[FRAME_HEAD_SIZE:], checksum)


def test_a_frame_comes_back_as_it_went_in() -> None:
    assert read(pack_frame(BLOCK)) == BLOCK


def test_any_changed_byte_of_a_frame_is_noticed() -> None:
    frame = pack_frame(BLOCK)
    for at in range(len(frame)):
        with pytest.raises(ArchiveDamaged):
            read(frame[:at] + bytes([frame[at] ^ 0x40]) + frame[at + 1 :])


def test_a_frame_that_is_cut_short_or_too_long_is_refused() -> None:
    for size in range(FRAME_HEAD_SIZE):
        with pytest.raises(ArchiveDamaged, match="ends within a frame"):
            read_frame_head(pack_frame(BLOCK)[:size])
    with pytest.raises(ArchiveDamaged, match="bytes"):
        read_frame_head(b"\xff" * FRAME_HEAD_SIZE)


def test_a_head_comes_back_and_another_beginning_is_refused() -> None:
    head = Head(bytes(range(32)), 5, 9)
    packed = pack_head(head)
    assert len(packed) == HEAD_SIZE
    assert read_head(packed) == head
    for wrong in (packed[:-1], b"X" + packed[1:], pack_head(Head(bytes(32), 9, 5)), b""):
        with pytest.raises(ArchiveDamaged):
            read_head(wrong)
