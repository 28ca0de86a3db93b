"""One owner for a store's directory.

flock, on a file of our own, and not the fcntl locks that LevelDB and sqlite take: those are lost as
soon as the process closes any other handle on the locked file, as a second attempt to open the
directory does, or a backup that copies it. The kernel lets a flock go with the process.
"""

from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from chain.store_contract import StoreLocked

FILE_NAME = "store.lock"


class DirectoryLock:
    """Held from construction to `release`."""

    __slots__ = ("_file",)

    def __init__(self, directory: Path) -> None:
        """Take the lock of `directory`, which exists. Raises StoreLocked or an OSError."""
        self._file = (directory / FILE_NAME).open("wb")
        try:
            flock(self._file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise StoreLocked(str(directory)) from error
        except OSError:
            self._file.close()
            raise

    def release(self) -> None:
        """Let the next owner in. Harmless when repeated."""
        self._file.close()
