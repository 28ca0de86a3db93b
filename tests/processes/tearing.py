"""What a power cut leaves of a node's files: the appends that were under way, in any torn shape.

Of the database also the last batch may go: it is written after its block and certificate are synced
in the journal. Of the journal nothing goes that was there: it may have been synced and promised.
"""

import random
from pathlib import Path

from chain.store_log import find_break
from node.journal import _encode_frame
from tests.chain.leveldb_log import records

SECTOR_SIZE = 512


def tear(data_dir: Path, draw: random.Random) -> None:
    """Tear the end of the journal and of the database's log."""
    tear_journal(data_dir / "journal" / "journal", draw)
    logs = [path for path in (data_dir / "db").glob("*.log") if path.stem.isdigit()]
    if logs:
        tear_log(max(logs, key=lambda path: int(path.stem)), draw)
    else:
        tear_wal(data_dir / "db" / "store.sqlite3-wal", draw)


def tear_journal(path: Path, draw: random.Random) -> None:
    """A frame was being appended: it is short, or one of its sectors reads as zeros."""
    frame = bytearray(_encode_frame([draw.randbytes(draw.randrange(100, 5_000))]))
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
