"""Fields that a query names: extensions of an event and of its parts, and what lies inside them.

A field's name is full (`https://ns.example/epcis/x`, or namespace, `#` and name as EPCIS 1.2 wrote
it), or compact: then its prefix is one that the query declares, else the one that each event's own
document declares, so that two documents' `ex:x` meet only if the query doesn't tell them apart.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from commerce.epcis.lexeme import Json
from commerce.epcis.prefixes import Scope
from commerce.epcis.query.errors import QueryRefused
from commerce.epcis.query.subjects import Subject

# The parts of an event that a field may be in, by the word in the parameter's name.
PLACES: Final = (
    *("ILMD_", "SENSORELEMENT_", "SENSORMETADATA_", "SENSORREPORT_"),
    *("ERROR_DECLARATION_", "readPoint_", "bizLocation_"),
)
INNER: Final = "INNER_"
NAME_SIZE_MAX: Final = 512
_WHOLE: Final = ("http:", "https:", "urn:")


@dataclass(frozen=True, slots=True)
class FieldName:
    """The name of a field: its full forms, or, of an undeclared prefix, as documents write it."""

    full: frozenset[str]
    written: str | None

    def names(self, name: str, scope: Scope) -> bool:
        """Whether a member of this name, in this scope, is the field."""
        return name == self.written or scope.expand(name) in self.full


@dataclass(frozen=True, slots=True)
class Field:
    """A field in a part of the event (`place`, empty for the event itself), or deep inside it."""

    place: str
    is_inner: bool
    name: FieldName

    def values(self, subject: Subject) -> Iterator[Json]:
        """Every value of the field in an event."""
        scope = subject.event.scope
        if not self.place and not self.is_inner:
            known = [value for name, value in subject.known.items() if name in self.name.full]
            if known:
                # Whatever the event says under such a name.
                yield from known
                return
        for part in parts(subject.event.members, self.place):
            for name, value in part.items():
                # Of the standard's own members none is an extension with others inside.
                if self.is_inner and (":" in name or self.place == "ILMD_"):
                    yield from self._inside(value, scope)
                elif self.is_inner:
                    continue
                elif self.name.names(name, scope):
                    yield value

    def _inside(self, value: Json, scope: Scope) -> Iterator[Json]:
        if isinstance(value, list):
            for item in value:
                yield from self._inside(item, scope)
        elif isinstance(value, dict):
            for name, member in value.items():
                if self.name.names(name, scope):
                    yield member
                yield from self._inside(member, scope)


def field_of(text: str, scope: Scope, parameter: str) -> Field:
    """The field that the rest of a parameter's name says: `INNER_ILMD_ex:name` and the like."""
    is_inner = text.startswith(INNER)
    rest = text.removeprefix(INNER)
    place = next((place for place in PLACES if rest.startswith(place)), "")
    rest = rest.removeprefix(place)
    # Bare names are the standard's own, which have parameters of their own, or stand in a part.
    if not rest or (":" not in rest and not place and not is_inner):
        raise QueryRefused("no parameter of an EPCIS 2.0 query", parameter)
    if len(rest) > NAME_SIZE_MAX:
        raise QueryRefused(f"a field's name has at most {NAME_SIZE_MAX} characters", parameter)
    return Field(place, is_inner, field_name(rest, scope))


def field_name(text: str, scope: Scope) -> FieldName:
    """How a query's name of a field is to be compared."""
    full = scope.expand(text)
    if full == text and not text.startswith(_WHOLE):
        return FieldName(frozenset(), text)
    return FieldName(frozenset({full, "".join(full.rsplit("#", 1))}), None)


def parts(members: Mapping[str, Json], place: str) -> Iterator[Mapping[str, Json]]:
    """The objects of an event that are the part of that name."""
    if place in _ONE:
        yield from _objects([members.get(_ONE[place])])
    elif not place:
        yield members
    else:
        elements = _objects(members.get("sensorElementList"))
        yield from elements if place == "SENSORELEMENT_" else _sensor_parts(elements, place)


_ONE: Final[Mapping[str, str]] = {
    "ILMD_": "ilmd",
    "ERROR_DECLARATION_": "errorDeclaration",
    "readPoint_": "readPoint",
    "bizLocation_": "bizLocation",
}


def _sensor_parts(
    elements: Iterator[Mapping[str, Json]], place: str
) -> Iterator[Mapping[str, Json]]:
    for element in elements:
        if place == "SENSORMETADATA_":
            yield from _objects([element.get("sensorMetadata")])
        else:
            yield from _objects(element.get("sensorReport"))


def _objects(values: Json) -> Iterator[Mapping[str, Json]]:
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))
