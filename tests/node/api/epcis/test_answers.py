"""Query documents: contexts that say the same of each event, and marks beside the events."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from node.api.epcis.answers import CONTEXT, Told, document

ONE, OTHER = '"https://one.example/"', '"https://other.example/"'


def event(used: set[str], terms: Mapping[str, str], own: str | None = None) -> Told:
    return Told('{"type":"ObjectEvent"}', own, terms, frozenset(used), {"hushang:height": 1})


def answer(*events: Told) -> dict[str, Any]:
    told = json.loads(document(events, 0))
    assert isinstance(told, dict)
    return told


def parts(told: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """The answer's own context, and each event's."""
    assert told["@context"][0] == CONTEXT
    listed = told["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return told["@context"][1], [entry.get("@context") for entry in listed]


def test_a_prefix_that_all_agree_on_stands_once() -> None:
    shared, own = parts(
        answer(event({"x"}, {"x": ONE}), event({"x"}, {"x": ONE}), event(set(), {}))
    )
    assert shared == {"x": "https://one.example/", "hushang": "urn:hushang:epcis:"}
    assert own == [None, None, None]


@pytest.mark.parametrize("other", [event({"x"}, {"x": OTHER}), event({"x"}, {})])
def test_a_prefix_of_two_meanings_stands_with_each_event(other: Told) -> None:
    """Also where an event uses as a scheme what is another's prefix."""
    shared, own = parts(answer(event({"x", "y"}, {"x": ONE, "y": ONE}), other))
    assert set(shared) == {"y", "hushang"}
    assert own[0] == {"x": "https://one.example/"}
    assert own[1] == ({"x": "https://other.example/"} if other.terms else None)


def test_an_events_own_context_goes_before_its_documents() -> None:
    mine = '{"x":"https://third.example/"}'
    told = answer(
        event({"x"}, {"x": ONE}, mine),
        event({"x"}, {"x": OTHER}, f"[{mine}]"),
        event({"x"}, {}, mine),
    )
    last = json.loads(mine)
    assert parts(told)[1] == [
        [{"x": "https://one.example/"}, last],
        [{"x": "https://other.example/"}, last],
        last,
    ]
    assert parts(answer(event({"x"}, {"x": ONE}, "[]"), event({"x"}, {})))[1][0] == [
        {"x": "https://one.example/"}
    ]


def test_a_default_language_is_never_shared_with_an_event_that_has_none() -> None:
    chinese = event(set(), {"@language": '"zh"'})
    assert parts(answer(chinese, event(set(), {})))[1] == [{"@language": "zh"}, None]
    assert parts(answer(chinese, chinese))[0]["@language"] == "zh"


def test_marks_have_a_prefix_that_no_event_uses() -> None:
    told = answer(event({"hushang"}, {"hushang": ONE}))
    assert told["@context"][1]["hushang1"] == "urn:hushang:epcis:"
    assert told["hushang1:captured"] == [{"hushang1:height": 1}]


def test_an_event_can_be_kept_as_text() -> None:
    kept = event({"x", "a:b"}, {"x": ONE}, "[]")
    assert Told.of_text(kept.text()) == kept


def test_a_subscriptions_document_names_it() -> None:
    told = json.loads(document([], 5, "tea", "id-1"))
    assert told["creationDate"] == "1970-01-01T00:00:00.005Z"
    results = told["epcisBody"]["queryResults"]
    assert results == {
        "queryName": "tea",
        "subscriptionID": "id-1",
        "resultsBody": {"eventList": []},
    }
