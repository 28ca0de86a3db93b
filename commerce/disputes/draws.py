"""Draws that disputes wait for: one id for each round, since a draw's id is used once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, Hash, Size
from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import Table, u64
from commerce.beacon.draws import abandon_draw, start_draw
from commerce.disputes.limits import ARBITERS_MAX

Candidates = Annotated[tuple[Hash, ...], Size(max=ARBITERS_MAX)]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The dispute whose panel a draw is for, and who may be drawn: the list was closed when the
    draw began. `listed` are on the regulator's list alone.
    """

    dispute_id: Hash
    bonded: Candidates
    listed: Candidates


@dataclass(frozen=True, slots=True)
class Queued:
    """A dispute that waits for secrets, and for which round."""

    dispute_id: Hash
    round: U8


# Under the dispute's cap and id, the longest open first, while no draw could begin.
QUEUE: Table[Queued] = Table("dispute-queue", Queued)
# Under the draw's id, while it is under way.
WAITING: Table[Waiting] = Table("dispute-draw", Waiting)


def draw_id_of(dispute_id: bytes, round_: int) -> bytes:
    """The id of the draw for one round."""
    return tagged_hash("dispute-round", dispute_id + bytes([round_]))


def begin(
    context: Context,
    dispute_id: bytes,
    round_: int,
    cap_ms: int,
    choose: Callable[[], tuple[Sequence[bytes], Sequence[bytes]]],
) -> bool:
    """Reserve secrets for the draw of a round among those whom `choose` names (with a bond, on the
    list); False where there are too few secrets: the dispute waits for the next that is ready.
    """
    draw_id = draw_id_of(dispute_id, round_)
    if not start_draw(context, draw_id):
        QUEUE.store(context.state, Queued(dispute_id, round_), u64(cap_ms), dispute_id)
        return False
    QUEUE.remove(context.state, u64(cap_ms), dispute_id)
    bonded, listed = choose()
    waiting = Waiting(dispute_id, tuple(bonded), tuple(listed))
    WAITING.store(context.state, waiting, draw_id)
    return True


def take_drawn(context: Context, draw_id: bytes) -> Waiting | None:
    """The draw has its seed: the dispute that waited for it, None if none did."""
    waiting = WAITING.load(context.state, draw_id)
    if waiting is None:
        return None
    WAITING.remove(context.state, draw_id)
    return waiting


def give_up(context: Context, dispute_id: bytes, round_: int, cap_ms: int) -> None:
    """Nobody waits for the draw of this round any more; its secrets stay spent."""
    draw_id = draw_id_of(dispute_id, round_)
    QUEUE.remove(context.state, u64(cap_ms), dispute_id)
    WAITING.remove(context.state, draw_id)
    abandon_draw(context, draw_id)
