"""Draws: what reserves the members' secrets for one seed, and what gives them up.

A draw uses the oldest ready secret of every dealer; f+1 dealers are enough, since one of them is
correct. From the block of `start_draw` on its seed is determined and known to nobody: it is the
hash of the draw's id and all secrets, and each secret comes to light only by f+1 seats.
"""

from collections.abc import Sequence
from dataclasses import replace

from chain.codec import Hash
from chain.context import Context
from chain.crypto import tagged_hash
from chain.group import write_scalar
from chain.state import StateReader, u64
from commerce.beacon.records import (
    DEALERS,
    DEALS,
    DRAWS,
    DRAWS_MAX,
    RESERVED,
    REVEALS,
    Dealer,
    Draw,
    Reserved,
    place,
)


def is_drawing(state: StateReader, draw_id: bytes) -> bool:
    """Is a draw of this id under way?"""
    return DRAWS.load(state, draw_id) is not None


def start_draw(context: Context, draw_id: Hash) -> bool:
    """Reserve a secret of each dealer that has one ready; False, and nothing done, if they are too
    few or too many draws are under way: try again in a later block.

    A draw's id is used once, whatever becomes of the draw: who could abandon it and start it again
    would throw the dice until they please him. None of this id is under way.
    """
    assert not is_drawing(context.state, draw_id)
    committee = context.chain.committee
    found: list[tuple[bytes, Dealer]] = []
    for member in committee.members:
        dealer = DEALERS.load(context.state, member.account)
        if dealer is not None and dealer.epoch == committee.epoch and dealer.ready:
            found.append((member.account, dealer))
    if len(found) < committee.weak_quorum:
        return False
    if sum(1 for _ in DRAWS.items(context.state)) >= DRAWS_MAX:
        return False
    secrets = tuple(
        _reserve(context, draw_id, index, account, dealer)
        for index, (account, dealer) in enumerate(found)
    )
    counts = (0,) * len(secrets)
    DRAWS.store(context.state, Draw(committee.epoch, context.time_ms, secrets, counts), draw_id)
    return True


def _reserve(
    context: Context, draw_id: bytes, index: int, account: bytes, dealer: Dealer
) -> Reserved:
    number = dealer.ready[0]
    deal = DEALS.load(context.state, account, u64(number))
    assert deal is not None
    DEALS.remove(context.state, account, u64(number))
    RESERVED.store(context.state, deal, draw_id, place(index))
    DEALERS.store(context.state, replace(dealer, ready=dealer.ready[1:]), account)
    return Reserved(account, number)


def abandon_draw(context: Context, draw_id: Hash) -> None:
    """End a draw without a seed, if one is under way; its secrets stay spent."""
    draw = DRAWS.load(context.state, draw_id)
    if draw is not None:
        forget_draw(context, draw_id, draw)


def forget_draw(context: Context, draw_id: bytes, draw: Draw) -> None:
    """Remove a draw and all that it used."""
    for index in range(len(draw.secrets)):
        RESERVED.remove(context.state, draw_id, place(index))
    # What was revealed is found by its keys: few seats have done so.
    for key in [key for key, _ in REVEALS.items(context.state, draw_id)]:
        REVEALS.remove(context.state, key)
    DRAWS.remove(context.state, draw_id)


def seed_of(draw_id: bytes, secrets: Sequence[int]) -> bytes:
    """The seed of a draw, 32 bytes: its id, then its secrets in their order."""
    scalars = b"".join(write_scalar(secret) for secret in secrets)
    return tagged_hash("beacon-seed", draw_id + scalars)
