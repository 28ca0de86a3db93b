"""The store of simulations and tests: same promises, no disk.

The keys are kept sorted. A write that meets a scan under way works on a copy, so that the scan
keeps seeing the old version and pays nothing when nobody writes.
"""

from bisect import bisect_left, insort
from collections.abc import Generator, Iterable, Iterator, Mapping

from chain.store_contract import Kind, StoreClosed, check_batch, follows

# Beyond this many new keys one sort of two sorted runs is cheaper than inserting each.
INSERTIONS_MAX = 64


class _Version:
    """What the store holds, and how many scans still look at it."""

    __slots__ = ("keys", "scans", "values")

    def __init__(self, keys: list[bytes], values: dict[bytes, bytes]) -> None:
        self.keys = keys
        self.values = values
        self.scans = 0


class MemoryStore:
    """A KVStore in memory; gone with the process."""

    __slots__ = ("_version",)

    def __init__(self) -> None:
        self._version: _Version | None = _Version([], {})

    @property
    def kind(self) -> Kind:
        """Always "memory"."""
        return "memory"

    def get(self, key: bytes) -> bytes | None:
        """See KVStore."""
        return self._open_version().values.get(key)

    def scan(
        self, start: bytes, stop: bytes, *, reverse: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """See KVStore."""
        pairs = self._scan(self._open_version(), start, stop, reverse=reverse)
        next(pairs)  # fixes the version now, and makes sure that the generator cleans up
        return pairs

    def _scan(
        self, version: _Version, start: bytes, stop: bytes, *, reverse: bool
    ) -> Generator[tuple[bytes, bytes], None, None]:
        version.scans += 1
        try:
            yield b"", b""
            low = bisect_left(version.keys, start)
            places = range(low, bisect_left(version.keys, stop, lo=low))
            for place in reversed(places) if reverse else places:
                self._open_version()
                key = version.keys[place]
                yield key, version.values[key]
        finally:
            version.scans -= 1

    def tails(self, prefixes: Iterable[bytes]) -> Iterator[list[bytes]]:
        """See KVStore."""
        found = self._tails(self._open_version(), prefixes)
        next(found)  # as in `scan`
        return found

    def _tails(
        self, version: _Version, prefixes: Iterable[bytes]
    ) -> Generator[list[bytes], None, None]:
        version.scans += 1
        keys, place, before = version.keys, 0, b""
        try:
            yield []
            for prefix in prefixes:
                assert follows(prefix, before), prefix
                before = prefix
                self._open_version()
                size, tails = len(prefix), []
                place = bisect_left(keys, prefix, lo=place)
                while place < len(keys) and keys[place].startswith(prefix):
                    tails.append(keys[place][size:])
                    place += 1
                yield tails
        finally:
            version.scans -= 1

    def write(self, batch: Mapping[bytes, bytes | None], *, sync: bool = True) -> None:  # noqa: ARG002
        """See KVStore; nothing survives the process, so `sync` says nothing."""
        check_batch(batch)
        version = self._open_version()
        if version.scans:
            version = self._version = _Version(version.keys.copy(), version.values.copy())
        keys, values = version.keys, version.values
        added = []
        for key, value in batch.items():
            if value is not None:
                if key not in values:
                    added.append(key)
                values[key] = value
            elif values.pop(key, None) is not None:
                del keys[bisect_left(keys, key)]
        if len(added) > INSERTIONS_MAX:
            keys.extend(added)
            keys.sort()
            return
        for key in added:
            insort(keys, key)

    def close(self) -> None:
        """See KVStore."""
        self._version = None

    def _open_version(self) -> _Version:
        if self._version is None:
            raise StoreClosed("memory store")
        return self._version
