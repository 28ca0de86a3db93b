"""Small files that survive a crash: written aside, synced, then put in place at once.

One that grows is appended to; its reader cuts off what a crash left of the last piece.
"""

import os
import sys
from pathlib import Path
from typing import Final

from chain.errors import HushangError

PRIVATE: Final = 0o600
# Less what the process's umask forbids, as for files that any program writes.
USUAL: Final = 0o666
STDIN: Final = Path("-")
_INPUT: Final = "standard input"


def read(path: Path, size_max: int, refused: type[HushangError]) -> bytes:
    """All of a file; `refused` is raised where it can't be read or is larger than `size_max`."""
    return _up_to(size_max, _beginning(path, size_max + 1, refused), str(path), refused)


def read_given(path: Path, size_max: int, refused: type[HushangError]) -> bytes:
    """As `read`, of a file that a person names: `-` is standard input."""
    data = read_given_beginning(path, size_max + 1, refused)
    return _up_to(size_max, data, _INPUT if path == STDIN else str(path), refused)


def read_given_beginning(path: Path, size: int, refused: type[HushangError]) -> bytes:
    """The first bytes of a file or of standard input, for a check that itself refuses more."""
    if path != STDIN:
        return _beginning(path, size, refused)
    # None in a program that was started without one (`<&-`).
    if sys.stdin is None:
        raise refused(f"{_INPUT} is closed")
    try:
        return sys.stdin.buffer.read(size)
    except OSError as error:
        raise refused(f"{_INPUT}: {error.strerror}") from error


def _beginning(path: Path, size: int, refused: type[HushangError]) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise refused(f"{path}: {error.strerror}") from error


def _up_to(size_max: int, data: bytes, name: str, refused: type[HushangError]) -> bytes:
    if len(data) > size_max:
        raise refused(f"{name} is larger than {size_max} bytes")
    return data


def write_new(path: Path, data: bytes, mode: int = PRIVATE) -> bool:
    """Make a file that isn't there; False, and nothing is changed, if it is. On disk on return."""
    draft = _written(path, data, mode)
    try:
        # A link never replaces anything, unlike a rename: of two writers one loses, and knows it.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    sync_directory(path.parent)
    return True


def replace(path: Path, data: bytes, mode: int = PRIVATE) -> None:
    """Put new content into a file, wholly or not at all. On disk on return."""
    _written(path, data, mode).replace(path)
    sync_directory(path.parent)


def append(path: Path, data: bytes) -> None:
    """Add to a file's end, or begin it. On disk on return; a crash may leave a part of the data."""
    is_new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    if is_new:
        # The name is on disk with its directory only.
        sync_directory(path.parent)


def _written(path: Path, data: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        # A disk that is full: nothing is left of it.
        draft.unlink(missing_ok=True)
        raise
    return draft


def sync_directory(directory: Path) -> None:
    """Which files are in it is on the disk."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
