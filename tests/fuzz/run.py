"""Runs decoders over changed examples and judges each: refusal, time, memory, one form only.

Everything is drawn from a seed, so a failure repeats with the command that it prints.
"""

import sys
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.fuzz.decoders import Decoder
from tests.fuzz.disk import DISK
from tests.fuzz.files import FILES
from tests.fuzz.labels import LABELS
from tests.fuzz.mutation import changed
from tests.fuzz.texts import TEXTS
from tests.fuzz.wire import WIRE

DECODERS: Final[tuple[Decoder, ...]] = (*WIRE, *DISK, *FILES, *LABELS, *TEXTS)
# One input of so many is read a second time with every allocation counted.
WEIGHED_EACH: Final = 16
# A reader of a file makes room for as much as that file may have.
MEMORY_MIN: Final = 10 * 1024 * 1024
# What a byte of input may become: an empty map of msgpack is one byte and 64 of Python's.
MEMORY_PER_BYTE: Final = 160
# A slow reading counts when it is slow again: another process may have had the processor's cache.
TRIES: Final = 4
# What so many turns of an empty loop take on an idle core where the limits were set.
REFERENCE_TURNS: Final = 200_000
REFERENCE_MS: Final = 2.3


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that a decoder dealt with as it must not."""

    decoder: str
    data: bytes
    what: str

    def words(self) -> str:
        """What happened, and how to see it again."""
        again = f"python -m tests.fuzz --decoder {self.decoder!r} --hex FILE"
        return "\n".join((f"{self.decoder}: {self.what}", self.data.hex(), f"again: {again}"))


def inputs(decoder: Decoder, seed: int, count: int) -> Iterator[bytes]:
    """The examples as they are, then changed ones."""
    draw = Random(f"{seed} {decoder.name}")
    corpus = decoder.corpus()
    assert corpus, decoder.name
    yield from corpus[:count]
    for _ in range(count - len(corpus)):
        data = draw.choice(corpus)
        if decoder.opened is None or decoder.seal is None or draw.random() < 0.3:
            yield changed(draw, data, corpus, decoder.form)
        else:
            content = changed(draw, decoder.opened(data), corpus, decoder.form)
            yield decoder.seal(content)


def judge(decoder: Decoder, data: bytes, *, weigh: bool) -> str | None:
    """What is wrong with how the decoder takes these bytes; None if nothing is.

    An error that the decoder doesn't declare comes through, after a line that tells the input.
    """
    with ExitStack() as undeclared:
        undeclared.callback(_tell, Failure(decoder.name, data, "an error that it doesn't declare"))
        found = _judged(decoder, data, weigh=weigh)
        undeclared.pop_all()
    return found


def _tell(failure: Failure) -> None:
    sys.stderr.write(failure.words() + "\n")


def _judged(decoder: Decoder, data: bytes, *, weigh: bool) -> str | None:
    spent_ms: list[float] = []
    for _ in range(TRIES):
        began = time.thread_time()
        found = _read(decoder, data)
        spent_ms.append((time.thread_time() - began) * 1000)
        if spent_ms[-1] > decoder.time_ms_max:
            spent_ms[-1] /= _slowness()
        if found is not None:
            return found
        if spent_ms[-1] <= decoder.time_ms_max:
            break
    else:
        return f"takes {min(spent_ms):.0f} ms, at most {decoder.time_ms_max}"
    return _weighed(decoder, data) if weigh else None


def _slowness() -> float:
    """How many times as long as where the limits were set everything takes just now; at least 1.

    Half the speed is usual where two processes share a core.
    """
    began, left = time.thread_time(), REFERENCE_TURNS
    while left:
        left -= 1
    return max(1.0, (time.thread_time() - began) * 1000 / REFERENCE_MS)


def _read(decoder: Decoder, data: bytes) -> str | None:
    try:
        value = decoder.read(data)
    except decoder.refuses as refusal:
        # Whoever is refused is told in words, and words have a limit too.
        size = len(str(refusal))
        return f"refused in {size} characters" if size > 2_000 + 8 * len(data) else None
    if decoder.write is not None and decoder.write(value) != data:
        return "accepts other bytes than it writes"
    return None


def _weighed(decoder: Decoder, data: bytes) -> str | None:
    tracemalloc.start(1)
    try:
        _read(decoder, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    limit = MEMORY_MIN + MEMORY_PER_BYTE * len(data)
    return f"takes {peak} bytes of memory, at most {limit}" if peak > limit else None


def run(decoder: Decoder, seed: int, count: int) -> Iterator[Failure | None]:
    """A verdict for each of `count` inputs."""
    for number, data in enumerate(inputs(decoder, seed, count)):
        found = judge(decoder, data, weigh=number % WEIGHED_EACH == 0)
        yield None if found is None else Failure(decoder.name, data, found)


def chosen(names: Sequence[str]) -> list[Decoder]:
    """The decoders whose name holds one of these words; all without any."""
    return [one for one in DECODERS if not names or any(word in one.name for word in names)]
