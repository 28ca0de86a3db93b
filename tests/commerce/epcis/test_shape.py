"""Shapes: tables of checks, and refusals that say where."""

from typing import Any

import pytest

from commerce.epcis.columns import Check
from commerce.epcis.errors import EpcisInvalid
from commerce.epcis.lexeme import read_json
from commerce.epcis.prefixes import Scope
from commerce.epcis.shape import (
    array,
    boolean,
    closed,
    decimal,
    identifier,
    obj,
    string,
    term,
    timestamp,
    uri,
)
from commerce.epcis.vocabulary import BIZ_STEP
from tests.commerce.epcis.statements import data

SCOPE = Scope({"tea": "https://tea.example/"})


def outcome(check: Check, value: Any) -> str:
    """ "ok", or the path at which `value` was refused ("." for the value itself)."""
    try:
        check(read_json(data(value)), SCOPE)
    except EpcisInvalid as refusal:
        return refusal.path or "."
    return "ok"


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (uri, "urn:x:y", ["no uri", 7, None, ["urn:x:y"]]),
        (identifier, "urn:epc:id:sscc:6901234.1000000001", ["urn:epc:id:sscc:1.2", "x", 7]),
        (timestamp, "2024-01-01T00:00:00Z", ["2024-01-01", 7, None]),
        (string, "", [7, None, ["x"], True]),
        (decimal, 0.5, ["0.5", True, None]),
        (boolean, False, [0, "false", None]),
        (term(BIZ_STEP), "shipping", ["Shipping", "", 7, None, "gs1 shipping"]),
        (array(string), ["a", "a"], [{}, "a", [7]]),
        (array(string, at_least=1), ["a"], [[]]),
        (array(string, distinct=True), ["a", "b"], [["a", "a"]]),
        (obj({"a": string}, "a"), {"a": "x", "tea:b": 1}, [{}, [], {"a": 1}, {"a": "x", "b": 1}]),
        (closed({"a": string}), {"a": "x"}, [{"tea:b": 1}, {"b": 1}]),
    ],
)
def test_a_check_admits_what_it_names_and_nothing_else(
    check: Check, good: Any, bad: list[Any]
) -> None:
    assert outcome(check, good) == "ok"
    for value in bad:
        assert outcome(check, value) != "ok", value


def test_a_refusal_names_the_member_and_the_index() -> None:
    check = obj({"list": array(obj({"value": decimal}))})
    assert outcome(check, {"list": [{"value": 1}, {"value": "1"}]}) == "list[1].value"
    assert outcome(check, {"list": [{"value": 1}, 7]}) == "list[1]"
    assert outcome(check, {"other": 7}) == "other"


def test_an_extension_may_hold_anything_with_declared_prefixes() -> None:
    check = obj({})
    free: list[Any] = [None, True, 1.5, "x", [], [[{"tea:a": [1]}]], {"bare": {"tea:x": 1}}]
    for value in [*free, {"@type": "xsd:int", "@value": "7"}, {"https://tea.example/x": 1}]:
        assert outcome(check, {"tea:field": value}) == "ok"
    assert outcome(check, {"tea:field": [{"coffee:a": 1}]}) == "tea:field[0].coffee:a"
    assert outcome(check, {"tea:field": {"@context": {}}}) == "tea:field.@context"
    assert outcome(check, {"coffee:field": 1}) == "coffee:field"
    assert outcome(check, {"tea:a b": 1}) == "tea:a b"
