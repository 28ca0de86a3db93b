"""The noun `hushang code`, and what its verbs have in common."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from commerce.codes.errors import LotMalformed, SerialMalformed
from commerce.codes.items import Membership
from commerce.codes.serials import SERIAL_MAX, check_lot, check_serial
from commerce.epcis.identifiers import is_key
from node.client import NotFound
from node.code_files import BatchFiles, load_batch_files
from node.commands.failures import UsageWrong
from node.commands.options import noun
from node.commands.session import Session

GTIN_SIZES: Final = (8, 12, 13, 14)

_SERIAL_WORDS: Final = f"1 to {SERIAL_MAX} letters, digits, . - and _, a letter or digit first"
_LOT_WORDS: Final = f"1 to {SERIAL_MAX} letters, digits and signs that GS1 allows, no spaces"

app = noun("Codes against counterfeits: make batches, scan, claim, pass on, look at.")

GTIN = Annotated[str, typer.Argument(metavar="GTIN", help="The product, 8 to 14 digits.")]
SERIAL = Annotated[
    str, typer.Argument(metavar="SERIAL", help=f"The code's serial: {_SERIAL_WORDS}.")
]
TREE = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="A batch's directory (batch.json, leaves.csv): for codes that no node knows yet.",
    ),
]


def read_gtin(text: str) -> str:
    """A GTIN of 14 digits from 8 to 14, or `UsageWrong`."""
    padded = text.zfill(GTIN_SIZES[-1])
    if len(text) not in GTIN_SIZES or not is_key(padded):
        raise UsageWrong(f"{text} is no GTIN: 8, 12, 13 or 14 digits, the last one checks")
    return padded


def read_serial(text: str) -> str:
    """A serial, or `UsageWrong`."""
    try:
        check_serial(text)
    except SerialMalformed as error:
        raise UsageWrong(f"{error}: {_SERIAL_WORDS}") from error
    return text


def read_lot(text: str) -> str:
    """A lot number, or `UsageWrong`."""
    try:
        check_lot(text)
    except LotMalformed as error:
        raise UsageWrong(f"{error}: {_LOT_WORDS}") from error
    return text


def code_path(gtin: str, serial: str) -> str:
    """Where the API tells of a code."""
    return f"/v1/codes/{read_gtin(gtin)}/{read_serial(serial)}"


def member_of(session: Session, gtin: str, serial: str, tree: Path | None) -> Membership | None:
    """What shows the code to the chain: nothing where it knows it, else from a batch's files."""
    if tree is not None:
        return files_of(tree, gtin).member(serial)
    try:
        session.client.get(code_path(gtin, serial))
    except NotFound as error:
        error.told_hint = "give its batch's public files too: --tree DIR"
        raise
    return None


def files_of(directory: Path, gtin: str) -> BatchFiles:
    """The batch of a directory, which must be of this product."""
    files = load_batch_files(directory)
    if files.record.gtin != gtin:
        raise UsageWrong(f"{directory} holds codes of {files.record.gtin}")
    return files


def show_verdict(session: Session, gtin: str, serial: str) -> None:
    """Print the verdict on a code: in words for people, else as it is."""
    told = session.client.get(code_path(gtin, serial))
    session.printer.words(told, verdict_lines(session, told))


def verdict_lines(session: Session, told: Mapping[str, Any]) -> Iterator[str]:
    """A verdict in words for people."""
    said, code = told["said"], session.readable(told["code"])
    for language in ("en", "zh"):
        yield f"{said['title'][language]}"
        yield f"  {said['text'][language]}"
        yield from (f"  - {note[language]}" for note in said["notes"])
    for name in ("product", "lot", "brand", "owner", "active", "claimed", "scans", "tag_counter"):
        value = code.get(name, code.get(f"{name}_ms"))
        if value is not None:
            yield f"{name}: {value}"
