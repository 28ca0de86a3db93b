"""How annotations are written and read: one `Shape` each, derived once.

The functions of a dataclass are generated, as `dataclasses` generates its `__init__`: a field that
is plainly what its annotation asks for costs one comparison, and only what is not goes to the
reader of that annotation, which knows every case and names what it refuses (docs/adr/0080).
"""

import dataclasses
import types
from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from chain.errors import EncodingInvalid, TextNotCanonical, TooLarge
from chain.unicode14 import is_agreed_text

DEPTH_MAX: Final = 16
CONTAINER_ITEMS_MAX: Final = 65_536
MAP_KEY_MAX: Final = 256
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**64 - 1

# What msgpack yields; the typed readers below take nothing else.
Value = Any
Read = Callable[[Value, str], Any]


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


@dataclass(frozen=True, slots=True)
class Shape:
    """How one annotation is written and read.

    `write` None means the value is its own form, and what is read is the value. `check` judges as
    `read` does and builds nothing. `quick` is an expression over `{v}` that is only true of values
    which `read` takes; empty where there is none.
    """

    write: Callable[[Any], Value] | None
    read: Read
    check: Callable[[Value, str], object]
    quick: str = ""


def check_text(text: str) -> str:
    """`text` if it may stand in agreed bytes, else `TextNotCanonical`."""
    if not is_agreed_text(text):
        msg = "text must be NFC, assigned in Unicode 14.0 and without control characters"
        raise TextNotCanonical(msg)
    return text


_SHAPES: dict[Any, Shape] = {}


def shape_of(annotation: Any) -> Shape:
    """The reader and writer of an annotation; derived once."""
    shape = _SHAPES.get(annotation)
    if shape is None:
        shape = _SHAPES[annotation] = _derive(annotation)
    return shape


def _derive(annotation: Any) -> Shape:
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
        return _leaf(_scalar(bool), "({v} is True or {v} is False)")
    if annotation is Any:
        return _leaf(_read_any, _QUICK_ANY)
    msg = f"{annotation!r} needs bounds: no field of agreed bytes is unlimited"
    raise TypeError(msg)


def _leaf(read: Read, quick: str = "") -> Shape:
    return Shape(None, read, read, quick)


def _scalar(kind: type) -> Read:
    def read(value: Value, where: str) -> Any:
        if type(value) is not kind:
            msg = f"{where}: expected {kind.__name__}, not {type(value).__name__}"
            raise EncodingInvalid(msg)
        return value

    return read


def _bounded(base: Any, bounds: Size | Range) -> Shape:
    if isinstance(bounds, Range):
        quick = f"type({{v}}) is int and {bounds.min} <= {{v}} <= {bounds.max}"
        return _leaf(_integer(bounds), quick)
    if base is bytes:
        return _leaf(_sized(bytes, bounds), _quick_size("bytes", bounds))
    if base is str:
        quick = f"{_quick_size('str', bounds)} and {{v}}.isascii() and {{v}}.isprintable()"
        return _leaf(_text(bounds), quick)
    origin, args = get_origin(base), get_args(base)
    return _array(args[0], bounds) if origin is tuple else _map(args[1], bounds)


def _quick_size(kind: str, bounds: Size) -> str:
    low, high = bounds.min, bounds.max
    length = f"len({{v}}) == {low}" if low == high else f"{low} <= len({{v}}) <= {high}"
    return f"type({{v}}) is {kind} and {length}"


def _integer(bounds: Range) -> Read:
    low, high = bounds.min, bounds.max

    def read(value: Value, where: str) -> int:
        if type(value) is not int or not low <= value <= high:
            msg = f"{where}: expected an integer from {low} to {high}"
            raise EncodingInvalid(msg)
        return value

    return read


def _sized(kind: type[Sized], bounds: Size) -> Read:
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


def _text(bounds: Size) -> Read:
    sized = _sized(str, bounds)

    def read(value: Value, where: str) -> str:
        text: str = sized(value, where)
        return check_text(text)

    return read


def _optional(annotation: Any) -> Shape:
    inner_type = next(arg for arg in get_args(annotation) if arg is not types.NoneType)
    assert len(get_args(annotation)) == len((inner_type, None)), "agreed unions are `T | None`"
    inner = shape_of(inner_type)
    write = inner.write

    def read(value: Value, where: str) -> Any:
        return None if value is None else inner.read(value, where)

    if write is None:
        return _leaf(read, f"({{v}} is None or {inner.quick})" if inner.quick else "")

    def check(value: Value, where: str) -> None:
        if value is not None:
            inner.check(value, where)

    return Shape(lambda value: None if value is None else write(value), read, check)


def _array(item_type: Any, bounds: Size) -> Shape:
    item = shape_of(item_type)
    sized, item_read, item_write = _sized(tuple, bounds), item.read, item.write
    check_items = _judge(item)

    def check(value: Value, where: str) -> tuple[Any, ...]:
        items: tuple[Any, ...] = sized(value, where)
        try:
            check_items(items, where)
        except EncodingInvalid:
            # Once more, slowly, to say which one it is.
            for at, entry in enumerate(items):
                item_read(entry, f"{where}[{at}]")
            raise
        return items

    if item_write is None:
        return _leaf(check)

    def read(value: Value, where: str) -> tuple[Any, ...]:
        items = sized(value, where)
        try:
            return tuple([item_read(entry, where) for entry in items])
        except EncodingInvalid:
            check(items, where)
            raise

    return Shape(lambda value: tuple([item_write(entry) for entry in value]), read, check)


def _map(item_type: Any, bounds: Size) -> Shape:
    item = shape_of(item_type)
    sized, item_read, item_write = _sized(dict, bounds), item.read, item.write
    check_items = _judge(item)

    def check(value: Value, where: str) -> dict[str, Any]:
        items: dict[str, Any] = sized(value, where)
        try:
            _check_keys(items, where)
            check_items(items.values(), where)
        except EncodingInvalid:
            for key, entry in items.items():
                _key(key, where)
                item_read(entry, f"{where}.{key}")
            raise
        return items

    def read(value: Value, where: str) -> dict[str, Any]:
        items = check(value, where)
        if item_write is None:
            return dict(items)
        return {key: item_read(entry, where) for key, entry in items.items()}

    def write(value: dict[str, Any]) -> dict[str, Value]:
        if item_write is None:
            return dict(sorted(value.items()))
        return {key: item_write(entry) for key, entry in sorted(value.items())}

    return Shape(write, read, check)


# Keys that have been judged: the names of fields, which come again and again.
_AGREED_KEYS: set[str] = set()
AGREED_KEYS_MAX: Final = 4_096


def _check_keys(items: dict[Any, Value], where: str) -> None:
    for key in items:
        if key not in _AGREED_KEYS:
            _key(key, where)
            if len(_AGREED_KEYS) < AGREED_KEYS_MAX:
                _AGREED_KEYS.add(key)


def _key(key: str, where: str) -> str:
    if type(key) is not str or len(key) > MAP_KEY_MAX:
        msg = f"{where}: a map key is text of at most {MAP_KEY_MAX} characters"
        raise EncodingInvalid(msg)
    return check_text(key)


def _read_any(value: Value, where: str, depth: int = 0) -> Value:
    """A value whose type is read later (an operation's payload): its kinds are checked here."""
    if depth > DEPTH_MAX:
        msg = f"{where}: deeper than {DEPTH_MAX}"
        raise TooLarge(msg)
    kind = type(value)
    leaf = _ANY_LEAVES.get(kind)
    if leaf is not None:
        leaf(value, where)
    elif kind is tuple:
        for entry in value:
            _read_any(entry, where, depth + 1)
    elif kind is dict:
        _read_any_map(value, where, depth)
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


def _any_text(value: str, _where: str) -> None:
    if not (value.isascii() and value.isprintable()):
        check_text(value)


_QUICK_ANY: Final = (
    "type({v}) is bytes or (type({v}) is str and {v}.isascii() and {v}.isprintable())"
    f" or (type({{v}}) is int and {INT_MIN} <= {{v}} <= {INT_MAX})"
)
_ANY_LEAVES: Final[dict[type, Read]] = {int: _integer(Range(INT_MIN, INT_MAX)), str: _any_text}


# Generated functions.


def _generate(
    name: str, lines: Sequence[str], known: dict[str, Any], of: str
) -> Callable[..., Any]:
    """The function `name` of these source lines: made of this project's own annotations alone.

    `of` names it in profiles and tracebacks.
    """
    scope = dict(known)
    code = compile("\n".join(lines), f"<{name} {of}>", "exec")
    exec(code, scope)  # noqa: S102 - as the standard library's dataclasses do
    made: Callable[..., Any] = scope[name]
    return made


def _judge(item: Shape) -> Callable[..., None]:
    """Judges every value of an iterable."""
    unless = f"if not ({item.quick.format(v='v')}): " if item.quick else ""
    lines = ["def judge(values, where):", "    for v in values:", f"        {unless}c(v, where)"]
    return _generate("judge", lines, {"c": item.check}, "items")


def _struct(cls: Any) -> Shape:
    hints = get_type_hints(cls, include_extras=True)
    names = [field.name for field in dataclasses.fields(cls)]
    shapes = [shape_of(hints[name]) for name in names]
    count, title = len(names), cls.__name__

    def refuse(where: str) -> None:
        msg = f"{where}: expected the {count} fields of {title}"
        raise EncodingInvalid(msg)

    known: dict[str, Any] = {"refuse": refuse, "cls": cls, "new": object.__new__}
    for at, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        known |= {f"w{at}": shape.write, f"r{at}": shape.read, f"c{at}": shape.check}
        known[f"s{at}"] = getattr(getattr(cls, name, None), "__set__", None)
    values = [f"w{at}(o.{n})" if shapes[at].write else f"o.{n}" for at, n in enumerate(names)]
    write = ["def write(o):", f"    return ({_row(values)})"]
    check = [*_opened("check", count), *_judged(names, shapes, "c"), "    return value"]
    read = [*_opened("read", count), *_judged(names, shapes, "r"), *_built(cls, names)]
    return Shape(
        _generate("write", write, known, title),
        _generate("read", read, known, title),
        _generate("check", check, known, title),
    )


def _row(entries: Sequence[str]) -> str:
    """The inside of a tuple's brackets."""
    return "".join(f"{entry}, " for entry in entries)


def _opened(name: str, count: int) -> list[str]:
    lines = [
        f"def {name}(value, where):",
        f"    if type(value) is not tuple or len(value) != {count}: refuse(where)",
    ]
    return [*lines, f"    {_row([f'v{at}' for at in range(count)])}= value"] if count else lines


def _judged(names: Sequence[str], shapes: Sequence[Shape], how: str) -> list[str]:
    """Each field in order; one that is converted takes its reader's value."""
    lines = []
    for at, (name, shape) in enumerate(zip(names, shapes, strict=True)):
        unless = f"if not ({shape.quick.format(v=f'v{at}')}): " if shape.quick else ""
        target = f"v{at} = " if shape.write and how == "r" else ""
        lines.append(f"    {unless}{target}{how}{at}(v{at}, {name!r})")
    return lines


def _built(cls: Any, names: Sequence[str]) -> list[str]:
    """The object, its slots filled directly: half of what a frozen dataclass's `__init__` costs."""
    slots = [type(getattr(cls, name, None)) is types.MemberDescriptorType for name in names]
    if hasattr(cls, "__post_init__") or not all(slots):
        return [f"    return cls({_row([f'v{at}' for at in range(len(names))])})"]
    filled = [f"    s{at}(obj, v{at})" for at in range(len(names))]
    return ["    obj = new(cls)", *filled, "    return obj"]
