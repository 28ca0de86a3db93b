"""What a kill -9 would leave, without strace: copies of the directory while the program runs.

    python -m tests.processes.crash_images [--every N]

`crash_program` runs in this process; around every fsync, rename and removal of its own, and every
batch of LevelDB, the directory is copied as the kernel has it, and of a batch also with its log cut
at places inside it. Each copy must recover (`tests.processes.recovery`).
"""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from chain.store import LevelStore
from tests.processes import crash_program as program
from tests.processes.recovery import Reference, check_member

# LevelDB's own thread writes nothing below this, so that a copy is of one moment.
QUIET_BYTES: Final = 8 * 1024 * 1024
SHARES: Final = (0.25, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Image:
    """The directory as a kill would leave it, and what was acknowledged before."""

    directory: Path
    said: tuple[int, ...]
    what: str


@dataclass(slots=True)
class Camera:
    """Copies a directory at every `every`-th moment that it is told of."""

    directory: Path
    folder: Path
    every: int
    images: list[Image] = field(default_factory=list)
    said: list[int] = field(default_factory=list)
    _moments: int = 0

    def take(self, what: str, damage: Callable[[Path], None] = lambda _: None) -> None:
        """One moment."""
        self._moments += 1
        if self._moments % self.every == 0:
            copy = self.folder / str(self._moments)
            shutil.copytree(self.directory, copy)
            damage(copy)
            self.images.append(Image(copy, tuple(self.said), what))

    def around(self, call: Callable[..., Any], what: str) -> Callable[..., Any]:
        """The call, with a copy before and one after it."""

        @wraps(call)
        def copied(*arguments: Any, **named: Any) -> Any:
            self.take(f"before {what}")
            result = call(*arguments, **named)
            self.take(f"after {what}")
            return result

        return copied

    def write(
        self, store: LevelStore, batch: Mapping[bytes, bytes | None], *, sync: bool = True
    ) -> None:
        """A batch of LevelDB, as it was before, in the middle and after."""
        self.take("before a batch")
        before = {path.name: path.stat().st_size for path in self._logs(self.directory)}
        _write(store, batch, sync=sync)
        for share in SHARES:
            cut = partial(self._cut, before=before, share=share)
            self.take(f"at {share:.0%} of a batch", cut)
        self.take("after a batch")

    @staticmethod
    def _logs(directory: Path) -> list[Path]:
        return sorted((directory / "db").glob("*.log"))

    def _cut(self, copy: Path, before: Mapping[str, int], share: float) -> None:
        for log in self._logs(copy):
            low, high = before.get(log.name, 0), log.stat().st_size
            os.truncate(log, low + int((high - low) * share))


_write = LevelStore.write


@contextmanager
def _watched(camera: Camera) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name in (
            (os, "fdatasync"),
            (os, "fsync"),
            (os, "truncate"),
            (Path, "replace"),
            (Path, "rename"),
            (Path, "unlink"),
        ):
            copied = camera.around(getattr(owner, name), name)
            stack.enter_context(patch.object(owner, name, copied))

        def write(
            store: LevelStore, batch: Mapping[bytes, bytes | None], *, sync: bool = True
        ) -> None:
            camera.write(store, batch, sync=sync)

        stack.enter_context(patch.object(LevelStore, "write", write))
        yield


def images_of(folder: Path, every: int) -> list[Image]:
    """Copies of a member's directory from its first start to its last block."""
    directory = folder / "data"
    program.prepare(directory)
    camera = Camera(directory, folder, every)
    with program.eager(QUIET_BYTES), _watched(camera), program.opened(directory) as files:
        asyncio.run(program.drive(files, program.HEIGHT_MAX, camera.said.append))
    return camera.images


def check(image: Image, reference: Reference) -> int:
    """The height at which an image recovers, or `NotRecovered`."""
    return check_member(image.directory, image.said, reference)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="take every N-th moment")
    given = parser.parse_args()
    reference = Reference.made()
    with TemporaryDirectory() as folder:
        images = images_of(Path(folder), given.every)
        for done, image in enumerate(images, 1):
            check(image, reference)
            sys.stderr.write(f"\r{done} of {len(images)} images ")
        sys.stdout.write(f"\r{len(images)} images recovered\n")


if __name__ == "__main__":
    main()
