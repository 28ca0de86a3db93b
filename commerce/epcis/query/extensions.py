"""The parameters about fields that the standard doesn't know, and about master data (§8.2.7.1)."""

from collections.abc import Sequence
from typing import Final

from commerce.epcis.prefixes import Scope
from commerce.epcis.query.conditions import Condition
from commerce.epcis.query.errors import QueryRefused
from commerce.epcis.query.fields import FieldName, field_name, field_of
from commerce.epcis.query.subjects import Subject
from commerce.epcis.query.values import OPERATORS, compares, flag, one, operands

_HAS_ATTRIBUTE: Final = "HASATTR_"
# The standard writes the first, its query schema the second.
_ATTRIBUTE: Final = ("EQATTR_", "EQ_ATTR_")
_EXISTS: Final = "EXISTS"
# Fields of the standard whose values master data can be about.
_DESCRIBED: Final = ("readPoint", "bizLocation", "bizStep", "disposition")


def extension(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
    """The condition of a parameter whose name ends in a field's name; `QueryRefused` for others."""
    if parameter.startswith(_HAS_ATTRIBUTE):
        return _has_attribute(parameter, values, scope)
    for beginning in _ATTRIBUTE:
        if parameter.startswith(beginning):
            return _attribute(parameter, values, scope, parameter.removeprefix(beginning))
    operator, underscore, rest = parameter.partition("_")
    if underscore and operator == _EXISTS:
        return _exists(parameter, values, scope, rest)
    if not underscore or operator not in OPERATORS:
        raise QueryRefused("no parameter of an EPCIS 2.0 query", parameter)
    return _compared(parameter, values, scope, (operator, rest))


def _compared(
    parameter: str, values: Sequence[str], scope: Scope, asks: tuple[str, str]
) -> Condition:
    operator, field = asks[0], field_of(asks[1], scope, parameter)
    asked = operands(values, scope)
    if operator != "EQ":
        one(values, parameter)
        if not asked.numbers and not asked.instants:
            raise QueryRefused("must be a number or a date and time with an offset", parameter)

    def holds(subject: Subject) -> bool:
        within = subject.event.scope
        return any(compares(operator, value, asked, within) for value in field.values(subject))

    return Condition(parameter, holds)


def _exists(parameter: str, values: Sequence[str], scope: Scope, rest: str) -> Condition:
    field = field_of(rest, scope, parameter)
    if not flag(values, parameter):
        return Condition(parameter, lambda _subject: True)
    return Condition(
        parameter, lambda subject: any(value is not None for value in field.values(subject))
    )


def _has_attribute(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
    described = _described(parameter, parameter.removeprefix(_HAS_ATTRIBUTE), scope)
    asked = frozenset(scope.expand(value) for value in values)

    def holds(subject: Subject) -> bool:
        told = subject.master_data.attributes
        names = _values_of(subject, described)
        return any(attribute in asked for name in names for attribute in told.get(name, {}))

    return Condition(parameter, holds)


def _attribute(parameter: str, values: Sequence[str], scope: Scope, rest: str) -> Condition:
    field, attribute = _split(rest)
    if not field or not attribute:
        raise QueryRefused("must be EQATTR_field_attribute", parameter)
    described = _described(parameter, field, scope)
    full = field_name(attribute, scope)
    asked = operands(values, scope)

    def holds(subject: Subject) -> bool:
        for name in _values_of(subject, described):
            for told, value in subject.master_data.attributes.get(name, {}).items():
                if full.names(told, subject.event.scope) and compares(
                    "EQ", value, asked, subject.event.scope
                ):
                    return True
        return False

    return Condition(parameter, holds)


def _split(rest: str) -> tuple[str, str]:
    """Field and attribute; of an extension the attribute begins after the last underscore."""
    for name in _DESCRIBED:
        if rest.startswith(f"{name}_"):
            return name, rest.removeprefix(f"{name}_")
    field, _, attribute = rest.rpartition("_")
    return field, attribute


def _described(parameter: str, name: str, scope: Scope) -> str | FieldName:
    if name in _DESCRIBED:
        return name
    if ":" not in name:
        raise QueryRefused(
            f"the field is one of {', '.join(_DESCRIBED)}, or an extension", parameter
        )
    return field_name(name, scope)


def _values_of(subject: Subject, described: str | FieldName) -> list[str]:
    """The identities that a field of the event names."""
    scope, found = subject.event.scope, []
    for name, value in subject.event.members.items():
        is_it = name == described if isinstance(described, str) else described.names(name, scope)
        if not is_it:
            continue
        for entry in value if isinstance(value, list) else [value]:
            told = entry.get("id", entry.get("@id")) if isinstance(entry, dict) else entry
            if isinstance(told, str):
                found.append(subject.identity(told))
    return found
