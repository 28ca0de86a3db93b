"""Frames of files that only grow: whole ones come back, a torn end ends it, the rest is damage."""

import random
from pathlib import Path

import pytest

from chain.store_contract import StoreDamaged
from node import frames
from node.frames import SECTOR_SIZE, FrameTooLarge, encode_frame, encode_frames, read_frames

NOWHERE = Path("nowhere")


def read(data: bytes) -> list[bytes]:
    """All records, whichever frame they are in."""
    found = read_frames(data, 0, NOWHERE, StoreDamaged)
    return [record for _, records in found for record in records]


def test_records_come_back_frame_by_frame() -> None:
    data = encode_frame([b"one", b"two"]) + encode_frame([b"three"])
    assert read(data) == [b"one", b"two", b"three"]
    ends = [end for end, _ in read_frames(data, 0, NOWHERE, StoreDamaged)]
    assert ends[-1] == len(data)
    assert read(b"") == []


def test_a_large_append_is_several_frames_and_each_record_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frames, "FRAME_SIZE_AIM", 100)
    records = [bytes([number]) * 40 for number in range(1, 10)]
    data = encode_frames(records)
    assert len(list(read_frames(data, 0, NOWHERE, StoreDamaged))) > 3
    assert read(data) == records


def test_a_last_frame_that_is_short_or_lacks_a_sector_ends_the_file() -> None:
    first, last = encode_frame([b"first"]), encode_frame([random.Random(1).randbytes(2_000)])
    for size in range(0, len(last), 13):
        assert read(first + last[:size]) == [b"first"]
    torn = bytearray(first + last)
    torn[SECTOR_SIZE : 2 * SECTOR_SIZE] = bytes(SECTOR_SIZE)
    assert read(bytes(torn)) == [b"first"]


def test_any_other_change_is_damage_with_its_place() -> None:
    first, last = encode_frame([b"first"]), encode_frame([random.Random(1).randbytes(200)])
    data = first + last
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]
        start = 0 if at < len(first) else len(first)
        with pytest.raises(StoreDamaged, match=f"nowhere: the frame at byte {start} is damaged"):
            read(flipped)


def test_what_lies_before_a_whole_append_is_damage_even_if_it_looks_torn() -> None:
    data = bytearray(encode_frame([bytes([7]) * 2_000]) + encode_frame([b"later"]))
    data[SECTOR_SIZE : 2 * SECTOR_SIZE] = bytes(SECTOR_SIZE)
    with pytest.raises(StoreDamaged, match="byte 0"):
        read(bytes(data))


def test_a_record_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "FRAME_SIZE_MAX", 50)
    with pytest.raises(FrameTooLarge, match="at most 50"):
        encode_frame([bytes(51)])
