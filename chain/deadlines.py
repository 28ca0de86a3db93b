"""The one ordered index of deadlines: what ends by itself, so that nobody has to act.

Every live object with a clock has exactly one entry, under (time, object). Block execution fires
the due ones, oldest first; the rules move or remove an object's entry when its clock changes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.codec import Hash, Name, TimeMs
from chain.state import Overlay, StateReader, Table, u64


@dataclass(frozen=True, slots=True)
class Deadline:
    """At block time `time_ms` the transition `kind` (a `sys.*` type) is due for the object."""

    time_ms: TimeMs
    object_id: Hash
    kind: Name


DEADLINES: Table[Deadline] = Table("deadline", Deadline)


def schedule(state: Overlay, deadline: Deadline) -> None:
    """Enter a deadline; the object must have no other."""
    DEADLINES.store(state, deadline, u64(deadline.time_ms), deadline.object_id)


def cancel(state: Overlay, deadline: Deadline) -> None:
    """Remove an object's deadline."""
    DEADLINES.remove(state, u64(deadline.time_ms), deadline.object_id)


def is_scheduled(state: StateReader, deadline: Deadline) -> bool:
    """Is it still in the index?"""
    return state.get(DEADLINES.key(u64(deadline.time_ms), deadline.object_id)) is not None


def due(state: StateReader, time_ms: int) -> Iterator[Deadline]:
    """Deadlines at or before `time_ms`, oldest first. Don't write while iterating."""
    for _, deadline in DEADLINES.items(state):
        if deadline.time_ms > time_ms:
            return
        yield deadline


def earliest_ms(state: StateReader) -> int | None:
    """Block time of the earliest deadline, or None."""
    for _, deadline in DEADLINES.items(state):
        return deadline.time_ms
    return None
