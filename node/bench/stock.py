"""Signed chains on disk between those who sign them and the process that offers them.

Files of a megabyte, each begun and ended with a whole chain; the one who offers reads a file at a
time and removes it. A file is one line of JSON, the kinds of steps in it, and then each step as
`HEAD` (little-endian) and its raw bytes.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.bench.workloads import Chain, Step

FILE_SIZE: Final = 1024 * 1024
# The steps that follow in the same chain, the kind's number, signatures, operations, raw length.
HEAD: Final = struct.Struct("<BBHII")


@dataclass(slots=True)
class StockWriter:
    """Writes the chains of one signing process, in numbered files that sort as they are needed.

    `part` sorts first, then the file's number, then the `writer`: so that the files of those who
    sign side by side are offered by turns.
    """

    directory: Path
    part: int
    writer: int
    written: int = 0

    def write(self, chains: Iterable[Chain]) -> Iterator[int]:
        """Write them all; yields how many steps each file holds, once it is there."""
        kinds: dict[str, int] = {}
        data, steps = bytearray(), 0
        for chain in chains:
            self._add(chain, data, kinds)
            steps += len(chain.steps)
            if len(data) >= FILE_SIZE:
                self._flush(data, kinds)
                yield steps
                data.clear()
                kinds, steps = {}, 0
        if steps:
            self._flush(data, kinds)
            yield steps

    def _add(self, chain: Chain, data: bytearray, kinds: dict[str, int]) -> None:
        for left, step in zip(reversed(range(len(chain.steps))), chain.steps, strict=True):
            kind = kinds.setdefault(step.kind, len(kinds))
            data += HEAD.pack(left, kind, step.signatures, step.operations, len(step.raw))
            data += step.raw

    def _flush(self, data: bytearray, kinds: dict[str, int]) -> None:
        name = f"{self.part:04}-{self.written:06}-{self.writer:02}"
        draft = self.directory / f"{name}.new"
        draft.write_bytes(json.dumps(list(kinds)).encode() + b"\n" + data)
        draft.rename(self.directory / f"{name}.steps")
        self.written += 1


def read_stock(directory: Path) -> Iterator[Chain]:
    """Every chain, in the order of the files; each file is gone once it has been read."""
    for path in sorted(directory.glob("*.steps")):
        data = path.read_bytes()
        path.unlink()
        yield from _read_file(data)


def _read_file(data: bytes) -> Iterator[Chain]:
    line, _, _ = data.partition(b"\n")
    kinds = json.loads(line)
    at = len(line) + 1
    steps: list[Step] = []
    while at < len(data):
        left, kind, signatures, operations, size = HEAD.unpack_from(data, at)
        at += HEAD.size + size
        steps.append(Step(data[at - size : at], operations, kinds[kind], signatures))
        if left == 0:
            yield Chain(tuple(steps))
            steps = []
