"""JSON as exact values: received bytes to dicts, lists, strings and `Number`, never a float.

A number keeps the digits of its lexeme as an exact decimal, so that no Python setting
(`PYTHONINTMAXSTRDIGITS`), locale or C library can change its meaning. Caps hold before recursion
or memory is spent: the depth is measured on the bytes, since the standard parser recurses.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NoReturn, TypeAlias

from chain.unicode14 import is_agreed_text
from commerce.epcis.errors import EpcisMalformed, EpcisTooLarge

DOCUMENT_SIZE_MAX = 256 * 1024
DEPTH_MAX = 16
NODES_MAX = 6_144
SIGNIFICANT_DIGITS_MAX = 34
LEXEME_SIZE_MAX = 200
# |log10| of a number: bounds the positional form that the CBV hash needs.
MAGNITUDE_MAX = 128

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*+)(?:\.([0-9]++))?(?:[eE]([+-]?[0-9]++))?")
# A whole string, or an unterminated one to its end.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_DEEPER = {ord("{"): 1, ord("["): 1, ord("}"): -1, ord("]"): -1}
_NO_MARKS = bytes(code for code in range(256) if code not in b'{}[],"')
# Agreed text at a glance, as whole documents are: ASCII, Latin, kana, Han, Hangul syllables, wide
# forms. All assigned in Unicode 14.0, and none ever composes with its neighbour (NFC).
_PLAIN = re.compile(
    "[\t\n\r -~\u00a1-\u02ff\u3001-\u3029\u3041-\u3096\u30a0-\u30ff"
    "\u4e00-\u9ffc\uac00-\ud7a3\uff01-\uff5e]*+"
)
_ESCAPES = (b"\\u", b"\\b", b"\\f")
_DELETE = b"\x7f"


@dataclass(frozen=True, slots=True)
class Number:
    """An exact decimal: ± `digits` · 10^`exponent`; `digits` has no zero at either end, or is "0".

    Equal numbers are equal objects: 26, 26.0 and 2.6e1 all are (False, "26", 0).
    """

    negative: bool
    digits: str
    exponent: int

    def canonical(self) -> str:
        """The one JSON number that stands for this value in agreed bytes, like `261e-1`."""
        sign = "-" if self.negative else ""
        scale = f"e{self.exponent}" if self.exponent else ""
        return f"{sign}{self.digits}{scale}"

    def positional(self) -> str:
        """The value without an exponent, like `26.1`: the form of CBV 2.0 hashes."""
        sign = "-" if self.negative else ""
        if self.exponent >= 0:
            return f"{sign}{self.digits}{'0' * self.exponent}"
        padded = self.digits.rjust(1 - self.exponent, "0")
        return f"{sign}{padded[: self.exponent]}.{padded[self.exponent :]}"


ZERO = Number(negative=False, digits="0", exponent=0)

Json: TypeAlias = "dict[str, Json] | list[Json] | str | Number | bool | None"


def read_number(lexeme: str) -> Number:
    """The exact decimal of a JSON number, or `EpcisMalformed`."""
    if len(lexeme) > LEXEME_SIZE_MAX:
        msg = f"a number has at most {LEXEME_SIZE_MAX} characters"
        raise EpcisMalformed(msg)
    return _read_number(lexeme)


# Sensors report the same few values again and again.
@lru_cache(maxsize=4096)
def _read_number(lexeme: str) -> Number:
    match = _NUMBER.fullmatch(lexeme)
    if match is None:
        msg = "not a JSON number"
        raise EpcisMalformed(msg)
    sign, whole, fraction, scale = match.groups()
    fraction = fraction or ""
    significant = (whole + fraction).lstrip("0")
    digits = significant.rstrip("0")
    if not digits:
        return ZERO
    exponent = int(scale or 0) - len(fraction) + len(significant) - len(digits)
    if len(digits) > SIGNIFICANT_DIGITS_MAX:
        msg = f"a number has at most {SIGNIFICANT_DIGITS_MAX} significant digits"
        raise EpcisMalformed(msg)
    if abs(exponent + len(digits) - 1) > MAGNITUDE_MAX:
        msg = f"a number lies between 1e-{MAGNITUDE_MAX} and 1e{MAGNITUDE_MAX}"
        raise EpcisMalformed(msg)
    return Number(negative=bool(sign), digits=digits, exponent=exponent)


def read_json(data: bytes) -> Json:
    """The value of strict JSON bytes under the caps, or `EpcisMalformed` / `EpcisTooLarge`.

    Repeated names (but for eventID), NaN and Infinity, lone surrogates, text that is not NFC or
    not assigned in Unicode 14.0, and control characters but tab and line ends are refused.
    """
    if len(data) > DOCUMENT_SIZE_MAX:
        msg = f"a document has at most {DOCUMENT_SIZE_MAX} bytes"
        raise EpcisTooLarge(msg)
    _check_structure(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        msg = "not UTF-8"
        raise EpcisMalformed(msg) from None
    try:
        value: Json = _DECODER.decode(text)
    except ValueError:
        # The decoder's own words and positions differ between Python releases.
        msg = "not well-formed JSON"
        raise EpcisMalformed(msg) from None
    if not _is_plain(data, text):
        _check_texts(value)
    return value


def _is_plain(data: bytes, text: str) -> bool:
    """Can no string of well-formed JSON be other than agreed text, by a look at the whole?"""
    # Escapes can bring in what the raw text doesn't show.
    if b"\\" in data and any(escape in data for escape in _ESCAPES):
        return False
    # The decoder has refused every other control character of ASCII inside a string.
    if text.isascii():
        return _DELETE not in data
    return _PLAIN.fullmatch(text) is not None


def strings_of(value: Json) -> Iterator[str]:
    """Every string and member name of a value, in any order."""
    pending: list[Json] = [value]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from node
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)


def _check_structure(data: bytes) -> None:
    """Depth and values, counted on what is outside strings, without a step in Python for each."""
    marks = data.translate(None, _NO_MARKS)
    if b"\\" not in data:
        # Where no string holds a mark, the quotes of each stand together.
        marks = marks.replace(b'""', b"")
    if b'"' in marks or b"\\" in data:
        marks = _outside_strings(data).translate(None, _NO_MARKS)
    # Every value but the first follows an opening bracket or a comma.
    if marks.count(b",") + marks.count(b"{") + marks.count(b"[") > NODES_MAX:
        msg = f"a document has at most {NODES_MAX} values"
        raise EpcisTooLarge(msg)
    brackets = marks.replace(b",", b"")
    if not _is_shallow(brackets) and _depth(brackets) > DEPTH_MAX:
        msg = f"a document is at most {DEPTH_MAX} levels deep"
        raise EpcisTooLarge(msg)


def _depth(brackets: bytes) -> int:
    return max(accumulate(map(_DEEPER.__getitem__, brackets)), default=0)


def _is_shallow(brackets: bytes) -> bool:
    """Whether pairs taken out from within leave nothing soon: each turn takes one level or two."""
    for _ in range(DEPTH_MAX // 2):
        brackets = brackets.replace(b"{}", b"").replace(b"[]", b"")
        if not brackets:
            return True
    return False


def _outside_strings(data: bytes) -> bytes:
    if b"\\" in data:
        return _STRING.sub(b"", data)
    # Every other piece between quotes is a string.
    return b"".join(data.split(b'"')[::2])


def _check_texts(value: Json) -> None:
    for text in strings_of(value):
        if not is_agreed_text(text.replace("\r", "\n")):
            msg = "text must be NFC, assigned in Unicode 14.0 and without control characters"
            raise EpcisMalformed(msg)


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    # One of GS1's own examples repeats eventID. It is only an index; as every JSON Schema
    # validator reads it, the last one counts. Elsewhere readers would see different statements.
    if len(members) != len(pairs) and _repeated(pairs) != {"eventID"}:
        msg = "an object has two members of one name"
        raise EpcisMalformed(msg)
    return members


def _repeated(pairs: list[tuple[str, Json]]) -> set[str]:
    names = sorted(name for name, _ in pairs)
    return {name for name, after in pairwise(names) if name == after}


def _refuse_constant(_name: str) -> NoReturn:
    msg = "NaN and Infinity are no JSON numbers"
    raise EpcisMalformed(msg)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=read_number,
    parse_int=read_number,
    parse_constant=_refuse_constant,
    strict=True,
)
