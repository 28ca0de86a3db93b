"""`hushang export`: blocks and receipts of a stopped node as JSON lines."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO, Final, TypeAlias

import typer

from node.audit.export import BLOCKS, RECEIPTS, open_export
from node.audit.findings import Step
from node.audit.progress import ProgressLine
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.session import Session
from node.commands.verify_chain import DIRECTORY

_TAIL_SIZE: Final = 64 * 1024

Sink: TypeAlias = Callable[[bytes], None]

app = noun("Blocks and receipts as JSON lines.", single=True)


@verb(
    app,
    "export",
    examples=(
        "hushang export data --out chain.jsonl",
        "hushang export data --from 1200 --out chain.jsonl --append",
        "hushang export data --from 1 --to 99 --what receipts | jq .status",
        "hushang export data --archive /srv/archive --out chain.jsonl",
    ),
)
def export(
    session: Session,
    directory: DIRECTORY,
    first: Annotated[int, typer.Option("--from", min=0, help="The first height.")] = 0,
    last: Annotated[
        int | None, typer.Option("--to", min=0, help="The last height; default: the newest.")
    ] = None,
    what: Annotated[str, typer.Option(help="blocks, receipts, or both with a comma.")] = (
        f"{BLOCKS},{RECEIPTS}"
    ),
    archive: Annotated[
        Path | None, typer.Option(help="Where the node filed the blocks that it pruned.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write to this file, not to stdout.")] = None,
    append: Annotated[bool, typer.Option("--append", help="Go on in the file.")] = False,
) -> None:
    """Write each block, then its receipts, in order; amounts are strings, as in the API.

    A file ends with a whole height, also after Ctrl-C, which says from where to go on. Where a node
    has pruned, name its archive, or begin with --from above what is gone. As a node's start would,
    this lets the database's engine rewrite files, not rows: for evidence work on a copy.
    """
    kinds = frozenset(what.split(","))
    if not kinds <= {BLOCKS, RECEIPTS}:
        raise UsageWrong(f"--what takes {BLOCKS}, {RECEIPTS}, or both with a comma")
    with open_export(directory, archive) as source:
        end = source.tip if last is None else min(last, source.tip)
        if first > end:
            raise UsageWrong(f"--from {first} is above the last height, {end}")
        # Before there is a file, which the next try would find in its way.
        source.require(first, end)
        height, transactions = first, 0
        try:
            with _sink(out, first, append=append) as write, ProgressLine() as progress:
                for height in range(first, end + 1):
                    exported = source.height(height, kinds)
                    transactions += exported.transactions
                    write(exported.lines)
                    progress(Step("export", height - first + 1, end - first + 1, transactions))
        except KeyboardInterrupt:
            session.say("stopped before height {height}; go on with --from {height}", height=height)
            raise
    session.say(
        "exported heights {first} to {end}, {transactions} transactions",
        first=first,
        end=end,
        transactions=transactions,
    )


@contextmanager
def _sink(file: Path | None, first: int, *, append: bool) -> Iterator[Sink]:
    if file is None:
        yield _print
        return
    if file.exists() and not append:
        raise UsageWrong(f"{file} exists: name another, or --append to go on in it")
    try:
        stream = file.open("ab")
    except OSError as error:
        raise UsageWrong(f"{file}: {error.strerror}") from error
    with stream:
        there = _last_height(file)
        if there is not None and there >= first:
            raise UsageWrong(f"{file} ends with height {there}: go on with --from {there + 1}")
        yield partial(_write, stream)


def _last_height(file: Path) -> int | None:
    """The height of the last line; None if there is none."""
    with file.open("rb") as lines:
        start = lines.seek(0, 2)
        tail = b""
        while start and b"\n" not in tail[:-1]:
            piece = min(start, _TAIL_SIZE)
            start -= piece
            lines.seek(start)
            tail = lines.read(piece) + tail
    try:
        return int(json.loads(tail.splitlines()[-1])["height"]) if tail else None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageWrong(f"{file}: its last line is no line of an export") from error


def _print(lines: bytes) -> None:
    sys.stdout.write(lines.decode())
    sys.stdout.flush()


def _write(stream: BinaryIO, lines: bytes) -> None:
    """All lines of a height or none: what an interrupt cut short is taken back."""
    start, whole = stream.tell(), False
    try:
        stream.write(lines)
        stream.flush()
        whole = True
    finally:
        if not whole:
            stream.truncate(start)
