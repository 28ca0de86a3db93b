"""Judged together, events are right only if each by itself is."""

import random
from itertools import islice
from typing import Any

import pytest

from chain.errors import LedgerError
from commerce.epcis.columns import are_all, surely
from commerce.epcis.document import read_document
from commerce.epcis.errors import EpcisInvalid
from commerce.epcis.event import check_event, surely_events
from commerce.epcis.lexeme import read_json
from commerce.epcis.prefixes import NO_PREFIXES, Scope
from commerce.epcis.shape import KEY_SIZE_MAX, array, decimal, identifiers, string, uri
from tests.commerce.epcis import variations
from tests.commerce.epcis.rich import whole
from tests.commerce.epcis.statements import data, document, harvest, serial
from tests.commerce.epcis.test_event import VALID, mutated


def is_right(event: Any) -> bool:
    """As `check_event` has it, of the members alone."""
    try:
        check_event(event, NO_PREFIXES, members_only=True)
    except EpcisInvalid:
        return False
    return True


def listed(stated: bytes) -> list[Any]:
    """The events of a document as they are read, checked or not."""
    value: Any = read_json(stated)
    return list(value["epcisBody"]["eventList"])


def test_events_that_are_surely_right_are_right() -> None:
    chance, yes = random.Random(3), 0
    plain = [event for event in VALID if "tea:" not in str(event)]
    for _ in range(1_500):
        made = mutated(document(*chance.choices(plain, k=4)), chance)
        body = made.get("epcisBody")
        events = body.get("eventList") if isinstance(body, dict) else None
        if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
            continue
        (*read,) = listed(data(document(*events)))
        if surely_events(read, NO_PREFIXES):
            yes += 1
            assert all(map(is_right, read)), events
    assert yes > 150


def test_plain_events_are_surely_right_and_others_are_asked_one_by_one() -> None:
    alike = [harvest(eventID=f"urn:x:{i}") for i in range(5)]
    assert surely_events(listed(data(document(*alike))), NO_PREFIXES)
    for odd in (
        harvest(**{"https://tea.example/x": 1}),
        harvest(**{"@context": {}}),
        harvest(epcList=["urn:x:y"]),
        harvest(readPoint={"id": "urn:x:y", "https://tea.example/x": 1}),
    ):
        assert not surely_events(listed(data(document(harvest(), odd, harvest()))), NO_PREFIXES)
        assert len(read_document(data(document(harvest(), odd, harvest()))).events) == 3


def test_random_events_come_to_the_same_alone_and_in_company() -> None:
    company = [harvest(), harvest()]
    for stated in islice(variations.documents(9), 300):
        try:
            events = listed(stated)
        except (LedgerError, KeyError, TypeError):
            continue
        if not all(isinstance(event, dict) for event in events):
            continue
        assert not surely_events([*company, *events], NO_PREFIXES) or all(map(is_right, events))


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (string, ["a", "b", "a"], ["a", 7]),
        (uri, ["urn:x:y", serial(1)], ["urn:x:y", "urn:a\nurn:b"]),
        (uri, ["urn:x:y"], [["urn:x:y"]]),
        (array(string, at_least=1), [["a"], ["a", "a"]], [["a"], []]),
        (array(string, distinct=True), [["a"], ["a"]], [["a", "a"]]),
        (array(string, distinct=True), [[]], [[{}]]),
        (identifiers(distinct=True), [[serial(1)], []], [[serial(1)] * 2]),
        (identifiers(), [[serial(1)] * 2], [[7]]),
    ],
)
def test_a_column_is_right_only_if_every_value_is(check: Any, right: Any, wrong: Any) -> None:
    assert surely(check, right, NO_PREFIXES)
    assert not surely(check, wrong, NO_PREFIXES)


def test_numbers_are_told_from_what_looks_like_them() -> None:
    numbers: Any = read_json(b"[1, 2.5]")
    assert surely(decimal, numbers, NO_PREFIXES)
    assert not surely(decimal, [*numbers, True], NO_PREFIXES)
    assert are_all([True, False], bool)
    assert not are_all([True, None], bool)


def test_extensions_are_judged_with_their_prefixes() -> None:
    scope = Scope({"tea": "https://tea.example/"})
    right = [
        harvest(**{"tea:x": {"tea:y": n}}, readPoint={"id": "tea:1", "tea:z": n}) for n in "ab"
    ]
    assert surely_events(listed(data(document(*right))), scope)
    for wrong in (
        harvest(**{"coffee:x": 1}),
        harvest(**{"tea:x": {"coffee:y": 1}}),
        harvest(eventID="tea:" + "x" * KEY_SIZE_MAX),
        harvest(quantityList=[{"epcClass": "tea:x", "tea:y": 1}]),
    ):
        assert not surely_events(listed(data(document(*right, wrong))), scope)


def test_a_rich_document_is_read_event_by_event() -> None:
    assert len(read_document(data(whole())).events) == 5
