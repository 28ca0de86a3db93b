"""Short names for the steps of handing goods over."""

from collections.abc import Callable, Sequence
from typing import Any

from chain.block import Event
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import identity
from commerce.goods.offer import Offer, load_offer
from commerce.goods.offers import CustodyAccept, CustodyOffer, CustodyReject, CustodyWithdraw
from commerce.goods.things import owner_of, possessor_of
from tests.commerce.epcis.statements import case, data, document, packing, serial
from tests.commerce.world import DAY_MS, ROLES, World, account

OFFER, ACCEPT = "custody.offer", "custody.accept"
REJECT, WITHDRAW = "custody.reject", "custody.withdraw"
ITEM, OTHER, CASE = serial(1), serial(2), case(7)
LONG_AGO = "2020-01-01T00:00:00Z"


def offered(
    *things: str,
    to: str = "carrier",
    what: str = "possessing",
    within_ms: int = DAY_MS,
    order_id: bytes | None = None,
    device_id: bytes | None = None,
) -> CustodyOffer:
    """An offer's payload."""
    return CustodyOffer(things, what, account(to), order_id, device_id, within_ms)


def newest(world: World) -> bytes:
    """The offer that was made last."""
    told = [event for receipt in world.receipts for event in receipt.events]
    made = [event.data["offer_id"] for event in told if event.type == "custody.offered"][-1]
    assert isinstance(made, bytes)
    return made


def accepting(device_id: bytes | None = None) -> Callable[[World], CustodyAccept]:
    """For a rule table: the newest offer is accepted."""
    return lambda world: CustodyAccept(newest(world), device_id)


def rejecting(world: World) -> CustodyReject:
    """Likewise."""
    return CustodyReject(newest(world), "two cartons are wet")


def withdrawing(world: World) -> CustodyWithdraw:
    """Likewise."""
    return CustodyWithdraw(newest(world))


def offer(world: World, giver: str, *things: str, **more: Any) -> bytes:
    """Make an offer; its id."""
    world.done(giver, (OFFER, offered(*things, **more)))
    return newest(world)


def accept(world: World, taker: str, offer_id: bytes) -> tuple[Event, ...]:
    """Accept an offer, which must succeed."""
    return world.done(taker, (ACCEPT, CustodyAccept(offer_id, None)))


def given(world: World, giver: str, *things: str, to: str, what: str = "possessing") -> None:
    """Offered and accepted."""
    accept(world, to, offer(world, giver, *things, to=to, what=what))


def status(world: World, sender: str, type_: str, payload: object) -> str:
    """What came of one attempt."""
    return world.send(sender, (type_, payload)).status


def record(world: World, offer_id: bytes) -> Offer:
    """The offer's record."""
    return load_offer(world.state, offer_id)


def name_of(known: bytes | None) -> str | None:
    """A party's name."""
    return next((name for name in ROLES if account(name) == known), None)


def hands(world: World, thing: str) -> tuple[str | None, str | None]:
    """Who has a thing, who owns it."""
    known = identity(thing)
    return name_of(possessor_of(world.state, known)), name_of(owner_of(world.state, known))


def state(world: World, by: str, *events: dict[str, Any]) -> None:
    """Capture events, none of which is a mere claim."""
    told = world.done(by, ("epcis.capture", EpcisCapture(data(document(*events)), "public")))
    assert not [event for event in told if event.data["claim"]]


def pack(world: World, by: str, *children: str, parent: str = CASE) -> None:
    """Put things into a unit, long ago."""
    state(world, by, packing(parentID=parent, childEPCs=list(children), eventTime=LONG_AGO))


def unpack(world: World, by: str, children: Sequence[str], time: str, parent: str = CASE) -> None:
    """Take things out of a unit."""
    taken = packing(
        parentID=parent,
        childEPCs=list(children),
        action="DELETE",
        bizStep="unpacking",
        eventTime=time,
    )
    state(world, by, taken)
