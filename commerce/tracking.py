"""What a carrier tells of a parcel on its way: shipment.event. It is told and moves nothing."""

from dataclasses import dataclass

from chain.block import Event
from chain.codec import Hash, Name
from chain.context import Context, event
from commerce.errors import NotTheCarrier, ParcelUnknown, StateForbids
from commerce.escrow import State
from commerce.parcels import Cell, load_parcel
from commerce.refusals import refuses


@dataclass(frozen=True, slots=True)
class ShipmentEvent:
    """`status` in the carrier's words (picked up, at customs, out for delivery), `cell` roughly
    where; `evidence` is a hash of its own record.
    """

    parcel_id: Hash
    status: Name
    cell: Cell | None
    evidence: Hash | None


@refuses(ParcelUnknown, NotTheCarrier, StateForbids)
def shipment_event(op: ShipmentEvent, context: Context) -> tuple[Event, ...]:
    """Tell where a parcel is."""
    parcel = load_parcel(context.state, op.parcel_id)
    if context.sender != parcel.carrier:
        msg = "only the parcel's carrier may say so"
        raise NotTheCarrier(msg)
    if parcel.state != State.IN_TRANSIT:
        msg = f"a parcel in state {parcel.state} isn't on its way"
        raise StateForbids(msg)
    told = event(
        "shipment.status",
        parcel_id=op.parcel_id,
        order_id=parcel.order_id,
        carrier=parcel.carrier,
        status=op.status,
        cell=op.cell,
        evidence=op.evidence,
    )
    return (told,)
