"""Canonical bytes: msgpack under strict rules, frozen dataclasses as arrays in field order.

One value has one encoding. What does not encode back to the very bytes it was read from is refused,
and so are floats, extension types, unsorted or repeated map keys, and strings that are not NFC.
The shape of every field comes from its annotation (`Annotated[bytes, Size(max=64)]`, `U64`, …).
Caps hold before memory is taken: size, depth, number of nodes (docs/protocol.md § Canonical bytes).
"""

from itertools import pairwise
from typing import Annotated, TypeVar

import msgpack

from chain.codec_shapes import (
    CONTAINER_ITEMS_MAX,
    INT_MAX,
    INT_MIN,
    MAP_KEY_MAX,
    Range,
    Size,
    Value,
    check_text,
    shape_of,
)
from chain.errors import EncodingInvalid, TooLarge

__all__ = [
    "INT_MAX",
    "INT_MIN",
    "MAP_KEY_MAX",
    "Range",
    "Size",
    "Value",
    "check_text",
]

T = TypeVar("T")

ENCODED_SIZE_MAX = 4 * 1024 * 1024
NODES_MAX = 200_000
# What nested arrays in so few bytes can claim without having it takes 1 MB for a moment.
UNWALKED_SIZE_MAX = 512

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
    shape.check(value, type(obj).__name__)
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
    # Not one packer for all: threads could meet in it.
    packed: bytes = msgpack.Packer().pack(value)
    return packed


def unpack(data: bytes, *, size_max: int = ENCODED_SIZE_MAX, nodes_max: int = NODES_MAX) -> Value:
    """Canonical msgpack to plain values, under the caps. Types are the typed readers' concern.

    `nodes_max`: fewer where fewer can be right, so that less is made of what isn't.
    """
    size = len(data)
    if size > size_max:
        msg = f"{size} bytes, at most {size_max}"
        raise TooLarge(msg)
    # Every node takes a byte and every array another one: so few bytes can't hold too many nodes.
    counter = _NodeCounter(nodes_max) if size > nodes_max // 2 else None
    items_max = min(size, CONTAINER_ITEMS_MAX, nodes_max)
    try:
        if size > UNWALKED_SIZE_MAX:
            # msgpack makes room for as many items as an array claims: 2.5 kB of arrays in arrays,
            # each said to be of 65,536, would take 268 MB and 25 ms until the end of the bytes
            # shows. So first a walk over all of it, which makes nothing.
            walker = msgpack.Unpacker(max_buffer_size=size)
            walker.feed(data)
            walker.skip()
        value = msgpack.unpackb(
            data,
            raw=False,
            use_list=False,
            list_hook=None if counter is None else counter.array,
            object_pairs_hook=_sorted_map if counter is None else counter.map,
            ext_hook=_refuse_extension,
            max_array_len=items_max,
            max_map_len=items_max,
            max_ext_len=0,
        )
        again = msgpack.Packer().pack(value)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException) as error:
        # Too deep a nesting has no words of its own.
        msg = f"no canonical msgpack: {str(error) or 'nested too deeply'}"
    else:
        if again == data:
            return value
        msg = "not the shortest encoding of its value"
    # Not from msgpack's error: that may hold all of the bytes that were too many.
    raise EncodingInvalid(msg)


class _NodeCounter:
    """Counts nodes while msgpack builds them: a byte cap alone lets 1 MB grow to 70 MB."""

    __slots__ = ("_nodes_max", "nodes")

    def __init__(self, nodes_max: int) -> None:
        self._nodes_max = nodes_max
        self.nodes = 0

    def array(self, items: tuple[Value, ...]) -> Value:
        self.nodes += 1 + len(items)
        if self.nodes > self._nodes_max:
            msg = f"more than {self._nodes_max} nodes"
            raise TooLarge(msg)
        return items

    def map(self, items: list[tuple[Value, Value]]) -> Value:
        self.array(tuple(items))
        return _sorted_map(items)


def _sorted_map(items: list[tuple[Value, Value]]) -> Value:
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
