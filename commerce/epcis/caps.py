"""What a document may ask of every replica beside its bytes: things named and sensor readings.

A quarter of a megabyte can be thousands of identifiers to check, hash and index, or of readings;
the caps keep the dearest document near 40 ms of one processor core.
"""

from commerce.epcis.errors import EpcisTooLarge
from commerce.epcis.lexeme import Json

THINGS_MAX = 3_000
READINGS_MAX = 1_000
_THINGS = frozenset(
    {
        *("epcList", "quantityList", "childEPCs", "childQuantityList"),
        *("inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList"),
    }
)


def check_caps(events: list[Json]) -> None:
    """Count before anything is checked: the events may have any shape."""
    stated = [event for event in events if isinstance(event, dict)]
    # In any order: it is only a sum.
    things = sum([_length(event[name]) for event in stated for name in _THINGS.intersection(event)])
    if things > THINGS_MAX:
        msg = f"the events of a document name at most {THINGS_MAX} things"
        raise EpcisTooLarge(msg)
    if sum(_readings(event.get("sensorElementList")) for event in stated) > READINGS_MAX:
        msg = f"a document has at most {READINGS_MAX} sensor elements and reports"
        raise EpcisTooLarge(msg)


def _readings(elements: Json) -> int:
    if not isinstance(elements, list):
        return 0
    reports = (item.get("sensorReport") for item in elements if isinstance(item, dict))
    return len(elements) + sum(map(_length, reports))


def _length(value: Json) -> int:
    return len(value) if isinstance(value, list) else 0
