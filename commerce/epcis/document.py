"""From received bytes to checked events: the EPCISDocument around them and its header.

Accepted are an EPCISDocument with an event list and a single event with its own context (what
the REST binding captures); a query document is an answer, not a statement, and is refused.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from commerce.epcis.caps import check_caps
from commerce.epcis.errors import EpcisInvalid, EpcisTooLarge, also
from commerce.epcis.event import EVENT_TYPES, check_event, surely_events
from commerce.epcis.lexeme import NODES_MAX, Json, read_json
from commerce.epcis.prefixes import (
    DOCUMENT_SCOPE,
    NO_PREFIXES,
    SHORT_NAME_MAX,
    Scope,
    may_have_long_names,
)
from commerce.epcis.shape import (
    Members,
    Shape,
    anything,
    array,
    check_extension,
    check_members,
    matching,
    obj,
    refuse,
    string,
    timestamp,
    uri,
)
from commerce.epcis.times import Instant

EVENTS_MAX = 100
# Fewer are checked one by one: judging columns pays with their length.
_JUDGED_MIN = 3
# Characters that full names would add to a document, each occurrence counted once.
EXPANSION_MAX = 1024 * 1024
# So that short names before the items of arrays alone can't exceed it.
assert (NODES_MAX + 1) * SHORT_NAME_MAX <= EXPANSION_MAX
_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Event:
    """One checked event: its members as received, its time, and the prefixes it was written in."""

    path: str
    members: Mapping[str, Json]
    time: Instant
    scope: Scope

    @property
    def type(self) -> str:
        """One of the five event types."""
        kind = self.members["type"]
        assert isinstance(kind, str)
        return kind


@dataclass(frozen=True, slots=True)
class Document:
    """A checked document; `hash_ignored` are the full names its ignoreFields lists."""

    members: Mapping[str, Json]
    events: tuple[Event, ...]
    hash_ignored: frozenset[str]


def read_document(data: bytes, *, members_only: bool = False) -> Document:
    """Read and check received bytes: `EpcisMalformed`, `EpcisTooLarge` or `EpcisInvalid`.

    With `members_only`, what members must mean together is not asked (`check_event`), and a query
    document is read for the events in it.
    """
    value = read_json(data)
    if not isinstance(value, dict):
        raise refuse("a document must be an object")
    kind = value.get("type")
    if kind == "EPCISQueryDocument":
        if not members_only:
            raise refuse("a query document is an answer and can't be captured", "type")
        return _read(_as_statement(value), data, members_only=True)
    if isinstance(kind, str) and kind in EVENT_TYPES:
        return _single_event(value, members_only=members_only)
    if kind != "EPCISDocument":
        raise refuse("must be EPCISDocument", "type")
    return _read(value, data, members_only=members_only)


def _as_statement(answer: Members) -> Members:
    """A document of the events that a query document tells; their paths are those in this one."""
    told: Json = answer
    for name in ("epcisBody", "queryResults", "resultsBody", "eventList"):
        told = told.get(name) if isinstance(told, dict) else None
    return {**answer, "type": "EPCISDocument", "epcisBody": {"eventList": told}}


def _read(value: Members, data: bytes, *, members_only: bool) -> Document:
    scope = _scope_of(value, DOCUMENT_SCOPE, is_document=True)
    reading = _reading(value, scope, data.decode(), members_only=members_only)
    events = _after_header(value, reading)
    _check_expansion(value, reading.needed, events)
    return Document(value, events, _ignored(value, scope))


@dataclass(frozen=True, slots=True)
class _Reading:
    """How the events of a document are read.

    `needed`: `NO_PREFIXES` if nothing is made longer by prefixes or in hashes, else the `scope`.
    `members_right`: that each member of each event is, has been seen.
    """

    scope: Scope
    needed: Scope
    members_right: bool
    members_only: bool


def _reading(value: Members, scope: Scope, text: str, *, members_only: bool) -> _Reading:
    needed = scope.used_in(text)
    is_right = _are_right(value, needed)
    # Without prefixes only standard members are right, and only a header can have longer names.
    if needed is NO_PREFIXES and not (is_right and _is_standard(value)):
        needed = scope if may_have_long_names(text) else needed
    return _Reading(scope, needed, is_right, members_only)


def _are_right(value: Members, scope: Scope) -> bool:
    """Whether there are some events, and each of their members is surely right."""
    events = _listed(value)
    if events is None or not _JUDGED_MIN <= len(events) <= EVENTS_MAX:
        return False
    objects = [event for event in events if isinstance(event, dict)]
    return len(objects) == len(events) and surely_events(objects, scope)


def _is_standard(value: Members) -> bool:
    """Whether the header has none but standard members; master data may have any name."""
    return "epcisHeader" not in value and _DOCUMENT.keys() >= value.keys()


def _single_event(value: Members, *, members_only: bool) -> Document:
    scope = _scope_of(value, DOCUMENT_SCOPE, is_document=True)
    check_caps([value])
    members, time = check_event(value, scope, members_only=members_only)
    event = Event("", members, time, scope)
    _check_expansion({}, scope, (event,))
    return Document(value, (event,), frozenset())


def _after_header(value: Members, reading: _Reading) -> tuple[Event, ...]:
    """The events; what is wrong with the header comes first, and hides nothing of theirs."""
    header = _header_refusal(value, reading.scope)
    events: tuple[Event, ...] = ()
    try:
        events = _events(value, reading)
    except EpcisInvalid as refusal:
        raise also(header, refusal) from None
    except EpcisTooLarge:
        if header is None:
            raise
    if header is not None:
        raise header
    return events


def _header_refusal(value: Members, scope: Scope) -> EpcisInvalid | None:
    """What is wrong with everything but the events; these are checked all the same."""
    try:
        check_members(value, _DOCUMENT, scope, _DOCUMENT_REQUIRED)
    except EpcisInvalid as refusal:
        return refusal
    return None


def _listed(value: Members) -> list[Json] | None:
    body = value.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    return events if isinstance(events, list) else None


def _events(value: Members, reading: _Reading) -> tuple[Event, ...]:
    """The checked events, none if the document has no list of them."""
    events = _listed(value)
    if events is None:
        return ()
    if len(events) > EVENTS_MAX:
        msg = f"a document has at most {EVENTS_MAX} events"
        raise EpcisTooLarge(msg)
    check_caps(events)
    first: EpcisInvalid | None = None
    checked: list[Event] = []
    for index, event in enumerate(events):
        path = f"epcisBody.eventList[{index}]"
        try:
            checked.append(_event(event, path, reading))
        except EpcisInvalid as refusal:
            refusal.within(path)
            first = also(first, refusal)
        except EpcisTooLarge:
            if first is None:
                raise
    if first is not None:
        raise first
    return tuple(checked)


def _event(event: Json, path: str, reading: _Reading) -> Event:
    scope = _own_scope(event, reading.scope, reading.needed)
    members, time = check_event(
        event, scope, members_only=reading.members_only, members_right=reading.members_right
    )
    return Event(path, members, time, scope)


def _own_scope(event: Json, scope: Scope, needed: Scope) -> Scope:
    """The prefixes in force in an event: the document's as far as needed, or those it adds."""
    if isinstance(event, dict) and "@context" in event:
        return _scope_of(event, scope, is_document=False)
    return needed


def _check_expansion(document: Members, scope: Scope, events: Iterable[Event]) -> None:
    """Nothing has been expanded yet: a small document must not become a large one."""
    if scope is NO_PREFIXES and all(event.scope is NO_PREFIXES for event in events):
        return
    header: Json = {name: value for name, value in document.items() if name != "epcisBody"}
    parts = [(header, scope), *((dict(event.members), event.scope) for event in events)]
    added = sum(_added_size(part, scope) for part, scope in parts)
    if added > EXPANSION_MAX:
        msg = f"full names add at most {EXPANSION_MAX} characters to a document"
        raise EpcisTooLarge(msg)


def _added_size(value: Json, scope: Scope) -> int:
    """What prefixes add, and names that the CBV hash repeats before each item of an array."""
    added, pending = 0, [value]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            added += scope.added_size(node.strip())
        elif isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            for name, member in node.items():
                grown = scope.added_size(name)
                repeated = len(member) if isinstance(member, list) else 0
                added += grown + repeated * (len(name) + grown)
            pending.extend(node.values())
    return added


def _scope_of(value: Members, outer: Scope, *, is_document: bool) -> Scope:
    if "@context" not in value:
        raise refuse("@context is missing")
    return outer.with_context(value["@context"], is_document=is_document)


def _master_data_value(value: Json, _scope: Scope) -> None:
    if value is None or isinstance(value, bool | list):
        raise refuse("must be a number, a string or an object")


def _open(shape: Shape, *required: str) -> Shape:
    """For master data, whose objects the schema leaves open to any other member."""

    def check_open(value: Json, scope: Scope) -> None:
        if not isinstance(value, dict):
            raise refuse("must be an object")
        named = {name: member for name, member in value.items() if name in shape}
        check_members(named, shape, scope, required)

    return {"": check_open}


_attribute = _open({"id": uri, "attribute": _master_data_value}, "id")[""]
_element = _open({"id": uri, "attributes": array(_attribute), "children": array(uri)}, "id")[""]
_vocabulary = _open({"type": uri, "vocabularyElementList": array(_element)}, "type")[""]
_master_data = _open({"vocabularyList": array(_vocabulary)})[""]


def _events_only(value: Json, scope: Scope) -> None:
    """The body's own members; the events themselves come after the document's other checks."""
    check_members(value, {"eventList": _array_of_anything}, scope, ("eventList",))


_array_of_anything = array(anything)
_DOCUMENT_REQUIRED = ("@context", "type", "schemaVersion", "creationDate", "epcisBody")
_DOCUMENT: Shape = {
    "@context": anything,
    "id": uri,
    "type": string,
    "schemaVersion": matching(_VERSION.fullmatch, "a version like 2.0"),
    "creationDate": timestamp,
    "instanceIdentifier": string,
    "sender": string,
    "receiver": string,
    "epcisHeader": obj({"epcisMasterData": _master_data}),
    "epcisBody": _events_only,
}


def _ignored(document: Members, scope: Scope) -> frozenset[str]:
    """The extensions that a document excludes from CBV hashes by an `ignoreFields` of its own.

    A custom of the reference implementation; standard members can't be excluded that way, and the
    event key knows nothing of it (provenance: Identity).
    """
    listed: set[str] = set()
    for name, value in document.items():
        if not name.endswith(":ignoreFields") or not isinstance(value, list):
            continue
        check_extension(name, value, scope)
        listed.update(scope.expand(item) for item in value if isinstance(item, str))
    return frozenset(listed)
