"""A registry with one type more, which begins a draw, so that tests need no dispute for it."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from commerce.beacon.draws import start_draw
from commerce.registry import TYPES, Registry, TransactionType, operation


@dataclass(frozen=True, slots=True)
class Begin:
    """A draw of this id."""

    draw_id: Hash


def begin(op: Begin, context: Context) -> tuple[Event, ...]:
    """Begin it; the event says whether there were secrets enough."""
    return (event("test.draw", began=start_draw(context, op.draw_id)),)


BEGIN = TransactionType("test.draw", Begin, begin, "any")


def registry() -> Registry:
    """All types and that one."""
    return Registry((*TYPES, BEGIN))


def beginning(draw_id: bytes) -> tuple[str, Begin]:
    """What `operation` takes."""
    return BEGIN.name, Begin(draw_id)


__all__ = ["begin", "beginning", "operation", "registry"]
