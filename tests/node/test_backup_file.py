"""The file of a backup: every byte of it is covered."""

import io
import random
from pathlib import Path

import pytest

from node.backup_file import (
    FRAME_SIZE_AIM,
    BackupDamaged,
    BackupHead,
    BackupReader,
    BackupUnreadable,
    BackupWriter,
    Row,
    frames_of,
)
from tests.chain.world import genesis

GENESIS = genesis()
HEAD = BackupHead(GENESIS.hash(), GENESIS, 7, bytes(range(32)), 5)
ROWS: list[Row] = [
    (b"a", b""),
    (b"b", bytes(FRAME_SIZE_AIM)),
    *((b"c%05d" % number, b"value" * (number % 9)) for number in range(300)),
]


def written(rows: list[Row]) -> bytes:
    stream = io.BytesIO()
    writer = BackupWriter(stream, HEAD)
    for frame in frames_of(rows):
        writer.add(frame)
    sha256 = writer.finish()
    assert writer.size == len(stream.getvalue())
    assert sha256 in stream.getvalue()
    return stream.getvalue()


def read(path: Path, data: bytes) -> list[Row]:
    path.write_bytes(data)
    with BackupReader(path) as reader:
        assert reader.head == HEAD
        rows = [row for frame in reader.frames() for row in frame]
        assert (reader.rows, reader.position, reader.size) == (len(rows), len(data), len(data))
        assert reader.sha256 in data
    return rows


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read(tmp_path / "b", written(ROWS)) == ROWS
    assert read(tmp_path / "b", written([])) == []


def test_a_frame_is_about_as_large_as_wanted_and_holds_a_row_at_least() -> None:
    frames = list(frames_of(ROWS))
    assert [len(frame) for frame in frames] == [2, 300]
    assert list(frames_of([])) == []


def test_every_byte_that_is_changed_is_noticed(tmp_path: Path) -> None:
    data = written(ROWS[2:])
    draw = random.Random(1)
    # All of magic, head and end, and some of the rest.
    places = {*range(120), *range(len(data) - 80, len(data)), *draw.sample(range(len(data)), 300)}
    for place in sorted(places):
        damaged = bytearray(data)
        damaged[place] ^= 1 << draw.randrange(8)
        with pytest.raises(BackupDamaged):
            read(tmp_path / "b", bytes(damaged))


def test_a_file_that_is_short_or_long_is_no_backup(tmp_path: Path) -> None:
    data = written(ROWS[2:])
    for size in [*range(0, len(data), 97), len(data) - 1]:
        with pytest.raises(BackupDamaged):
            read(tmp_path / "b", data[:size])
    with pytest.raises(BackupDamaged, match="more after its end"):
        read(tmp_path / "b", data + b"\0")


def test_frames_left_out_or_swapped_are_noticed(tmp_path: Path) -> None:
    stream = io.BytesIO()
    writer = BackupWriter(stream, HEAD)
    marks = [writer.size]
    for name in (b"a", b"b", b"c"):
        writer.add([(name, b"value")])
        marks.append(writer.size)
    writer.finish()
    data = stream.getvalue()
    head, first, second, third, end = (
        data[low:high] for low, high in zip([0, *marks], [*marks, len(data)], strict=True)
    )
    assert len(read(tmp_path / "b", head + first + second + third + end)) == 3
    for wrong in (
        head + first + third + end,
        head + second + first + third + end,
        head + first + first + second + third + end,
        head + head + first + second + third + end,
        first + second + third + end,
    ):
        with pytest.raises(BackupDamaged):
            read(tmp_path / "b", wrong)


def test_what_is_no_backup_or_not_there_is_told_by_name(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    with pytest.raises(BackupDamaged, match="no backup of this format"):
        BackupReader(tmp_path / "text")
    with pytest.raises(BackupUnreadable, match="No such file"):
        BackupReader(tmp_path / "nothing")
    with pytest.raises(BackupUnreadable, match="Is a directory"):
        BackupReader(tmp_path)
