"""State as the rules see it: a reader, an overlay of pending writes, and typed tables.

Keys are `<table>/` followed by fixed-width parts, so that no key of one table is one of another and
a scan of a prefix is ordered by the parts. An overlay that is dropped has no effect by
construction; one that is kept is folded into its parent with `merge`.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Final, Generic, Protocol, TypeVar

from chain.codec import decode, encode_checked
from chain.errors import EncodingInvalid, ResultMalformed
from chain.store_contract import StorageError

T = TypeVar("T")

# Decoded values that a table remembers.
KNOWN_MAX = 4_096

# Half of what a store can hold (chain.store_contract), whatever prefix it lies under there.
STATE_KEY_MAX = 512


# What no pending write is.
_UNTOUCHED: Final = b"untouched"


class StateDamaged(StorageError):
    """A value of the state is not what its table's type writes: the database is damaged."""


def check_state_key(key: bytes) -> None:
    """`ResultMalformed` unless the key is one that every store can hold."""
    if not 0 < len(key) <= STATE_KEY_MAX:
        msg = f"a state key of {len(key)} bytes, allowed 1 to {STATE_KEY_MAX}"
        raise ResultMalformed(msg)


class StateReader(Protocol):
    """Agreed state at some height."""

    def get(self, key: bytes) -> bytes | None:
        """The value under `key`, or None."""
        ...

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Pairs whose key begins with `prefix` and is at least `start`, in key order."""
        ...


class Overlay:
    """Pending writes on top of a reader. `changes` maps key to new value, None where deleted."""

    __slots__ = ("_order", "changes", "parent")

    def __init__(self, parent: StateReader) -> None:
        self.parent = parent
        self.changes: dict[bytes, bytes | None] = {}
        self._order: list[bytes] = []

    def get(self, key: bytes) -> bytes | None:
        """The pending value if there is one, else the parent's."""
        value = self.changes.get(key, _UNTOUCHED)
        return self.parent.get(key) if value is _UNTOUCHED else value

    def put(self, key: bytes, value: bytes) -> None:
        """Write `value` under `key`."""
        self._set(key, value)

    def delete(self, key: bytes) -> None:
        """Remove `key`."""
        self._set(key, None)

    def _set(self, key: bytes, value: bytes | None) -> None:
        if key not in self.changes:
            check_state_key(key)
            insort(self._order, key)
        self.changes[key] = value

    def scan(self, prefix: bytes, start: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """The parent's pairs with the pending writes merged in. Don't write while iterating."""
        at = max(prefix, start)
        order = self._order
        low = bisect_left(order, at)
        # Keys with the prefix stand together, so that the first without it ends them.
        high = bisect_left(order, 1, lo=low, key=lambda key: 0 if key.startswith(prefix) else 1)
        own = order[low:high]
        position = 0
        for key, value in self.parent.scan(prefix, start):
            while position < len(own) and own[position] < key:
                yield from self._pending(own[position])
                position += 1
            if position < len(own) and own[position] == key:
                yield from self._pending(key)
                position += 1
            else:
                yield key, value
        for key in own[position:]:
            yield from self._pending(key)

    def _pending(self, key: bytes) -> Iterator[tuple[bytes, bytes]]:
        value = self.changes[key]
        if value is not None:
            yield key, value

    def merge(self, child: "Overlay") -> None:
        """Take over the writes of an overlay that was made on top of this one."""
        assert child.parent is self
        changes, order = self.changes, self._order
        for key, value in child.changes.items():
            if key not in changes:
                insort(order, key)
            changes[key] = value


class Table(Generic[T]):
    """Typed objects under `<name>/` and a key of concatenated parts.

    Parts are bytes of fixed width per table, or one last part of any width.
    """

    __slots__ = ("_known", "cls", "prefix")

    def __init__(self, name: str, cls: type[T]) -> None:
        self.prefix = name.encode() + b"/"
        self.cls = cls
        # What bytes mean never changes, and objects don't either: one operation and the checks
        # around it read the same ones several times.
        self._known: dict[bytes, T] = {}

    def key(self, *parts: bytes) -> bytes:
        """The state key of these parts."""
        return self.prefix + b"".join(parts)

    def load(self, state: StateReader, *parts: bytes) -> T | None:
        """The object, or None."""
        value = state.get(self.prefix + b"".join(parts))
        if value is None:
            return None
        known = self._known.get(value)
        return self.read(value) if known is None else known

    def store(self, state: Overlay, obj: T, *parts: bytes) -> None:
        """Write the object; `ResultMalformed` unless `load` would give it back."""
        assert type(obj) is self.cls
        try:
            value = encode_checked(obj)
        except EncodingInvalid as error:
            msg = f"a {self.cls.__name__} out of its bounds: {error}"
            raise ResultMalformed(msg) from error
        # It is what these bytes mean: the checks that follow need not read them back.
        self._remember(value, obj)
        state.put(self.prefix + b"".join(parts), value)

    def remove(self, state: Overlay, *parts: bytes) -> None:
        """Delete the object."""
        state.delete(self.prefix + b"".join(parts))

    def items(self, state: StateReader, *parts: bytes) -> Iterator[tuple[bytes, T]]:
        """(key without the table's prefix, object) for every key that begins with the parts."""
        start = self.prefix + b"".join(parts)
        for key, value in state.scan(start):
            yield key[len(self.prefix) :], self.read(value)

    def scan_from(self, state: StateReader, start: bytes) -> Iterator[tuple[bytes, T]]:
        """As `items` of the whole table, but from this key (without the table's prefix) on."""
        for key, value in state.scan(self.prefix, self.prefix + start):
            yield key[len(self.prefix) :], self.read(value)

    def read(self, value: bytes) -> T:
        """The object of a row's bytes; `StateDamaged` if they are none."""
        known = self._known.get(value)
        if known is not None:
            return known
        try:
            obj = decode(self.cls, value)
        except EncodingInvalid as error:
            msg = f"no {self.cls.__name__}: {error}"
            raise StateDamaged(msg) from error
        self._remember(value, obj)
        return obj

    def _remember(self, value: bytes, obj: T) -> None:
        if len(self._known) >= KNOWN_MAX:
            # At one stroke: several threads read, and one that adds an object between two steps of
            # another's iteration would end it with an error.
            for old in list(self._known)[: KNOWN_MAX // 4]:
                self._known.pop(old, None)
        self._known[value] = obj


def u64(number: int) -> bytes:
    """Eight bytes, big-endian: key order is number order."""
    return number.to_bytes(8, "big")
