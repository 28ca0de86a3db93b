"""An independent reader of canonical bytes, written from docs/protocol.md; nothing of ours."""

import unicodedata
from typing import Any

Value = Any

ITEMS_MAX = 65_536
NODES_MAX = 200_000
DEPTH_MAX = 16
KEY_MAX = 256
# A structure holds a free value at most this deep; beyond it nothing is canonical anyway.
NESTING_MAX = 64


class RefusedError(Exception):
    """Bytes that the protocol refuses; `name` is the rule."""

    def __init__(self, name: str, why: str = "") -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


def parse(data: bytes) -> Value:
    """Canonical msgpack: arrays as lists, maps as dicts."""
    parser = _Parser(data)
    value = parser.value(0)
    if parser.at != len(data):
        raise RefusedError("EncodingInvalid", "bytes behind the value")
    return value


class _Parser:
    """A position in some bytes and the count of nodes so far."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.nodes = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.data):
            raise RefusedError("EncodingInvalid", "cut")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, width: int, least: int) -> int:
        """An unsigned number of `width` bytes that no shorter form could hold."""
        number = int.from_bytes(self.take(width), "big")
        if number < least:
            raise RefusedError("EncodingInvalid", "not the shortest form")
        return number

    def value(self, depth: int) -> Value:
        if depth > NESTING_MAX:
            raise RefusedError("TooLarge", "nesting")
        first = self.take(1)[0]
        if first < 0x80:
            return first
        if first >= 0xE0:
            return first - 0x100
        if first < 0x90:
            return self.map(first & 0x0F, depth)
        if first < 0xA0:
            return self.array(first & 0x0F, depth)
        if first < 0xC0:
            return self.text(first & 0x1F)
        return self.long_form(first, depth)

    def long_form(self, first: int, depth: int) -> Value:
        if first in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[first]
        if 0xC4 <= first <= 0xC6:
            width = 1 << (first - 0xC4)
            return self.take(self.number(width, (0, 0x100, 0x10000)[first - 0xC4]))
        if 0xCC <= first <= 0xCF:
            return self.number(1 << (first - 0xCC), (0x80, 0x100, 0x10000, 2**32)[first - 0xCC])
        if 0xD0 <= first <= 0xD3:
            return self.negative(1 << (first - 0xD0))
        if 0xD9 <= first <= 0xDB:
            return self.text(self.number(1 << (first - 0xD9), (32, 256, 65_536)[first - 0xD9]))
        if first in (0xDC, 0xDD):
            return self.array(self.number(2 * (first - 0xDB), (16, 65_536)[first - 0xDC]), depth)
        if first in (0xDE, 0xDF):
            return self.map(self.number(2 * (first - 0xDD), (16, 65_536)[first - 0xDE]), depth)
        raise RefusedError("EncodingInvalid", f"no value begins with {first:02x}")

    def negative(self, width: int) -> int:
        number = int.from_bytes(self.take(width), "big", signed=True)
        shorter = -32 if width == 1 else -(1 << (8 * width // 2 - 1))
        if number >= shorter:
            raise RefusedError("EncodingInvalid", "not the shortest form")
        return number

    def text(self, size: int) -> str:
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise RefusedError("EncodingInvalid", "not UTF-8") from error

    def count(self, size: int) -> None:
        if size > ITEMS_MAX:
            raise RefusedError("EncodingInvalid", "too many items")
        self.nodes += 1 + size
        if self.nodes > NODES_MAX:
            raise RefusedError("TooLarge", "nodes")

    def array(self, size: int, depth: int) -> list[Value]:
        self.count(size)
        return [self.value(depth + 1) for _ in range(size)]

    def map(self, size: int, depth: int) -> dict[str, Value]:
        self.count(size)
        made: dict[str, Value] = {}
        last = ""
        for position in range(size):
            name = self.value(depth + 1)
            if type(name) is not str or (position and name <= last):
                raise RefusedError("EncodingInvalid", "map keys")
            made[name] = self.value(depth + 1)
            last = name
        return made


def write(value: Value) -> bytes:
    """The canonical bytes of a value."""
    match value:
        case None | True | False:
            return {None: b"\xc0", False: b"\xc2", True: b"\xc3"}[value]
        case int():
            return _write_integer(value)
        case bytes():
            return _length(len(value), ((0x100, b"\xc4", 1), (2**16, b"\xc5", 2))) + value
        case str():
            encoded = value.encode()
            head = bytes([0xA0 | len(encoded)]) if len(encoded) < 32 else b""
            forms = ((0x100, b"\xd9", 1), (2**16, b"\xda", 2))
            return (head or _length(len(encoded), forms)) + encoded
        case list() | tuple():
            head = bytes([0x90 | len(value)]) if len(value) < 16 else b""
            head = head or _length(len(value), ((2**16, b"\xdc", 2), (2**32, b"\xdd", 4)))
            return head + b"".join(write(entry) for entry in value)
        case dict():
            assert len(value) < 16
            pairs = [write(name) + write(value[name]) for name in sorted(value)]
            return bytes([0x80 | len(value)]) + b"".join(pairs)
        case _:
            raise TypeError(value)


def _length(size: int, forms: tuple[tuple[int, bytes, int], ...]) -> bytes:
    for below, head, width in forms:
        if size < below:
            return head + size.to_bytes(width, "big")
    raise ValueError(size)


def _write_integer(value: int) -> bytes:
    if -32 <= value < 128:
        return value.to_bytes(1, "big", signed=value < 0)
    for power in range(4):
        width = 1 << power
        if 0 <= value < 1 << (8 * width):
            return bytes([0xCC + power]) + value.to_bytes(width, "big")
        if -(1 << (8 * width - 1)) <= value < 0:
            return bytes([0xD0 + power]) + value.to_bytes(width, "big", signed=True)
    raise ValueError(value)


def check_text(value: str) -> None:
    """Rule 6: NFC, assigned, no control characters but tab and line feed."""
    categories = {c: unicodedata.category(c) for c in value}
    if any(kind in ("Cn", "Cs") for kind in categories.values()):
        raise RefusedError("TextNotCanonical", "unassigned")
    if any(kind == "Cc" and c not in "\t\n" for c, kind in categories.items()):
        raise RefusedError("TextNotCanonical", "control character")
    if unicodedata.normalize("NFC", value) != value:
        raise RefusedError("TextNotCanonical", "not NFC")


def check_free(value: Value, depth: int = 0) -> None:
    """A free value: an operation's payload, a value of an event."""
    if depth > DEPTH_MAX:
        raise RefusedError("TooLarge", "depth")
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, list):
        for entry in value:
            check_free(entry, depth + 1)
    elif isinstance(value, dict):
        for name, entry in value.items():
            check_key(name)
            check_free(entry, depth + 1)


def check_key(name: str) -> None:
    """A map's key."""
    if len(name) > KEY_MAX:
        raise RefusedError("EncodingInvalid", "a long key")
    check_text(name)


# Readers of fields: each takes a value and refuses what doesn't fit.


def integer(value: Value, low: int, high: int) -> int:
    """An integer within both ends."""
    if type(value) is not int or not low <= value <= high:
        raise RefusedError("EncodingInvalid", f"{value!r} is not in {low} … {high}")
    return value


def blob(value: Value, low: int, high: int) -> bytes:
    """Bytes of a length within both ends."""
    if type(value) is not bytes or not low <= len(value) <= high:
        raise RefusedError("EncodingInvalid", "bytes")
    return value


def hash32(value: Value) -> bytes:
    """32 bytes."""
    return blob(value, 32, 32)


def text(value: Value, low: int, high: int) -> str:
    """Text of so many code points."""
    if type(value) is not str or not low <= len(value) <= high:
        raise RefusedError("EncodingInvalid", "text")
    check_text(value)
    return value


def name(value: Value) -> str:
    """text 1…64."""
    return text(value, 1, 64)


def array(value: Value, low: int, high: int) -> list[Value]:
    """An array of so many items."""
    if type(value) is not list or not low <= len(value) <= high:
        raise RefusedError("EncodingInvalid", "array")
    return value


def fields(value: Value, count: int) -> list[Value]:
    """A structure of so many fields."""
    return array(value, count, count)
