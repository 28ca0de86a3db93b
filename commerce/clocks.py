"""Clocks of objects: when and how each goes on by itself, as entries of the index of deadlines.

Whatever has a clock has exactly one entry in `chain.deadlines`, under its own id. An object's
record says the time and the state; the entry follows from it through `move_deadline`.
"""

from chain import deadlines
from chain.context import Context
from chain.deadlines import Deadline

# When something goes on by itself (block time), and by which system transition.
Clock = tuple[int, str]


def deadline_of(object_id: bytes, clock: Clock) -> Deadline:
    """The entry in the index of an object whose clock runs."""
    due_ms, kind = clock
    return Deadline(due_ms, object_id, kind)


def move_deadline(
    context: Context, object_id: bytes, before: Clock | None, after: Clock | None
) -> None:
    """Exchange an object's entry in the index of deadlines."""
    if before == after:
        return
    if before is not None:
        deadlines.cancel(context.state, deadline_of(object_id, before))
    if after is not None:
        deadlines.schedule(context.state, deadline_of(object_id, after))
