"""The parameters that ask about sensor data (§8.2.7.1): readings in any unit, devices, methods."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from commerce.epcis import vocabulary as cbv
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.prefixes import Scope
from commerce.epcis.query.conditions import Condition, Make
from commerce.epcis.query.errors import QueryRefused
from commerce.epcis.query.fields import parts
from commerce.epcis.query.subjects import Subject, folded
from commerce.epcis.query.values import OPERATORS, among, instant, numbers, one
from commerce.epcis.summary import identity_in
from commerce.epcis.times import read_instant
from commerce.epcis.units import convert, exact

_METADATA: Final = "SENSORMETADATA_"
_REPORT: Final = "SENSORREPORT_"
_VALUE: Final = re.compile(
    r"(EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|sDev|percValue)_([A-Z0-9]{2,4})"
)


def _members(subject: Subject, name: str, *places: str) -> list[Json]:
    """The member of this name in each part of these places."""
    members = subject.event.members
    return [part[name] for place in places for part in parts(members, place) if name in part]


def _text(name: str) -> Make:
    def make(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
        asked = frozenset(values)
        return Condition(
            parameter,
            lambda subject: any(value in asked for value in _members(subject, name, _REPORT)),
        )

    return make


def _uri(name: str) -> Make:
    """A URI in the metadata or in a report; a GS1 identifier however it is spelt."""

    def make(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
        asked = frozenset(identity_in(value, scope) for value in values)

        def holds(subject: Subject) -> bool:
            found = _members(subject, name, _METADATA, _REPORT)
            return any(isinstance(text, str) and subject.identity(text) in asked for text in found)

        return Condition(parameter, holds)

    return make


def _type(parameter: str, values: Sequence[str], scope: Scope) -> Condition:
    asked = frozenset(folded(cbv.MEASUREMENT_TYPE, scope.expand(value)) for value in values)

    def holds(subject: Subject) -> bool:
        told = _members(subject, "type", _REPORT)
        within = subject.event.scope
        return any(
            isinstance(text, str) and folded(cbv.MEASUREMENT_TYPE, within.expand(text)) in asked
            for text in told
        )

    return Condition(parameter, holds)


def _hex(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
    asked = frozenset(value.upper() for value in values)

    def holds(subject: Subject) -> bool:
        told = _members(subject, "hexBinaryValue", _REPORT)
        return any(isinstance(text, str) and text.upper() in asked for text in told)

    return Condition(parameter, holds)


def _boolean(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
    text = one(values, parameter)
    if text not in {"true", "false"}:
        raise QueryRefused("must be true or false", parameter)
    asked = text == "true"
    return Condition(
        parameter,
        lambda subject: any(told is asked for told in _members(subject, "booleanValue", _REPORT)),
    )


def _time(operator: str, name: str) -> Make:
    def make(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
        asked, compare = instant(values, parameter), OPERATORS[operator]

        def holds(subject: Subject) -> bool:
            for told in _members(subject, name, _METADATA, _REPORT):
                moment = read_instant(told) if isinstance(told, str) else None
                if moment is not None and compare(moment, asked):
                    return True
            return False

        return Condition(parameter, holds)

    return make


def _rank(operator: str) -> Make:
    def make(parameter: str, values: Sequence[str], _scope: Scope) -> Condition:
        asked = numbers(values, parameter)

        def holds(subject: Subject) -> bool:
            told = _members(subject, "percRank", _REPORT)
            ranks = [exact(rank) for rank in told if isinstance(rank, Number)]
            return any(among(operator, rank, asked) for rank in ranks)

        return Condition(parameter, holds)

    return make


def reading(parameter: str, values: Sequence[str]) -> Condition | None:
    """A condition on readings (`GE_value_CEL`), or None if the parameter is no such.

    A reading in another unit of the same quantity is converted, exactly; one without a unit, or of
    another quantity, doesn't match. A standard deviation is a difference: it has no zero point.
    """
    match = _VALUE.fullmatch(parameter)
    if match is None:
        return None
    operator, member, unit = match.groups()
    asked = numbers(values, parameter)

    def holds(subject: Subject) -> bool:
        for report in parts(subject.event.members, _REPORT):
            value, uom = report.get(member), report.get("uom")
            if not isinstance(value, Number) or not isinstance(uom, str):
                continue
            told = convert(exact(value), uom, unit, difference=member == "sDev")
            if told is not None and among(operator, told, asked):
                return True
        return False

    return Condition(parameter, holds)


SENSORS: Final[Mapping[str, Make]] = {
    **{
        f"{operator}_{name}": _time(operator, name)
        for operator in ("GE", "LT")
        for name in ("time", "startTime", "endTime")
    },
    "EQ_type": _type,
    "EQ_deviceID": _uri("deviceID"),
    "EQ_deviceMetadata": _uri("deviceMetadata"),
    "EQ_rawData": _uri("rawData"),
    "EQ_dataProcessingMethod": _uri("dataProcessingMethod"),
    "EQ_bizRules": _uri("bizRules"),
    "EQ_microorganism": _uri("microorganism"),
    "EQ_chemicalSubstance": _uri("chemicalSubstance"),
    "EQ_uriValue": _uri("uriValue"),
    "EQ_stringValue": _text("stringValue"),
    "EQ_hexBinaryValue": _hex,
    "EQ_booleanValue": _boolean,
    **{f"{operator}_percRank": _rank(operator) for operator in OPERATORS},
}
