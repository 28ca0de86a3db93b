"""Counts calls instead of time: a number that another load on the machine doesn't change.

What counts is every Python call into the project's packages (methods that `dataclass` generated
among them), every call of anything else straight from there, Python's or C's, and what the event
loop is asked for (callbacks, tasks, futures), on this thread and on those that begin meanwhile.
Constructors of C types (`bytes(x)`) are seen by no profiler. Comprehensions don't count: Python
3.12 and later run them without a call.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("chain", "commerce", "consensus", "node", "p2p")
_GENERATED = "<string>"
_COMPREHENSIONS = frozenset(("<listcomp>", "<setcomp>", "<dictcomp>"))
_ASKED_OF_THE_LOOP = frozenset(
    ("call_soon", "call_soon_threadsafe", "call_at", "call_later", "create_task", "create_future")
)
# A function of somebody else's: of these only calls from the project count.
_FOREIGN = ""
_LOOP = "event loop: "


class Calls:
    """How often each function was called in one stage, and for how many units of work."""

    def __init__(self, units: int) -> None:
        self.units = units
        self.python: Counter[str] = Counter()
        self.c: Counter[str] = Counter()

    @property
    def per_unit(self) -> float:
        """All calls for one unit of work."""
        return (self.python.total() + self.c.total()) / self.units

    def top(self, count: int) -> list[tuple[str, float]]:
        """The functions called most often, with their calls a unit."""
        both = self.python + self.c
        return [(name, calls / self.units) for name, calls in both.most_common(count)]


class Counting:
    """Counts the calls of stages, each under its name; one at a time."""

    def __init__(self) -> None:
        self.stages: dict[str, Calls] = {}
        self._open = False
        # By thread, since adding is not atomic; of the open stage.
        self._seen: dict[int, tuple[Counter[str], Counter[str]]] = {}
        # By a code object's id, with the object itself, lest its id be given to another.
        self._names: dict[int, tuple[CodeType, str]] = {}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Stages may be counted; threads that begin now are watched."""
        earlier = sys.getprofile()
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)
        try:
            yield
        finally:
            sys.setprofile(earlier)
            threading.setprofile(None)

    @contextmanager
    def stage(self, name: str, units: int) -> Iterator[None]:
        """Count what happens inside, on all watched threads."""
        assert not self._open
        self._seen.clear()
        self._open = True
        try:
            yield
        finally:
            self._open = False
        calls = self.stages[name] = Calls(units)
        for python, c in self._seen.values():
            calls.python += python
            calls.c += c

    def _on_event(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self._open:
            return
        if event == "call":
            name = self._name_of(frame)
            if name == _FOREIGN:
                caller = frame.f_back
                if caller is None or not self._is_ours(caller):
                    return
                name = f"{Path(frame.f_code.co_filename).stem}:{frame.f_code.co_qualname}"
            if frame.f_code.co_name not in _COMPREHENSIONS:
                self._counters()[0][name] += 1
        elif event == "c_call" and self._is_ours(frame):
            self._counters()[1][f"{argument.__qualname__} in C"] += 1

    def _counters(self) -> tuple[Counter[str], Counter[str]]:
        thread = threading.get_ident()
        found = self._seen.get(thread)
        if found is None:
            found = self._seen[thread] = Counter(), Counter()
        return found

    def _is_ours(self, frame: FrameType) -> bool:
        name = self._name_of(frame)
        return name != _FOREIGN and not name.startswith(_LOOP)

    def _name_of(self, frame: FrameType) -> str:
        code = frame.f_code
        known = self._names.get(id(code))
        if known is None:
            known = self._names[id(code)] = code, _name(frame)
        return known[1]


def _name(frame: FrameType) -> str:
    """`package/file.py:function` of the project's code, the empty string of other code."""
    code = frame.f_code
    if code.co_filename == _GENERATED:
        return _name_of_generated(frame)
    path = Path(code.co_filename)
    if path.is_relative_to(ROOT):
        inside = path.relative_to(ROOT)
        if inside.parts[0] in PACKAGES:
            return f"{inside.as_posix()}:{code.co_qualname}"
    if path.parent.name == "asyncio" and code.co_name in _ASKED_OF_THE_LOOP:
        return _LOOP + code.co_name
    return _FOREIGN


def _name_of_generated(frame: FrameType) -> str:
    """A method that `dataclass` or `NamedTuple` made belongs to its class."""
    arguments = frame.f_code.co_varnames
    owner = frame.f_locals.get(arguments[0]) if arguments else None
    cls = owner if isinstance(owner, type) else type(owner)
    if cls.__module__.partition(".")[0] not in PACKAGES:
        return _FOREIGN
    return f"{cls.__module__.replace('.', '/')}.py:{cls.__qualname__}.{frame.f_code.co_name}"
