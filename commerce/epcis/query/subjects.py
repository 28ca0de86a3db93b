"""A captured event as a query looks at it: its members in their scope, its times, its master data.

What was captured has been checked; here it is only read again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.document import Event
from commerce.epcis.event import EVENT_TYPES
from commerce.epcis.lexeme import Json, read_json
from commerce.epcis.prefixes import DOCUMENT_SCOPE, Scope
from commerce.epcis.summary import identity_in
from commerce.epcis.times import Instant, read_instant
from commerce.epcis.vocabulary import URN_STEMS, Vocabulary

_GLN = f"{DOMAIN}414/"
_EXTENSION = "/254/"


@dataclass(frozen=True, slots=True)
class MasterData:
    """What a document's header says of places and parties, by their identities."""

    # Attributes by their full names; the places that each place lies in directly.
    attributes: Mapping[str, Mapping[str, Json]]
    parents: Mapping[str, tuple[str, ...]]

    def around(self, place: str) -> frozenset[str]:
        """All places that a place lies in, directly or not.

        What lies where is told by master data (EPCIS 2.0 §6.5); the extension of a GLN names a
        place inside it by itself (GS1 General Specifications, AI 254).
        """
        seen: set[str] = set()
        pending = [place]
        while pending:
            inner = pending.pop()
            outer = [*self.parents.get(inner, ())]
            if inner.startswith(_GLN) and _EXTENSION in inner:
                outer.append(inner.partition(_EXTENSION)[0])
            pending.extend(one for one in outer if one not in seen)
            seen.update(outer)
        return frozenset(seen)


NO_MASTER_DATA = MasterData({}, {})


@dataclass(frozen=True, slots=True)
class Stated:
    """A captured document: its events as received, each with its scope, and its master data.

    `terms` are what the document's own contexts declare, name to definition.
    """

    events: tuple[Event, ...]
    terms: Mapping[str, Json]
    master_data: MasterData


@dataclass(frozen=True, slots=True)
class Subject:
    """One event that a query may match; `record_ms` is the time of its block.

    `known` is what is known of it besides its words, by full names: asked for as extensions are.
    """

    event: Event
    record_ms: int
    master_data: MasterData = NO_MASTER_DATA
    known: Mapping[str, Json] = field(default_factory=dict)

    @property
    def record_time(self) -> Instant:
        """The time of its block."""
        second, rest = divmod(self.record_ms, 1000)
        return Instant(second, f"{rest:03}".rstrip("0"))

    def identity(self, uri: str) -> str:
        """What names one thing in all documents: its canonical link, or its URI in full."""
        return identity_in(uri, self.event.scope)


def folded(vocabulary: Vocabulary, text: str) -> str:
    """One spelling for each value of a vocabulary: the Web URI of a bare word or an old URN."""
    if text in vocabulary.uris:
        return vocabulary.uris[text]
    for stem, full in URN_STEMS.items():
        if full == vocabulary.stem and text.startswith(stem):
            return full + text.removeprefix(stem)
    return text


def read_stated(data: bytes) -> Stated:
    """The events of a captured document. The bytes were checked when they were captured."""
    value = read_json(data)
    assert isinstance(value, dict)
    scope = DOCUMENT_SCOPE.with_context(value["@context"], is_document=True)
    terms = dict(_terms(value["@context"]))
    if value["type"] in EVENT_TYPES:
        return Stated((_event(value, scope, is_alone=True),), {}, NO_MASTER_DATA)
    body = value["epcisBody"]
    assert isinstance(body, dict)
    listed = body["eventList"]
    assert isinstance(listed, list)
    events = tuple(_event(members, scope) for members in listed)
    return Stated(events, terms, _master_data(value.get("epcisHeader"), scope))


def _event(members: Json, scope: Scope, *, is_alone: bool = False) -> Event:
    assert isinstance(members, dict)
    if "@context" in members and not is_alone:
        scope = scope.with_context(members["@context"], is_document=False)
    time = members["eventTime"]
    assert isinstance(time, str)
    instant = read_instant(time)
    assert instant is not None
    return Event("", members, instant, scope)


def _terms(context: Json) -> Iterator[tuple[str, Json]]:
    for entry in context if isinstance(context, list) else [context]:
        if isinstance(entry, dict):
            yield from entry.items()


def _master_data(header: Json, scope: Scope) -> MasterData:
    attributes: dict[str, dict[str, Json]] = {}
    parents: dict[str, tuple[str, ...]] = {}
    for element in _elements(header):
        name = element.get("id")
        if not isinstance(name, str):
            continue
        identity = identity_in(name, scope)
        inner = element.get("children")
        for child in inner if isinstance(inner, list) else ():
            if isinstance(child, str):
                within = identity_in(child, scope)
                parents[within] = (*parents.get(within, ()), identity)
        for attribute in _objects(element.get("attributes")):
            named = attribute.get("id")
            if isinstance(named, str):
                told = attribute.get("attribute")
                attributes.setdefault(identity, {})[scope.expand(named)] = told
    return MasterData(attributes, parents)


def _elements(header: Json) -> Iterator[dict[str, Json]]:
    told = header.get("epcisMasterData") if isinstance(header, dict) else None
    for vocabulary in _objects(told.get("vocabularyList") if isinstance(told, dict) else None):
        yield from _objects(vocabulary.get("vocabularyElementList"))


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if isinstance(value, list):
        yield from (entry for entry in value if isinstance(entry, dict))
