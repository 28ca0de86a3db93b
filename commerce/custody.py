"""Who has which goods in hand, as far as parcels tell: the custody behind EPCIS statements.

Prefix holders answer for what is theirs wherever it is. Everybody else is named by the newest
parcel with the item, lot or logistic unit: its seller, its carrier and, once it is delivered, its
buyer. A parcel counts only if its seller had the thing: a list of a rival's items proves nothing.
Custody records of their own (offer, accept, reject) come later.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.codec import Hash
from chain.context import Context
from chain.crypto import tagged_hash
from chain.state import StateReader, Table
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import identity, prefix_digits
from commerce.orders import load_order
from commerce.parcels import Parcel, load_parcel, parcel_id
from commerce.rights import prefix_holder
from commerce.roles import PREFIX_DIGITS_MAX


@dataclass(frozen=True, slots=True)
class LastParcel:
    """The newest parcel that carried a thing."""

    parcel_id: Hash


# How much of a canonical link shows the longest prefix: an application identifier of at most four
# digits, a slash and the digit before the prefix come first.
_HEAD_SIZE = len(DOMAIN) + 4 + 1 + 1 + PREFIX_DIGITS_MAX

# By the hash of the thing's identity.
LAST_PARCELS: Table[LastParcel] = Table("epc-custody", LastParcel)


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

    def had(self, thing: str) -> bool:
        """Is the thing the account's own, or did a parcel bring it or take it away?"""
        if self.holds_prefix(thing):
            return True
        parcel = _last_parcel(self.state, thing)
        if parcel is None:
            return False
        order = load_order(self.state, parcel.order_id)
        named = (order.seller, parcel.carrier)
        return self.account in named or self._received(parcel, order.buyer)

    def may_pass_on(self, thing: str) -> bool:
        """Is the thing the account's own, or was it delivered to it?"""
        if self.holds_prefix(thing):
            return True
        parcel = _last_parcel(self.state, thing)
        if parcel is None:
            return False
        return self._received(parcel, load_order(self.state, parcel.order_id).buyer)

    def _received(self, parcel: Parcel, buyer: bytes) -> bool:
        return self.account == buyer and parcel.delivered_ms is not None


def note_parcel(context: Context, seller: bytes, parcel: Parcel) -> None:
    """Remember what a new parcel carries, as far as it was its seller's to send."""
    if parcel.sscc is None and not parcel.epcs:
        return
    hands = Hands(context.state, seller)
    last = LastParcel(parcel_id(parcel.order_id, parcel.number))
    for thing in _things(parcel):
        if hands.may_pass_on(thing):
            LAST_PARCELS.store(context.state, last, _part(thing))


def _things(parcel: Parcel) -> Sequence[str]:
    unit = () if parcel.sscc is None else (f"{DOMAIN}00/{parcel.sscc}",)
    return (*unit, *(identity(epc) for epc in parcel.epcs))


def _last_parcel(state: StateReader, thing: str) -> Parcel | None:
    last = LAST_PARCELS.load(state, _part(thing))
    return None if last is None else load_parcel(state, last.parcel_id)


def _part(thing: str) -> bytes:
    return tagged_hash("epcis-name", thing.encode())
