"""Canonical bytes: msgpack under strict rules, frozen dataclasses as arrays in field order.

One value has one encoding. What does not encode back to the very bytes it was read from is refused,
and so are floats, extension types, unsorted or repeated map keys, and strings that are not NFC.
The shape of every field comes from its annotation (`Annotated[bytes, Size(max=64)]`, `U64`, …).
Caps hold before memory is taken: size, depth, number of nodes (docs/protocol.md § Canonical bytes).
"""

import dataclasses
import types
from collections.abc import Callable, Sized
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgpack

from chain.errors import EncodingInvalid, TextNotCanonical, TooLarge
from chain.unicode14 import is_agreed_text

T = TypeVar("T")

ENCODED_SIZE_MAX = 4 * 1024 * 1024
DEPTH_MAX = 16
NODES_MAX = 200_000
CONTAINER_ITEMS_MAX = 65_536
MAP_KEY_MAX = 256
INT_MIN = -(2**63)
INT_MAX = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Size:
    """How many bytes, characters or items a field may have; both ends included."""

    max: int
    min: int = 0


@dataclass(frozen=True, slots=True)
class Range:
    """Which integers a field may hold; both ends included."""

    min: int
    max: int


U8 = Annotated[int, Range(0, 2**8 - 1)]
U16 = Annotated[int, Range(0, 2**16 - 1)]
U32 = Annotated[int, Range(0, 2**32 - 1)]
U64 = Annotated[int, Range(0, 2**64 - 1)]
# UTC milliseconds; below 2^53, so that every JSON reader keeps them exactly.
TimeMs = Annotated[int, Range(0, 2**53 - 1)]
# Heights and views likewise; the next one of any is still eight bytes in what a vote signs.
HEIGHT_MAX = 2**53 - 1
Height = Annotated[int, Range(0, HEIGHT_MAX)]
View = Annotated[int, Range(0, 2**53 - 1)]
# Minor units of an asset (fen); signed 64 bits wide, never negative.
Amount = Annotated[int, Range(0, 2**63 - 1)]
PositiveAmount = Annotated[int, Range(1, 2**63 - 1)]
Hash = Annotated[bytes, Size(min=32, max=32)]
PublicKey = Annotated[bytes, Size(min=32, max=32)]
Signature = Annotated[bytes, Size(min=64, max=64)]
Name = Annotated[str, Size(min=1, max=64)]
Text = Annotated[str, Size(max=512)]

# What msgpack yields; the typed readers below take nothing else.
Value = Any


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one annotation is written and read; `write` None means the value is its own form."""

    write: Callable[[Any], Value] | None
    read: Callable[[Value, str], Any]


def encode(obj: object) -> bytes:
    """The canonical bytes of a dataclass; its ranges are checked by `decode`, not here."""
    shape = shape_of(type(obj))
    assert shape.write is not None
    return pack(shape.write(obj))


def encode_checked(obj: object) -> bytes:
    """As `encode`, for what rules have computed: `EncodingInvalid` unless it can be decoded."""
    shape = shape_of(type(obj))
    assert shape.write is not None
    value = shape.write(obj)
    shape.read(value, type(obj).__name__)
    packed = pack(value)
    if len(packed) > CONTAINER_ITEMS_MAX:
        # Only so many bytes can exceed a cap: every item and every node takes one.
        unpack(packed)
    return packed


def decode(cls: type[T], data: bytes, *, size_max: int = ENCODED_SIZE_MAX) -> T:
    """Read a `cls` from its canonical bytes, or raise `EncodingInvalid` (`TooLarge`, …).

    Ensures `encode(decode(cls, data)) == data`.
    """
    obj: T = shape_of(cls).read(unpack(data, size_max=size_max), cls.__name__)
    return obj


def to_value(obj: object) -> Value:
    """The plain value (tuples, ints, …) that `encode` would pack."""
    write = shape_of(type(obj)).write
    return obj if write is None else write(obj)


def from_value(cls: type[T], value: Value) -> T:
    """Read a `cls` from an already unpacked value; same refusals as `decode`."""
    obj: T = shape_of(cls).read(value, cls.__name__)
    return obj


def pack(value: Value) -> bytes:
    """Plain value to msgpack; map keys must already be sorted."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def unpack(data: bytes, *, size_max: int = ENCODED_SIZE_MAX) -> Value:
    """Canonical msgpack to plain values, under the caps. Types are the typed readers' concern."""
    if len(data) > size_max:
        msg = f"{len(data)} bytes, at most {size_max}"
        raise TooLarge(msg)
    counter = _NodeCounter()
    try:
        value = msgpack.unpackb(
            data,
            raw=False,
            use_list=False,
            list_hook=counter.array,
            object_pairs_hook=counter.map,
            ext_hook=_refuse_extension,
            max_array_len=CONTAINER_ITEMS_MAX,
            max_map_len=CONTAINER_ITEMS_MAX,
            max_ext_len=0,
        )
        again = msgpack.packb(value, use_bin_type=True)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        msg = f"no canonical msgpack: {error}"
        raise EncodingInvalid(msg) from error
    if again != data:
        msg = "not the shortest encoding of its value"
        raise EncodingInvalid(msg)
    return value


class _NodeCounter:
    """Counts nodes while msgpack builds them: a byte cap alone lets 1 MB grow to 70 MB."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes = 0

    def array(self, items: tuple[Value, ...]) -> Value:
        self.nodes += 1 + len(items)
        if self.nodes > NODES_MAX:
            msg = f"more than {NODES_MAX} nodes"
            raise TooLarge(msg)
        return items

    def map(self, items: list[tuple[Value, Value]]) -> Value:
        self.array(tuple(items))
        keys = [key for key, _ in items]
        if any(type(key) is not str for key in keys):
            msg = "map keys must be strings"
            raise EncodingInvalid(msg)
        if any(a >= b for a, b in pairwise(keys)):
            msg = "map keys must be sorted and distinct"
            raise EncodingInvalid(msg)
        return dict(items)


def _refuse_extension(code: int, _data: bytes) -> Value:
    msg = f"extension type {code}"
    raise EncodingInvalid(msg)


def check_text(text: str) -> str:
    """`text` if it may stand in agreed bytes, else `TextNotCanonical`."""
    if not is_agreed_text(text):
        msg = "text must be NFC, assigned in Unicode 14.0 and without control characters"
        raise TextNotCanonical(msg)
    return text


_SHAPES: dict[Any, _Shape] = {}


def shape_of(annotation: Any) -> _Shape:
    """The reader and writer of an annotation; derived once."""
    shape = _SHAPES.get(annotation)
    if shape is None:
        shape = _SHAPES[annotation] = _derive(annotation)
    return shape


def _derive(annotation: Any) -> _Shape:
    origin = get_origin(annotation)
    if origin is Annotated:
        base, *bounds = get_args(annotation)
        return _bounded(base, bounds[0])
    if origin in (Union, types.UnionType):
        return _optional(annotation)
    if origin is tuple:
        return _array(get_args(annotation)[0], Size(max=CONTAINER_ITEMS_MAX))
    if origin is dict:
        return _map(get_args(annotation)[1], Size(max=CONTAINER_ITEMS_MAX))
    if dataclasses.is_dataclass(annotation):
        return _struct(annotation)
    if annotation is bool:
        return _Shape(None, _scalar(bool))
    if annotation is Any:
        return _Shape(None, _read_any)
    msg = f"{annotation!r} needs bounds: no field of agreed bytes is unlimited"
    raise TypeError(msg)


def _scalar(kind: type) -> Callable[[Value, str], Any]:
    def read(value: Value, where: str) -> Any:
        if type(value) is not kind:
            msg = f"{where}: expected {kind.__name__}, not {type(value).__name__}"
            raise EncodingInvalid(msg)
        return value

    return read


def _bounded(base: Any, bounds: Size | Range) -> _Shape:
    if isinstance(bounds, Range):
        return _Shape(None, _integer(bounds))
    if base is bytes:
        return _Shape(None, _sized(bytes, bounds))
    if base is str:
        return _Shape(None, _text(bounds))
    origin, args = get_origin(base), get_args(base)
    return _array(args[0], bounds) if origin is tuple else _map(args[1], bounds)


def _integer(bounds: Range) -> Callable[[Value, str], int]:
    low, high = bounds.min, bounds.max

    def read(value: Value, where: str) -> int:
        if type(value) is not int or not low <= value <= high:
            msg = f"{where}: expected an integer from {low} to {high}"
            raise EncodingInvalid(msg)
        return value

    return read


def _sized(kind: type[Sized], bounds: Size) -> Callable[[Value, str], Any]:
    low, high = bounds.min, bounds.max

    def read(value: Value, where: str) -> Any:
        if type(value) is not kind:
            msg = f"{where}: expected {kind.__name__}, not {type(value).__name__}"
            raise EncodingInvalid(msg)
        if not low <= len(value) <= high:
            msg = f"{where}: length {len(value)}, allowed {low} to {high}"
            raise EncodingInvalid(msg)
        return value

    return read


def _text(bounds: Size) -> Callable[[Value, str], str]:
    sized = _sized(str, bounds)

    def read(value: Value, where: str) -> str:
        text: str = sized(value, where)
        return text if text.isascii() and text.isprintable() else check_text(text)

    return read


def _optional(annotation: Any) -> _Shape:
    inner_type = next(arg for arg in get_args(annotation) if arg is not types.NoneType)
    assert len(get_args(annotation)) == len((inner_type, None)), "agreed unions are `T | None`"
    inner = shape_of(inner_type)
    write = inner.write

    def read(value: Value, where: str) -> Any:
        return None if value is None else inner.read(value, where)

    if write is None:
        return _Shape(None, read)
    return _Shape(lambda value: None if value is None else write(value), read)


def _array(item_type: Any, bounds: Size) -> _Shape:
    item = shape_of(item_type)
    sized, item_read, item_write = _sized(tuple, bounds), item.read, item.write

    def read(value: Value, where: str) -> tuple[Any, ...]:
        items = sized(value, where)
        return tuple([item_read(entry, f"{where}[{i}]") for i, entry in enumerate(items)])

    if item_write is None:
        return _Shape(None, read)
    return _Shape(lambda value: tuple([item_write(entry) for entry in value]), read)


def _map(item_type: Any, bounds: Size) -> _Shape:
    item = shape_of(item_type)
    sized, item_read, item_write = _sized(dict, bounds), item.read, item.write

    def read(value: Value, where: str) -> dict[str, Any]:
        items = sized(value, where)
        return {_key(k, where): item_read(entry, f"{where}.{k}") for k, entry in items.items()}

    def write(value: dict[str, Any]) -> dict[str, Value]:
        if item_write is None:
            return dict(sorted(value.items()))
        return {key: item_write(entry) for key, entry in sorted(value.items())}

    return _Shape(write, read)


def _key(key: str, where: str) -> str:
    if type(key) is not str or len(key) > MAP_KEY_MAX:
        msg = f"{where}: a map key is text of at most {MAP_KEY_MAX} characters"
        raise EncodingInvalid(msg)
    return check_text(key)


def _struct(cls: Any) -> _Shape:
    hints = get_type_hints(cls, include_extras=True)
    names = [field.name for field in dataclasses.fields(cls)]
    shapes = [shape_of(hints[name]) for name in names]
    readers = [(shape.read, name) for shape, name in zip(shapes, names, strict=True)]
    converted = [(i, shape.write) for i, shape in enumerate(shapes) if shape.write is not None]
    count, title = len(names), cls.__name__
    fields = attrgetter(*names) if count > 1 else _single(names)

    def read(value: Value, where: str) -> Any:
        if type(value) is not tuple or len(value) != count:
            msg = f"{where}: expected the {count} fields of {title}"
            raise EncodingInvalid(msg)
        return cls(*[f(entry, name) for (f, name), entry in zip(readers, value, strict=True)])

    def write(obj: Any) -> Value:
        if not converted:
            return fields(obj)
        values = list(fields(obj))
        for i, convert in converted:
            values[i] = convert(values[i])
        return tuple(values)

    return _Shape(write, read)


def _single(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if not names:
        return lambda _obj: ()
    (name,) = names
    return lambda obj: (getattr(obj, name),)


def _read_any(value: Value, where: str, depth: int = 0) -> Value:
    """A value whose type is read later (an operation's payload): its kinds are checked here."""
    if depth > DEPTH_MAX:
        msg = f"{where}: deeper than {DEPTH_MAX}"
        raise TooLarge(msg)
    kind = type(value)
    if kind is tuple:
        for entry in value:
            _read_any(entry, where, depth + 1)
    elif kind is dict:
        _read_any_map(value, where, depth)
    elif kind is str:
        check_text(value)
    elif kind is int:
        _ANY_INTEGER(value, where)
    elif kind not in (bytes, bool, types.NoneType):
        msg = f"{where}: {kind.__name__} has no place in agreed bytes"
        raise EncodingInvalid(msg)
    return value


def _read_any_map(value: dict[Any, Value], where: str, depth: int) -> None:
    for key, entry in value.items():
        _read_any(entry, where, depth + 1)
        _key(key, where)
    if any(a >= b for a, b in pairwise(value)):
        msg = f"{where}: map keys must be sorted"
        raise EncodingInvalid(msg)


_ANY_INTEGER = _integer(Range(INT_MIN, INT_MAX))
