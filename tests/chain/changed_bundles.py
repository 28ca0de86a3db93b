"""Single-byte changes of a bundle's file, so that each of its values is met."""

from collections.abc import Iterator
from random import Random
from typing import Any

from chain.codec import pack
from tests.chain.bundles import content_of, plain, resealed


def spans(value: Any, at: int = 0) -> Iterator[tuple[int, int]]:
    """Where each value of canonical msgpack lies; of arrays and maps the bytes before the items."""
    size = len(pack(value))
    if isinstance(value, tuple | dict):
        items = value if isinstance(value, tuple) else [x for row in value.items() for x in row]
        inner = sum(len(pack(entry)) for entry in items)
        yield at, at + size - inner
        at += size - inner
        for entry in items:
            yield from spans(entry, at)
            at += len(pack(entry))
    else:
        yield at, at + size


def places(data: bytes, count: int, random: Random) -> list[int]:
    """Of every value the first byte and one other, then any bytes, the last 32 among them."""
    whole = plain(data)
    chosen = []
    for start, end in spans(whole):
        chosen += [start, random.randrange(start, end)]
    return (chosen + [random.randrange(len(data)) for _ in range(count)])[: max(count, len(chosen))]


def changed(data: bytes, place: int, random: Random) -> bytes:
    """One byte is another."""
    other = data[place] ^ random.randrange(1, 256)
    return data[:place] + bytes([other]) + data[place + 1 :]


def changed_and_resealed(data: bytes, place: int, random: Random) -> bytes:
    """As a liar does it, who knows how the last 32 bytes are made."""
    content = content_of(data)
    return resealed(changed(content, place % len(content), random))
