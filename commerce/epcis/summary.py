"""What a trace needs of an event: things by their identity, their roles, place, time, lots.

Derived from a checked event and kept in the secondary index, so that no trace reads documents
again. Times are UTC milliseconds, rounded as the CBV hash rounds them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from chain.codec import INT_MIN, Range, Size
from commerce.epcis.document import Event
from commerce.epcis.identifiers import (
    KNOWN_SIZE_MAX,
    canonical,
    classes_above,
    known,
    links_of,
    lot_of,
    lot_of_number,
)
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.prefixes import Scope
from commerce.epcis.shape import KEY_SIZE_MAX

# A canonical link may escape what its EPC URI does not: three characters for one.
Uri = Annotated[str, Size(max=3 * KEY_SIZE_MAX)]
Instant = Annotated[int, Range(INT_MIN, 2**63 - 1)]
# CBV 2.0 §10: the lot number among instance or lot master data.
LOT_NUMBER = "urn:epcglobal:cbv:mda:lotNumber"


class Role(StrEnum):
    """How an event names a thing. CARRIER: not itself, but what it lies in."""

    SUBJECT = "subject"
    PARENT = "parent"
    CHILD = "child"
    INPUT = "input"
    OUTPUT = "output"
    LOT = "lot"
    CLASS = "class"
    TRANSFORMATION = "transformation"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much of a class of things; `amount` is a canonical decimal, or None if unknown."""

    thing: Uri
    amount: Annotated[str, Size(max=64)] | None
    unit: Annotated[str, Size(max=3)] | None


@dataclass(frozen=True, slots=True)
class LotMembers:
    """Serialised items that an event says belong to a lot."""

    lot: Uri
    items: tuple[Uri, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """One event as a trace sees it.

    `items` are the objects of an object or transaction event and the children of an aggregation or
    association, classes included; `quantities` say how much of such a class went in or out. The
    lots of a transformation's outputs stand among its `outputs`.
    """

    type: Annotated[str, Size(max=32)]
    action: Annotated[str, Size(max=8)]
    time_ms: Instant
    biz_step: Uri | None
    disposition: Uri | None
    read_point: Uri | None
    biz_location: Uri | None
    parent: Uri | None
    items: tuple[Uri, ...]
    inputs: tuple[Uri, ...]
    outputs: tuple[Uri, ...]
    quantities: tuple[Quantity, ...]
    lots: tuple[LotMembers, ...]
    transformation_id: Uri | None

    @property
    def is_containment(self) -> bool:
        """Does it put children into a parent, see them there or take them out?"""
        return self.type in ("AggregationEvent", "AssociationEvent")


def summarise(event: Event) -> Summary:
    """The summary of a checked event."""
    members = event.members
    kind, action = event.type, members.get("action", "")
    assert isinstance(action, str)
    inputs = outputs = _NO_THINGS
    lots: tuple[LotMembers, ...] = ()
    if kind == "TransformationEvent":
        lots = _lots(event, "outputEPCList")
        made = _things(event, "outputEPCList", "outputQuantityList")
        inputs = _things(event, "inputEPCList", "inputQuantityList")
        outputs = _distinct((*made, *(lot.lot for lot in lots)))
    elif kind == "ObjectEvent" and action == "ADD":
        lots = _lots(event, "epcList")
    return Summary(
        type=kind,
        action=action,
        time_ms=event.time.milliseconds(),
        biz_step=_uri(event, "bizStep"),
        disposition=_uri(event, "disposition"),
        read_point=_place(event, "readPoint"),
        biz_location=_place(event, "bizLocation"),
        parent=_optional_identity(members.get("parentID"), event.scope),
        items=_things(event, *_ITEMS[kind]),
        inputs=inputs,
        outputs=outputs,
        quantities=tuple(_quantities(event, "childQuantityList")),
        lots=lots,
        transformation_id=_uri(event, "transformationID"),
    )


_ITEMS: Mapping[str, tuple[str, ...]] = {
    "ObjectEvent": ("epcList", "quantityList"),
    "TransactionEvent": ("epcList", "quantityList"),
    "AggregationEvent": ("childEPCs", "childQuantityList"),
    "AssociationEvent": ("childEPCs", "childQuantityList"),
    "TransformationEvent": (),
}
_NO_THINGS: tuple[str, ...] = ()


def mentions(summary: Summary) -> Iterator[tuple[str, Role]]:
    """Every identity under which the event is found, with its role; each pair once."""
    for role, things in mentioned(summary):
        for thing in things:
            yield thing, role


def mentioned(summary: Summary) -> Iterator[tuple[Role, Sequence[str]]]:
    """The same role by role."""
    contained = summary.is_containment
    if summary.parent is not None:
        yield Role.PARENT if contained else Role.SUBJECT, (summary.parent,)
    yield Role.CHILD if contained else Role.SUBJECT, summary.items
    yield Role.INPUT, summary.inputs
    yield Role.OUTPUT, summary.outputs
    # A transformation's lots stand among its outputs.
    if summary.type == "ObjectEvent":
        yield Role.LOT, [members.lot for members in summary.lots]
    if summary.transformation_id is not None:
        yield Role.TRANSFORMATION, (summary.transformation_id,)
    yield Role.CLASS, classes_above((*summary.items, *summary.inputs, *summary.outputs))


def _things(event: Event, *names: str) -> tuple[str, ...]:
    """The identities in lists of EPCs or quantities, in order, each once."""
    found: list[str] = []
    for name in names:
        value = event.members.get(name)
        links = _links(value)
        if links is not None:
            found += links
            continue
        for entry in value if isinstance(value, list) else ():
            uri = entry.get("epcClass") if isinstance(entry, dict) else entry
            assert isinstance(uri, str)
            found.append(identity_in(uri, event.scope))
    return _distinct(found)


def _links(value: Json) -> tuple[str, ...] | None:
    """Of a list of EPC URIs; their check has read them, and no prefix changes them."""
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        return None
    return links_of(tuple(value))  # type: ignore[arg-type]  # its items are of one kind


def _quantities(event: Event, name: str) -> Iterator[Quantity]:
    value = event.members.get(name)
    for entry in value if isinstance(value, list) else []:
        assert isinstance(entry, dict)
        uri, amount, unit = entry["epcClass"], entry.get("quantity"), entry.get("uom")
        assert isinstance(uri, str)
        text = amount.canonical() if isinstance(amount, Number) else None
        yield Quantity(identity_in(uri, event.scope), text, unit if isinstance(unit, str) else None)


def _lots(event: Event, name: str) -> tuple[LotMembers, ...]:
    """Which items belong to which lot: by the master data's lot number or by the link itself."""
    number = _lot_number(event)
    uris = event.members.get(name, [])
    assert isinstance(uris, list)
    if number is None and _links(uris) is not None:
        # EPC URIs name no lots.
        return ()
    lots: dict[str, list[str]] = {}
    for uri in uris:
        assert isinstance(uri, str)
        if number is None and uri.startswith("urn:"):
            continue
        full = event.scope.expand(uri)
        lot = lot_of(full) or (number and lot_of_number(full, number))
        if lot and lot != known(full)[0]:
            lots.setdefault(lot, []).append(identity_in(uri, event.scope))
    return tuple([LotMembers(lot, _distinct(items)) for lot, items in sorted(lots.items())])


def _lot_number(event: Event) -> str | None:
    master_data = event.members.get("ilmd")
    if not isinstance(master_data, dict):
        return None
    for name, value in master_data.items():
        if isinstance(value, str) and event.scope.expand(name) == LOT_NUMBER:
            return value.strip() or None
    return None


def _uri(event: Event, name: str) -> str | None:
    value = event.members.get(name)
    return event.scope.expand(value) if isinstance(value, str) else None


def _place(event: Event, name: str) -> str | None:
    place = event.members.get(name)
    return _optional_identity(place.get("id"), event.scope) if isinstance(place, dict) else None


def identity_in(uri: str, scope: Scope) -> str:
    """What names one thing or place in all documents: its canonical link, or its URI in full.

    What is no GS1 identifier may be a compact URI: two documents' prefixes may differ.
    """
    full = scope.expand(uri)
    return (known(full)[0] if len(full) <= KNOWN_SIZE_MAX else canonical(full)) or full


def _optional_identity(value: Json, scope: Scope) -> str | None:
    return identity_in(value, scope) if isinstance(value, str) else None


def _distinct(things: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(things))
