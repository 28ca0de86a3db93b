"""A disk under a node's journal that tells what is synced, and refuses when it is told to.

Python runs this file first in a process that has its folder on its path. In the directory that
HUSHED_DISK names, `synced INODE` holds the size (8 bytes, big-endian) that each file had at its
newest fdatasync; while there is a file `fault`, fdatasync fails with the number in it, as a full or
failing disk lets it fail. (HUSHANG_ variables don't reach a node.)
"""

import os
from pathlib import Path

_directory = Path(os.environ["HUSHED_DISK"])
_healthy = os.fdatasync
_notes: dict[int, int] = {}


def _fdatasync(handle: int) -> None:
    fault = _directory / "fault"
    if fault.exists():
        number = int(fault.read_text())
        raise OSError(number, os.strerror(number))
    status = os.fstat(handle)
    _healthy(handle)
    if status.st_ino not in _notes:
        place = _directory / f"synced {status.st_ino}"
        _notes[status.st_ino] = os.open(place, os.O_RDWR | os.O_CREAT)
    # One write: a SIGKILL leaves the old size or the new one.
    os.pwrite(_notes[status.st_ino], status.st_size.to_bytes(8, "big"), 0)


os.fdatasync = _fdatasync  # type: ignore[assignment]
