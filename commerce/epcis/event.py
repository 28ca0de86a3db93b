"""The five event types of EPCIS 2.0 and the rules that no schema says (ISO/IEC 19987 §7.4).

`check_event` first checks the shape, member by member, then what members mean together: an event
without a "what", a missing parent, sensor data from after the event.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from commerce.epcis import vocabulary as cbv
from commerce.epcis.columns import Check, are_all, judged_by, objects, surely
from commerce.epcis.errors import EpcisInvalid, also
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.prefixes import Scope
from commerce.epcis.shape import (
    Members,
    Shape,
    array,
    boolean,
    check_extension,
    check_members,
    closed,
    decimal,
    identifier,
    identifiers,
    key_uri,
    matching,
    obj,
    refuse,
    string,
    term,
    timestamp,
    uri,
)
from commerce.epcis.times import Instant, is_zone_offset, read_instant

_UOM = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[A-Fa-f0-9]+")
_ACTIONS = frozenset({"ADD", "OBSERVE", "DELETE"})

_uris = array(uri)


def _judge_amounts(values: Sequence[Any], _scope: Scope) -> bool:
    return are_all(values, Number) and not any(value.negative for value in values)


def _amount(value: Json, scope: Scope) -> None:
    """EPCIS 2.0 §7.3.3.3 wants it positive; who reports that nothing was there is understood."""
    decimal(value, scope)
    if isinstance(value, Number) and value.negative:
        raise refuse("a quantity must not be negative")


judged_by(_amount, _judge_amounts)
_distinct_identifiers = identifiers(distinct=True)
_identifiers = identifiers()
_disposition = term(cbv.DISPOSITION)
_dispositions = array(_disposition, at_least=1, distinct=True)
_quantity = closed(
    {
        "epcClass": identifier,
        "quantity": _amount,
        "uom": matching(_UOM.fullmatch, "a unit of UN/ECE Recommendation 20"),
    },
    "epcClass",
)
_quantities = array(_quantity)
_place = obj({"id": identifier}, "id")


def _typed_party(name: str) -> Check:
    return closed({"type": term(cbv.SOURCE_DEST_TYPE), name: identifier}, "type", name)


_metadata = obj(
    {
        "time": timestamp,
        "startTime": timestamp,
        "endTime": timestamp,
        "deviceID": uri,
        "deviceMetadata": uri,
        "rawData": uri,
        "dataProcessingMethod": uri,
        "bizRules": uri,
    }
)
_report = obj(
    {
        "type": term(cbv.MEASUREMENT_TYPE),
        "exception": term(cbv.SENSOR_ALERT),
        "deviceID": uri,
        "deviceMetadata": uri,
        "rawData": uri,
        "dataProcessingMethod": uri,
        "bizRules": uri,
        "time": timestamp,
        "microorganism": uri,
        "chemicalSubstance": uri,
        "coordinateReferenceSystem": uri,
        "value": decimal,
        "component": term(cbv.COMPONENT),
        "stringValue": string,
        "booleanValue": boolean,
        "hexBinaryValue": matching(_HEX.fullmatch, "hexadecimal digits"),
        "uriValue": uri,
        "minValue": decimal,
        "maxValue": decimal,
        "meanValue": decimal,
        "sDev": decimal,
        "percRank": decimal,
        "percValue": decimal,
        "uom": string,
    },
    "type",
)
_sensor_element = obj(
    {"sensorMetadata": _metadata, "sensorReport": array(_report, at_least=1)}, "sensorReport"
)


def _certification(value: Json, scope: Scope) -> None:
    (_uris if isinstance(value, list) else uri)(value, scope)


def _context(_value: Json, _scope: Scope) -> None:
    """Read before the event's other members, by whoever made the scope."""


# An event with a context of its own is checked by itself.
judged_by(_context, lambda _values, _scope: False)


def _persistent_disposition(value: Json, scope: Scope) -> None:
    _set_and_unset(value, scope)
    if not value:
        raise refuse("must set or unset something")


_set_and_unset = closed({"set": _dispositions, "unset": _dispositions})
judged_by(
    _persistent_disposition,
    lambda values, scope: all(values) and surely(_set_and_unset, values, scope),
)

_COMMON: Shape = {
    "@context": _context,
    "type": string,
    "eventTime": timestamp,
    "recordTime": timestamp,
    "eventTimeZoneOffset": matching(is_zone_offset, "an offset like +08:00"),
    "eventID": key_uri,
    "certificationInfo": _certification,
    "errorDeclaration": obj(
        {
            "declarationTime": timestamp,
            "reason": term(cbv.ERROR_REASON),
            "correctiveEventIDs": _uris,
        },
        "declarationTime",
    ),
    "bizStep": term(cbv.BIZ_STEP),
    "disposition": _disposition,
    "readPoint": _place,
    "bizLocation": _place,
    "sourceList": array(_typed_party("source")),
    "destinationList": array(_typed_party("destination")),
    "sensorElementList": array(_sensor_element),
}
_action = matching(_ACTIONS.__contains__, "ADD, OBSERVE or DELETE")
_biz_transaction = closed(
    {"type": term(cbv.BIZ_TRANSACTION_TYPE), "bizTransaction": uri}, "bizTransaction"
)
_biz_transactions = array(_biz_transaction)
_ilmd = obj({})
_OBJECT: Shape = {
    **_COMMON,
    "epcList": _distinct_identifiers,
    "quantityList": _quantities,
    "action": _action,
    "persistentDisposition": _persistent_disposition,
    "bizTransactionList": _biz_transactions,
    "ilmd": _ilmd,
}
_CONTAINMENT: Shape = {
    **_COMMON,
    "parentID": identifier,
    "childEPCs": _identifiers,
    "childQuantityList": _quantities,
    "action": _action,
    "bizTransactionList": _biz_transactions,
}
_TRANSACTION: Shape = {
    **_COMMON,
    "bizTransactionList": array(_biz_transaction, at_least=1),
    "parentID": identifier,
    "epcList": _identifiers,
    "quantityList": _quantities,
    "action": _action,
}
_TRANSFORMATION: Shape = {
    **_COMMON,
    "inputEPCList": _distinct_identifiers,
    "inputQuantityList": _quantities,
    "outputEPCList": _distinct_identifiers,
    "outputQuantityList": _quantities,
    "transformationID": key_uri,
    "persistentDisposition": _persistent_disposition,
    "bizTransactionList": _biz_transactions,
    "ilmd": _ilmd,
}
_ALWAYS = ("type", "eventTime", "eventTimeZoneOffset")


def _check_object_event(event: Members) -> None:
    if not (event.get("epcList") or event.get("quantityList")):
        if not event.get("sensorElementList"):
            raise refuse("an event without epcList and quantityList must have sensor data")
        if "epcList" not in event and "readPoint" not in event:
            raise refuse("an event with sensor data alone must have a readPoint")
    if "ilmd" in event and event["action"] != "ADD":
        raise refuse("only an event that adds objects has instance or lot master data", "ilmd")


def _check_containment_event(event: Members) -> None:
    action = event["action"]
    if action != "OBSERVE" and "parentID" not in event:
        raise refuse(f"an event with action {action} must name its parentID")
    if action != "DELETE" and not (event.get("childEPCs") or event.get("childQuantityList")):
        raise refuse(f"an event with action {action} must have childEPCs or childQuantityList")


def _check_transaction_event(event: Members) -> None:
    if event["action"] == "DELETE" or event.get("epcList") or event.get("quantityList"):
        return
    if "epcList" not in event:
        raise refuse("an event must have epcList or quantityList unless it deletes")
    if "parentID" not in event and not event.get("sensorElementList"):
        raise refuse("an event without objects must have sensor data")


def _check_transformation_event(event: Members) -> None:
    has_input = event.get("inputEPCList") or event.get("inputQuantityList")
    has_output = event.get("outputEPCList") or event.get("outputQuantityList")
    if "transformationID" in event:
        if not (has_input or has_output):
            raise refuse("a transformation must have inputs or outputs")
    elif not (has_input and has_output):
        raise refuse("a transformation without transformationID must have inputs and outputs")


_TYPES: dict[str, tuple[Shape, tuple[str, ...], Callable[[Members], None]]] = {
    "ObjectEvent": (_OBJECT, (*_ALWAYS, "action"), _check_object_event),
    "AggregationEvent": (_CONTAINMENT, (*_ALWAYS, "action"), _check_containment_event),
    "AssociationEvent": (
        _CONTAINMENT,
        (*_ALWAYS, "action", "parentID"),
        _check_containment_event,
    ),
    "TransactionEvent": (
        _TRANSACTION,
        (*_ALWAYS, "action", "bizTransactionList"),
        _check_transaction_event,
    ),
    "TransformationEvent": (_TRANSFORMATION, _ALWAYS, _check_transformation_event),
}
EVENT_TYPES = frozenset(_TYPES)


_JUDGES = {
    kind: objects(dict(shape), frozenset(required), check_extension)
    for kind, (shape, required, _) in _TYPES.items()
}


def surely_events(events: Sequence[Members], scope: Scope) -> bool:
    """Whether the members of every event are surely right, each by itself."""
    of_type: dict[str, list[Members]] = {kind: [] for kind in _TYPES}
    for event in events:
        kind = event.get("type")
        if not isinstance(kind, str) or kind not in of_type:
            return False
        of_type[kind].append(event)
    return all(_JUDGES[kind](alike, scope) for kind, alike in of_type.items() if alike)


def check_event(
    value: Json, scope: Scope, *, members_only: bool = False, members_right: bool = False
) -> tuple[Members, Instant]:
    """The members and the time of an event that follows every rule, or `EpcisInvalid`.

    With `members_only`, each member may be right by itself and they need not fit together: enough
    for a hash. With `members_right`, each is known to be right (`surely_events`).
    """
    if not isinstance(value, dict):
        raise refuse("must be an object")
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise refuse("must be one of the five event types of EPCIS 2.0", "type")
    shape, required, check_together = _TYPES[kind]
    if not members_right:
        check_members(value, shape, scope, required)
    event_time = _instant(value, "eventTime")
    assert event_time is not None
    if not members_only:
        _check_rules(value, event_time, check_together)
    return value, event_time


def _check_rules(
    event: Members, event_time: Instant, check_together: Callable[[Members], None]
) -> None:
    """What members mean together; the first problem of each kind."""
    first: EpcisInvalid | None = None
    try:
        check_together(event)
    except EpcisInvalid as refusal:
        first = refusal
    elements = event.get("sensorElementList", [])
    assert isinstance(elements, list)
    for index, element in enumerate(elements):
        assert isinstance(element, dict)
        if _is_plain(element, event["eventTime"]):
            continue
        for problem in _sensor_problems(element, event_time):
            problem.within(index)
            problem.within("sensorElementList")
            first = also(first, problem)
    if first is not None:
        raise first


def _instant(members: Members, name: str) -> Instant | None:
    text = members.get(name)
    return read_instant(text) if isinstance(text, str) else None


_METADATA_TIMES = ("time", "startTime", "endTime")
# EPCIS 2.0 §7.3.7: what holds for a whole element stands in its metadata, else in each report.
_SHARED = ("time", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules")


_SHARED_NAMES = frozenset(_SHARED)


def _is_plain(element: Members, event_time: Json) -> bool:
    """A look at what most elements are: nothing stands twice, no time but that of the event."""
    metadata, reports = element.get("sensorMetadata", {}), element["sensorReport"]
    assert isinstance(metadata, dict)
    assert isinstance(reports, list)
    if "startTime" in metadata or "endTime" in metadata:
        return False
    if metadata.get("time", event_time) != event_time:
        return False
    return all(isinstance(report, dict) and _SHARED_NAMES.isdisjoint(report) for report in reports)


def _sensor_problems(element: Members, event_time: Instant) -> Iterator[EpcisInvalid]:
    metadata, reports = element.get("sensorMetadata", {}), element["sensorReport"]
    assert isinstance(metadata, dict)
    assert isinstance(reports, list)
    shared = [name for name in _SHARED if name in metadata]
    for index, report in enumerate(reports):
        assert isinstance(report, dict)
        for name in shared:
            if name in report:
                rule = f"sensor rule: {name} may not stand in sensorMetadata and sensorReport both"
                yield refuse(rule, f"sensorReport[{index}].{name}")
        yield from _too_late(report, "time", event_time, f"sensorReport[{index}].time")
    for name in _METADATA_TIMES:
        yield from _too_late(metadata, name, event_time, f"sensorMetadata.{name}")


def _too_late(
    members: Members, name: str, event_time: Instant, path: str
) -> Iterator[EpcisInvalid]:
    instant = _instant(members, name)
    if instant is not None and instant > event_time:
        yield refuse("sensor rule: a sensor's time may not lie after the event's", path)
