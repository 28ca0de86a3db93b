"""The parameters of the simple event query that the standard names one by one (§8.2.7.1).

Each becomes a condition; an event is in the result if it meets all. A condition tells the planner
what it knows: the things that must be named, and what the index's record of an event shows already.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Final, TypeAlias

from commerce.epcis import vocabulary as cbv
from commerce.epcis.event import EVENT_TYPES
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.prefixes import Scope
from commerce.epcis.query.errors import QueryRefused, QueryTooLong
from commerce.epcis.query.patterns import Wanted, wanted
from commerce.epcis.query.subjects import Subject, folded
from commerce.epcis.query.values import OPERATORS, among, flag, instant, numbers
from commerce.epcis.summary import Summary, identity_in
from commerce.epcis.times import read_instant
from commerce.epcis.units import convert, exact
from commerce.epcis.uri import is_uri
from commerce.epcis.vocabulary import Vocabulary

Holds: TypeAlias = Callable[[Subject], bool]
ACTIONS: Final = ("ADD", "OBSERVE", "DELETE")
PATTERNS_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Condition:
    """What one parameter asks.

    `things`: the event must name one of them. `early` may say no by the event's summary alone.
    `words`: no event matches unless the index has one of these values of a kind (`WORDS`).
    """

    parameter: str
    holds: Holds
    things: tuple[Wanted, ...] = ()
    early: Callable[[Summary], bool] | None = None
    words: tuple[str, tuple[str, ...]] | None = None


Make: TypeAlias = Callable[[str, Sequence[str], Scope], Condition]


def _event_type(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
    for value in values:
        if value not in EVENT_TYPES and not is_uri(value):
            raise QueryRefused(f"{value[:64]!r} is no event type", parameter)
    kinds = frozenset(
        scope.expand(value).removeprefix("https://ref.gs1.org/epcis/") for value in values
    )
    return Condition(
        parameter,
        lambda subject: subject.event.type in kinds,
        early=lambda summary: summary.type in kinds,
    )


def _action(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
    if any(value not in ACTIONS for value in values):
        raise QueryRefused("each must be ADD, OBSERVE or DELETE", parameter)
    asked = frozenset(values)
    return Condition(
        parameter,
        lambda subject: subject.event.members.get("action") in asked,
        early=lambda summary: summary.action in asked,
    )


def _word(member: str, vocabulary: Vocabulary, kind: str) -> Make:
    said: Callable[[Summary], str | None] = attrgetter(kind)

    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        asked = frozenset(folded(vocabulary, scope.expand(value)) for value in values)

        def holds(subject: Subject) -> bool:
            value = subject.event.members.get(member)
            scope = subject.event.scope
            return isinstance(value, str) and folded(vocabulary, scope.expand(value)) in asked

        def early(summary: Summary) -> bool:
            value = said(summary)
            return value is not None and folded(vocabulary, value) in asked

        spellings = {*asked, *(one.removeprefix(vocabulary.stem) for one in asked)}
        return Condition(parameter, holds, early=early, words=(kind, tuple(sorted(spellings))))

    return make


def _persistent(member: str) -> Make:
    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        asked = frozenset(folded(cbv.DISPOSITION, scope.expand(value)) for value in values)

        def holds(subject: Subject) -> bool:
            told = subject.event.members.get("persistentDisposition")
            inner = told.get(member) if isinstance(told, dict) else None
            scope = subject.event.scope
            return any(
                folded(cbv.DISPOSITION, scope.expand(value)) in asked for value in _texts(inner)
            )

        return Condition(parameter, holds)

    return make


def _place(member: str, kind: str, *, descends: bool) -> Make:
    said: Callable[[Summary], str | None] = attrgetter(kind)

    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        asked = frozenset(identity_in(value, scope) for value in values)

        def holds(subject: Subject) -> bool:
            place = subject.event.members.get(member)
            name = place.get("id") if isinstance(place, dict) else None
            if not isinstance(name, str):
                return False
            identity = subject.identity(name)
            if identity in asked:
                return True
            return descends and not asked.isdisjoint(subject.master_data.around(identity))

        def early(summary: Summary) -> bool:
            place = said(summary)
            return place is not None and (descends or place in asked)

        words = None if descends else (kind, tuple(sorted(asked)))
        return Condition(parameter, holds, early=early, words=words)

    return make


def _match(members: tuple[str, ...], *, classes: bool) -> Make:
    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        asked = tuple(wanted(value, scope, parameter, classes=classes) for value in values)
        exact_ones = frozenset(one.exact for one in asked)
        patterns = [one for one in asked if one.is_pattern]
        if len(patterns) > PATTERNS_MAX:
            msg = f"a parameter has at most {PATTERNS_MAX} patterns"
            raise QueryTooLong(msg)

        def holds(subject: Subject) -> bool:
            things = {subject.identity(name) for name in _names(subject, members)}
            if not exact_ones.isdisjoint(things):
                return True
            return any(one.matches(thing) for one in patterns for thing in things)

        return Condition(parameter, holds, things=asked)

    return make


def _names(subject: Subject, members: Iterable[str]) -> Iterator[str]:
    for member in members:
        value = subject.event.members.get(member)
        for entry in value if isinstance(value, list) else [value]:
            name = entry.get("epcClass") if isinstance(entry, dict) else entry
            if isinstance(name, str):
                yield name


def _texts(value: Json) -> Iterator[str]:
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, str):
            yield entry


def _time(operator: str, path: tuple[str, ...]) -> Make:
    """A moment at a path of members; the empty path is that of capture."""

    def make(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
        asked, compare = instant(values, parameter), OPERATORS[operator]

        def holds(subject: Subject) -> bool:
            if not path:
                return compare(subject.record_time, asked)
            value: Json = dict(subject.event.members)
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            moment = read_instant(value) if isinstance(value, str) else None
            return moment is not None and compare(moment, asked)

        return Condition(parameter, holds)

    return make


def _uris(*path: str) -> Make:
    """Texts at a path of members that are compared as URIs."""

    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        vocabulary = cbv.ERROR_REASON if path[-1] == "reason" else None

        def full(text: str, within: Scope) -> str:
            expanded = within.expand(text)
            return folded(vocabulary, expanded) if vocabulary else expanded

        asked = frozenset(full(value, scope) for value in values)

        def holds(subject: Subject) -> bool:
            value: Json = dict(subject.event.members)
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            return any(full(text, subject.event.scope) in asked for text in _texts(value))

        return Condition(parameter, holds)

    return make


def _event_id(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
    # As written: they are found so by the index, and no standard expands them.
    asked = frozenset(values)
    return Condition(parameter, lambda subject: subject.event.members.get("eventID") in asked)


def _exists(member: str) -> Make:
    def make(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
        if not flag(values, parameter):
            return Condition(parameter, lambda _subject: True)
        return Condition(parameter, lambda subject: bool(subject.event.members.get(member)))

    return make


QUANTITIES: Final = (
    *("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
)


def quantity(operator: str, unit: str | None) -> Make:
    """How much of a class: in any unit, or, with a unit, all that can be converted to it."""

    def make(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
        asked = numbers(values, parameter)
        return Condition(
            parameter,
            lambda subject: any(among(operator, told, asked) for told in _amounts(subject, unit)),
        )

    return make


def _amounts(subject: Subject, unit: str | None) -> Iterator[Fraction]:
    for name in QUANTITIES:
        value = subject.event.members.get(name)
        for entry in value if isinstance(value, list) else ():
            amount = entry.get("quantity") if isinstance(entry, dict) else None
            if not isinstance(entry, dict) or not isinstance(amount, Number):
                continue
            uom = entry.get("uom")
            if unit is None:
                yield exact(amount)
            elif isinstance(uom, str) and (told := convert(exact(amount), uom, unit)) is not None:
                yield told


def party(member: str, inner: str, vocabulary: Vocabulary, kind: str) -> Make:
    """EQ_bizTransaction_…, EQ_source_…, EQ_destination_…: entries of a type with one of the ids."""

    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        asked = frozenset(identity_in(value, scope) for value in values)
        asked_kind = folded(vocabulary, scope.expand(kind))

        def holds(subject: Subject) -> bool:
            entries = subject.event.members.get(member)
            for entry in entries if isinstance(entries, list) else ():
                if not isinstance(entry, dict):
                    continue
                name, told = entry.get(inner), entry.get("type")
                if not isinstance(name, str) or not isinstance(told, str):
                    continue
                told = folded(vocabulary, subject.event.scope.expand(told))
                if told == asked_kind and subject.identity(name) in asked:
                    return True
            return False

        return Condition(parameter, holds)

    return make


_EPCS: Final = ("epcList", "childEPCs")
_DECLARATION: Final = "errorDeclaration"
STANDARD: Final[Mapping[str, Make]] = {
    "eventType": _event_type,
    "GE_eventTime": _time("GE", ("eventTime",)),
    "LT_eventTime": _time("LT", ("eventTime",)),
    "GE_recordTime": _time("GE", ()),
    "LT_recordTime": _time("LT", ()),
    "EQ_action": _action,
    "EQ_bizStep": _word("bizStep", cbv.BIZ_STEP, "biz_step"),
    "EQ_disposition": _word("disposition", cbv.DISPOSITION, "disposition"),
    "EQ_persistentDisposition_set": _persistent("set"),
    "EQ_persistentDisposition_unset": _persistent("unset"),
    "EQ_readPoint": _place("readPoint", "read_point", descends=False),
    "WD_readPoint": _place("readPoint", "read_point", descends=True),
    "EQ_bizLocation": _place("bizLocation", "biz_location", descends=False),
    "WD_bizLocation": _place("bizLocation", "biz_location", descends=True),
    "EQ_transformationID": _uris("transformationID"),
    "MATCH_epc": _match(_EPCS, classes=False),
    "MATCH_parentID": _match(("parentID",), classes=False),
    "MATCH_inputEPC": _match(("inputEPCList",), classes=False),
    "MATCH_outputEPC": _match(("outputEPCList",), classes=False),
    "MATCH_anyEPC": _match((*_EPCS, "parentID", "inputEPCList", "outputEPCList"), classes=False),
    "MATCH_epcClass": _match(("quantityList", "childQuantityList"), classes=True),
    "MATCH_inputEPCClass": _match(("inputQuantityList",), classes=True),
    "MATCH_outputEPCClass": _match(("outputQuantityList",), classes=True),
    "MATCH_anyEPCClass": _match(QUANTITIES, classes=True),
    **{f"{operator}_quantity": quantity(operator, None) for operator in OPERATORS},
    "EQ_eventID": _event_id,
    "EXISTS_errorDeclaration": _exists(_DECLARATION),
    "EXISTS_sensorElementList": _exists("sensorElementList"),
    # The standard and its query schema write an underscore, its REST binding none.
    "GE_errorDeclaration_Time": _time("GE", (_DECLARATION, "declarationTime")),
    "LT_errorDeclaration_Time": _time("LT", (_DECLARATION, "declarationTime")),
    "GE_errorDeclarationTime": _time("GE", (_DECLARATION, "declarationTime")),
    "LT_errorDeclarationTime": _time("LT", (_DECLARATION, "declarationTime")),
    "EQ_errorReason": _uris(_DECLARATION, "reason"),
    "EQ_correctiveEventID": _uris(_DECLARATION, "correctiveEventIDs"),
}
