"""JSON without surprises: one meaning for each text, or a refusal that names the place.

Python's reader takes duplicate keys (the last wins), NaN, lone surrogates and any depth. Here each
is refused, and so are numbers that are no integers: nothing of ours is a float.
"""

import json
import re
from typing import Any, Final, NoReturn

from chain.errors import HushangError

DEPTH_MAX: Final = 32
TEXT_SIZE_MAX: Final = 8 * 1024 * 1024
DIGITS_MAX: Final = 20
PLACE_LENGTH_MAX: Final = 200

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class JsonRefused(HushangError):
    """The text is no JSON of the strict kind; `place` says where, without quoting the text."""

    hint = "mend the text at the place named: no key twice, no fractions, UTF-8"

    def __init__(self, message: str, place: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


def read_json(data: bytes | str, *, size_max: int = TEXT_SIZE_MAX) -> Any:
    """The value of a JSON text, or `JsonRefused`."""
    if len(data) > size_max:
        raise JsonRefused(f"larger than {size_max} bytes", "")
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_float=_no_float,
            parse_int=_integer,
            parse_constant=_no_float,
        )
    except json.JSONDecodeError as error:
        raise JsonRefused(error.msg, f"line {error.lineno}, column {error.colno}") from error
    except UnicodeDecodeError as error:
        raise JsonRefused("no UTF-8", f"byte {error.start}") from error
    except RecursionError:
        raise JsonRefused(f"deeper than {DEPTH_MAX}", "") from None
    _check(value, [])
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, value in pairs:
        if key in seen:
            raise JsonRefused("stands twice", _short(repr(key)))
        seen[key] = value
    return seen


def _no_float(text: str) -> NoReturn:
    raise JsonRefused("only integers have a place here", text[:40])


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise JsonRefused(f"more than {DIGITS_MAX} digits", text[:40])
    return int(text)


def _check(value: Any, trail: list[str | int]) -> None:
    """`trail` leads to the value: it becomes words only for a refusal, for names may be long."""
    if len(trail) > DEPTH_MAX:
        raise JsonRefused(f"deeper than {DEPTH_MAX}", _place(trail))
    if isinstance(value, str):
        _check_text(value, trail)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            _enter(entry, index, trail)
    elif isinstance(value, dict):
        for key, entry in value.items():
            _check_text(key, trail)
            _enter(entry, key, trail)


def _enter(value: Any, step: str | int, trail: list[str | int]) -> None:
    trail.append(step)
    _check(value, trail)
    trail.pop()


def _check_text(text: str, trail: list[str | int]) -> None:
    if not text.isascii() and _SURROGATE.search(text):
        raise JsonRefused("a lone surrogate is no character", _place(trail))


def _place(trail: list[str | int]) -> str:
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in trail)
    return _short(words.removeprefix("."))


def _short(words: str) -> str:
    return words if len(words) <= PLACE_LENGTH_MAX else f"{words[:PLACE_LENGTH_MAX]}…"
