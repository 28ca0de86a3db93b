"""What a decoder of foreign bytes is, for the fuzzer: how to call it and what it may refuse by."""

import atexit
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, TypeVar

from tests.fuzz.mutation import Form

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Decoder:
    """One reader. `covers` names the functions of the project that it goes through.

    `write`: the bytes of what was read, where only one form of it is accepted. `seal` puts a check
    sum on what was changed, `opened` takes it off; both or none.
    """

    name: str
    read: Callable[[bytes], Any]
    refuses: tuple[type[Exception], ...]
    form: Form
    corpus: Callable[[], Sequence[bytes]]
    covers: tuple[str, ...]
    write: Callable[[Any], bytes] | None = None
    opened: Callable[[bytes], bytes] | None = None
    seal: Callable[[bytes], bytes] | None = None
    # Of the time that a reading takes by its nature: a key's derivation, a signature each.
    time_ms_max: int = 50


def of_text(read: Callable[[str], T]) -> Callable[[bytes], T]:
    """A reader of texts, given what a command line makes of bytes: lone surrogates too."""

    def reading(data: bytes) -> T:
        return read(data.decode("utf-8", "surrogateescape"))

    return reading


@dataclass(slots=True)
class _Folder:
    """One folder of this process for the readers of files, gone with it."""

    path: Path | None = field(default=None)

    def get(self) -> Path:
        if self.path is None:
            self.path = Path(mkdtemp(prefix="hushang-fuzz-"))
            atexit.register(shutil.rmtree, self.path, ignore_errors=True)
        return self.path


_FOLDER: Final = _Folder()


def of_file(read: Callable[[Path], T], name: str = "file") -> Callable[[bytes], T]:
    """A reader of files, given one with these bytes that nobody else may read."""

    def reading(data: bytes) -> T:
        path = _FOLDER.get() / name
        path.touch(mode=0o600)
        path.write_bytes(data)
        return read(path)

    return reading


def folder() -> Path:
    """Where `of_file` puts its files."""
    return _FOLDER.get()
