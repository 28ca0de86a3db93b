"""The canonical codec: one value, one encoding; the rest is refused before it costs memory."""

import tracemalloc
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Annotated, Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.codec import (
    ENCODED_SIZE_MAX,
    MAP_KEY_MAX,
    NODES_MAX,
    U8,
    U64,
    Amount,
    Hash,
    Range,
    Size,
    Text,
    decode,
    encode,
    encode_checked,
    from_value,
    pack,
    to_value,
    unpack,
)
from chain.errors import EncodingInvalid, TextNotCanonical, TooLarge


@dataclass(frozen=True, slots=True)
class Line:
    sku: Text
    quantity: Annotated[int, Range(1, 1000)]


@dataclass(frozen=True, slots=True)
class Sample:
    version: U8
    owner: Hash
    amount_minor: Amount
    lines: Annotated[tuple[Line, ...], Size(max=3)]
    labels: Annotated[dict[str, Text], Size(max=3)]
    note: Text | None
    open: bool
    extra: Any


class Color(IntEnum):
    RED = 1


class Loud(str):
    __slots__ = ()


SAMPLE = Sample(
    1, bytes(32), 129_00, (Line("茶", 2),), {"a": "x", "b": "y"}, None, open=True, extra=(1, b"z")
)


def test_a_dataclass_comes_back_equal() -> None:
    assert decode(Sample, encode(SAMPLE)) == SAMPLE
    assert from_value(Sample, to_value(SAMPLE)) == SAMPLE


def test_maps_are_written_in_key_order_however_they_were_built() -> None:
    swapped = Sample(1, bytes(32), 0, (), {"b": "y", "a": "x"}, None, open=False, extra=None)
    sorted_ = Sample(1, bytes(32), 0, (), {"a": "x", "b": "y"}, None, open=False, extra=None)
    assert encode(swapped) == encode(sorted_)


def packed(**changes: object) -> bytes:
    values = {
        "version": 1,
        "owner": bytes(32),
        "amount_minor": 5,
        "lines": [["tea", 2]],
        "labels": {"a": "x"},
        "note": None,
        "open": True,
        "extra": None,
    } | changes
    data: bytes = msgpack.packb(list(values.values()))
    return data


REFUSED = [
    ("a byte more", packed() + b"\x00"),
    ("a byte less", packed()[:-1]),
    ("nothing", b""),
    ("an integer above its range", packed(version=256)),
    ("a negative amount", packed(amount_minor=-1)),
    ("an amount of 64 bits", packed(amount_minor=2**63)),
    ("a float", packed(amount_minor=5.0)),
    ("a bool as integer", packed(amount_minor=True)),
    ("an integer as bool", packed(open=1)),
    ("a short hash", packed(owner=bytes(31))),
    ("text where bytes belong", packed(owner="0" * 32)),
    ("a list too long", packed(lines=[["tea", 1]] * 4)),
    ("a struct with a field more", packed(lines=[["tea", 1, 1]])),
    ("a struct with a field less", packed(lines=[["tea"]])),
    ("a map with unsorted keys", packed(labels={"b": "x", "a": "x"})),
    ("a map with a key that is no text", packed(labels={1: "x"})),
    ("text not in NFC", packed(note="e\u0301")),
    ("an unassigned code point", packed(note="\u0378")),
    ("a code point of Unicode 15", packed(note="\U0001fae8")),
    ("a control character", packed(note="a\x00b")),
    ("a float in a free value", packed(extra=1.5)),
    ("an extension in a free value", packed(extra=msgpack.ExtType(4, b"x"))),
    ("a timestamp in a free value", packed(extra=msgpack.Timestamp(1, 0))),
    ("invalid UTF-8", packed(note="zz").replace(b"\xa2zz", b"\xa2\xff\xff")),
    ("a lone surrogate", packed(note="zzz").replace(b"\xa3zzz", b"\xa3\xed\xa0\x80")),
    ("a duplicate key", packed(labels={"a": "x", "b": "x"}).replace(b"\xa1b", b"\xa1a")),
    ("a non-minimal integer", packed(version=1).replace(b"\x98\x01", b"\x98\xcc\x01", 1)),
    ("a non-minimal length", b"\xdc\x00\x08" + packed()[1:]),
]


@pytest.mark.parametrize("data", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(EncodingInvalid):
        decode(Sample, data)


def test_text_that_is_not_canonical_is_named() -> None:
    with pytest.raises(TextNotCanonical):
        decode(Sample, packed(note="e\u0301"))


@pytest.mark.parametrize(
    "bomb",
    [
        b"\xdd\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xdc\xff\xff" + b"\x80" * 65_535,
        (b"\xdc\xff\xff" + b"\x80" * 65_535) * 1,
        b"\xdc\x00\x10" + (b"\xdc\x40\x00" + b"\x90" * 16_384) * 16,
        b"\x91" * 100_000 + b"\x90",
        b"\x81\xa1a" * 5_000 + b"\xc0",
    ],
)
def test_container_bombs_are_refused(bomb: bytes) -> None:
    with pytest.raises(EncodingInvalid):
        decode(Sample, bomb)


def test_more_nodes_than_the_cap_are_refused_by_name() -> None:
    rows = NODES_MAX // 16_384 + 1
    bomb = b"\xdc" + rows.to_bytes(2, "big") + (b"\xdc\x40\x00" + b"\x01" * 16_384) * rows
    with pytest.raises(TooLarge):
        unpack(bomb)


def test_a_reader_that_needs_few_nodes_makes_few_of_what_is_wrong() -> None:
    flat = pack((b"x",) * 20)
    assert unpack(flat, nodes_max=21) == (b"x",) * 20
    with pytest.raises(TooLarge, match="20 nodes"):
        unpack(flat, nodes_max=20)
    # One array alone that is longer isn't even begun.
    with pytest.raises(EncodingInvalid, match="exceeds max_array_len"):
        unpack(flat, nodes_max=19)


def test_more_bytes_than_the_cap_are_refused_by_name() -> None:
    with pytest.raises(TooLarge):
        decode(Sample, packed(), size_max=10)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", 256),
        ("owner", bytes(31)),
        ("amount_minor", -1),
        ("amount_minor", 2**70),
        ("note", "e\u0301"),
        ("labels", {"k" * (MAP_KEY_MAX + 1): "x"}),
        ("labels", {1: "x"}),
        ("extra", 0.5),
        ("extra", 2**64),
        ("extra", -(2**63) - 1),
        ("extra", [1]),
        ("extra", {"b": 1, "a": 2}),
        ("extra", {1: 2}),
        ("extra", {"k" * (MAP_KEY_MAX + 1): 1}),
        ("extra", Color.RED),
        ("extra", Loud("x")),
    ],
)
def test_a_checked_encoding_refuses_what_could_not_be_decoded(field: str, value: Any) -> None:
    with pytest.raises(EncodingInvalid):
        encode_checked(replace(SAMPLE, **{field: value}))


@pytest.mark.parametrize(
    "extra",
    [bytes(ENCODED_SIZE_MAX), (0,) * 65_537, ((0,) * 60_000,) * 4],
    ids=["bytes", "items", "nodes"],
)
def test_a_checked_encoding_refuses_what_exceeds_a_cap(extra: Any) -> None:
    with pytest.raises(EncodingInvalid):
        encode_checked(replace(SAMPLE, extra=extra))
    large = replace(SAMPLE, extra=(bytes(100_000), (0,) * 60_000))
    assert decode(Sample, encode_checked(large)) == large


def test_a_checked_encoding_is_the_plain_one_for_what_fits() -> None:
    assert encode_checked(SAMPLE) == encode(SAMPLE)


def test_a_long_map_key_is_refused_when_read() -> None:
    longest = {"k" * MAP_KEY_MAX: "x"}
    assert decode(Sample, packed(labels=longest)).labels == longest
    for where in ("labels", "extra"):
        with pytest.raises(EncodingInvalid):
            decode(Sample, packed(**{where: {"k" * (MAP_KEY_MAX + 1): "x"}}))


def test_a_field_without_bounds_is_a_programming_error() -> None:
    @dataclass(frozen=True, slots=True)
    class Unbounded:
        name: str

    with pytest.raises(TypeError, match="needs bounds"):
        encode(Unbounded("x"))


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.binary(max_size=40)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.sampled_from("abcdef"), inner, max_size=3).map(
            lambda found: dict(sorted(found.items()))
        )
    ),
    max_leaves=12,
)


@given(values, st.integers(1, 2**64 - 1))
def test_any_plain_value_round_trips(value: object, number: int) -> None:
    @dataclass(frozen=True, slots=True)
    class Free:
        number: U64
        value: Any

    sample = Free(number, value)
    assert decode(Free, encode(sample)) == sample


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_or_canonical(data: bytes) -> None:
    try:
        sample = decode(Sample, data)
    except EncodingInvalid:
        return
    assert encode(sample) == data


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_another_value_or_refused(position: int, byte: int) -> None:
    data = bytearray(encode(SAMPLE))
    at = position % len(data)
    if data[at] == byte:
        return
    data[at] = byte
    try:
        assert decode(Sample, bytes(data)) != SAMPLE
    except EncodingInvalid:
        return


def test_what_is_nested_too_deeply_is_refused_in_words() -> None:
    with pytest.raises(EncodingInvalid, match=r"no canonical msgpack: [a-z]"):
        unpack(b"\x91" * 3_000 + b"\x90")


@pytest.mark.parametrize("depth", [100, 511, 20_000])
def test_arrays_that_claim_more_than_is_there_take_no_memory(depth: int) -> None:
    bomb = b"\xdd\x00\x01\x00\x00" * depth
    tracemalloc.start()
    try:
        with pytest.raises(EncodingInvalid):
            unpack(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # Half a megabyte for each array, 268 MB in all, if their words were taken for it.
    assert peak < 1024 * 1024 + 4 * len(bomb)
