"""Who may carry goods of an order, and what its parcels are known by."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.context import Context
from commerce.accounts import require_account, share_controller
from commerce.epcis.identifiers import is_key, is_well_formed
from commerce.errors import IdentifierMalformed, SharedController
from commerce.items import check_distinct
from commerce.orders import Order
from commerce.roles import require_role


@dataclass(frozen=True, slots=True)
class Label:
    """What a parcel is known by: its carrier, GS1 number, items and label; what the carrier answers
    for.
    """

    carrier: bytes
    sscc: str | None
    epcs: tuple[str, ...]
    label_commitment: bytes | None
    insured_minor: int = 0


def check_label(label: Label) -> None:
    """`IdentifierMalformed` or `ItemRepeated` for what no label says."""
    if label.sscc is not None and not is_key(label.sscc):
        msg = f"{label.sscc!r} is no SSCC"
        raise IdentifierMalformed(msg)
    check_epcs(label.epcs)


def check_epcs(epcs: Sequence[str]) -> None:
    """`IdentifierMalformed` or `ItemRepeated` for what is no list of things."""
    for epc in epcs:
        if not is_well_formed(epc):
            msg = f"{epc!r} is no well-formed identifier"
            raise IdentifierMalformed(msg)
    if epcs:
        check_distinct(epcs)


def require_carrier(context: Context, carrier: bytes) -> None:
    """`AccountUnknown`, `RoleMissing` or `CosignerMissing` unless it is one that agrees."""
    require_account(context, carrier, "the carrier")
    require_role(context.state, carrier, "carrier", "the carrier")
    context.require_consent(carrier, "the carrier")


def check_independent(context: Context, carrier: bytes, order: Order) -> None:
    """`SharedController` for a carrier of the buyer's or the payer's own: its word alone sends the
    money back (shipment.lost, return.delivered), while the goods may be anywhere.
    """
    parties = (order.buyer,) if order.payer in (None, order.buyer) else (order.buyer, order.payer)
    for party in parties:
        if share_controller(context.state, carrier, party):
            msg = "the carrier shares a key with the buyer or the payer"
            raise SharedController(msg)
