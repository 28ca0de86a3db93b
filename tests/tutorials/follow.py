"""Follow a tutorial: type all of it, and say where it stumbles.

`python -m tests.tutorials.follow READER LANGUAGE` shows what each box prints, to write a page by.
"""

import random
import socket
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from node.testnet_genesis import PORTS
from tests.tutorials.pages import LANGUAGES, READERS, Step, fits, page, steps
from tests.tutorials.shell import shell
from tests.tutorials.warm import warm_hushang

# Ports below those that `hushang testnet` draws, for a tutorial that is followed at the same time.
HUNDRED_MIN: Final = 110
# Those that the operator's page uses, after the digits that it lets its reader choose.
ENDINGS: Final = ("01", "02", "03", "04", "05", "11", "12", "13", "14", "15")


def steps_of(reader: str, language: str = "en") -> list[Step]:
    return steps(page(reader, language).read_text("utf-8"))


def follow(
    reader: str, language: str, directory: Path, commands: Path, *, shows: bool = False
) -> str:
    """Type it all; where it stumbled, in words, or nothing."""
    name = page(reader, language).name
    with shell(directory, commands, PORTS=free_hundred()) as typing:
        for step in steps_of(reader, language):
            if step.not_run:
                continue
            began = time.monotonic()
            typed = typing.type(step.commands)
            if shows:
                took = f"{time.monotonic() - began:.1f} s"
                sys.stdout.write(f"== {name}, line {step.line}: {took}\n{typed.printed}\n")
            if not typed.ok:
                return f"{name}, line {step.line} failed:\n{step.commands}\n{typed.printed}"
            if step.expected is not None and not fits(typed.printed, step.expected):
                wrong = f"{name}, line {step.line} shows\n{step.expected}\nbut this is printed:"
                if not shows:
                    return f"{wrong}\n{typed.printed}"
                sys.stdout.write(f"!! {wrong}\n")
        left = typing.left()
    return f"{name} leaves processes running: {left}" if left else ""


def free_hundred() -> str:
    """The first digits of ports that are free, as the page's reader chooses them."""
    hundreds = range(HUNDRED_MIN, PORTS.start // 100)
    for first in random.SystemRandom().sample(hundreds, len(hundreds)):
        with ExitStack() as held, suppress(OSError):
            for ending in ENDINGS:
                held.enter_context(socket.create_server(("", int(f"{first}{ending}"))))
            return str(first)
    raise AssertionError("no hundred of ports is free")


def main(reader: str, language: str) -> None:
    """Follow one page in a directory that is removed."""
    with (
        tempfile.TemporaryDirectory() as warm,
        tempfile.TemporaryDirectory() as typed,
        warm_hushang(Path(warm)) as commands,
    ):
        # An empty text would be a failure too.
        sys.exit(follow(reader, language, Path(typed), commands, shows=True) or 0)


if __name__ == "__main__":
    assert sys.argv[1] in READERS
    assert sys.argv[2] in LANGUAGES
    main(sys.argv[1], sys.argv[2])
