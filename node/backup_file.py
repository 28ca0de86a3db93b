"""The file of a backup: its head, rows in frames, and an end that covers every byte before it.

    magic, then frames: kind (1 byte), length (4), CRC-32 of the payload (4), CRC-32 of those nine
    bytes (4), payload; integers big-endian

A HEAD frame tells the chain and the height, ROWS frames hold the rows of the database in key order
(length of the key, 2 bytes, of the value, 4, key, value), the END frame their number and the
SHA-256 of all before it. Nothing follows it: a file that is short or longer is no backup. Between
rows and end a backup may have FILE frames: pieces of what the node keeps beside the database.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, BinaryIO, Final, Self, TypeVar

from chain.codec import U64, Hash, Name, Size, TimeMs, decode, encode
from chain.errors import EncodingInvalid, HushangError
from chain.genesis import Genesis
from chain.store_contract import KEY_SIZE_MAX, VALUE_SIZE_MAX
from node.words import said

MAGIC: Final = b"hushang-backup-1\n"
HEAD, ROWS, END, FILE = 1, 2, 3, 4
# Small, so that a live node's other threads never wait long for the one that fills a frame.
FRAME_SIZE_AIM: Final = 256 * 1024
_CHECKED: Final = struct.Struct(">BII")
_FRAME: Final = struct.Struct(">BIII")
_ROW: Final = struct.Struct(">HI")
# All files beside the database together.
FILES_SIZE_MAX: Final = 256 * 1024 * 1024
PIECE_COST: Final = 1024
FRAME_SIZE_MAX: Final = FRAME_SIZE_AIM + _ROW.size + KEY_SIZE_MAX + VALUE_SIZE_MAX

Row = tuple[bytes, bytes]
T = TypeVar("T")


class BackupDamaged(HushangError):
    """The file is no whole backup: cut off, altered, or of another kind."""

    hint = "take another copy of the file, or another backup"


class BackupUnreadable(HushangError):
    """The file of a backup can't be read."""

    hint = "check the path, and that this user may read it: ls -l FILE"


@dataclass(frozen=True, slots=True)
class BackupHead:
    """Of which chain and block a backup is; `digest` is that of the header at `height`."""

    genesis_hash: Hash
    genesis: Genesis
    height: U64
    digest: Hash
    made_ms: TimeMs


@dataclass(frozen=True, slots=True)
class FilePiece:
    """A piece of a file; all pieces of one follow one another."""

    name: Name
    data: Annotated[bytes, Size(max=FRAME_SIZE_AIM)]


@dataclass(frozen=True, slots=True)
class BackupEnd:
    """How many rows there are, and the SHA-256 of every byte before this frame."""

    rows: U64
    sha256: Hash


class BackupWriter:
    """Writes the frames of one backup to a file that is open for writing."""

    def __init__(self, file: BinaryIO, head: BackupHead) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.rows = 0
        self.size = 0
        self._put(MAGIC)
        self._frame(HEAD, encode(head))

    def add(self, rows: Iterable[Row]) -> None:
        """A frame of rows, which follow all before in key order."""
        parts: list[bytes] = []
        for key, value in rows:
            parts += (_ROW.pack(len(key), len(value)), key, value)
            self.rows += 1
        self._frame(ROWS, b"".join(parts))

    def add_file(self, name: str, data: bytes) -> None:
        """A file beside the database, after all rows."""
        for at in range(0, max(1, len(data)), FRAME_SIZE_AIM):
            self._frame(FILE, encode(FilePiece(name, data[at : at + FRAME_SIZE_AIM])))

    def finish(self) -> bytes:
        """The end; returns the SHA-256 of all before it, which names this backup."""
        sha256 = self._digest.digest()
        self._frame(END, encode(BackupEnd(self.rows, sha256)))
        return sha256

    def _frame(self, kind: int, payload: bytes) -> None:
        checked = _CHECKED.pack(kind, len(payload), zlib.crc32(payload))
        self._put(checked + zlib.crc32(checked).to_bytes(4, "big") + payload)

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._file.write(data)
        self.size += len(data)


def frames_of(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists of about `FRAME_SIZE_AIM`, at least one row each."""
    part: list[Row] = []
    size = 0
    for row in rows:
        part.append(row)
        size += _ROW.size + len(row[0]) + len(row[1])
        if size >= FRAME_SIZE_AIM:
            yield part
            part, size = [], 0
    if part:
        yield part


class BackupReader:
    """Reads a backup once from its head to its end; every byte is checked before it counts.

    Raises `BackupDamaged` or `BackupUnreadable`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self.sha256 = b""
        # What the node kept beside the database, by name; whole once `frames` has ended.
        self.files: dict[str, bytearray] = {}
        self._files_size = 0
        self._digest = hashlib.sha256()
        try:
            self._file = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise BackupUnreadable(f"{path}: {error.strerror}") from error
        try:
            self.head = self._begin()
        except (BackupDamaged, BackupUnreadable):
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def position(self) -> int:
        """How many bytes were read."""
        return self._file.tell()

    def frames(self) -> Iterator[list[Row]]:
        """The rows of each frame in key order; the backup is whole once this has ended."""
        last = b""
        while True:
            before = self._digest.digest()
            kind, payload = self._frame()
            if kind == END:
                self._finish(payload, before)
                return
            if kind == FILE:
                self._keep(self._decoded(FilePiece, payload))
                continue
            if kind != ROWS or self.files:
                raise self._damaged(f"a frame of kind {kind}")
            rows = self._split(payload)
            for key, _ in rows:
                if key <= last:
                    raise self._damaged(said("rows are out of order"))
                last = key
            self.rows += len(rows)
            yield rows

    def _begin(self) -> BackupHead:
        if self._read(len(MAGIC)) != MAGIC:
            raise BackupDamaged(said("{file} is no backup of this format", file=self.path))
        self._digest.update(MAGIC)
        kind, payload = self._frame()
        if kind != HEAD:
            raise self._damaged(said("it doesn't begin with a head"))
        return self._decoded(BackupHead, payload)

    def _keep(self, piece: FilePiece) -> None:
        # Each piece counts as some bytes more than it has: so names have a bound too.
        self._files_size += PIECE_COST + len(piece.data)
        if self._files_size > FILES_SIZE_MAX:
            raise self._damaged(f"files of more than {FILES_SIZE_MAX} bytes")
        self.files.setdefault(piece.name, bytearray()).extend(piece.data)

    def _finish(self, payload: bytes, before: bytes) -> None:
        end = self._decoded(BackupEnd, payload)
        if end != BackupEnd(self.rows, before):
            raise self._damaged(said("its end is another backup's"))
        if self._read(1):
            raise self._damaged(said("there is more after its end"))
        self.sha256 = before

    def _frame(self) -> tuple[int, bytes]:
        head = self._take(_FRAME.size)
        kind, size, payload_crc, crc = _FRAME.unpack(head)
        if zlib.crc32(head[: _CHECKED.size]) != crc or not 0 < size <= FRAME_SIZE_MAX:
            raise self._damaged(said("the head of a frame is not as it was written"))
        payload = self._take(size)
        if zlib.crc32(payload) != payload_crc:
            raise self._damaged(said("a frame is not as it was written"))
        self._digest.update(head)
        self._digest.update(payload)
        return kind, payload

    def _take(self, size: int) -> bytes:
        data = self._read(size)
        if len(data) < size:
            raise self._damaged(said("the file ends too early"))
        return data

    def _read(self, size: int) -> bytes:
        try:
            return self._file.read(size)
        except OSError as error:
            raise BackupUnreadable(f"{self.path}: {error.strerror}") from error

    def _split(self, payload: bytes) -> list[Row]:
        rows, at = [], 0
        while at < len(payload):
            if at + _ROW.size > len(payload):
                raise self._damaged(said("a row reaches beyond its frame"))
            key_size, value_size = _ROW.unpack_from(payload, at)
            at += _ROW.size
            end = at + key_size + value_size
            if not 0 < key_size <= KEY_SIZE_MAX or end > len(payload):
                raise self._damaged(said("a row reaches beyond its frame"))
            rows.append((payload[at : at + key_size], payload[at + key_size : end]))
            at = end
        return rows

    def _decoded(self, cls: type[T], payload: bytes) -> T:
        try:
            return decode(cls, payload)
        except EncodingInvalid as error:
            raise self._damaged(f"its {cls.__name__}: {error}") from error

    def _damaged(self, what: str) -> BackupDamaged:
        return BackupDamaged(
            said(
                "{file}: damaged before byte {position}: {what}",
                file=self.path,
                position=self._file.tell(),
                what=what,
            )
        )
