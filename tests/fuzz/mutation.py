"""Changes valid examples into what a stranger might send; all that is drawn comes from one seed.

Three layers: values (a tree with something absurd in one place), bytes (flips, cuts, repeats,
lengths, bombs), and texts. A corpus entry that carries a check sum is sealed anew half of the time,
else nothing behind the check would ever be reached.
"""

import json
from collections.abc import Callable, Sequence
from enum import Enum
from random import Random
from typing import Any, Final

import msgpack

SIZE_MAX: Final = 256 * 1024
# Bytes that begin something in msgpack, and the ends of ranges.
TELLING: Final = bytes(
    (
        *(0x00, 0x01, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xFF, 0x0A, 0x0D, 0x22, 0x5C),
        *range(0xC0, 0xE0),
    )
)
BOMBS: Final = (
    b"\xdd\xff\xff\xff\xff" * 40,
    b"\xdf\xff\xff\xff\xff" * 40,
    b"\xdd\x00\x01\x00\x00" * 511,
    b"\xdc\xff\xff" * 600,
    b"\xde\x40\x00\xa0" * 400,
    b"\x91" * 20_000,
    b"\x81\xa0" * 10_000,
    b"\x90" * 60_000,
    b"\xdc\xff\xff" + b"\x80" * 0xFFFF,
    b"\xc6\xff\xff\xff\xff",
    b"\xdb\xff\xff\xff\xff",
    b"\xc9\xff\xff\xff\xff\x01",
    b"\xd8\x01" + bytes(16),
    b"\xd6\xff" + bytes(4),
    b"\xc7\x00\xff",
)
# The same number in more bytes than it needs, and kinds that have no place.
ODD_PIECES: Final = (
    b"\xcc\x01",
    b"\xcd\x00\x01",
    b"\xce\x00\x00\x00\x01",
    b"\xcf" + bytes(7) + b"\x01",
    b"\xd0\x01",
    b"\xd3" + bytes(8),
    b"\xca" + bytes(4),
    b"\xcb\x7f\xf8" + bytes(6),
    b"\xd9\x01a",
    b"\xda\x00\x01a",
    b"\xc5\x00\x01a",
    b"\xc1",
    b"\xa3\xed\xa0\x80",
    b"\xa2\xff\xfe",
    b"\x82\xa1b\x01\xa1a\x01",
    b"\x82\xa1a\x01\xa1a\x02",
)
WORDS: Final = (
    "",
    "\x00",
    "\x1b[2J",
    "a\r\nb",
    "e\u0301",
    "\u00e9",
    "\u202e",
    "\ufeff",
    "\U0001f4b0",
    "\ud800",
    "\udfff\ud800",
    "../../etc/passwd",
    "..%2f..%2f",
    "%00",
    "%ff%fe",
    "%ED%A0%80",
    "\uff11\uff12",
    "\u0661",
    "\u00b2",
    "1e999999999",
    "-0",
    "+1",
    "0x10",
    "1_000",
    " 1",
    "NaN",
    "9" * 5000,
    "0." + "0" * 5000 + "1",
    "a" * 70_000,
    "[" * 10_000,
    "(" * 2_000,
    "https://[::1",
    "//[",
    "http://a:99999999/",
    "hs1" + "q" * 58,
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:60.999999999+99:99",
)
JSON_PIECES: Final = (
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"1.0",
    b"-0",
    b"9" * 100_000,
    b"[" * 10_000,
    b'{"a":' * 10_000,
    b'{"a":1,"a":2}',
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\u0000"',
    b'"\xed\xa0\x80"',
    b"\xef\xbb\xbf",
    b"/* */",
    b"'a'",
    b"[1,]",
    b"tru",
    b"\x00",
    b"[" + b"0," * 30_000 + b"0]",
    b'{"' + b"k" * 40_000 + b'":[' + b"0," * 20_000 + b"0]}",
)


class Form(Enum):
    """What the bytes of a decoder are, so that changes make sense."""

    PACKED = "msgpack"
    JSON = "JSON"
    TEXT = "text"


def absurd_value(draw: Random, form: Form) -> Any:
    """A value that hardly any field takes."""
    numbers = (0, -1, 1, 2**31, 2**32, 2**53, 2**63, 2**64 - 1, -(2**63))
    kinds: list[Callable[[], Any]] = [
        lambda: draw.choice(numbers),
        lambda: draw.choice(WORDS),
        lambda: None,
        lambda: bool(draw.getrandbits(1)),
        list,
        dict,
        lambda: _nested(draw.choice((5, 17, 40, 300))),
        lambda: [0] * draw.choice((1, 300, 20_000)),
        lambda: {"b": 1, "a": 2},
        lambda: {draw.choice(WORDS[:12]): draw.choice(WORDS[:12])},
        lambda: draw.choice((0.5, 1e300)),
    ]
    if form is Form.PACKED:
        kinds += [
            lambda: draw.randbytes(draw.choice((0, 1, 31, 32, 33, 64, 5000))),
            lambda: msgpack.ExtType(draw.choice((1, 5, 127)), draw.randbytes(4)),
        ]
    else:
        kinds.append(lambda: draw.choice(("00" * 32, "00" * 31, "AB", "x", 10**30)))
    return draw.choice(kinds)()


def changed(draw: Random, data: bytes, others: Sequence[bytes], form: Form) -> bytes:
    """One to four changes of an example."""
    if form is not Form.TEXT and draw.random() < 0.4:
        data = _changed_value(draw, data, form)
        if draw.random() < 0.6:
            return data[:SIZE_MAX]
    for _ in range(draw.randint(1, 3)):
        data = draw.choice(_CHANGES[form])(draw, data, others)[:SIZE_MAX]
    return data


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def _changed_value(draw: Random, data: bytes, form: Form) -> bytes:
    """One place of the tree holds something else; bytes that are no tree stay as they are."""
    try:
        if form is Form.JSON:
            # Twice a name is what no dict can hold: the text is made of pairs.
            tree = _graft(draw, json.loads(data), form)
            return json.dumps(tree, ensure_ascii=bool(draw.getrandbits(1))).encode(
                "utf-8", "surrogatepass"
            )
        # Some begin with a byte for their kind.
        head = 0 if data[:1] >= b"\x80" else 1
        tree = _graft(draw, msgpack.unpackb(data[head:], strict_map_key=False), form)
        return data[:head] + bytes(msgpack.packb(tree, unicode_errors="surrogatepass"))
    except (ValueError, TypeError, RecursionError, OverflowError, msgpack.UnpackException):
        return data


def _graft(draw: Random, tree: Any, form: Form) -> Any:
    """The tree with one value replaced, left out, or standing twice."""
    if isinstance(tree, list | dict) and tree and draw.random() < 0.85:
        if isinstance(tree, list):
            at = draw.randrange(len(tree))
            return _list_changed(draw, tree, at, form)
        key = draw.choice(list(tree))
        return _dict_changed(draw, tree, key, form)
    return absurd_value(draw, form)


def _list_changed(draw: Random, tree: list[Any], at: int, form: Form) -> list[Any]:
    match draw.randrange(8):
        case 0:
            return tree[:at] + tree[at + 1 :]
        case 1:
            return [*tree[:at], tree[at], *tree[at:]]
        case 2:
            return tree[::-1]
        case _:
            return [*tree[:at], _graft(draw, tree[at], form), *tree[at + 1 :]]


def _dict_changed(draw: Random, tree: dict[Any, Any], key: Any, form: Form) -> dict[Any, Any]:
    match draw.randrange(8):
        case 0:
            return {name: value for name, value in tree.items() if name != key}
        case 1:
            return {**tree, draw.choice(WORDS): absurd_value(draw, form)}
        case 2:
            return dict(reversed(tree.items()))
        case _:
            return {**tree, key: _graft(draw, tree[key], form)}


# Changes of bytes: (draw, data, other examples) -> data.


def _flip(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    if not data:
        return b"\xff"
    at = draw.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]


def _set(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + bytes([draw.choice(TELLING)]) + data[at + 1 :]


def _cut(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _take_out(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    at = draw.randrange(len(data) + 1)
    return data[:at] + data[at + draw.choice((1, 1, 2, 4, 32)) :]


def _repeat(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    start = draw.randrange(len(data) + 1)
    piece = data[start : start + draw.choice((1, 8, 64, 500))]
    return data[:start] + piece * draw.choice((2, 3, 100)) + data[start + len(piece) :]


def _swap(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    a, b = sorted(draw.randrange(len(data) + 1) for _ in range(2))
    return data[b:] + data[a:b] + data[:a]


def _splice(draw: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    other = draw.choice(others) if others else b""
    return data[: draw.randrange(len(data) + 1)] + other[draw.randrange(len(other) + 1) :]


def _length(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
    """Another number where one may be a length: after a byte that begins something."""
    places = [at for at, byte in enumerate(data[:4000]) if 0xC4 <= byte <= 0xDF]
    at = draw.choice(places) + 1 if places else 0
    size = draw.choice((1, 2, 4))
    number: int = draw.choice((0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
    number &= (1 << 8 * size) - 1
    return data[:at] + number.to_bytes(size, "big") + data[at + size :]


def _insert(pieces: Sequence[bytes]) -> Callable[[Random, bytes, Sequence[bytes]], bytes]:
    def insert(draw: Random, data: bytes, _others: Sequence[bytes]) -> bytes:
        at = draw.randrange(len(data) + 1)
        piece = draw.choice(pieces)
        return data[:at] + piece + data[at + draw.choice((0, 0, 1, len(piece))) :]

    return insert


def _noise(draw: Random, _data: bytes, _others: Sequence[bytes]) -> bytes:
    return draw.randbytes(draw.choice((0, 1, 5, 40, 600)))


_TEXTS: Final = tuple(word.encode("utf-8", "surrogatepass") for word in WORDS)
_ANY: Final = (_flip, _set, _cut, _take_out, _repeat, _swap, _splice)
_CHANGES: Final = {
    Form.PACKED: (*_ANY, _length, _insert(BOMBS), _insert(ODD_PIECES), _insert(_TEXTS), _noise),
    Form.JSON: (*_ANY, _insert(JSON_PIECES), _insert(_TEXTS), _noise),
    Form.TEXT: (*_ANY, _insert(_TEXTS), _insert(_TEXTS), _noise),
}
