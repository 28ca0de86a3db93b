"""From names and values to a query: every parameter of §8.2.7.1, and those that order and limit.

Whoever asks over HTTP has texts; a query body's numbers and truth values come here as texts too.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from commerce.epcis import vocabulary as cbv
from commerce.epcis.prefixes import Scope
from commerce.epcis.query.conditions import STANDARD, Condition, party, quantity
from commerce.epcis.query.errors import QueryRefused, QueryTooLong
from commerce.epcis.query.extensions import extension
from commerce.epcis.query.fields import Field, field_of
from commerce.epcis.query.sensors import SENSORS, reading
from commerce.epcis.query.subjects import Subject
from commerce.epcis.query.values import VALUE_SIZE_MAX, instant, one
from commerce.epcis.times import Instant
from commerce.epcis.vocabulary import Vocabulary

PARAMETERS_MAX: Final = 64
VALUES_MAX: Final = 1_000
COUNT_MAX: Final = 10**9

_PARTIES: Final[Mapping[str, tuple[str, str, Vocabulary]]] = {
    "EQ_bizTransaction_": ("bizTransactionList", "bizTransaction", cbv.BIZ_TRANSACTION_TYPE),
    "EQ_source_": ("sourceList", "source", cbv.SOURCE_DEST_TYPE),
    "EQ_destination_": ("destinationList", "destination", cbv.SOURCE_DEST_TYPE),
}
_QUANTITY: Final = re.compile(r"(EQ|GT|GE|LT|LE)_quantity_([A-Z0-9]{2,4})")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,9}|0")
_CONTROLS: Final = frozenset({"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"})

By: TypeAlias = Literal["eventTime", "recordTime", "field"]
Values: TypeAlias = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Order:
    """In which order events are told: by one of their times, or by the values of a field."""

    by: By
    descending: bool
    field: Field | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: conditions that all must hold, an order, and how many events at most.

    `order` None: whichever is the cheapest. `count_limit` ends the result; of a result larger than
    `count_max` nothing is told. The times are bounds that the conditions repeat, for the planner:
    `from_…` is included, `before_…` is not.
    """

    conditions: tuple[Condition, ...]
    order: Order | None
    count_limit: int | None
    count_max: int | None
    from_event_time: Instant | None = None
    before_event_time: Instant | None = None
    from_record_time: Instant | None = None
    before_record_time: Instant | None = None
    event_ids: tuple[str, ...] | None = None

    def within(self, other: "Query") -> "Query":
        """What matches another query too; order and limits are this one's."""
        return replace(self, conditions=(*self.conditions, *other.conditions))

    def matches(self, subject: Subject) -> bool:
        """Is this event in the result (but for how many there may be)?"""
        return all(condition.holds(subject) for condition in self.conditions)


def read_query(given: Values, scope: Scope) -> Query:
    """The query of parameters by name, its prefixes in `scope`; `QueryRefused`, `QueryTooLong`."""
    _check_size(given)
    conditions = tuple(
        [_condition(name, values, scope) for name, values in given.items() if name not in _CONTROLS]
    )
    order = _order(given, scope)
    limit, maximum = _count(given, "eventCountLimit"), _count(given, "maxEventCount")
    # §8.2.7.1: the two exclude each other, and the first of nothing in particular is nothing.
    if limit is not None and maximum is not None:
        raise QueryRefused("can't stand beside eventCountLimit", "maxEventCount")
    if limit is not None and order is None:
        raise QueryRefused("needs orderBy", "eventCountLimit")
    return Query(
        conditions,
        order,
        limit,
        maximum,
        from_event_time=_moment(given, "GE_eventTime"),
        before_event_time=_moment(given, "LT_eventTime"),
        from_record_time=_moment(given, "GE_recordTime"),
        before_record_time=_moment(given, "LT_recordTime"),
        event_ids=tuple(given["EQ_eventID"]) if "EQ_eventID" in given else None,
    )


def _check_size(given: Values) -> None:
    if len(given) > PARAMETERS_MAX:
        msg = f"a query has at most {PARAMETERS_MAX} parameters"
        raise QueryTooLong(msg)
    if sum(map(len, given.values())) > VALUES_MAX:
        msg = f"a query has at most {VALUES_MAX} values"
        raise QueryTooLong(msg)
    for name, values in given.items():
        if not values:
            raise QueryRefused("has no value", name)
        if any(len(value) > VALUE_SIZE_MAX for value in values):
            msg = f"a value has at most {VALUE_SIZE_MAX} characters"
            raise QueryTooLong(msg)


def _condition(name: str, values: Sequence[str], scope: Scope) -> Condition:
    make = STANDARD.get(name) or SENSORS.get(name)
    if make is not None:
        return make(name, values, scope)
    for beginning, (member, inner, vocabulary) in _PARTIES.items():
        if name.startswith(beginning):
            kind = name.removeprefix(beginning)
            return party(member, inner, vocabulary, kind)(name, values, scope)
    if match := _QUANTITY.fullmatch(name):
        return quantity(match[1], match[2])(name, values, scope)
    return reading(name, values) or extension(name, values, scope)


def _order(given: Values, scope: Scope) -> Order | None:
    direction = one(given.get("orderDirection", ("DESC",)), "orderDirection")
    if direction not in {"ASC", "DESC"}:
        raise QueryRefused("must be ASC or DESC", "orderDirection")
    if "orderBy" not in given:
        return None
    name, descending = one(given["orderBy"], "orderBy"), direction == "DESC"
    if name == "eventTime":
        return Order("eventTime", descending)
    if name == "recordTime":
        return Order("recordTime", descending)
    if ":" not in name:
        raise QueryRefused("must be eventTime, recordTime or the name of an extension", "orderBy")
    return Order("field", descending, field_of(name, scope, "orderBy"))


def _count(given: Values, name: str) -> int | None:
    if name not in given:
        return None
    text = one(given[name], name)
    if not _COUNT.fullmatch(text) or int(text) > COUNT_MAX:
        raise QueryRefused(f"must be a whole number up to {COUNT_MAX}", name)
    return int(text)


def _moment(given: Values, name: str) -> Instant | None:
    return instant(given[name], name) if name in given else None
