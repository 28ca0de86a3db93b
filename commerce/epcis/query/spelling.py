"""Identifiers of an event spelt as EPC URNs or as GS1 Digital Links (header `GS1-EPC-Format`).

Only what the standard defines as an identifier is spelt anew, and only if it is one of GS1's: a URN
always has a link, a link has a URN if the length of its company prefix is known.
"""

from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final, TypeAlias

from commerce.epcis.document import Event
from commerce.epcis.epc_uris import to_urn
from commerce.epcis.identifiers import canonical, prefix_digits
from commerce.epcis.lexeme import Json

# Digits of a key (without indicator) to the length of the company prefix that they begin with.
PrefixSize: TypeAlias = Callable[[str], int | None]
# Members that are an identifier or a list of them; members of which one member is one.
_THINGS: Final = ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList")
_INSIDE: Final[Mapping[str, str]] = {
    "quantityList": "epcClass",
    "childQuantityList": "epcClass",
    "inputQuantityList": "epcClass",
    "outputQuantityList": "epcClass",
    "readPoint": "id",
    "bizLocation": "id",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
}


class Spelling(Enum):
    """One of the two ways in which GS1 writes an identifier as a URI."""

    DIGITAL_LINK = auto()
    URN = auto()


def spelt(event: Event, spelling: Spelling, size_of: PrefixSize) -> dict[str, Json]:
    """The members of an event with its identifiers in one spelling."""
    members = dict(event.members)
    for name in _THINGS:
        if name in members:
            members[name] = _each(members[name], "", spelling, size_of)
    for name, inner in _INSIDE.items():
        if name in members:
            members[name] = _each(members[name], inner, spelling, size_of)
    return members


def spelt_uri(uri: str, spelling: Spelling, size_of: PrefixSize) -> str:
    """One identifier; a URI that is none, or has no such spelling, stays as it is."""
    link = canonical(uri)
    if link is None or uri.startswith("urn:") is (spelling is Spelling.URN):
        return uri
    if spelling is Spelling.DIGITAL_LINK:
        return link
    size = size_of(prefix_digits(link) or "")
    return (None if size is None else to_urn(link, size)) or uri


def _each(value: Json, inner: str, spelling: Spelling, size_of: PrefixSize) -> Json:
    if isinstance(value, list):
        return [_each(entry, inner, spelling, size_of) for entry in value]
    if isinstance(value, str) and not inner:
        return spelt_uri(value, spelling, size_of)
    if isinstance(value, dict) and isinstance(told := value.get(inner), str):
        return {**value, inner: spelt_uri(told, spelling, size_of)}
    return value
