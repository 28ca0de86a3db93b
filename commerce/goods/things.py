"""Who possesses and who owns a thing: one of each, and nobody else may link it to other things.

A thing is named by its identity (`identifiers.identity`). Whoever holds its company prefix has what
it makes; a record stands only for what somebody else was given. A class of things (a lot, a GTIN)
is in many hands at once: each account that was given some of it has a share.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.codec import Hash, TimeMs, encode
from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import StateReader, Table, u64
from commerce.epcis.identifiers import is_class, prefix_digits
from commerce.indexes import THING_HISTORY
from commerce.records import altered
from commerce.rights import prefix_holder
from commerce.roles import PREFIX_DIGITS_MAX


@dataclass(frozen=True, slots=True)
class Thing:
    """An item, logistic unit or asset that was given to somebody; `giver` had it until `since_ms`.

    `owner` follows the possessor in a sale, not where a carrier only brings it. `order_id` is the
    order that the possessor carries it for, and with whose delivery its possession ends.
    """

    possessor: Hash
    owner: Hash
    giver: Hash
    since_ms: TimeMs
    order_id: Hash | None


@dataclass(frozen=True, slots=True)
class Share:
    """An account was given some of a class of things, first at `since_ms`."""

    since_ms: TimeMs


@dataclass(frozen=True, slots=True)
class HandedOver:
    """One line of a thing's history: what changed hands from whom to whom, and when."""

    giver: Hash
    taker: Hash
    time_ms: TimeMs


# What changed hands, as the last byte of a key of `THING_HISTORY`.
POSSESSION, OWNERSHIP, SHARE = b"p", b"o", b"s"

# By the hash of the thing's name; shares by that and the account.
THINGS: Table[Thing] = Table("thing", Thing)
SHARES: Table[Share] = Table("thing-share", Share)


def name_part(thing: str) -> bytes:
    """The part of a state key that stands for a thing."""
    return tagged_hash("epcis-name", thing.encode())


def maker_of(state: StateReader, thing: str) -> bytes | None:
    """Who holds the company prefix of a thing, or None."""
    digits = prefix_digits(thing)
    return None if digits is None else prefix_holder(state, digits[:PREFIX_DIGITS_MAX])


def possessor_of(state: StateReader, thing: str) -> bytes | None:
    """Who has an item now; None: nobody whom the chain knows. A class has no one possessor."""
    known = THINGS.load(state, name_part(thing))
    return maker_of(state, thing) if known is None else known.possessor


def owner_of(state: StateReader, thing: str) -> bytes | None:
    """Who owns an item now, or None."""
    known = THINGS.load(state, name_part(thing))
    return maker_of(state, thing) if known is None else known.owner


def has(state: StateReader, account: bytes, thing: str) -> bool:
    """Does the account have the item now, or some of the class?"""
    if not is_class(thing):
        return possessor_of(state, thing) == account
    return SHARES.load(state, name_part(thing), account) is not None or (
        maker_of(state, thing) == account
    )


def hand_over(
    context: Context,
    giver: bytes,
    things: Iterable[str],
    *,
    possessor: bytes | None = None,
    owner: bytes | None = None,
    order_id: bytes | None = None,
) -> tuple[str, ...]:
    """Give what `giver` has of these a new possessor, and what it owns a new owner; which changed.

    `order_id`: what the possessor carries them for. What the giver has not is left alone: a list of
    a rival's items gives nobody anything.
    """
    takers = _Takers(possessor, owner, order_id)
    changed = []
    for thing in things:
        give = _give_share if is_class(thing) else _give_item
        if give(context, giver, thing, takers):
            changed.append(thing)
    return tuple(changed)


def bring(
    context: Context, carrier: bytes, things: Iterable[str], order_id: bytes, to: bytes
) -> None:
    """An order's goods have arrived: what the carrier had, and what somebody else had taken over to
    carry it for this order, is with `to`.
    """
    for thing in things:
        known = None if is_class(thing) else THINGS.load(context.state, name_part(thing))
        carried = known is not None and known.order_id == order_id
        giver = known.possessor if known is not None and carried else carrier
        hand_over(context, giver, (thing,), possessor=to)


@dataclass(frozen=True, slots=True)
class _Takers:
    """Who gets possession, who ownership, and what the first carries it for."""

    possessor: bytes | None
    owner: bytes | None
    order_id: bytes | None


def _give_share(context: Context, giver: bytes, thing: str, takers: _Takers) -> bool:
    taker = takers.possessor or takers.owner
    if taker is None or not has(context.state, giver, thing):
        return False
    part = name_part(thing)
    if SHARES.load(context.state, part, taker) is None:
        SHARES.store(context.state, Share(context.time_ms), part, taker)
        _log(context, part, SHARE, giver, taker)
    return True


def _give_item(context: Context, giver: bytes, thing: str, takers: _Takers) -> bool:
    part = name_part(thing)
    before = THINGS.load(context.state, part)
    if before is None:
        maker = maker_of(context.state, thing)
        if maker is None:
            return False
        before = Thing(maker, maker, maker, 0, None)
    moves = takers.possessor is not None and before.possessor == giver
    sells = takers.owner is not None and before.owner == giver
    if not (moves or sells):
        return False
    after = before
    if moves and takers.possessor is not None:
        now_ms, order_id = context.time_ms, takers.order_id
        after = Thing(takers.possessor, after.owner, giver, now_ms, order_id)
    if sells and takers.owner is not None:
        after = altered(after, owner=takers.owner)
    THINGS.store(context.state, after, part)
    if moves:
        _log(context, part, POSSESSION, giver, after.possessor)
    if sells:
        _log(context, part, OWNERSHIP, giver, after.owner)
    return True


def _log(context: Context, part: bytes, kind: bytes, giver: bytes, taker: bytes) -> None:
    """For people who ask who had it; no rule reads it."""
    place = u64(context.height) + context.receipt_id + bytes((context.operation_index,)) + kind
    line = HandedOver(giver, taker, context.time_ms)
    context.index(THING_HISTORY + part + place, encode(line))
