"""The simple event query again, plainly: one function from raw JSON to yes or no.

Written from the standard's text and not from the code; only identities of GS1 identifiers and the
table of units are shared with it. Numbers are `Decimal`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from commerce.epcis.identifiers import identity
from commerce.epcis.units import convert

Event = Mapping[str, Any]
LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
STEMS = {
    "bizStep": "https://ref.gs1.org/cbv/BizStep-",
    "disposition": "https://ref.gs1.org/cbv/Disp-",
    "po": "https://ref.gs1.org/cbv/BTT-",
    "owning_party": "https://ref.gs1.org/cbv/SDT-",
    "reason": "https://ref.gs1.org/cbv/ER-",
}
MEMBERS = {
    "MATCH_epc": ("epcList", "childEPCs"),
    "MATCH_parentID": ("parentID",),
    "MATCH_inputEPC": ("inputEPCList",),
    "MATCH_outputEPC": ("outputEPCList",),
    "MATCH_anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
    "MATCH_epcClass": LISTS[:2],
    "MATCH_inputEPCClass": LISTS[2:3],
    "MATCH_outputEPCClass": LISTS[3:],
    "MATCH_anyEPCClass": LISTS,
}


@dataclass(frozen=True)
class Seen:
    """An event as JSON, the prefixes of its document, the time of its block."""

    event: Event
    prefixes: Mapping[str, str]
    record_ms: int

    def full(self, text: str) -> str:
        """A compact URI in full."""
        prefix, colon, rest = text.partition(":")
        known = {
            "cbv": "https://ref.gs1.org/cbv/",
            "cbvmda": "urn:epcglobal:cbv:mda:",
            **self.prefixes,
        }
        return known[prefix] + rest if colon and prefix in known else text

    def same(self, text: str) -> str:
        """What two spellings of one thing share."""
        return identity(self.full(text))

    def word(self, text: str, kind: str) -> str:
        """A value of a vocabulary as its URI."""
        full = self.full(text)
        return full if ":" in full else STEMS[kind] + full


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def compare(sign: str, left: Any, right: Any) -> bool:
    return bool(
        {
            "EQ": left == right,
            "GT": sign == "GT" and left > right,
            "GE": sign == "GE" and left >= right,
            "LT": sign == "LT" and left < right,
            "LE": sign == "LE" and left <= right,
        }[sign]
    )


def reports(event: Event) -> Iterator[Event]:
    for element in listed(event.get("sensorElementList")):
        yield from element["sensorReport"]


def sensor_values(event: Event, name: str) -> list[Any]:
    parts = [
        element.get("sensorMetadata", {}) for element in listed(event.get("sensorElementList"))
    ]
    return [part[name] for part in (*parts, *reports(event)) if name in part]


def things_match(seen: Seen, name: str, values: Sequence[str]) -> bool:
    entries = [entry for member in MEMBERS[name] for entry in listed(seen.event.get(member))]
    things = [seen.same(one["epcClass"] if isinstance(one, dict) else one) for one in entries]
    for value in values:
        if value.startswith("urn:epc:idpat:sgtin:") and value.endswith(".*"):
            prefix, item, _ = value.removeprefix("urn:epc:idpat:sgtin:").split(".")
            if name.endswith("Class"):
                start = f"https://id.gs1.org/01/?{prefix}" if item == "*" else identity(value)
            elif item == "*":
                start = f"https://id.gs1.org/01/?{prefix}"
            else:
                start = identity(f"urn:epc:id:sgtin:{prefix}.{item}.1")[:-1]
            if any(begins(thing, start, name.endswith("Class")) for thing in things):
                return True
        elif seen.same(value) in things or identity(value) in things:
            return True
    return False


def begins(thing: str, start: str, is_class: bool) -> bool:  # noqa: FBT001 - plain on purpose
    if "?" in start:
        head, digits = start.split("?")
        serial = is_class or "/21/" in thing
        return thing.startswith(head) and thing[len(head) + 1 :].startswith(digits) and serial
    return thing == start if is_class else thing.startswith(start)


def place_of(seen: Seen, member: str) -> str | None:
    place = seen.event.get(member)
    return None if place is None else seen.same(place["id"])


def field_values(seen: Seen, text: str) -> list[Any]:
    """The values of an extension named in full, in the part that the name says."""
    inner = text.startswith("INNER_")
    text = text.removeprefix("INNER_")
    parts: list[Any] = [seen.event]
    if text.startswith("ILMD_"):
        text, parts = text.removeprefix("ILMD_"), listed(seen.event.get("ilmd"))
    elif text.startswith("ERROR_DECLARATION_"):
        text = text.removeprefix("ERROR_DECLARATION_")
        parts = listed(seen.event.get("errorDeclaration"))
    elif text.startswith("SENSORREPORT_"):
        text, parts = text.removeprefix("SENSORREPORT_"), list(reports(seen.event))
    found = []
    for part in parts:
        for name, value in part.items():
            if inner and ":" in name:
                found += inside(seen, value, text)
            elif not inner and seen.full(name) == text:
                found += listed(value)
    return found


def inside(seen: Seen, value: Any, text: str) -> list[Any]:
    if isinstance(value, list):
        return [one for entry in value for one in inside(seen, entry, text)]
    if not isinstance(value, dict):
        return []
    found = []
    for name, entry in value.items():
        if seen.full(name) == text:
            found += listed(entry)
        found += inside(seen, entry, text)
    return found


def field_matches(seen: Seen, sign: str, text: str, values: Sequence[str]) -> bool:
    found = field_values(seen, text)
    if sign == "EXISTS":
        return any(value is not None for value in found)
    return any(value_matches(seen, sign, value, other) for value in found for other in values)


def value_matches(seen: Seen, sign: str, value: Any, other: str) -> bool:
    if isinstance(value, Decimal):
        return is_number(other) and compare(sign, value, Decimal(other))
    if isinstance(value, bool):
        return sign == "EQ" and other == str(value).lower()
    if not isinstance(value, str):
        return False
    if is_moment(other):
        return is_moment(value) and compare(sign, moment(value), moment(other))
    return sign == "EQ" and seen.full(value) == other


def is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except ArithmeticError:
        return False


def is_moment(text: str) -> bool:
    try:
        return len(text) >= 19 and moment(text).tzinfo is not None
    except ValueError:
        return False


def entries_match(seen: Seen, name: str, values: Sequence[str]) -> bool:
    member, inner, kind, stem = next(
        (member, inner, name.removeprefix(start), stem)
        for start, member, inner, stem in (
            ("EQ_bizTransaction_", "bizTransactionList", "bizTransaction", "po"),
            ("EQ_source_", "sourceList", "source", "owning_party"),
            ("EQ_destination_", "destinationList", "destination", "owning_party"),
        )
        if name.startswith(start)
    )
    wanted = {identity(value) for value in values}
    return any(
        "type" in entry
        and seen.word(entry["type"], stem) == seen.word(kind, stem)
        and seen.same(entry[inner]) in wanted
        for entry in listed(seen.event.get(member))
    )


def quantity_matches(seen: Seen, sign: str, unit: str, values: Sequence[str]) -> bool:
    for member in LISTS:
        for entry in listed(seen.event.get(member)):
            if "quantity" not in entry:
                continue
            told: Fraction | None = Fraction(entry["quantity"])
            if unit:
                told = (
                    convert(Fraction(entry["quantity"]), entry["uom"], unit)
                    if "uom" in entry
                    else None
                )
            if told is not None and any(compare(sign, told, Fraction(one)) for one in values):
                return True
    return False


def reading_matches(seen: Seen, sign: str, rest: str, values: Sequence[str]) -> bool:
    member, _, unit = rest.rpartition("_")
    for report in reports(seen.event):
        if member in report and "uom" in report:
            told = convert(
                Fraction(report[member]), report["uom"], unit, difference=member == "sDev"
            )
            if told is not None and any(compare(sign, told, Fraction(one)) for one in values):
                return True
    return False


def word_matches(seen: Seen, kind: str, values: Sequence[str]) -> bool:
    told = seen.event.get(kind)
    return told is not None and seen.word(told, kind) in {seen.word(one, kind) for one in values}


def persistent_matches(seen: Seen, member: str, values: Sequence[str]) -> bool:
    told = seen.event.get("persistentDisposition", {}).get(member, [])
    wanted = {seen.word(value, "disposition") for value in values}
    return any(seen.word(one, "disposition") in wanted for one in told)


def place_matches(seen: Seen, sign: str, member: str, values: Sequence[str]) -> bool:
    place = place_of(seen, member)
    if place is None:
        return False
    wider = [identity(value) for value in values]
    if sign == "EQ":
        return place in wider
    return any(
        place == one or ("/254/" not in one and place.startswith(f"{one}/254/")) for one in wider
    )


def declaration_matches(seen: Seen, sign: str, member: str, values: Sequence[str]) -> bool:
    told = seen.event.get("errorDeclaration")
    if told is None or member not in told:
        return False
    if member == "declarationTime":
        return compare(sign, moment(told[member]), moment(values[0]))
    if member == "reason":
        wanted = {seen.word(value, "reason") for value in values}
        return seen.word(told[member], "reason") in wanted
    return any(one in values for one in told[member])


def sensor_matches(seen: Seen, sign: str, member: str, values: Sequence[str]) -> bool:
    found = sensor_values(seen.event, member)
    if member.endswith("ime"):
        return any(compare(sign, moment(one), moment(values[0])) for one in found)
    wanted = {identity(value) for value in values}
    return any(seen.same(one) in wanted for one in found)


def record_matches(seen: Seen, sign: str, values: Sequence[str]) -> bool:
    asked = Fraction(str(moment(values[0]).timestamp()))
    return compare(sign, Fraction(seen.record_ms, 1000), asked)


Rule = Callable[[Seen, str, str, Sequence[str]], bool]
# By the name's end after the first underscore, or by the whole name.
RULES: Mapping[str, Rule] = {
    "eventType": lambda seen, _sign, _rest, values: seen.event["type"] in values,
    "eventTime": lambda seen, sign, _rest, values: compare(
        sign, moment(seen.event["eventTime"]), moment(values[0])
    ),
    "recordTime": lambda seen, sign, _rest, values: record_matches(seen, sign, values),
    "action": lambda seen, _sign, _rest, values: seen.event.get("action") in values,
    "bizStep": lambda seen, _sign, rest, values: word_matches(seen, rest, values),
    "disposition": lambda seen, _sign, rest, values: word_matches(seen, rest, values),
    "persistentDisposition_set": lambda s, _sign, _rest, v: persistent_matches(s, "set", v),
    "persistentDisposition_unset": lambda s, _sign, _rest, v: persistent_matches(s, "unset", v),
    "readPoint": place_matches,
    "bizLocation": place_matches,
    "transformationID": lambda seen, _sign, rest, values: (
        seen.full(seen.event.get(rest, "")) in values
    ),
    "eventID": lambda seen, _sign, rest, values: seen.event.get(rest) in values,
    "errorDeclaration": lambda seen, _sign, rest, _values: rest in seen.event,
    "sensorElementList": lambda seen, _sign, rest, _values: bool(seen.event.get(rest)),
    "errorDeclaration_Time": lambda s, sign, _r, v: declaration_matches(
        s, sign, "declarationTime", v
    ),
    "errorReason": lambda s, sign, _r, v: declaration_matches(s, sign, "reason", v),
    "correctiveEventID": lambda s, sign, _r, v: declaration_matches(
        s, sign, "correctiveEventIDs", v
    ),
    "type": lambda seen, _sign, _rest, values: any(
        r["type"] in values for r in reports(seen.event)
    ),
    **dict.fromkeys(("deviceID", "stringValue", "time", "startTime", "endTime"), sensor_matches),
}


def matches(seen: Seen, name: str, values: Sequence[str]) -> bool:
    """Whether an event is in the result as far as this parameter goes."""
    sign, _, rest = name.partition("_")
    if sign == "MATCH":
        return things_match(seen, name, values)
    rule = RULES.get(rest or name)
    if rule is not None:
        return rule(seen, sign, rest, values)
    if name.startswith(("EQ_bizTransaction_", "EQ_source_", "EQ_destination_")):
        return entries_match(seen, name, values)
    head, _, unit = rest.partition("_")
    if head == "quantity":
        return quantity_matches(seen, sign, unit, values)
    if head in {"value", "minValue", "maxValue", "sDev"}:
        return reading_matches(seen, sign, rest, values)
    return field_matches(seen, sign, rest, values)
