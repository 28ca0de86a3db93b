"""Archive files in a directory: writing them so that they last, and reading heights back.

`blocks-FIRST-LAST.hsa`, the heights with leading zeros, so that names sort as heights do. A file
appears under its name only when all of it is on the disk; files may overlap, the first that has a
height answers for it.
"""

import contextlib
import hashlib
import os
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from chain.archive import (
    FRAME_HEAD_SIZE,
    HEAD_SIZE,
    TRAILER_SIZE,
    ArchiveDamaged,
    ArchivedBlock,
    Head,
    pack_frame,
    pack_head,
    read_frame,
    read_frame_head,
    read_head,
)
from chain.errors import HushangError
from chain.store_contract import StorageError
from node.clients.files import sync_directory

_NAME: Final = re.compile(r"blocks-([0-9]{12})-([0-9]{12})\.hsa")
PARTIAL_SUFFIX: Final = ".partial"
_READ_SIZE: Final = 1024 * 1024
OPEN_FILES_MAX: Final = 64


class ArchiveMissing(HushangError):
    """There is no archive of this chain in the directory."""

    hint = "name the archive_dir of the node that pruned the blocks"


class ArchiveRefused(StorageError):
    """The disk refused an archive file; nothing was pruned."""

    hint = "make room on the disk of archive_dir: pruning goes on by itself"


def file_name(first: int, last: int) -> str:
    """The name of the file with these heights."""
    return f"blocks-{first:012}-{last:012}.hsa"


def write_archive(
    folder: Path, genesis_hash: bytes, span: tuple[int, int], blocks: Iterable[ArchivedBlock]
) -> Path:
    """Write the blocks of the heights `span`, both ends included; synced when it returns."""
    first, last = span
    file = folder / file_name(first, last)
    partial = file.with_name(file.name + PARTIAL_SUFFIX)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as stream:
            digest = hashlib.sha256()
            expected = first
            for data in _pieces(Head(genesis_hash, first, last), blocks):
                digest.update(data)
                stream.write(data)
                expected += 1
            assert expected == last + 2, "a piece for the head and one for each height"
            stream.write(digest.digest())
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(file)
        sync_directory(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise ArchiveRefused(f"{file}: {error.strerror}") from error
    return file


def _pieces(head: Head, blocks: Iterable[ArchivedBlock]) -> Iterator[bytes]:
    yield pack_head(head)
    for height, block in enumerate(blocks, head.first):
        assert block.height == height, "heights in a row"
        yield pack_frame(block)


@dataclass(slots=True)
class _File:
    """One file; open with the places of its frames once something was read from it."""

    path: Path
    first: int
    last: int
    stream: BinaryIO | None = None
    places: tuple[int, ...] = ()


class Archive:
    """The archive files of one chain in one directory. Close it."""

    def __init__(self, folder: Path, genesis_hash: bytes) -> None:
        """Raises `ArchiveMissing`. Files are opened, and checked wholly, when first read."""
        self._genesis_hash = genesis_hash
        self._files = sorted(_listed(folder), key=lambda file: (file.first, -file.last))
        if not self._files:
            raise ArchiveMissing(f"{folder} holds no archive file")
        self._spans = _merged(self._files)
        self._last = self._files[0]

    def covers(self, first: int, last: int) -> bool:
        """Are all these heights, both ends included, in the files?"""
        return self.covered_from(first) > last

    def covered_from(self, first: int) -> int:
        """The first height from `first` on that no file has."""
        place = bisect_right(self._spans, first, key=lambda span: span[0]) - 1
        if place < 0:
            return first
        return max(first, self._spans[place][1] + 1)

    def at(self, height: int) -> ArchivedBlock:
        """A covered height, from the first file that has it whole; `ArchiveDamaged` names one."""
        damage: ArchiveDamaged | None = None
        # Heights are mostly read in a row.
        for file in (self._last, *self._files):
            if file.first <= height <= file.last:
                try:
                    found = self._read(file, height)
                except (ArchiveDamaged, OSError) as error:
                    words = error.strerror if isinstance(error, OSError) else error
                    damage = damage or ArchiveDamaged(f"{file.path}: {words}")
                else:
                    self._last = file
                    return found
        assert damage is not None, "a covered height"
        raise damage

    def _read(self, file: _File, height: int) -> ArchivedBlock:
        stream = file.stream or self._open(file)
        stream.seek(file.places[height - file.first])
        size, checksum = read_frame_head(stream.read(FRAME_HEAD_SIZE))
        block = read_frame(stream.read(size), checksum)
        if block.height != height:
            raise ArchiveDamaged(f"height {block.height} in the place of {height}")
        return block

    def close(self) -> None:
        """Close its files."""
        for file in self._files:
            if file.stream is not None:
                file.stream.close()
                file.stream = None

    def _open(self, file: _File) -> BinaryIO:
        if sum(other.stream is not None for other in self._files) >= OPEN_FILES_MAX:
            self.close()
        stream = file.path.open("rb")
        try:
            file.places = _checked(stream, self._genesis_hash, file)
        except (ArchiveDamaged, OSError):
            stream.close()
            raise
        file.stream = stream
        return stream


def _listed(folder: Path) -> Iterator[_File]:
    for path in folder.iterdir() if folder.is_dir() else ():
        found = _NAME.fullmatch(path.name)
        if found is not None:
            yield _File(path, int(found[1]), int(found[2]))


def _merged(files: Sequence[_File]) -> list[tuple[int, int]]:
    """The heights of files that ascend by their first, as spans with gaps between them."""
    spans: list[tuple[int, int]] = []
    for file in files:
        if spans and file.first <= spans[-1][1] + 1:
            spans[-1] = spans[-1][0], max(spans[-1][1], file.last)
        else:
            spans.append((file.first, file.last))
    return spans


def _checked(stream: BinaryIO, genesis_hash: bytes, file: _File) -> tuple[int, ...]:
    """Where each frame begins, after the whole file's hash was found to hold."""
    end = stream.seek(0, os.SEEK_END) - TRAILER_SIZE
    stream.seek(0)
    digest = hashlib.sha256()
    left = end
    while left > 0:
        piece = stream.read(min(left, _READ_SIZE))
        if not piece:
            break
        digest.update(piece)
        left -= len(piece)
    if stream.read() != digest.digest():
        raise ArchiveDamaged("its hash does not hold: it is damaged or incomplete")
    stream.seek(0)
    head = read_head(stream.read(HEAD_SIZE))
    if head.genesis_hash != genesis_hash:
        raise ArchiveDamaged("it is of another chain")
    if (head.first, head.last) != (file.first, file.last):
        raise ArchiveDamaged(f"it has the heights {head.first} to {head.last}")
    places = []
    at = HEAD_SIZE
    for _ in range(head.first, head.last + 1):
        places.append(at)
        stream.seek(at)
        at += FRAME_HEAD_SIZE + read_frame_head(stream.read(FRAME_HEAD_SIZE))[0]
    if at != end:
        raise ArchiveDamaged("it has more or less than its heights")
    return tuple(places)


def covered_height(folder: Path, genesis_hash: bytes, first: int) -> int:
    """The first height from `first` on that is not archived; a file that is damaged has none.

    For who is about to delete: every file it relies on is read wholly.
    """
    try:
        archive = Archive(folder, genesis_hash)
    except ArchiveMissing:
        return first
    with contextlib.closing(archive):
        end = archive.covered_from(first)
        for height in range(first, end):
            try:
                archive.at(height)
            except ArchiveDamaged:
                return height
    return end
