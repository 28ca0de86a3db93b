"""Vectors of payloads: for each native type the least and the most that fits, and what doesn't.

Made from the payloads' annotations, so that a new type needs no line here. They are about form: a
handler may refuse values that have it.
"""

import dataclasses
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin, get_type_hints

from chain.codec import INT_MAX, INT_MIN, Range, from_value, pack
from chain.errors import EncodingInvalid
from commerce.registry import TYPES
from tests.vectors.make_basics import tagged
from tests.vectors.material import Json

# Longer fields are shown at this length, and beyond it what is too long is left out.
SHOWN_MAX = 64
TOO_LONG_MAX = 512


def payloads() -> Json:
    """Two that fit and all that break one bound, for each type in the registry."""
    return {
        entry.name: {
            "valid": [
                {"name": name, "value": tagged(value), "bytes": pack(value).hex()}
                for name, value in (
                    ("least", example(entry.payload, most=False)),
                    ("most", example(entry.payload, most=True)),
                )
            ],
            "refused": [
                {"name": name, "bytes": pack(value).hex()}
                for name, value in _refused(entry.payload)
            ],
        }
        for entry in sorted(TYPES, key=lambda entry: entry.name)
    }


def example(annotation: Any, *, most: bool) -> Any:
    """The plain value of an annotation at its lower or upper bounds."""
    inner = _optional(annotation)
    if inner is not None:
        return example(inner, most=True) if most else None
    if dataclasses.is_dataclass(annotation):
        return tuple(example(field, most=most) for field in _fields(annotation).values())
    if annotation is bool:
        return most
    base, bounds = get_args(annotation)[:2]
    if isinstance(bounds, Range):
        return bounds.max if most else bounds.min
    length = min(bounds.max, SHOWN_MAX) if most else bounds.min
    if get_origin(base) is tuple:
        return tuple([example(get_args(base)[0], most=most)] * min(length, 3))
    return (
        bytes(range(256)) * (length // 256) + bytes(range(length % 256))
        if base is bytes
        else ("茶" * length)
    )


def _optional(annotation: Any) -> Any:
    if get_origin(annotation) not in (Union, types.UnionType):
        return None
    return next(arg for arg in get_args(annotation) if arg is not types.NoneType)


def _fields(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


def _refused(cls: Any) -> Iterator[tuple[str, Any]]:
    good = example(cls, most=False)
    rows = [("a field too few", good[:-1]), ("a field too many", (*good, None)), ("nil", None)]
    for place, (name, annotation) in enumerate(_fields(cls).items()):
        for why, bad in _breakers(annotation):
            rows.append((f"{name}: {why}", (*good[:place], bad, *good[place + 1 :])))
    for name, value in rows:
        try:
            from_value(cls, value)
        except EncodingInvalid:
            yield name, value
        else:
            raise AssertionError(f"{cls.__name__}, {name}: fits")


def _breakers(annotation: Any) -> Iterator[tuple[str, Any]]:
    """Values just beyond what the annotation allows."""
    inner = _optional(annotation)
    if inner is not None:
        yield from _breakers(inner)
        return
    yield "a map", {}
    if dataclasses.is_dataclass(annotation):
        yield "a field too few", example(annotation, most=True)[:-1]
    elif annotation is bool:
        yield "a number", 1
    else:
        yield from _beyond(annotation)


def _beyond(annotation: Any) -> Iterator[tuple[str, Any]]:
    base, bounds = get_args(annotation)[:2]
    if isinstance(bounds, Range):
        below = [("below its range", bounds.min - 1)] if bounds.min > INT_MIN else []
        above = [("above its range", bounds.max + 1)] if bounds.max < INT_MAX else []
        yield from [*below, *above, ("true", True)]
        return
    one = (
        (example(get_args(base)[0], most=True),)
        if get_origin(base) is tuple
        else (b"x" if base is bytes else "x")
    )
    if bounds.min:
        yield "too short", one * (bounds.min - 1)
    if bounds.max <= TOO_LONG_MAX:
        yield "too long", one * (bounds.max + 1)
