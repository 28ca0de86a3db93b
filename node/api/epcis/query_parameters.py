"""The query parameters of EPCIS 2.0, for the document that lists every route.

They are read as a whole (`requests`), for their names are not all known: families of names end in a
type, a unit or the name of an extension, and stand here as examples of their form.
"""

from collections.abc import Iterable
from typing import Any, Final

from commerce.epcis.query.conditions import STANDARD
from commerce.epcis.query.sensors import SENSORS
from node.api.epcis.result_pages import PER_PAGE, PER_PAGE_MAX
from node.api.parameters import Parameter
from node.api.render import Json

_FAMILIES: Final = {
    "EQ_bizTransaction_TYPE": "an entry of the type with one of these ids",
    "EQ_source_TYPE": "a source of the type with one of these ids",
    "EQ_destination_TYPE": "a destination of the type with one of these ids",
    "EQ_quantity_UOM": "a quantity in any unit that converts to it; GT_, GE_, LT_, LE_ too",
    "EQ_value_UOM": "a reading in any unit that converts to it; also minValue, maxValue, "
    "meanValue, sDev, percValue, and GT_, GE_, LT_, LE_",
    "EQ_FIELD": "an extension's value; GT_, GE_, LT_, LE_, EXISTS_ too; before the name INNER_, "
    "then ILMD_, ERROR_DECLARATION_, SENSORELEMENT_, SENSORMETADATA_, SENSORREPORT_, readPoint_ or "
    "bizLocation_",
    "HASATTR_FIELD": "the field's master data has one of these attributes",
    "EQATTR_FIELD_ATTRIBUTE": "the field's master data has this attribute with one of these values",
}
_WORDS: Final = {
    "MATCH": "one of these things, or patterns of things",
    "WD": "one of these places, or a place in it",
    "EXISTS": "true: it is there",
    "EQ": "one of these values",
    "GT": "greater than",
    "GE": "from this value or time on",
    "LT": "before this time, less than this value",
    "LE": "up to this value",
}


def _raw(name: str, words: str, schema: dict[str, Json] | None = None) -> Parameter[Any]:
    """A parameter that is told of and read elsewhere."""
    return Parameter(name, "query", str, schema or {"type": "string"}, words, None)


def _standard(names: Iterable[str]) -> tuple[Parameter[Any], ...]:
    return tuple(
        _raw(name, _WORDS.get(name.partition("_")[0], "one of these types of events"))
        for name in names
    )


PAGE: Final[tuple[Parameter[Any], ...]] = (
    _raw(
        "perPage",
        f"at most so many in an answer; more than {PER_PAGE_MAX} is {PER_PAGE_MAX}",
        {"type": "integer", "minimum": 1, "default": PER_PAGE},
    ),
    _raw("nextPageToken", "as in the Link header of the page before"),
)
QUERY: Final[tuple[Parameter[Any], ...]] = (
    *PAGE,
    *_standard((*STANDARD, *SENSORS)),
    *(_raw(name, words) for name, words in _FAMILIES.items()),
    _raw("orderBy", "eventTime, recordTime, or the name of an extension"),
    _raw("orderDirection", "of orderBy", {"type": "string", "enum": ["ASC", "DESC"]}),
    _raw("eventCountLimit", "only the first so many; needs orderBy", {"type": "integer"}),
    _raw("maxEventCount", "413 if more match", {"type": "integer"}),
)
