"""What a device can be, and be bound to: one single thing, by its GS1 identity."""

from collections.abc import Sequence

from commerce.devices.errors import ThingNotSingle
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.identifiers import identity, is_class, is_well_formed
from commerce.errors import IdentifierMalformed
from commerce.parcels import Parcel

# Logistic units, trade items and their pieces, returnable and individual assets: no places.
_SINGLE = tuple(f"{DOMAIN}{ai}/" for ai in ("00", "01", "8003", "8004", "8006"))


def require_single(uri: str) -> str:
    """The identity of one thing: `IdentifierMalformed`, `ThingNotSingle` for anything else."""
    if not is_well_formed(uri):
        msg = f"{uri!r} is no well-formed identifier"
        raise IdentifierMalformed(msg)
    known = identity(uri)
    if not known.startswith(_SINGLE) or is_class(known):
        msg = f"{uri} is no single item, asset or logistic unit"
        raise ThingNotSingle(msg)
    return known


def things_in(parcel: Parcel) -> Sequence[str]:
    """The identities of a parcel's logistic unit and of the items that its label names."""
    unit = () if parcel.sscc is None else (f"{DOMAIN}00/{parcel.sscc}",)
    return (*unit, *[identity(epc) for epc in parcel.epcs])
