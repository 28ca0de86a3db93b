"""Decoders of what a node finds on its own disk: backups, journals, books, archives."""

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

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
from chain.codec import pack
from chain.evidence import decode_evidence
from chain.store_contract import StorageError
from node.backup_file import (
    BackupDamaged,
    BackupHead,
    BackupReader,
    BackupUnreadable,
    BackupWriter,
)
from node.evidence_book import EvidenceBook, EvidenceBookDamaged
from node.frames import encode_frame, read_frames
from node.imports.journal import JournalDamaged as ImportJournalDamaged
from node.imports.journal import _read as read_import
from node.imports.sheet import CellRefused, SheetRefused, check_row, read_sheet
from node.journal import MAGIC as JOURNAL_MAGIC
from node.journal import JournalDamaged
from tests.fuzz.decoders import Decoder, folder, of_file
from tests.fuzz.mutation import Form
from tests.fuzz.wire import frozen, vectors
from tests.vectors.material import TIME_MS, genesis

ID: Final = bytes(range(32))


def made(write: Callable[[Path], object], name: str) -> bytes:
    """What the project itself writes to a new file."""
    path = folder() / name
    path.unlink(missing_ok=True)
    write(path)
    data = path.read_bytes()
    path.unlink()
    return data


# Backups, journals, books of records.


def _backup() -> bytes:
    file = io.BytesIO()
    writer = BackupWriter(file, BackupHead(genesis().hash(), genesis(), 7, ID, TIME_MS))
    writer.add([(b"a", b"1" * 40), (b"b", b"")])
    writer.add([(b"c" * 200, bytes(100))])
    writer.finish()
    return file.getvalue()


def _read_backup(path: Path) -> None:
    with BackupReader(path) as reader:
        for _ in reader.frames():
            pass


def _journal() -> bytes:
    rows = [bytes.fromhex(row["bytes"]) for row in vectors("records")["records"]]
    return JOURNAL_MAGIC + ID + encode_frame(rows[:2]) + encode_frame(rows[2:])


def _read_journal(data: bytes) -> None:
    """Frames as the journal, the evidence book and every log of records have them."""
    for _, records in read_frames(data, len(JOURNAL_MAGIC) + 32, Path("journal"), JournalDamaged):
        for record in records:
            assert isinstance(record, bytes)


def _open_frame(data: bytes) -> bytes:
    return pack(tuple(records for _, records in read_frames(data, 0, Path("x"), JournalDamaged)))


def _seal_frame(payload: bytes) -> bytes:
    """A frame whose check sums hold, whatever is in it."""
    checked = b"\xf5" + len(payload).to_bytes(4, "big") + zlib.crc32(payload).to_bytes(4, "big")
    return checked + zlib.crc32(checked).to_bytes(4, "big") + payload


def _read_evidence_book(path: Path) -> None:
    EvidenceBook(path, genesis().hash(), lambda: TIME_MS)


def _evidence_book() -> bytes:
    rows = frozen("evidence", "convicting", "bytes")()

    def write(path: Path) -> None:
        book = EvidenceBook(path, genesis().hash(), lambda: TIME_MS)
        for row in rows:
            book.add(decode_evidence(row))

    return made(write, "book")


def _read_sheet(data: bytes) -> None:
    for row in read_sheet(data, ("gtin",), ("gtin", "name"), {"条码": "gtin"}).rows:
        check_row(row)


def _archive() -> bytes:
    block = ArchivedBlock(3, bytes(80), bytes(20), (b"a", b"bb"))
    return pack_head(Head(ID, 3, 9)) + pack_frame(block)


def _read_archive(data: bytes) -> None:
    read_head(data[:HEAD_SIZE])
    at = HEAD_SIZE
    while at < len(data):
        size, checksum = read_frame_head(data[at : at + FRAME_HEAD_SIZE])
        read_frame(data[at + FRAME_HEAD_SIZE : at + FRAME_HEAD_SIZE + size], checksum)
        at += FRAME_HEAD_SIZE + size


DISK: Final = (
    Decoder(
        "backup",
        of_file(_read_backup),
        (BackupDamaged, BackupUnreadable),
        Form.PACKED,
        lambda: [_backup()],
        (
            "node/backup_file.py:BackupReader._frame",
            "node/backup_file.py:BackupReader._split",
            "node/backup_file.py:BackupReader._decoded",
        ),
    ),
    Decoder(
        "journal",
        _read_journal,
        (StorageError,),
        Form.PACKED,
        lambda: [_journal()],
        (
            "node/frames.py:read_frames",
            "node/frames.py:_frame_end",
            "node/frames.py:_whole_frame_end",
            "node/journal.py:Journal._read",
            "node/record_log.py:RecordLog._read",
        ),
    ),
    Decoder(
        "frame of a journal",
        lambda data: _read_journal(bytes(len(JOURNAL_MAGIC) + 32) + data),
        (StorageError,),
        Form.PACKED,
        lambda: [encode_frame((b"one", b"", bytes(600))), encode_frame(())],
        ("node/frames.py:read_frames",),
        opened=_open_frame,
        seal=_seal_frame,
    ),
    Decoder(
        "evidence book",
        of_file(_read_evidence_book),
        (EvidenceBookDamaged,),
        Form.PACKED,
        lambda: [_evidence_book()],
        (
            "node/evidence_book.py:EvidenceBook._read",
            "node/evidence_book.py:EvidenceBook._take",
        ),
    ),
    Decoder(
        "archive",
        _read_archive,
        (ArchiveDamaged,),
        Form.PACKED,
        lambda: [_archive()],
        (
            "chain/archive.py:read_head",
            "chain/archive.py:read_frame_head",
            "chain/archive.py:read_frame",
            "chain/archive.py:_take",
        ),
    ),
    Decoder(
        "sheet to import",
        _read_sheet,
        (SheetRefused, CellRefused),
        Form.TEXT,
        lambda: [b"gtin,name\r\n06901234000016,tea\r\n", "条码;name\n1;茶\n".encode("gb18030")],
        ("node/imports/sheet.py:_decoded", "node/imports/sheet.py:_records"),
    ),
    Decoder(
        "journal of an import",
        of_file(read_import),
        (ImportJournalDamaged,),
        Form.JSON,
        lambda: [b'{"id": "00", "raw": "0011"}\n{"id": "00"}\n'],
        ("node/imports/journal.py:_read",),
    ),
)
