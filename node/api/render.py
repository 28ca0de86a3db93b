"""Values of the core as JSON, by the rules that docs/protocol-api.md gives to readers.

Bytes are lower-case hex; a 32-byte field named as a party (`ACCOUNT_FIELDS`) is an `hs1…` text.
Integers are JSON numbers, except amounts (`…_minor`) and `nonce`: those may pass 2^53, where
JavaScript loses digits, so they are strings of decimal digits, always. The field's name decides,
never the value. The same rules make the schemas of these values (`model_of`).
"""

import dataclasses
import types
from enum import Enum
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    TypeAlias,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, Field, create_model

from chain.bech32m import encode_account
from chain.codec import Range, Size
from chain.crypto import HASH_SIZE

Json: TypeAlias = Union["dict[str, Json]", "list[Json]", str, int, bool, None]

# Fields that name an account, in payloads, events, views and state.
ACCOUNT_FIELDS = frozenset(
    {
        *("account", "sender", "to", "issuer", "sponsor", "member", "holder", "owner", "payer"),
        *("buyer", "seller", "carrier", "merchant", "arbiter", "inspector", "regulator"),
        *("giver", "taker", "brand", "recipient", "party", "capturer", "subject", "granter"),
        *("remove", "added", "removed", "replaced", "suspended", "reporter"),
    }
)
TEXT_INTEGERS = frozenset({"nonce"})

AccountText = Annotated[
    str,
    Field(pattern="^hs1[02-9ac-hj-np-z]{58}$", description="account id: bech32m of 32 bytes"),
]
HashText = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="32 bytes in hex")]
HexText = Annotated[str, Field(pattern="^([0-9a-f]{2})*$", description="bytes in hex")]
IntegerText = Annotated[
    str, Field(pattern="^(0|[1-9][0-9]*)$", description="decimal digits; may pass 2^53")
]


def is_account_field(name: str) -> bool:
    """Does a 32-byte value under this name (or its plural) name an account?"""
    return name in ACCOUNT_FIELDS or name.removesuffix("s") in ACCOUNT_FIELDS


def is_text_integer(name: str) -> bool:
    """Is an integer under this name written as a string?"""
    return name.endswith("_minor") or name in TEXT_INTEGERS


def render(value: object, name: str = "") -> Json:
    """The JSON form of a value of the core; `name` is that of the field it stands in."""
    match value:
        case Enum():
            return _word(value)
        case None | bool() | str():
            return value
        case int():
            return str(value) if is_text_integer(name) else value
        case bytes():
            return render_bytes(value, name)
        case tuple() | list():
            return [render(entry, name) for entry in value]
        case dict():
            return {str(key): render(entry, str(key)) for key, entry in value.items()}
        case _:
            return render_fields(value)


def _word(value: Enum) -> str:
    """A StrEnum's own text, else the member's name in lower case."""
    return value.value if isinstance(value, str) else value.name.lower()


def render_bytes(value: bytes, name: str) -> str:
    """Hex, or `hs1…` where the name is a party's."""
    if len(value) == HASH_SIZE and is_account_field(name):
        return encode_account(value)
    return value.hex()


def render_fields(value: object) -> dict[str, Json]:
    """The JSON object of a dataclass."""
    assert dataclasses.is_dataclass(value), type(value)
    return {
        field.name: render(getattr(value, field.name), field.name)
        for field in dataclasses.fields(value)
    }


@cache
def model_of(cls: type) -> type[BaseModel]:
    """The pydantic model of what `render_fields` makes of this dataclass (for schemas, tests)."""
    hints = get_type_hints(cls, include_extras=True)
    fields: dict[str, Any] = {
        field.name: (_json_type(hints[field.name], field.name), ...)
        for field in dataclasses.fields(cls)
    }
    doc = (cls.__doc__ or "").strip() or None
    config = ConfigDict(extra="forbid")
    return create_model(cls.__name__, __config__=config, __doc__=doc, **fields)


def _json_type(annotation: Any, name: str) -> Any:
    """The annotation of the JSON form of a field."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _bounded_type(args[0], args[1], name)
    if origin in (Union, types.UnionType):
        inner = next(arg for arg in args if arg is not types.NoneType)
        return _json_type(inner, name) | None
    if origin in (tuple, list) or getattr(origin, "__name__", "") == "Sequence":
        return list[_json_type(args[0], name)]  # type: ignore[misc]
    if origin is dict:
        return dict[str, _json_type(args[1], name)]  # type: ignore[misc]
    if dataclasses.is_dataclass(annotation):
        return model_of(annotation)  # type: ignore[arg-type]
    return _plain_type(annotation, name)


def _plain_type(annotation: Any, name: str) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return Literal[tuple(_word(entry) for entry in annotation)]
    if annotation is bytes:
        return AccountText if is_account_field(name) else HexText
    if annotation is int and is_text_integer(name):
        return IntegerText
    return annotation if annotation in (int, str, bool) else Any


def _bounded_type(base: Any, bounds: object, name: str) -> Any:
    if base is bytes and isinstance(bounds, Size):
        return _bytes_type(bounds, name)
    if base is int and isinstance(bounds, Range) and not is_text_integer(name):
        return Annotated[int, Field(ge=bounds.min, le=bounds.max)]
    if base is str and isinstance(bounds, Size):
        return Annotated[str, Field(min_length=bounds.min, max_length=bounds.max)]
    inner = _json_type(base, name)
    if get_origin(base) is tuple and isinstance(bounds, Size):
        return Annotated[inner, Field(min_length=bounds.min, max_length=bounds.max)]
    return inner


def _bytes_type(bounds: Size, name: str) -> Any:
    if bounds.min == bounds.max == HASH_SIZE:
        return AccountText if is_account_field(name) else HashText
    low, high = 2 * bounds.min, 2 * bounds.max
    return Annotated[HexText, Field(min_length=low, max_length=high)]
