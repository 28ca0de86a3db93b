"""Core dataclasses from JSON, by their annotations: the inverse of `node.api.render`.

Bytes are hex or an account's `hs1…` text, integers are numbers or strings of decimal digits. Every
refusal names its place, and what comes out satisfies the codec's bounds.
"""

import dataclasses
import re
import types
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from chain.bech32m import decode_account
from chain.codec import Range, Size, from_value, to_value
from chain.crypto import HASH_SIZE
from chain.errors import AddressMalformed, HushangError, LedgerError

T = TypeVar("T")

_DIGITS = re.compile(r"0|[1-9][0-9]{0,19}", re.ASCII)
_ANY_DIGITS = re.compile(r"[0-9]{1,20}", re.ASCII)


class FormRefused(HushangError):
    """A JSON value does not fit the shape that it is read as."""

    hint = "mend the value that the message names; docs/transactions.md tells each field's type"


def from_json(cls: type[T], value: Any, where: str = "") -> T:
    """A `cls` of a JSON value, or `FormRefused`."""
    obj: T = _read(cls, value, where or cls.__name__)
    try:
        return from_value(cls, to_value(obj)) if dataclasses.is_dataclass(cls) else obj
    except LedgerError as error:
        raise FormRefused(f"{where or cls.__name__}: {error}") from error


def read_value(annotation: Any, value: Any, where: str) -> Any:
    """A value by its annotation alone, whatever the codec may make of it; `FormRefused`."""
    return _read(annotation, value, where)


@cache
def hints_of(cls: type) -> dict[str, Any]:
    """The annotations of a dataclass's fields, in order."""
    hints = get_type_hints(cls, include_extras=True)
    return {f.name: hints[f.name] for f in dataclasses.fields(cls)}


def describe(annotation: Any) -> str:
    """What a field holds, in words: `32 bytes`, `integer`, `list of (…)`."""
    base, bounds = _bare(annotation)
    if get_origin(base) in (Union, types.UnionType):
        return f"{describe(_inner(base))}, or null"
    if get_origin(base) is tuple:
        return f"list of {describe(get_args(base)[0])}"
    if get_origin(base) is dict:
        return f"object of {describe(get_args(base)[1])}"
    if dataclasses.is_dataclass(base) and isinstance(base, type):
        return "(" + ", ".join(f"{k}: {describe(v)}" for k, v in hints_of(base).items()) + ")"
    return _scalar_words(base, bounds)


def _scalar_words(base: Any, bounds: Any) -> str:
    if base is bytes and isinstance(bounds, Size):
        return f"{bounds.max} bytes" if bounds.min == bounds.max else f"up to {bounds.max} bytes"
    if base is str and isinstance(bounds, Size):
        return f"text up to {bounds.max}"
    if base is int and isinstance(bounds, Range):
        return f"integer {bounds.min} to {bounds.max}"
    return "true or false" if base is bool else "any value"


def _bare(annotation: Any) -> tuple[Any, Any]:
    if get_origin(annotation) is Annotated:
        base, *bounds = get_args(annotation)
        return base, bounds[0]
    return annotation, None


def _inner(union: Any) -> Any:
    return next(arg for arg in get_args(union) if arg is not types.NoneType)


def _read(annotation: Any, value: Any, where: str) -> Any:
    base, _ = _bare(annotation)
    origin = get_origin(base)
    if origin in (Union, types.UnionType):
        return None if value is None else _read(_inner(base), value, where)
    if origin is tuple:
        entries = _expect(list, value, where)
        return tuple(_read(get_args(base)[0], e, f"{where}[{i}]") for i, e in enumerate(entries))
    if origin is dict:
        pairs = _expect(dict, value, where).items()
        return {key: _read(get_args(base)[1], e, f"{where}.{key}") for key, e in pairs}
    if dataclasses.is_dataclass(base) and isinstance(base, type):
        return _read_object(base, _expect(dict, value, where), where)
    return _read_scalar(base, value, where)


def _read_scalar(base: Any, value: Any, where: str) -> Any:
    if base is bytes:
        return _read_bytes(_expect(str, value, where), where)
    if base is Any:
        return _freeze(value)
    if base is int and isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    return _expect(base, value, where)


def _freeze(value: Any) -> Any:
    """Lists become tuples, as the codec has them."""
    if isinstance(value, list):
        return tuple(_freeze(entry) for entry in value)
    if isinstance(value, dict):
        return {key: _freeze(entry) for key, entry in sorted(value.items())}
    return value


def _read_object(cls: type, value: dict[str, Any], where: str) -> Any:
    hints = hints_of(cls)
    unknown = [key for key in value if key not in hints]
    if unknown:
        known = ", ".join(hints)
        raise FormRefused(f"{where}.{unknown[0]}: unknown field; it has {known}")
    missing = [key for key in hints if key not in value and not _optional(hints[key])]
    if missing:
        raise FormRefused(f"{where}.{missing[0]}: missing ({describe(hints[missing[0]])})")
    return cls(**{key: _read(hints[key], value.get(key), f"{where}.{key}") for key in hints})


def _optional(annotation: Any) -> bool:
    return types.NoneType in get_args(annotation)


def _read_bytes(text: str, where: str) -> bytes:
    if text.startswith("hs1"):
        try:
            return decode_account(text)
        except AddressMalformed as error:
            raise FormRefused(f"{where}: {error}") from error
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = None
    if data is None or data.hex() != text:
        raise FormRefused(f"{where}: expected lower-case hex, or an account's hs1… id")
    return data


def _expect(kind: type[T], value: Any, where: str) -> T:
    if type(value) is not kind:
        raise FormRefused(f"{where}: expected {kind.__name__}, not {type(value).__name__}")
    return value


def read_digits(text: str) -> int | None:
    """The number that these ASCII digits are; None for anything else.

    `str.isdigit` and `int` take other scripts' digits, and `int` raises where there are thousands.
    """
    return int(text) if _ANY_DIGITS.fullmatch(text) else None


def read_hash(text: str, what: str) -> bytes:
    """32 bytes from hex, for an id on the command line."""
    data = _read_bytes(text, what)
    if len(data) != HASH_SIZE:
        raise FormRefused(
            f"{what}: {len(text)} hex digits, not {2 * HASH_SIZE}: ids are given whole"
        )
    return data


def read_hashes(values: Sequence[str], what: str) -> tuple[bytes, ...]:
    """As `read_hash`, for a list."""
    return tuple(read_hash(text, f"{what}[{i}]") for i, text in enumerate(values))
