"""An independent reader of the field tables in docs/transactions.md and docs/protocol-state.md.

It takes the tables at their word: a payload or a state value that they describe is one that the
reader accepts, so that the pages can't say something else than the bytes. Nothing of ours.
"""

import re
from collections.abc import Callable
from pathlib import Path

from tests.vectors.reader_bytes import RefusedError, Value, array, blob, fields, integer, text

DOCS = Path(__file__).parent.parent.parent / "docs"
HEADING = re.compile(r"^#{2,3} (\S+)$")
ROW = re.compile(r"^\| `?(\w+)`? \| (.+?) \|$")
SIZES = r"(\d+)(?: ?(?:to|…) ?(\d+))?"

Check = Callable[[Value], None]
Tables = dict[str, list[str]]


def tables(page: str) -> Tables:
    """Of each heading the descriptions of its fields, in order."""
    found: Tables = {}
    heading = ""
    for line in (DOCS / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            match = HEADING.match(line)
            heading = match[1] if match else ""
            found[heading] = []
        elif (row := ROW.match(line)) and row[1] != "field" and heading:
            found[heading].append(row[2])
    return found


def check_structure(known: Tables, heading: str, value: Value) -> None:
    """Refuse a value that is not what the table under this heading says."""
    if heading not in known:
        raise RefusedError("EncodingInvalid", f"no table {heading}")
    described = known[heading]
    for entry, what in zip(fields(value, len(described)), described, strict=True):
        check_value(known, what, entry)


def check_value(known: Tables, what: str, value: Value) -> None:
    """Refuse a value that doesn't fit its description."""
    optional = re.fullmatch(r"(.+), or (?:nothing|nil)", what)
    if optional:
        if value is not None:
            check_value(known, optional[1], value)
    elif match := re.fullmatch(rf"(?:list of {SIZES}: (.+))|(?:\[(.+); {SIZES}\])", what):
        low, high, inner = match[1] or match[5], match[2] or match[6], match[3] or match[4]
        for entry in array(value, int(low), int(high or low)):
            check_value(known, inner[1:-1] if inner.startswith("(") else inner, entry)
    elif match := re.fullmatch(r"\[?(\w+)\]?(?:\(#\w+\))?", what):
        check_structure(known, match[1], value)
    else:
        _scalar(what, value)


def _scalar(what: str, value: Value) -> None:
    if what == "true or false":
        if type(value) is not bool:
            raise RefusedError("EncodingInvalid", "not true or false")
    elif match := re.fullmatch(rf"{SIZES} bytes", what):
        blob(value, int(match[1]), int(match[2] or match[1]))
    elif match := re.fullmatch(rf"text (?:of )?{SIZES}(?: characters)?", what):
        text(value, int(match[1]), int(match[2] or match[1]))
    elif match := re.fullmatch(r"(?:integer, )?(\S+) (?:to|…) (\S+(?: − 1)?)", what):
        integer(value, _number(match[1]), _number(match[2]))
    else:
        raise ValueError(f"the page says {what!r}")


def _number(written: str) -> int:
    power = re.fullmatch(r"2\^(\d+) − 1", written)
    return 2 ** int(power[1]) - 1 if power else int(written.replace(",", ""))
