"""What a power cut leaves of a node's files: what was synced, and of the rest any torn shape.

Nodes on `faulty_disk` tell what of their journal is synced; any of the rest may go, for nothing of
it has left the node. Of the database the last batch may go: it is written after its block and
certificate are synced in the journal.
"""

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chain.store_log import find_break
from node.frames import encode_frame
from tests.chain.leveldb_log import records

SECTOR_SIZE = 512


FAULTY = Path(__file__).parent / "faulty_disk"


@contextmanager
def faulty_disk(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nodes that are started inside have such a disk; it is told, and tells, in `directory`."""
    directory.mkdir(exist_ok=True)
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(FAULTY))
        patched.setenv("HUSHED_DISK", str(directory))
        yield


def tear(data_dir: Path, disk: Path, draw: random.Random) -> int:
    """Tear the ends of journal and database; how much of the journal was not synced."""
    journal = data_dir / "journal" / "journal"
    status = journal.stat()
    synced = int.from_bytes((disk / f"synced {status.st_ino}").read_bytes(), "big")
    assert 0 < synced <= status.st_size
    os.truncate(journal, draw.randint(synced, status.st_size))
    if journal.stat().st_size == synced:
        tear_journal(journal, draw)
    logs = [path for path in (data_dir / "db").glob("*.log") if path.stem.isdigit()]
    if logs:
        tear_log(max(logs, key=lambda path: int(path.stem)), draw)
    else:
        tear_wal(data_dir / "db" / "store.sqlite3-wal", draw)
    return status.st_size - synced


def tear_journal(path: Path, draw: random.Random) -> None:
    """A frame was being appended: it is short, or one of its sectors reads as zeros."""
    frame = bytearray(encode_frame([draw.randbytes(draw.randrange(100, 5_000))]))
    start = path.stat().st_size
    if draw.random() < 0.5:
        del frame[draw.randrange(len(frame)) :]
    else:
        sector = draw.randrange(start - start % SECTOR_SIZE, start + len(frame), SECTOR_SIZE)
        low, high = max(0, sector - start), min(len(frame), sector + SECTOR_SIZE - start)
        frame[low:high] = bytes(high - low)
    with path.open("ab") as file:
        file.write(frame)


def tear_log(path: Path, draw: random.Random) -> None:
    """The last batch of LevelDB's log loses its end, or sectors of it to zeros or garbage."""
    data = path.read_bytes()
    broken = find_break(data, checksums=False)
    found = records(data if broken is None else data[: broken[0]])
    start = found[-1][0] if found else 0
    tail = bytearray(data[start:])
    if draw.random() < 0.5:
        del tail[draw.randrange(len(tail) + 1) :]
    else:
        # The sector that also holds the batch before is rewritten with the same bytes.
        for sector in range(-start % SECTOR_SIZE, len(tail), SECTOR_SIZE):
            size = min(SECTOR_SIZE, len(tail) - sector)
            filling = draw.choice([tail[sector : sector + size], bytes(size), draw.randbytes(size)])
            tail[sector : sector + size] = filling
        tail += draw.choice([b"", bytes(4096), draw.randbytes(3_000)])
    path.write_bytes(data[:start] + tail)


def tear_wal(path: Path, draw: random.Random) -> None:
    """The last commit of sqlite's log loses its end."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - draw.randrange(min(size, 4_000)))
