"""The CBV 2.0 event hash (`ni:///sha-256;…?ver=CBV2.0`): an index, never an identity.

CBV 2.0 §8.9, in the order of the published vectors, which is that of the reference implementation
of their time: what it doesn't list after `sensorElementList` (business transactions, destinations,
master data, sources, extensions) follows sorted as strings. Not its bugs: times round half-up and
know no local zone, prefixes are the document's own, decimals are exact.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from commerce.epcis import vocabulary as cbv
from commerce.epcis.document import Event
from commerce.epcis.errors import EpcisMalformed
from commerce.epcis.identifiers import KNOWN_SIZE_MAX, canonical, known, links_of
from commerce.epcis.lexeme import Json, Number, read_number
from commerce.epcis.prefixes import Scope
from commerce.epcis.rendered import (
    Render,
    column_of,
    elements,
    lists,
    repeated,
    rows_of,
    written_by,
)
from commerce.epcis.times import utc_text_of
from commerce.epcis.vocabulary import Vocabulary

_COMMENT = "http://www.w3.org/2000/01/rdf-schema#comment"
_NUMERIC_TEXT = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([eE][+-]?[0-9]+)?")

# For each kind of object, how many orders of its members are remembered.
_ORDERS_KNOWN_MAX = 256


def cbv_hash(event: Event, ignored: frozenset[str] = frozenset()) -> str:
    """The event hash id; `ignored` are full names of extensions that don't take part."""
    digest = hashlib.sha256(prehash(event, ignored).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def prehash(event: Event, ignored: frozenset[str] = frozenset()) -> str:
    """The string that is hashed."""
    members, scope = event.members, event.scope
    tail = [render(name, members[name], scope) for name, render in _TAIL if name in members]
    if not _STANDARD.issuperset(members):
        for name, value in members.items():
            if name not in _STANDARD and scope.expand(name) not in ignored:
                tail.extend(_extension(name, value, scope))
    tail.sort()
    head = [render(name, members[name], scope) for name, render in _HEAD.of(members)]
    return f"eventType={event.type}{''.join(head)}{''.join(tail)}"


def prehashes(events: Sequence[Event], ignored: frozenset[str] = frozenset()) -> list[str]:
    """As `prehash` of each event; quicker, for what they have in common is written once."""
    found = [""] * len(events)
    alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, event in enumerate(events):
        # Events without a context of their own share the document's scope.
        if event.scope is events[0].scope:
            alike[tuple(event.members)].append(index)
        else:
            found[index] = prehash(event, ignored)
    for names, indexes in alike.items():
        written = _alike(names, [events[index] for index in indexes], ignored)
        for index, text in zip(indexes, written, strict=True):
            found[index] = text
    return found


def _alike(names: tuple[str, ...], events: Sequence[Event], ignored: frozenset[str]) -> list[str]:
    """Of events with the same members, in one scope."""
    members, scope = [event.members for event in events], events[0].scope
    extensions = [
        name for name in names if name not in _STANDARD and scope.expand(name) not in ignored
    ]
    heads = rows_of(_EVENT, names, members, scope)
    tails: list[Iterable[str]] = list(rows_of(_TAIL_RENDERS, names, members, scope))
    tails = tails or [()] * len(events)
    if extensions:
        tails = [
            (*tail, *(text for name in extensions for text in _extension(name, each[name], scope)))
            for tail, each in zip(tails, members, strict=True)
        ]
    return [
        f"eventType={event.type}{''.join(head)}{''.join(sorted(tail))}"
        for event, head, tail in zip(events, heads, tails, strict=True)
    ]


class _Order:
    """The members that an object writes in this order, whatever order they came in."""

    def __init__(self, renders: Mapping[str, Render]) -> None:
        self.renders = renders
        # Objects of one kind come with the same few members. Only standard names are kept here.
        self._known: dict[tuple[str, ...], Sequence[tuple[str, Render]]] = {}

    def of(self, members: Mapping[str, Json]) -> Sequence[tuple[str, Render]]:
        """Those members that an object has."""
        names = tuple(members)
        known = self._known.get(names)
        return self._sort(names) if known is None else known

    def _sort(self, names: tuple[str, ...]) -> Sequence[tuple[str, Render]]:
        found = [(name, render) for name, render in self.renders.items() if name in names]
        if len(found) == len(names):
            if len(self._known) >= _ORDERS_KNOWN_MAX:
                self._known.clear()
            self._known[names] = found
        return found


def _text(value: Json, scope: Scope) -> str:
    """A value as rules 5 to 8 and 14 to 18 have it."""
    if isinstance(value, str):
        text = value.strip()
        return _canonical_text(scope.expand(text) if scope.prefixes else text)
    if isinstance(value, Number):
        return value.positional()
    if isinstance(value, bool):
        return "true" if value else "false"
    return ""


def _canonical_text(text: str) -> str:
    if text.startswith(("urn:epc:", "http")):
        return (known(text)[0] if len(text) <= KNOWN_SIZE_MAX else canonical(text)) or text
    if text.startswith("urn:epcglobal:cbv:"):
        return _web_vocabulary(text)
    if text[:1] in "+-.0123456789" and text:
        return _numeric(text)
    return text


def _web_vocabulary(urn: str) -> str:
    for stem, web in cbv.URN_STEMS.items():
        if urn.startswith(stem):
            return web + urn[len(stem) :]
    return urn


def _numeric(text: str) -> str:
    """Rule 6 for numbers in text: XML has nothing else, so `02.50` and `2.5` are one value."""
    match = _NUMERIC_TEXT.fullmatch(text)
    if match is None:
        return text
    sign, whole, fraction, scale = match.groups()
    if not whole and not fraction:
        return text
    lexeme = f"{sign.replace('+', '')}{whole.lstrip('0') or '0'}.{fraction or '0'}{scale or ''}"
    try:
        return read_number(lexeme).positional()
    except EpcisMalformed:
        return text


def _plain(name: str, value: Json, scope: Scope) -> str:
    text = _text(value, scope)
    return f"{name}={text}" if text else ""


def _time(name: str, value: Json, _scope: Scope) -> str:
    assert isinstance(value, str)
    return f"{name}={utc_text_of(value)}"


def _term(vocabulary: Vocabulary) -> Render:
    uris = vocabulary.uris

    def render(name: str, value: Json, scope: Scope) -> str:
        word = uris.get(value) if isinstance(value, str) else None
        return f"{name}={word or _text(value, scope)}"

    return render


def _sorted_items(item_name: str, render: Render) -> Render:
    """A list whose items are written as `item_name=…`, sorted, after the list's own name."""

    def render_list(name: str, value: Json, scope: Scope) -> str:
        assert isinstance(value, list)
        items = [render(item_name, item, scope) for item in value]
        items.sort()
        return f"{name}{''.join(items)}" if items else ""

    return written_by(render_list, lists(item_name, render))


def _repeated(name: str, value: Json, scope: Scope) -> str:
    values = value if isinstance(value, list) else [value]
    return "".join(sorted(_plain(name, item, scope) for item in values))


def _element(order: Mapping[str, Render]) -> Render:
    """An object: its name, its standard members in order, its extensions at the end (rule 21)."""
    standard = _Order(order)

    def render(name: str, value: Json, scope: Scope) -> str:
        assert isinstance(value, dict)
        named = standard.of(value)
        body = "".join([render(member, value[member], scope) for member, render in named])
        if len(named) != len(value):
            extensions: list[str] = []
            for member, content in value.items():
                if member not in order:
                    extensions.extend(_extension(member, content, scope))
            body += "".join(sorted(extensions))
        return f"{name}{body}" if body else ""

    return written_by(render, elements(order, render))


def _pair(order: Mapping[str, Render]) -> Render:
    element = _element(order)

    def render(_name: str, value: Json, scope: Scope) -> str:
        return element("", value, scope)

    return written_by(render, lambda _name, values, scope: column_of(element, "", values, scope))


def _repeated_element(element: Render) -> Render:
    def render(name: str, value: Json, scope: Scope) -> str:
        assert isinstance(value, list)
        items = [element(name, item, scope) for item in value]
        items.sort()
        return "".join(items)

    return written_by(render, repeated(element))


def _extension(name: str, value: Json, scope: Scope) -> list[str]:
    """Rules 19 and 20: `{namespace}local=value`, one string for each item of an array."""
    full = _braced(name, scope)
    if full is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [f"{full}{_content(item, scope)}" for item in items]


def _content(value: Json, scope: Scope) -> str:
    if isinstance(value, dict):
        parts: list[str] = []
        for name, member in value.items():
            parts.extend(_extension(name, member, scope))
        return "".join(sorted(parts))
    if isinstance(value, list):
        return "".join(sorted(_content(item, scope) for item in value))
    text = _text(value, scope)
    return f"={text}" if text else ""


def _braced(name: str, scope: Scope) -> str | None:
    """A full name with its namespace in braces; None for comments, which say nothing."""
    prefix, colon, local = name.partition(":")
    if not colon:
        return name
    namespace = scope.prefixes.get(prefix)
    if namespace is None or local.startswith("//"):
        cut = max(name.rfind("/"), name.rfind("#"), name.rfind(":")) + 1
        namespace, local = name[:cut], name[cut:]
    return None if namespace + local == _COMMENT else f"{{{namespace}}}{local}"


def _epcs(name: str, value: Json, scope: Scope) -> str:
    """As `_sorted_items("epc", _plain)`, quicker: identifiers are most of what an event says.

    They were checked (`shape.identifier`): in full they have at most KEY_SIZE_MAX characters.
    """
    assert isinstance(value, list)
    # No prefix changes an EPC URI.
    links = links_of(tuple(value))  # type: ignore[arg-type]  # all were checked to be strings
    if links:
        return f"{name}epc={'epc='.join(sorted(links))}"
    texts = []
    for item in value:
        assert isinstance(item, str)
        text = scope.expand(item) if scope.prefixes else item
        texts.append(known(text)[0] or _canonical_text(text))
    texts.sort()
    return f"{name}epc={'epc='.join(texts)}" if texts else ""


_QUANTITIES = _sorted_items(
    "quantityElement", _element({"epcClass": _plain, "quantity": _plain, "uom": _plain})
)
_ANY_PLACE = _element({"id": _plain})


def _place(name: str, value: Json, scope: Scope) -> str:
    """As an element with an `id`; most places have nothing else."""
    assert isinstance(value, dict)
    if len(value) > 1:
        return _ANY_PLACE(name, value, scope)
    return f"{name}{_plain('id', value['id'], scope)}"


def _places(name: str, values: Sequence[Any], scope: Scope) -> list[str]:
    return column_of(_ANY_PLACE, name, values, scope)


written_by(_place, _places)


_METADATA: dict[str, Render] = {
    "time": _time,
    "startTime": _time,
    "endTime": _time,
    "deviceID": _plain,
    **dict.fromkeys(("deviceMetadata", "rawData", "dataProcessingMethod"), _plain),
    "bizRules": _plain,
}
_REPORT: dict[str, Render] = {
    "type": _term(cbv.MEASUREMENT_TYPE),
    "exception": _term(cbv.SENSOR_ALERT),
    **dict.fromkeys(("deviceID", "deviceMetadata", "rawData"), _plain),
    "dataProcessingMethod": _plain,
    "bizRules": _plain,
    "time": _time,
    **dict.fromkeys(("microorganism", "chemicalSubstance", "value"), _plain),
    "component": _term(cbv.COMPONENT),
    **dict.fromkeys(("stringValue", "booleanValue", "hexBinaryValue"), _plain),
    **dict.fromkeys(("uriValue", "minValue", "maxValue", "meanValue"), _plain),
    **dict.fromkeys(("sDev", "percRank", "percValue", "uom"), _plain),
    "coordinateReferenceSystem": _plain,
}
_SENSOR_ELEMENT = _element(
    {"sensorMetadata": _element(_METADATA), "sensorReport": _repeated_element(_element(_REPORT))}
)


def _dispositions(name: str, value: Json, scope: Scope) -> str:
    assert isinstance(value, list)
    return "".join(sorted(_term(cbv.DISPOSITION)(name, item, scope) for item in value))


_EVENT: dict[str, Render] = {
    "eventTime": _time,
    "eventTimeZoneOffset": lambda name, value, _scope: f"{name}={value}",
    "certificationInfo": _repeated,
    "parentID": _plain,
    **dict.fromkeys(("epcList", "inputEPCList", "childEPCs"), _epcs),
    **dict.fromkeys(("quantityList", "childQuantityList"), _QUANTITIES),
    "inputQuantityList": _QUANTITIES,
    "outputEPCList": _epcs,
    "outputQuantityList": _QUANTITIES,
    **dict.fromkeys(("action", "transformationID"), _plain),
    "bizStep": _term(cbv.BIZ_STEP),
    "disposition": _term(cbv.DISPOSITION),
    "persistentDisposition": _element({"set": _dispositions, "unset": _dispositions}),
    **dict.fromkeys(("readPoint", "bizLocation"), _place),
    "sensorElementList": _sorted_items("sensorElement", _SENSOR_ELEMENT),
}
_HEAD = _Order(_EVENT)
_PARTY = _term(cbv.SOURCE_DEST_TYPE)
_TAIL: tuple[tuple[str, Render], ...] = (
    (
        "bizTransactionList",
        _sorted_items(
            "", _pair({"type": _term(cbv.BIZ_TRANSACTION_TYPE), "bizTransaction": _plain})
        ),
    ),
    ("destinationList", _sorted_items("", _pair({"type": _PARTY, "destination": _plain}))),
    ("ilmd", _element({})),
    ("sourceList", _sorted_items("", _pair({"type": _PARTY, "source": _plain}))),
)
_TAIL_RENDERS = dict(_TAIL)
_STANDARD = frozenset(
    {*_EVENT, *(name for name, _ in _TAIL)}
    | {"@context", "type", "recordTime", "eventID", "errorDeclaration"}
)
