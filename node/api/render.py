"""The schemas of the core's values as JSON: what `node.rendering` makes, as pydantic models."""

import dataclasses
import types
from enum import Enum
from functools import cache
from typing import (
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic import BaseModel, ConfigDict, Field, create_model

from chain.codec import Range, Size
from chain.crypto import HASH_SIZE
from node.rendering import Json, is_account_field, is_text_integer, render, render_fields, word_of

__all__ = [
    "AccountText",
    "HashText",
    "HexText",
    "IntegerText",
    "Json",
    "is_account_field",
    "model_of",
    "render",
    "render_fields",
]

AccountText = Annotated[
    str,
    Field(pattern="^hs1[02-9ac-hj-np-z]{58}$", description="account id: bech32m of 32 bytes"),
]
HashText = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="32 bytes in hex")]
HexText = Annotated[str, Field(pattern="^([0-9a-f]{2})*$", description="bytes in hex")]
IntegerText = Annotated[
    str, Field(pattern="^(0|[1-9][0-9]*)$", description="decimal digits; may pass 2^53")
]


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
        return Literal[tuple(word_of(entry) for entry in annotation)]
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
