"""beacon.reveal: seats bring a draw's secrets to light; the last share needed makes the seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chain.block import Event
from chain.codec import Hash
from chain.context import Context, event
from chain.group import ScalarRefused, multiply_base, read_scalar
from commerce.beacon.draws import forget_draw, seed_of
from commerce.beacon.errors import (
    DrawUnknown,
    RevealEmpty,
    RevealSizeWrong,
    SeatMissing,
    SharesRevealed,
    ShareWrong,
)
from commerce.beacon.records import (
    DRAWS,
    RESERVED,
    REVEALS,
    Draw,
    Reveal,
    Shares,
    committee_of,
    place,
    require_seat,
)
from commerce.beacon.sharing import recover
from commerce.disputes.panel import panel_drawn
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class BeaconReveal:
    """The shares that the sender's seat has of the draw's secrets, in their order; nil where it has
    none. The seats are those of the epoch in which the draw began.
    """

    draw_id: Hash
    shares: Shares


@refuses(RevealEmpty, DrawUnknown, SeatMissing, SharesRevealed, RevealSizeWrong, ShareWrong)
def beacon_reveal(op: BeaconReveal, context: Context) -> tuple[Event, ...]:
    """Reveal shares for a draw. With f+1 of every secret the seed is known, and what waits for it
    goes on.
    """
    if not any(op.shares):
        msg = "no share is revealed"
        raise RevealEmpty(msg)
    draw = DRAWS.load(context.state, op.draw_id)
    if draw is None:
        msg = f"no draw {op.draw_id.hex()} is under way"
        raise DrawUnknown(msg)
    committee = committee_of(context, draw.epoch)
    seat = require_seat(committee, context.sender)
    if REVEALS.load(context.state, op.draw_id, place(seat)) is not None:
        msg = f"seat {seat} has revealed its shares"
        raise SharesRevealed(msg)
    if len(op.shares) != len(draw.secrets):
        msg = f"{len(op.shares)} shares, the draw has {len(draw.secrets)} secrets"
        raise RevealSizeWrong(msg)
    for index, share in enumerate(op.shares):
        if share is not None:
            _check_share(context, op.draw_id, index, seat, share)
    counts = tuple(
        count + (share is not None) for count, share in zip(draw.counts, op.shares, strict=True)
    )
    REVEALS.store(context.state, Reveal(op.shares), op.draw_id, place(seat))
    revealed = event(
        "beacon.revealed", account=context.sender, draw_id=op.draw_id, epoch=draw.epoch
    )
    if min(counts) < committee.weak_quorum:
        DRAWS.store(context.state, replace(draw, counts=counts), op.draw_id)
        return (revealed,)
    seed = seed_of(op.draw_id, _secrets(context, op.draw_id, draw, committee.weak_quorum))
    forget_draw(context, op.draw_id, draw)
    known = event("beacon.seed", draw_id=op.draw_id, seed=seed)
    return (revealed, known, *panel_drawn(context, op.draw_id, seed))


def _check_share(context: Context, draw_id: bytes, index: int, seat: int, share: bytes) -> None:
    deal = RESERVED.load(context.state, draw_id, place(index))
    assert deal is not None
    try:
        is_right = multiply_base(read_scalar(share)) == deal.points[seat]
    except ScalarRefused:
        is_right = False
    if not is_right:
        msg = f"the share of secret {index} is not the one dealt to seat {seat}"
        raise ShareWrong(msg)


def _secrets(context: Context, draw_id: bytes, draw: Draw, needed: int) -> Sequence[int]:
    """Each secret of the draw from `needed` shares: any as many lead to the same."""
    found: list[dict[int, int]] = [{} for _ in draw.secrets]
    for key, reveal in REVEALS.items(context.state, draw_id):
        seat = key[-1]
        for shares, share in zip(found, reveal.shares, strict=True):
            if share is not None and len(shares) < needed:
                shares[seat] = read_scalar(share)
    return [recover(shares) for shares in found]
