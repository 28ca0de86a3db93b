"""What a recall asks of marked goods in known hands: that they come back, or are destroyed.

A demand stands for each marked item or lot that a parcel names, until it is met by an event that
was captured by right (mere claims meet nothing):

- destroyed: an object event that takes the thing out of the world (action DELETE) with the business
  step `destroying` or the disposition `destroyed` or `disposed` (CBV 2.0 §7.1, §7.2); that takes
  whoever has the thing.
- returned: an object event with the disposition `returned` or `recalled`, of an item, by whoever
  has it now and is neither the buyer nor the parcel's carrier: so a brand can't say from afar that
  everything has come back, and a carrier not while it is still under way.

A lot is in many hands: of what a parcel brought of it only its buyer's own word counts, of what
never arrived its carrier's, or the signature of a regulator when the recall is closed.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass

from chain.block import Event
from chain.codec import U8, Hash
from chain.context import Context, event
from chain.state import StateReader, Table
from commerce.epcis.graph import TraceIndex
from commerce.epcis.identifiers import is_class
from commerce.epcis.stored_index import IndexedEvent
from commerce.epcis.summary import Role
from commerce.epcis.vocabulary import BIZ_STEP, DISPOSITION
from commerce.goods.things import name_part, possessor_of
from commerce.parcels import Parcel, load_parcel, parcel_id
from commerce.recalls.reading import Meter, read_record
from commerce.records import altered

_DESTROYING = ("destroying", BIZ_STEP.uris["destroying"])
_DESTROYED = tuple(
    word for name in ("destroyed", "disposed") for word in (name, DISPOSITION.uris[name])
)
_RETURNED = tuple(
    word for name in ("returned", "recalled") for word in (name, DISPOSITION.uris[name])
)
# Demands that one event meets, at most: an event of many lots in many hands.
MET_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Demand:
    """A marked thing that parcel number `parcel` of the order brought to `buyer`; `met_by` is the
    key of the event that says what became of it.
    """

    buyer: Hash
    parcel: U8
    met_by: Hash | None


# By the hash of the thing's name, recall and order.
DEMANDS: Table[Demand] = Table("recall-demand", Demand)


def became_of(event: IndexedEvent) -> str | None:
    """What an event says became of its objects: destroyed, returned, or None."""
    summary = event.summary
    if event.claim or event.declares_error or summary.type != "ObjectEvent":
        return None
    if summary.action == "DELETE" and (
        summary.biz_step in _DESTROYING or summary.disposition in _DESTROYED
    ):
        return "destroyed"
    if summary.disposition in _RETURNED:
        return "returned"
    return None


@dataclass(frozen=True, slots=True)
class Way:
    """Whom a parcel brings things to, who carries it, and whether it has arrived."""

    buyer: bytes
    carrier: bytes
    arrived: bool

    @classmethod
    def of(cls, parcel: Parcel, buyer: bytes) -> "Way":
        """The way of a parcel."""
        return cls(buyer, parcel.carrier, parcel.delivered_ms is not None)


def meets(state: StateReader, event: IndexedEvent, thing: str, way: Way) -> bool:
    """Does the event say what became of a thing that went this way?"""
    became = became_of(event)
    if became is None or thing not in event.summary.items:
        return False
    if is_class(thing):
        return event.capturer == (way.buyer if way.arrived else way.carrier)
    if became == "destroyed":
        return True
    under_way = (way.buyer, way.carrier)
    return event.capturer not in under_way and possessor_of(state, thing) == event.capturer


def met_by_known(
    state: StateReader, index: TraceIndex, meter: Meter, thing: str, way: Way
) -> bytes | None:
    """The key of an event that said so before it was asked, or None."""
    for _, key, role in index.rows(thing):
        if role is not Role.SUBJECT or index.summary(key) is None:
            continue
        record = read_record(meter.scan, key)
        if record is not None and meets(state, record, thing, way):
            return key
    return None


def meet_demands(
    context: Context, key: bytes, record: IndexedEvent, recalls: Set[bytes]
) -> Iterator[tuple[bytes, Event]]:
    """Meet the demands of these recalls that a new event answers; each with its recall."""
    if became_of(record) is None:
        return
    met = 0
    for thing in record.summary.items:
        for place, demand in list(DEMANDS.items(context.state, name_part(thing))):
            recall_id, order_id = place[32:64], place[64:]
            if met == MET_MAX:
                return
            if recall_id not in recalls or demand.met_by is not None:
                continue
            parcel = load_parcel(context.state, parcel_id(order_id, demand.parcel))
            if not meets(context.state, record, thing, Way.of(parcel, demand.buyer)):
                continue
            met += 1
            DEMANDS.store(context.state, altered(demand, met_by=key), place)
            told = event(
                "recall.accounted",
                recall_id=recall_id,
                order_id=order_id,
                thing=thing,
                event_key=key,
                became=became_of(record),
            )
            yield recall_id, told
