"""Archive files on a disk: written whole or not at all, and believed only where they hold."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.archive import ArchiveDamaged, ArchivedBlock
from node.archive import (
    Archive,
    ArchiveMissing,
    ArchiveRefused,
    covered_height,
    file_name,
    write_archive,
)

CHAIN = bytes(range(32))


def blocks(first: int, last: int) -> list[ArchivedBlock]:
    return [
        ArchivedBlock(height, b"block %d" % height, b"certificate", (b"receipt",) * (height % 4))
        for height in range(first, last + 1)
    ]


def write(folder: Path, first: int, last: int) -> Path:
    return write_archive(folder, CHAIN, (first, last), blocks(first, last))


def test_heights_come_back_from_several_files(tmp_path: Path) -> None:
    write(tmp_path / "filed", 1, 5)
    write(tmp_path / "filed", 6, 9)
    archive = Archive(tmp_path / "filed", CHAIN)
    assert archive.covers(1, 9)
    assert not archive.covers(1, 10)
    assert [archive.at(height) for height in (9, 1, 5, 6)] == [
        block for height in (9, 1, 5, 6) for block in blocks(height, height)
    ]
    archive.close()


def test_files_may_overlap_and_a_gap_is_no_cover(tmp_path: Path) -> None:
    write(tmp_path, 1, 5)
    write(tmp_path, 3, 8)
    write(tmp_path, 10, 12)
    archive = Archive(tmp_path, CHAIN)
    assert archive.covered_from(1) == 9
    assert archive.covered_from(10) == 13
    assert not archive.covers(1, 12)
    assert archive.at(4) == blocks(4, 4)[0]
    archive.close()


def test_any_changed_byte_of_a_file_is_noticed_and_the_file_named(tmp_path: Path) -> None:
    file = write(tmp_path, 1, 3)
    whole = file.read_bytes()
    for at in range(0, len(whole), 7):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        archive = Archive(tmp_path, CHAIN)
        with pytest.raises(ArchiveDamaged, match=file.name):
            archive.at(2)
        archive.close()
        assert covered_height(tmp_path, CHAIN, 1) == 1


def test_a_file_that_is_cut_short_has_no_heights(tmp_path: Path) -> None:
    file = write(tmp_path, 1, 3)
    whole = file.read_bytes()
    for size in (0, 10, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:size])
        assert covered_height(tmp_path, CHAIN, 1) == 1
    file.write_bytes(whole)
    assert covered_height(tmp_path, CHAIN, 1) == 4


def test_a_file_of_another_chain_or_name_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path, 1, 3)
    with pytest.raises(ArchiveDamaged, match="another chain"):
        Archive(tmp_path, bytes(32)).at(1)
    file.rename(tmp_path / file_name(2, 4))
    with pytest.raises(ArchiveDamaged, match="heights 1 to 3"):
        Archive(tmp_path, CHAIN).at(2)


def test_a_directory_without_files_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMissing):
        Archive(tmp_path, CHAIN)
    with pytest.raises(ArchiveMissing):
        Archive(tmp_path / "nowhere", CHAIN)
    assert covered_height(tmp_path, CHAIN, 5) == 5


def test_what_was_not_finished_bears_no_archives_name(tmp_path: Path) -> None:
    def broken() -> Iterator[ArchivedBlock]:
        yield from blocks(1, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_archive(tmp_path, CHAIN, (1, 3), broken())
    assert covered_height(tmp_path, CHAIN, 1) == 1
    write(tmp_path, 1, 3)
    assert [path.name for path in tmp_path.iterdir()] == [file_name(1, 3)]


def test_a_disk_that_refuses_is_named_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ArchiveRefused, match="No space left"):
        write(tmp_path, 1, 3)
    assert list(tmp_path.iterdir()) == []


def test_a_closed_archive_opens_its_files_again(tmp_path: Path) -> None:
    write(tmp_path, 1, 2)
    archive = Archive(tmp_path, CHAIN)
    assert archive.at(1) == blocks(1, 1)[0]
    archive.close()
    assert archive.at(2) == blocks(2, 2)[0]
    archive.close()


def test_a_whole_file_answers_for_a_damaged_one_of_the_same_heights(tmp_path: Path) -> None:
    file = write(tmp_path, 1, 9)
    file.write_bytes(file.read_bytes()[:-1])
    write(tmp_path, 1, 4)
    assert covered_height(tmp_path, CHAIN, 1) == 5
