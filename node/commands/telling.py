"""What commands about trades have in common: to tell in words, to read shares and evidence."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from chain.crypto import sha256
from node.clock import now_ms
from node.commands.failures import UsageWrong
from node.commands.session import Session
from node.commands.tx import read_file
from node.json_values import read_hash
from node.trade_words import Told

PERMILLE: Final = 1000

FileOption = Annotated[
    Path | None, typer.Option(help="What shows it; only the SHA-256 of the file is sent.")
]
ContentOption = Annotated[str | None, typer.Option(help="That hash itself, 64 hex digits.")]
ShareOption = Annotated[
    list[int],
    typer.Option(
        "--share",
        min=0,
        max=PERMILLE,
        help="What the buyer gets of a line, ‰; once for all lines, or once each.",
    ),
]


def show_told(
    session: Session, path: str, words: Callable[[Mapping[str, Any], Told], Iterator[str]]
) -> None:
    """Print what a node tells of one thing: in words for people, else as it is."""
    record = session.client.get(path)
    told = Told(now_ms(), session.name_of, session.amount_text)
    session.printer.words(record, words(record, told))


def show_columns(
    session: Session, records: Sequence[Mapping[str, Any]], fields: Sequence[str]
) -> None:
    """Print a list of things of an asset each: for people some fields, else all that there is."""
    rows = [session.readable({name: e[name] for name in (*fields, "symbol")}) for e in records]
    for row in rows:
        del row["symbol"]
    session.printer.records(records, rows)


def document_hash(file: Path | None, content: str | None) -> bytes | None:
    """The hash of a file, or the one given; None without either."""
    if file is not None and content is not None:
        raise UsageWrong("give --file or --content, not both")
    if file is not None:
        return sha256(read_file(file))
    return None if content is None else read_hash(content, "--content")


def needed_document(file: Path | None, content: str | None) -> bytes:
    """As `document_hash`, which must be there."""
    found = document_hash(file, content)
    if found is None:
        raise UsageWrong("give --file FILE, or its SHA-256 as --content HASH")
    return found


def each_line(shares: Sequence[int], lines: int) -> tuple[int, ...]:
    """One share a line; a single one counts for all."""
    if len(shares) == 1:
        return tuple(shares) * lines
    if len(shares) != lines:
        raise UsageWrong(f"{len(shares)} shares for {lines} lines: one for all, or one each")
    return tuple(shares)


def minor_units(session: Session, text: str, symbol: str) -> int:
    """Minor units of an amount that must be of this asset."""
    found, amount_minor = session.money(text)
    if found != symbol:
        raise UsageWrong(f"{text}: this is about {symbol}")
    return amount_minor
