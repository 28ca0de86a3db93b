"""`hushang shipment`: ship, deliver, report lost."""

from typing import Annotated

import typer

from commerce.errors import ParcelUnknown
from commerce.registry import operation
from commerce.shipments import ShipmentCreate, ShipmentDelivered, ShipmentLost, ShippedLine
from commerce.tracking import ShipmentEvent
from node.commands.failures import UsageWrong
from node.commands.options import noun, verb
from node.commands.order import read_units
from node.commands.session import Session
from node.commands.telling import ContentOption, FileOption, document_hash
from node.json_values import read_hash
from node.private_data import Committed, label_of

app = noun("Ship, deliver, report lost.")

PARCEL = Annotated[str, typer.Argument(metavar="PARCEL", help="Its id, 64 hex digits.")]


@verb(
    app,
    "create",
    sends=True,
    examples=(
        "hushang shipment create $ORDER --carrier carrier --as merchant --cosign carrier",
        "hushang shipment create $ORDER --units 0:1 --carrier carrier --cosign carrier"
        " --as merchant",
        "hushang shipment create $ORDER --sscc 169012340000000075 --device $DEVICE"
        " --carrier carrier --cosign carrier --as merchant",
    ),
)
def create(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's id.")],
    carrier: Annotated[str, typer.Option(help="Who carries it: hs1… or a name; signs too.")],
    units: Annotated[
        list[str] | None, typer.Option(help="LINE:UNITS, from 0; default all that is unshipped.")
    ] = None,
    epc: Annotated[
        list[str] | None, typer.Option(help="An item in it, EPC URI or Digital Link; repeatable.")
    ] = None,
    sscc: Annotated[str | None, typer.Option(help="The parcel's GS1 number, 18 digits.")] = None,
    tracking: Annotated[
        str | None, typer.Option(help="The carrier's number; only its salted hash is sent.")
    ] = None,
    insured: Annotated[
        str | None, typer.Option(help='What the carrier answers for: "CNY 50.00".')
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="A device in it: the carrier answers for what it measures, too."),
    ] = None,
) -> None:
    """Hand units of a paid order to a carrier; prints the parcel's id.

    What the carrier signs to answer for is collected by hushang recourse claim if it is lost.
    """
    order_id = read_hash(order, "ORDER")
    if units:
        lines = tuple(ShippedLine(*read_units(text)) for text in units)
    else:
        lines = unshipped_lines(session, order_id)
        if not lines:
            raise UsageWrong("no units wait for a parcel: hushang order show tells where they are")
    insured_minor = 0 if insured is None else session.money(insured)[1]
    named = None if device is None else read_hash(device, "--device")
    label = None if tracking is None else _label_of(session, order_id, tracking).commitment
    made = ShipmentCreate(
        order_id,
        session.account(carrier),
        lines,
        sscc,
        tuple(epc or ()),
        label,
        insured_minor,
        named,
    )
    session.send(
        operation("shipment.create", made), found={"parcel_id": "shipment.created.parcel_id"}
    )


@verb(
    app,
    "delivered",
    sends=True,
    examples=(
        "hushang shipment delivered $PARCEL --code $CODE --as carrier",
        "hushang shipment delivered $PARCEL --cell wtw3sj --as carrier",
    ),
)
def delivered(
    session: Session,
    parcel: PARCEL,
    code: Annotated[
        str | None, typer.Option(help="What the recipient said; public from now on.")
    ] = None,
    cell: Annotated[
        str | None, typer.Option(help="Where, without a code: a geohash of up to 6 characters.")
    ] = None,
) -> None:
    """Report a delivery, with the recipient's code or the place as proof."""
    proof = None if code is None else code.encode()
    told = ShipmentDelivered(read_hash(parcel, "PARCEL"), proof, cell)
    session.send(operation("shipment.delivered", told))


@verb(
    app,
    "status",
    sends=True,
    examples=(
        'hushang shipment status $PARCEL "out for delivery" --cell wtw3sj --as carrier',
        'hushang shipment status $PARCEL "at customs" --file scan.json --as carrier',
    ),
)
def status(
    session: Session,
    parcel: PARCEL,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What to tell of it.")],
    cell: Annotated[
        str | None, typer.Option(help="Where, roughly: a geohash of up to 6 characters.")
    ] = None,
    file: FileOption = None,
    content: ContentOption = None,
) -> None:
    """Tell where a parcel is on its way; it moves no clock and no money."""
    told = ShipmentEvent(read_hash(parcel, "PARCEL"), words, cell, document_hash(file, content))
    session.send(operation("shipment.event", told))


@verb(app, "lost", sends=True, examples=("hushang shipment lost $PARCEL --as carrier",))
def lost(session: Session, parcel: PARCEL) -> None:
    """Report that a parcel will not arrive: whoever paid gets the money back."""
    session.send(operation("shipment.lost", ShipmentLost(read_hash(parcel, "PARCEL"))))


@verb(app, "show", examples=("hushang shipment show $PARCEL",))
def show(session: Session, parcel: PARCEL) -> None:
    """Show a parcel: units, carrier, state, the next deadline."""
    session.show(f"/v1/parcels/{read_hash(parcel, 'PARCEL').hex()}")


@verb(app, "label", examples=("hushang shipment label $ORDER SF1234567890123 --as merchant",))
def label(
    session: Session,
    order: Annotated[str, typer.Argument(metavar="ORDER", help="The order's id.")],
    tracking: Annotated[
        str, typer.Argument(metavar="TRACKING", help="As it was given when it was shipped.")
    ],
) -> None:
    """Find the parcel of a tracking number, by the key that shipped it.

    The chain has a salted hash of the number. The salt comes from the key; with the number it
    proves to anybody which parcel it was: tagged_hash("label", salt and number).
    """
    order_id = read_hash(order, "ORDER")
    made = _label_of(session, order_id, tracking)
    parcels = session.client.get(f"/v1/orders/{order_id.hex()}")["parcels"]
    own = [p["parcel_id"] for p in parcels if p["label_commitment"] == made.commitment.hex()]
    if not own:
        raise ParcelUnknown("no parcel of this order has this number by this key")
    told = {"label_commitment": made.commitment.hex(), "label_salt": made.salt.hex()}
    session.printer.record({"parcel_id": own[0], **told})


def _label_of(session: Session, order_id: bytes, tracking: str) -> Committed:
    return label_of(session.signer.key.seed, order_id, tracking)


def unshipped_lines(session: Session, order_id: bytes) -> tuple[ShippedLine, ...]:
    """Everything of an order that waits for a parcel."""
    known = session.client.get(f"/v1/orders/{order_id.hex()}")
    waiting = [(line["index"], line["unshipped"]) for line in known["lines"]]
    return tuple(ShippedLine(index, units) for index, units in waiting if units)
