"""What a hand-over moves: the things that it names, and what lies in them.

Who gives possession of a container gives what of its contents is with it. Ownership goes along only
inside a logistic unit (SSCC), which is nothing but its contents: whoever sells a pallet or a
container as an asset (GRAI, GIAI) hasn't sold what stands on it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import StateReader
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import is_class
from commerce.goods.contents import CONTENTS_MAX, contents_of
from commerce.goods.errors import ThingNotOwned, ThingNotPossessed, TooManyThings
from commerce.goods.offer import OWNING, POSSESSING, Along, Offer
from commerce.goods.things import hand_over, has, owner_of

_LOGISTIC_UNIT = f"{DOMAIN}00/"


@dataclass(frozen=True, slots=True)
class Inside:
    """Things inside of others that go along, sorted: in possession, and in ownership."""

    possessing: tuple[str, ...]
    owning: tuple[str, ...]

    def along(self) -> Along:
        """How many, and a digest of which."""
        # No identity has a zero byte (printable ASCII, or a URI): the lists can't run together.
        parts = ("\0".join(self.possessing), "\0".join(self.owning))
        digest = tagged_hash("custody-along", "\0\0".join(parts).encode())
        return Along(len(self.possessing), len(self.owning), digest)


def inside_of(context: Context, giver: bytes, things: Sequence[str], what: str) -> Inside:
    """What of the contents of these things goes along with them, or `TooManyThings`."""
    found: set[str] = set()
    sold: set[str] = set()
    room = CONTENTS_MAX
    for thing in things:
        inside = contents_of(context, thing, room)
        found.update(inside)
        if thing.startswith(_LOGISTIC_UNIT):
            sold.update(inside)
        # What lies in several of them counts for each: it is looked for in each.
        room -= len(inside)
        if room < 0:
            msg = f"more than {CONTENTS_MAX} things lie in these"
            raise TooManyThings(msg)
    named, state = frozenset(things), context.state
    moved = [] if what == OWNING else sorted(found - named)
    bought = [] if what == POSSESSING else sorted(sold - named)
    return Inside(
        tuple([thing for thing in moved if has(state, giver, thing)]),
        tuple([thing for thing in bought if owns(state, giver, thing)]),
    )


def owns(state: StateReader, account: bytes, thing: str) -> bool:
    """Does the account own the item now, or have some of the class?"""
    return has(state, account, thing) if is_class(thing) else owner_of(state, thing) == account


def require_hands(state: StateReader, giver: bytes, things: Iterable[str], what: str) -> None:
    """`ThingNotPossessed` or `ThingNotOwned` unless the giver has of each thing what it offers."""
    for thing in things:
        if what != OWNING and not has(state, giver, thing):
            msg = f"the giver doesn't have {thing}"
            raise ThingNotPossessed(msg)
        if what != POSSESSING and not owns(state, giver, thing):
            msg = f"the giver doesn't own {thing}"
            raise ThingNotOwned(msg)


def move(context: Context, offer: Offer, inside: Inside) -> None:
    """Hand over what was checked to be the giver's, with what goes along."""
    if offer.possesses:
        held = (*offer.things, *inside.possessing)
        taker, order_id = offer.taker, offer.order_id
        moved = hand_over(context, offer.giver, held, possessor=taker, order_id=order_id)
        assert len(moved) == len(held)
    if offer.owns:
        owned = (*offer.things, *inside.owning)
        sold = hand_over(context, offer.giver, owned, owner=offer.taker)
        assert len(sold) == len(owned)
