"""What an account may state about things, and how parcels move them (provenance: Rights, Custody).

Prefix holders say what comes into being. Linking things (inputs, ADD, DELETE, shipping) is for whom
they are with now; whoever had them before, or holds only a prefix or a place, may say what it saw.
"""

from collections.abc import Iterable, Sequence

from chain.context import Context
from chain.state import StateReader
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import identity, is_class, prefix_digits
from commerce.goods.contents import CONTENTS_MAX, contents_of
from commerce.goods.errors import TooManyThings
from commerce.goods.things import (
    SHARES,
    THINGS,
    bring,
    hand_over,
    name_part,
)
from commerce.parcels import Parcel
from commerce.rights import prefix_holder
from commerce.roles import PREFIX_DIGITS_MAX

# What is only seen, or was just sent off: goods change hands in the hall before or after they do on
# the chain. What links goods has no such time: whoever packs or uses them has accepted them before.
SLACK_MS = 3_600_000

_TRADE_ITEM = f"{DOMAIN}01/"
# How much of a canonical link shows the longest prefix: an application identifier of at most four
# digits, a slash and the digit before the prefix come first.
_HEAD_SIZE = len(DOMAIN) + 4 + 1 + 1 + PREFIX_DIGITS_MAX


class Hands:
    """What one account may state about things, by their identities (`identifiers.identity`)."""

    def __init__(self, state: StateReader, account: bytes) -> None:
        self.state = state
        self.account = account
        self._heads: dict[str, bool] = {}
        self._holds: dict[str, bool] = {}

    def holds_prefix(self, thing: str) -> bool:
        """Does the account hold the company prefix of the thing?"""
        # Things of one event share their product, or at least their prefix.
        head = thing[:_HEAD_SIZE]
        holds = self._heads.get(head)
        if holds is None:
            holds = self._heads[head] = self._holds_prefix_of(head)
        return holds

    def _holds_prefix_of(self, head: str) -> bool:
        digits = prefix_digits(head)
        if digits is None:
            return False
        known = digits[:PREFIX_DIGITS_MAX]
        if known not in self._holds:
            self._holds[known] = prefix_holder(self.state, known) == self.account
        return self._holds[known]

    def may_make(self, thing: str) -> bool:
        """May the account say that the thing came into being, now or before?

        A trade item's maker may, also after it was sold. Crates, pallets and units go round: who
        holds the prefix of one can't say what it was filled with while others have it.
        """
        if not self.holds_prefix(thing):
            return False
        if thing.startswith(_TRADE_ITEM):
            return True
        known = THINGS.load(self.state, name_part(thing))
        return known is None or known.possessor == self.account

    def has(self, thing: str, time_ms: int) -> bool:
        """Is the thing with the account now, and was it at that time already?"""
        if is_class(thing):
            share = SHARES.load(self.state, name_part(thing), self.account)
            if share is not None and share.since_ms <= time_ms:
                return True
            return self.holds_prefix(thing)
        known = THINGS.load(self.state, name_part(thing))
        if known is None:
            return self.holds_prefix(thing)
        return known.possessor == self.account and known.since_ms <= time_ms

    def gave(self, thing: str, time_ms: int) -> bool:
        """Was the thing with the account until it was given to whoever has it now?"""
        if is_class(thing):
            return False
        known = THINGS.load(self.state, name_part(thing))
        return (
            known is not None
            and known.giver == self.account
            and time_ms <= known.since_ms + SLACK_MS
        )


def parcel_leaves(context: Context, seller: bytes, parcel: Parcel) -> None:
    """The carrier has what the parcel carries, as far as it was with its seller."""
    things = _things(context, parcel)
    hand_over(context, seller, things, possessor=parcel.carrier, order_id=parcel.order_id)


def parcel_arrives(context: Context, seller: bytes, buyer: bytes, parcel: Parcel) -> None:
    """The buyer has what the parcel brought, and owns it from now on (民法典 art. 224)."""
    things = _things(context, parcel)
    bring(context, parcel.carrier, things, parcel.order_id, buyer)
    hand_over(context, seller, things, owner=buyer)


def _things(context: Context, parcel: Parcel) -> Sequence[str]:
    """What the label names, and what lies in the logistic unit."""
    return _distinct([*named(parcel.epcs), *_unit(context, parcel.sscc)])


def named(epcs: Iterable[str]) -> list[str]:
    """Things by their names on a label."""
    return [identity(epc) for epc in epcs]


def _unit(context: Context, sscc: str | None) -> Sequence[str]:
    if sscc is None:
        return ()
    unit = f"{DOMAIN}00/{sscc}"
    try:
        # Who puts more into a unit on its way keeps what is too much.
        return (unit, *contents_of(context, unit)[:CONTENTS_MAX])
    except TooManyThings:
        # A parcel isn't held up by the history of its crate: what it names goes along.
        return (unit,)


def _distinct(things: Iterable[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(things))
