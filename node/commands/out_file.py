"""Files that a command writes where --out says: none is overwritten unasked, none is left half."""

from pathlib import Path
from typing import Annotated

import typer

from chain.errors import HushangError
from node.clients import files
from node.commands.failures import UsageWrong

FORCE = Annotated[bool, typer.Option("--force", help="Replace the file that --out names.")]


class OutExists(HushangError):
    """The file that --out names is there already, and may be somebody's only copy."""

    hint = "name another file, or remove that one; --force replaces it, where the command has that"


def check_out(file: Path | None, *, force: bool = False) -> None:
    """`OutExists` before any work is done, if the file may not be written."""
    if file is not None and not force and file.is_file():
        raise OutExists(f"{file} exists")


def write_out(file: Path, data: bytes, *, force: bool = False) -> None:
    """Write all of it, or nothing; what is no file, a pipe or /dev/stdout, is just written to."""
    check_out(file, force=force)
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(data)
        elif force:
            files.replace(file, data, files.USUAL)
        elif not files.write_new(file, data, files.USUAL):
            # Made since it was looked for.
            raise OutExists(f"{file} exists")
    except OSError as error:
        raise UsageWrong(f"{file}: {error.strerror}") from error
