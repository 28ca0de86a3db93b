"""Virtual time: an ordered list of what happens next, random streams, and a hash of all of it.

One seed gives one history. Every concern draws from its own stream, so one more draw of one does
not shift the others. Nothing here depends on the hash seed, the clock or the machine.
"""

import heapq
from collections import Counter
from collections.abc import Callable
from hashlib import sha256
from random import Random

MS = 1_000
SECOND = 1_000 * MS
# Of one seed; ten times what the longest needs.
EVENTS_MAX = 20_000_000

Action = Callable[[], None]


class Violation(Exception):
    """A promise was broken: which one, and how it showed."""

    def __init__(self, promise: str, detail: str) -> None:
        super().__init__(f"{promise}: {detail}")
        self.promise = promise


class Trace:
    """The hash of everything that happened, and the newest lines of it for people."""

    def __init__(self, lines_max: int = 0) -> None:
        self._hash = sha256()
        self._lines_max = lines_max
        self.lines: list[str] = []

    def note(self, time_us: int, text: str, data: bytes = b"") -> None:
        """One event; `data` goes into the hash only."""
        line = f"{time_us} {text}"
        self._hash.update(line.encode() + b"\n" + data)
        if self._lines_max:
            self.lines.append(line)
            if len(self.lines) > 2 * self._lines_max:
                del self.lines[: self._lines_max]

    def digest(self) -> str:
        """The hash of all notes so far."""
        return self._hash.hexdigest()


class World:
    """The clock of the simulation (microseconds since its start) and what is due."""

    def __init__(self, seed: int, trace_lines_max: int = 0) -> None:
        self.seed = seed
        self.now_us = 0
        self.events = 0
        self.trace = Trace(trace_lines_max)
        self.counts: Counter[str] = Counter()
        self._due: list[tuple[int, int, Action]] = []
        self._next = 0
        self._streams: dict[str, Random] = {}

    def stream(self, name: str) -> Random:
        """The random stream of one concern."""
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = Random(f"{self.seed}/{name}")
        return found

    def after(self, delay_us: int, action: Action) -> None:
        """Let something happen later; what is due at the same time happens in order of asking."""
        self._next += 1
        heapq.heappush(self._due, (self.now_us + max(0, delay_us), self._next, action))

    def note(self, text: str, data: bytes = b"") -> None:
        """Write into the trace."""
        self.trace.note(self.now_us, text, data)

    def count(self, what: str) -> None:
        """One more of something that the verdict tells."""
        self.counts[what] += 1

    def run(self, until_us: int, done: Callable[[], bool] | None = None) -> bool:
        """Let everything up to a time happen; True as soon as it is `done`."""
        due, pop = self._due, heapq.heappop
        while due and due[0][0] <= until_us:
            self.now_us, _, action = pop(due)
            self.events += 1
            action()
            if done is not None and done():
                return True
            if self.events > EVENTS_MAX:
                raise Violation("liveness", f"{EVENTS_MAX} events and no end")
        self.now_us = until_us
        return False
