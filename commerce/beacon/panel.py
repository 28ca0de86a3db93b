"""Who waits for a seed."""

from chain.block import Event
from chain.codec import Hash
from chain.context import Context


def panel_drawn(context: Context, draw_id: Hash, seed: Hash) -> tuple[Event, ...]:
    """A draw has its seed; nobody waits for it yet."""
    assert context.received is not None
    assert len(draw_id) == len(seed)
    return ()
