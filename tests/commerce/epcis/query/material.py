"""Events at random that meet one another in what they name, and queries about them."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final, TypeVar

from tests.commerce.epcis.statements import (
    CONTEXT,
    Members,
    blending,
    case,
    document,
    fitting,
    harvest,
    lot,
    ordering,
    packing,
    serial,
)

T = TypeVar("T")

# Two documents use one prefix for different namespaces.
NAMESPACES: Final = ("https://tea.example/epcis/", "https://coffee.example/ns#")
ZONES: Final = ("+08:00", "-05:30", "+00:00")
GTIN: Final = "https://id.gs1.org/01/06901234123456"
PLACES: Final = (
    *("urn:epc:id:sgln:6901234.00001.0", "urn:epc:id:sgln:6901234.00001.7", "x:hall"),
    *("https://id.gs1.org/414/6901234000016/254/7", "urn:epc:id:sgln:6901234.00002.0"),
)
STEPS: Final = ("shipping", "packing", "cbv:BizStep-shipping", "x:rolling")
DISPOSITIONS: Final = ("active", "in_transit", "cbv:Disp-active")
THINGS: Final = (*(serial(n) for n in range(1, 5)), f"{GTIN}/21/2", "x:box", case(7))
CLASSES: Final = (lot("L1"), lot("L2"), "urn:epc:idpat:sgtin:6901234.012345.*", f"{GTIN}/10/L1")
UNITS: Final = ("KGM", "GRM", "LBR", "CEL", "KEL", "FAH")


class Chance:
    """Choices from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def of(self, choices: Sequence[T]) -> T:
        return choices[int(self._random.random() * len(choices))]

    def few(self, choices: Sequence[T], most: int = 3) -> list[T]:
        return [self.of(choices) for _ in range(1 + self.number(most))]

    def number(self, below: int) -> int:
        return int(self._random.random() * below)

    def often(self, share: float) -> bool:
        return self._random.random() < share

    def time(self) -> str:
        return f"2024-04-0{1 + self.number(9)}T0{self.number(10)}:30:00.{self.of((0, 5, 500)):03}"


def event_at_random(chance: Chance, number: int) -> Members:
    """A valid event; `number` makes it differ from the others."""
    make = chance.of((harvest, packing, fitting, blending, ordering))
    event: Members = make(eventTime=chance.time() + chance.of(ZONES), **{"x:number": number})
    if make is harvest:
        event |= {"epcList": distinct(chance.few(THINGS)), "action": chance.of(("ADD", "OBSERVE"))}
    if make is packing:
        event["childEPCs"] = chance.few(THINGS)
    event["bizStep"] = chance.of(STEPS)
    if chance.often(0.5):
        event["disposition"] = chance.of(DISPOSITIONS)
    if chance.often(0.6):
        event["readPoint"] = {"id": chance.of(PLACES)}
    if chance.often(0.4):
        event["bizLocation"] = {"id": chance.of(PLACES)}
    for part in (_stated, _measured, _declared):
        event |= part(chance, event)
    return event


def distinct(things: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(things))


def _stated(chance: Chance, event: Members) -> Members:
    """Extensions, quantities, transactions, parties."""
    found: Members = {}
    if chance.often(0.4):
        found["x:note"] = chance.of(("a", "x:a", 5, 2.5, True, ["a", 7], "2024-04-03T00:00:00Z"))
    if chance.often(0.3):
        found["x:deep"] = {"x:inner": chance.of((1, 2.50, "a")), "more": [{"x:inner": 3}]}
    if "epcList" in event and event["type"] == "ObjectEvent":
        found["quantityList"] = [
            {
                "epcClass": chance.of(CLASSES),
                "quantity": chance.number(5),
                "uom": chance.of(UNITS[:3]),
            }
        ]
        if event["action"] == "ADD" and chance.often(0.5):
            found["ilmd"] = {"x:grade": chance.of(("a", 3)), "x:box": {"x:inner": 9}}
    if chance.often(0.3):
        found["bizTransactionList"] = [
            {"type": chance.of(("po", "inv")), "bizTransaction": chance.of(("urn:uuid:1", "x:1"))}
        ]
        found["sourceList"] = [{"type": "owning_party", "source": chance.of(PLACES)}]
    if chance.often(0.3):
        found["eventID"] = f"urn:uuid:{chance.number(4)}"
    return found


def _measured(chance: Chance, _event: Members) -> Members:
    if chance.often(0.6):
        return {}
    report: Members = {
        "type": "Temperature",
        "value": chance.of((0, 26, 26.5, -40, 299.15)),
        "sDev": chance.of((1, 1.8)),
        "uom": chance.of(UNITS[3:]),
    }
    if chance.often(0.5):
        report |= {"x:probe": chance.of((1, "a")), "stringValue": chance.of(("a", "b"))}
    metadata = {"deviceID": "urn:epc:id:giai:6901234.9", "startTime": "2024-01-02T00:00:00Z"}
    return {"sensorElementList": [{"sensorMetadata": metadata, "sensorReport": [report]}]}


def _declared(chance: Chance, _event: Members) -> Members:
    if chance.often(0.85):
        return {}
    return {
        "errorDeclaration": {
            "declarationTime": chance.time() + "Z",
            "reason": chance.of(("did_not_occur", "incorrect_data", "x:why")),
            "correctiveEventIDs": [f"urn:uuid:{chance.number(4)}"],
            "x:by": chance.of((1, "a")),
        }
    }


def documents_at_random(seed: int, count: int) -> Sequence[tuple[Members, Mapping[str, str]]]:
    """Documents of a few events, each with what its prefix `x` means."""
    chance, found, number = Chance(seed), [], 0
    while number < count:
        prefixes = {"x": chance.of(NAMESPACES)}
        events = []
        for _ in range(1 + chance.number(4)):
            events.append(event_at_random(chance, number))
            number += 1
        found.append((document(*events, **{"@context": [CONTEXT, prefixes]}), prefixes))
    return found


def query_at_random(chance: Chance) -> dict[str, list[str]]:
    """One to three parameters."""
    found: dict[str, list[str]] = {}
    for _ in range(1 + chance.number(3)):
        name, values = chance.of(_PARAMETERS)(chance)
        found[name] = values
    return found


def _named(name: str, choices: Sequence[str], most: int = 3) -> Any:
    return lambda chance: (name, distinct(chance.few(choices, most)))


def _field(part: str) -> Any:
    def make(chance: Chance) -> tuple[str, list[str]]:
        sign = chance.of(("EQ", "EQ", "GT", "GE", "LT", "LE", "EXISTS"))
        local = chance.of(("note", "inner", "grade", "probe", "by", "deep"))
        name = f"{sign}_{part}{chance.of(NAMESPACES)}{local}"
        if sign == "EXISTS":
            return name, ["true"]
        number = chance.of(("1", "2.5", "3", "5.0", "2024-04-03T08:00:00+08:00"))
        return name, [number if sign != "EQ" else chance.of(("a", "5", number, "true", "7"))]

    return make


def _reading(chance: Chance) -> tuple[str, list[str]]:
    member = chance.of(("value", "value", "sDev"))
    number = chance.of(("0", "26", "26.5", "299.15", "299.65", "-40", "1.8", "79.7"))
    return f"{chance.of(('EQ', 'GT', 'GE', 'LT', 'LE'))}_{member}_{chance.of(UNITS[3:])}", [number]


def _quantity(chance: Chance) -> tuple[str, list[str]]:
    unit = chance.of(("", "_KGM", "_GRM", "_LBR"))
    return f"{chance.of(('EQ', 'GT', 'GE', 'LT', 'LE'))}_quantity{unit}", [
        chance.of(("1", "2", "1000"))
    ]


def _time(member: str) -> Any:
    def make(chance: Chance) -> tuple[str, list[str]]:
        return f"{chance.of(('GE', 'LT'))}_{member}", [chance.time() + chance.of(ZONES)]

    return make


_X_THINGS = (
    serial(31, "077777"),
    *THINGS[:-2],
    *(f"{ns}box" for ns in NAMESPACES),
    case(7),
    serial(99),
)
_X_PLACES = (*PLACES[:2], *PLACES[3:], *(f"{ns}hall" for ns in NAMESPACES))
_PATTERNS = ("urn:epc:idpat:sgtin:6901234.012345.*", "urn:epc:idpat:sgtin:6901234.*.*")
_PARAMETERS: Final = (
    _named("eventType", ("ObjectEvent", "AggregationEvent", "TransformationEvent")),
    _time("eventTime"),
    _time("errorDeclaration_Time"),
    _named("EQ_action", ("ADD", "OBSERVE", "DELETE")),
    _named(
        "EQ_bizStep",
        ("shipping", "https://ref.gs1.org/cbv/BizStep-packing", f"{NAMESPACES[0]}rolling"),
    ),
    _named("EQ_disposition", ("active", "in_transit")),
    _named("EQ_readPoint", _X_PLACES),
    _named("WD_readPoint", _X_PLACES),
    _named("EQ_bizLocation", _X_PLACES),
    _named("WD_bizLocation", _X_PLACES),
    *(_named(name, (*_X_THINGS, *_PATTERNS)) for name in ("MATCH_epc", "MATCH_anyEPC")),
    *(_named(name, _X_THINGS) for name in ("MATCH_parentID", "MATCH_outputEPC", "MATCH_anyEPC")),
    *(
        _named(name, (*CLASSES, *_PATTERNS))
        for name in ("MATCH_epcClass", "MATCH_inputEPCClass", "MATCH_anyEPCClass")
    ),
    _quantity,
    _reading,
    _reading,
    _named("EQ_eventID", [f"urn:uuid:{n}" for n in range(4)]),
    lambda _chance: ("EXISTS_errorDeclaration", ["true"]),
    _named("EQ_errorReason", ("did_not_occur", f"{NAMESPACES[1]}why")),
    _named("EQ_correctiveEventID", [f"urn:uuid:{n}" for n in range(4)]),
    _named("EQ_bizTransaction_po", ("urn:uuid:1", f"{NAMESPACES[0]}1")),
    _named("EQ_source_owning_party", _X_PLACES),
    _named("EQ_type", ("Temperature", "Speed")),
    _named("EQ_deviceID", ("urn:epc:id:giai:6901234.9", "https://id.gs1.org/8004/69012349")),
    _named("EQ_stringValue", ("a", "c")),
    lambda _chance: ("GE_startTime", ["2024-01-02T08:00:00+08:00"]),
    *map(_field, ("", "", "INNER_", "ILMD_", "INNER_ILMD_", "ERROR_DECLARATION_", "SENSORREPORT_")),
)
