"""A dairy whose milk goes into tea and cake: lots, items, cases and the events that tell of them.

The merchant makes everything (prefix 6901234): lots of milk (GTIN of the shop's bike) are turned
into items of tea and cake. A rival has a prefix of its own.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from chain.block import Event
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import check_digit, identity
from commerce.epcis.stored_index import StoredIndex
from commerce.listings import ListingPublish
from commerce.recalls.marks import recalled_by
from commerce.recalls.notices import NOTICES, Notice
from commerce.recalls.recalls import RecallClose, RecallExtend, RecallOpen
from commerce.recalls.record import Recall, load_recall
from commerce.rights import GcpGrant
from commerce.shipments import ShipmentCreate, ShippedLine
from tests.commerce.epcis.statements import Members, data, document
from tests.commerce.shop import BIKE, TERMS, Shop, gtin, product
from tests.commerce.world import PREFIX, account

MILK = BIKE
RIVALS = "6909876"
RIVAL_TEA = gtin(1, RIVALS)
HASH = bytes(range(32))


def tea(number: int, prefix: str = PREFIX) -> str:
    """An item of tea."""
    return f"urn:epc:id:sgtin:{prefix}.000001.{number}"


def cake(number: int) -> str:
    """An item of cake."""
    return f"urn:epc:id:sgtin:{PREFIX}.000002.{number}"


def milk(name: str, prefix: str = PREFIX) -> str:
    """A lot of milk."""
    return f"urn:epc:class:lgtin:{prefix}.000003.{name}"


def sscc(number: int, prefix: str = PREFIX) -> str:
    """The digits of a case."""
    digits = f"1{prefix}{number:09}"
    return digits + check_digit(digits)


def unit(number: int, prefix: str = PREFIX) -> str:
    """The EPC of a case."""
    return f"urn:epc:id:sscc:{prefix}.1{number:09}"


def at_time(time_ms: int) -> str:
    """As events write it."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds")


class Dairy(Shop):
    """A shop with provenance; event times are the block's unless given."""

    def __init__(self) -> None:
        super().__init__()
        self.milk = self.bike
        self._event_ids = count(1)
        grant = GcpGrant(RIVALS, account("rival"), None)
        self.done("regulator", ("gcp.grant", grant), with_=("rival",))

    def rival_tea(self) -> bytes:
        """The rival's own tea, on offer."""
        registered = product(RIVAL_TEA)
        self.done("rival", ("product.register", registered))
        offer = ListingPublish(RIVAL_TEA, "CNY", 100, TERMS)
        return self._made("listing_id", self.done("rival", ("listing.publish", offer)))

    def capture(self, sender: str, *events: Members) -> list[Event]:
        """Capture events in a block of its own."""
        filled = [{**self._usual(), **stated} for stated in events]
        capture = EpcisCapture(data(document(*filled)), "public")
        told = self.done(sender, ("epcis.capture", capture))
        return [event for event in told if event.type == "epcis.captured"]

    def _usual(self) -> Members:
        return {
            "eventID": f"urn:uuid:0c4d0d6a-0000-4000-8000-{next(self._event_ids):012}",
            "eventTime": at_time(self.time_ms),
            "eventTimeZoneOffset": "+00:00",
        }

    def make(
        self,
        lots: Sequence[str],
        outputs: Sequence[str],
        sender: str = "merchant",
        time_ms: int | None = None,
        classes: Sequence[str] = (),
    ) -> bytes:
        """Lots become items and other lots; the event's key."""
        kilograms = [{"epcClass": lot, "quantity": 10, "uom": "KGM"} for lot in lots]
        made = [{"epcClass": lot, "quantity": 5, "uom": "KGM"} for lot in classes]
        stated: Members = {
            "type": "TransformationEvent",
            "inputQuantityList": kilograms,
            "outputEPCList": list(outputs),
            "bizStep": "commissioning",
        }
        if made:
            stated["outputQuantityList"] = made
        return self.state_at(sender, stated, time_ms)

    def commission(self, items: Sequence[str], time_ms: int | None = None) -> bytes:
        """Items come into being; the event's key."""
        stated = {"type": "ObjectEvent", "action": "ADD", "epcList": list(items)}
        return self.state_at("merchant", {**stated, "bizStep": "commissioning"}, time_ms)

    def pack(
        self,
        parent: str,
        items: Sequence[str],
        action: str = "ADD",
        sender: str = "merchant",
        time_ms: int | None = None,
    ) -> bytes:
        """Items go into a case, or out of it; the event's key."""
        stated = {"type": "AggregationEvent", "action": action, "parentID": parent}
        return self.state_at(sender, {**stated, "childEPCs": list(items)}, time_ms)

    def say(self, sender: str, things: Sequence[str], action: str, **words: Any) -> bytes:
        """An object event; its key."""
        named = {"epcList": [thing for thing in things if ":class:" not in thing]}
        lots = [{"epcClass": thing} for thing in things if ":class:" in thing]
        stated = {"type": "ObjectEvent", "action": action, **named, **words}
        if lots:
            stated["quantityList"] = lots
        return self.state_at(sender, stated, None)

    def state_at(self, sender: str, stated: Members, time_ms: int | None) -> bytes:
        """Capture one event at a time; its key."""
        when = {} if time_ms is None else {"eventTime": at_time(time_ms)}
        (told,) = self.capture(sender, {**stated, **when})
        key = told.data["event_key"]
        assert isinstance(key, bytes)
        return key

    def send_items(
        self,
        listing: bytes,
        *epcs: str,
        buyer: str = "buyer",
        quantity: int | None = None,
        box: str | None = None,
    ) -> tuple[bytes, bytes]:
        """A paid order of one line, shipped under these names; order and parcel."""
        count_ = quantity or len(epcs)
        order_id = self.paid((listing, count_), buyer=buyer)
        return order_id, self.ship_items(order_id, *epcs, quantity=count_, box=box)

    def ship_items(
        self, order_id: bytes, *epcs: str, quantity: int | None = None, box: str | None = None
    ) -> bytes:
        """A parcel of the first line under these names."""
        made = self.done(
            *self.labelled(order_id, *epcs, quantity=quantity, box=box), with_=("carrier",)
        )
        return self._made("parcel_id", made)

    def labelled(
        self, order_id: bytes, *epcs: str, quantity: int | None = None, box: str | None = None
    ) -> tuple[str, tuple[str, ShipmentCreate]]:
        """Who sends it, and the transaction."""
        lines = (ShippedLine(0, quantity or len(epcs)),)
        sent = ShipmentCreate(order_id, account("carrier"), lines, box, epcs, None)
        return "merchant", ("shipment.create", sent)

    def recall(
        self,
        *lots: str,
        items: Sequence[str] = (),
        window: tuple[int | None, int | None] = (None, None),
        code: str = MILK,
        sender: str = "merchant",
        recall_class: int = 2,
    ) -> bytes:
        """Recall lots, items or times of production; the recall's id."""
        opening = RecallOpen(code, recall_class, HASH, None, lots, tuple(items), *window)
        return self._made("recall_id", self.done(sender, ("recall.open", opening)))

    def extend(self, recall_id: bytes, *lots: str, sender: str = "merchant", **more: Any) -> None:
        """Recall more."""
        fields = {"items": (), "from_ms": None, "to_ms": None, "whole": False}
        words = {"recall_class": None, "instruction": None, "report": None}
        extended = RecallExtend(recall_id, lots, **{**fields, **words, **more})
        self.done(sender, ("recall.extend", extended))

    def close(self, recall_id: bytes, sender: str = "merchant", with_: str | None = None) -> str:
        """Try to close it; what the chain says."""
        regulator = None if with_ is None else account(with_)
        closing = ("recall.close", RecallClose(recall_id, HASH, regulator))
        return self.send(sender, closing, with_=() if with_ is None else (with_,)).status

    def settle(self, blocks: int = 8) -> None:
        """Some blocks pass."""
        for _ in range(blocks):
            self.wait(1)

    def recall_of(self, thing: str) -> bytes | None:
        """The recall that a thing is under."""
        index = StoredIndex(self.state.index)
        return recalled_by(self.state, index, identity(thing))

    def recalled(self, *things: str) -> list[bool]:
        """Which of these are."""
        return [self.recall_of(thing) is not None for thing in things]

    def record(self, recall_id: bytes) -> Recall:
        """The recall's record."""
        return load_recall(self.state, recall_id)

    def notices(self, recall_id: bytes) -> dict[tuple[bytes, int], Notice]:
        """By order and number of the parcel."""
        found = NOTICES.items(self.state, recall_id)
        return {(key[32:64], key[64]): notice for key, notice in found}
