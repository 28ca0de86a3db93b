"""Parameters of path and query: each one's name, form, parser and words for the documentation.

A parser takes the text and returns the value, or raises `ValueError` in words for people. Numbers
are ASCII digits without sign, space or leading zero: Python's `int()` takes other scripts' too.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from chain.bech32m import decode_account
from chain.errors import AddressMalformed
from node.api.render import Json

T = TypeVar("T")

HEIGHT_MAX = 2**53 - 1
LATEST = -1
LATEST_OR_HEIGHT = "^(latest|0|[1-9][0-9]{0,15})$"
_WHOLE = re.compile(r"0|[1-9][0-9]{0,15}")
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, eq=False)
class Parameter(Generic[T]):
    """One parameter. In the query it may be absent, then it is `default`."""

    name: str
    place: Literal["path", "query"]
    parse: Callable[[str], T]
    schema: dict[str, Json]
    description: str
    default: T


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            msg = f"a whole number from {low} to {high} in ASCII digits"
            raise ValueError(msg)
        return int(text)

    return parse


def latest_or_height(text: str) -> int:
    """`LATEST`, or a height."""
    if text == "latest":
        return LATEST
    try:
        return whole(0, HEIGHT_MAX)(text)
    except ValueError as error:
        msg = f"latest, or {error}"
        raise ValueError(msg) from error


def hash_bytes(text: str) -> bytes:
    """32 bytes from 64 lower-case hex digits."""
    if not _HASH.fullmatch(text):
        msg = "64 lower-case hex digits"
        raise ValueError(msg)
    return bytes.fromhex(text)


def account_bytes(text: str) -> bytes:
    """The account of an `hs1…` text."""
    try:
        return decode_account(text)
    except AddressMalformed as error:
        raise ValueError(str(error)) from error


def matching(pattern: str, words: str) -> Callable[[str], str]:
    """A parser of texts that match the whole pattern; `words` say what is expected."""
    expression = re.compile(pattern)

    def parse(text: str) -> str:
        if not expression.fullmatch(text):
            raise ValueError(words)
        return text

    return parse


def number(  # a name, a place in the world, and the bounds on both sides
    name: str, low: int, high: int, default: int, description: str
) -> Parameter[int]:
    """A whole number in the query."""
    schema: dict[str, Json] = {
        "type": "integer",
        "minimum": low,
        "maximum": high,
        "default": default,
    }
    return Parameter(name, "query", whole(low, high), schema, description, default)


def flag(name: str, description: str) -> Parameter[bool]:
    """`name`, `name=true` or `name=false` in the query."""

    def parse(text: str) -> bool:
        if text not in {"", "true", "false"}:
            msg = "true or false"
            raise ValueError(msg)
        return text != "false"

    return Parameter(
        name, "query", parse, {"type": "boolean", "default": False}, description, default=False
    )


def choice(name: str, words: tuple[str, ...], description: str) -> Parameter[str]:
    """One of several words in the query; the first is the default."""

    def parse(text: str) -> str:
        if text not in words:
            msg = f"one of {', '.join(words)}"
            raise ValueError(msg)
        return text

    schema: dict[str, Json] = {"type": "string", "enum": list(words), "default": words[0]}
    return Parameter(name, "query", parse, schema, description, words[0])


def word_in_query(name: str, words: tuple[str, ...], description: str) -> Parameter[str | None]:
    """One of several words in the query, or None."""
    known = choice(name, words, description)
    schema: dict[str, Json] = {"type": "string", "enum": list(words)}
    return Parameter(name, "query", known.parse, schema, description, None)


def time_in_query(name: str, description: str) -> Parameter[int | None]:
    """A time in UTC milliseconds in the query, or None."""
    schema: dict[str, Json] = {"type": "integer", "minimum": 0, "maximum": HEIGHT_MAX}
    return Parameter(name, "query", whole(0, HEIGHT_MAX), schema, description, None)


def hash_in_path(name: str, description: str) -> Parameter[bytes]:
    """32 bytes in the path."""
    schema: dict[str, Json] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    return Parameter(name, "path", hash_bytes, schema, description, b"")


def account_in_path(name: str, description: str) -> Parameter[bytes]:
    """An account in the path."""
    schema: dict[str, Json] = {"type": "string", "pattern": "^hs1[02-9ac-hj-np-z]{58}$"}
    return Parameter(name, "path", account_bytes, schema, description, b"")


def account_in_query(name: str, description: str) -> Parameter[bytes | None]:
    """An account in the query, or None."""
    schema: dict[str, Json] = {"type": "string", "pattern": "^hs1[02-9ac-hj-np-z]{58}$"}
    return Parameter(name, "query", account_bytes, schema, description, None)


def text_in_path(name: str, pattern: str, words: str) -> Parameter[str]:
    """A text of a pattern in the path; `words` say what it is."""
    schema: dict[str, Json] = {"type": "string", "pattern": f"^(?:{pattern})$"}
    return Parameter(name, "path", matching(pattern, words), schema, words, "")


def text_in_query(name: str, pattern: str, words: str) -> Parameter[str | None]:
    """A text of a pattern in the query, or None."""
    schema: dict[str, Json] = {"type": "string", "pattern": f"^(?:{pattern})$"}
    return Parameter(name, "query", matching(pattern, words), schema, words, None)
