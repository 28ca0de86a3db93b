"""Queries against the plain oracle, and what is refused of them."""

from typing import Any

import pytest

from commerce.epcis.prefixes import DOCUMENT_SCOPE
from commerce.epcis.query.errors import QueryRefused, QueryTooLong
from commerce.epcis.query.parameters import PARAMETERS_MAX, VALUES_MAX, Query, read_query
from tests.commerce.epcis.query.at_length import agrees, answered, pairs
from tests.commerce.epcis.query.material import Chance, query_at_random


def asked(**parameters: str | list[str]) -> Query:
    given = {n: v if isinstance(v, list) else [v] for n, v in parameters.items()}
    return read_query(given, DOCUMENT_SCOPE)


@pytest.mark.parametrize("seed", range(3))
def test_a_query_finds_what_a_plain_filter_finds(seed: int) -> None:
    # The material is such that queries have answers.
    assert answered(seed, 100, 150) > 30


def test_every_kind_of_parameter_finds_something_in_the_material() -> None:
    events, chance = pairs(9, 120), Chance(9)
    kinds: dict[str, int] = {}
    for _ in range(900):
        for name, values in query_at_random(chance).items():
            kind = name.partition("https:")[0]
            kinds[kind] = kinds.get(kind, 0) + (agrees({name: values}, events[:40]) > 0)
    assert [kind for kind, count in kinds.items() if not count and kind.startswith("MATCH_")] == []
    assert sum(1 for count in kinds.values() if count) > len(kinds) * 3 // 4


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"EQ_action": "PUT"}, "ADD, OBSERVE or DELETE"),
        ({"eventType": "Event Object"}, "no event type"),
        ({"GE_eventTime": "yesterday"}, "date and time"),
        ({"GE_eventTime": ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z"]}, "one value"),
        ({"GT_quantity": "many"}, "must be a number"),
        ({"GT_quantity": ["1", "2"]}, "one value"),
        ({"EQ_value_CEL": "warm"}, "must be a number"),
        ({"EXISTS_errorDeclaration": "maybe"}, "true or false"),
        ({"EQ_booleanValue": "1"}, "true or false"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:*.1.*"}, "only the last fields"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:abc"}, "no EPC pattern"),
        ({"MATCH_epc": "urn:epc:idpat:none:6901234.*"}, "no EPC pattern"),
        ({"EQ_colour": "red"}, "no parameter of an EPCIS 2.0 query"),
        ({"colour": "red"}, "no parameter of an EPCIS 2.0 query"),
        ({"NE_bizStep": "x"}, "no parameter of an EPCIS 2.0 query"),
        ({"EQ_INNER_": "x"}, "no parameter of an EPCIS 2.0 query"),
        ({"GE_https://a.example/x": "b"}, "a number or a date"),
        ({"HASATTR_colour": "x"}, "the field is one of"),
        ({"EQATTR_readPoint": "x"}, "EQATTR_field_attribute"),
        ({"orderBy": "quantity"}, "eventTime, recordTime"),
        ({"orderBy": "eventTime", "orderDirection": "UP"}, "ASC or DESC"),
        ({"eventCountLimit": "5"}, "needs orderBy"),
        ({"orderBy": "eventTime", "eventCountLimit": "-1"}, "whole number"),
        ({"orderBy": "eventTime", "eventCountLimit": "1", "maxEventCount": "1"}, "can't stand"),
        ({"EQ_bizStep": []}, "no value"),
    ],
)
def test_a_wrong_parameter_is_refused_by_its_name(given: dict[str, Any], words: str) -> None:
    with pytest.raises(QueryRefused, match=words):
        asked(**given)


@pytest.mark.parametrize(
    "given",
    [
        {f"EQ_https://a.example/{n}": "x" for n in range(PARAMETERS_MAX + 1)},
        {"MATCH_epc": ["urn:x:1"] * (VALUES_MAX + 1)},
        {"EQ_stringValue": "x" * 2_000},
    ],
)
def test_a_query_has_caps(given: dict[str, Any]) -> None:
    with pytest.raises(QueryTooLong):
        asked(**given)


def test_order_and_limits_are_read() -> None:
    query = asked(orderBy="recordTime", orderDirection="ASC", eventCountLimit="7")
    assert query.order is not None
    assert (query.order.by, query.order.descending, query.count_limit) == ("recordTime", False, 7)
    newest = asked(orderBy="eventTime", maxEventCount="3")
    assert newest.order is not None
    assert (newest.order.descending, newest.count_max) == (True, 3)
    by_field = asked(orderBy="https://a.example/x").order
    assert by_field is not None
    assert by_field.by == "field"
