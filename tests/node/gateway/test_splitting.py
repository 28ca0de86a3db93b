"""Tests of documents cut into one for each event: the same bytes, the same meaning."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from commerce.epcis.canonical import event_key
from commerce.epcis.cbv_hash import prehash
from commerce.epcis.document import EVENTS_MAX, Event, read_document
from commerce.epcis.errors import EpcisInvalid, EpcisMalformed, EpcisTooLarge
from node.gateway.splitting import error_at, split

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CAPTURER = bytes(32)


def event(number: int, **members: Any) -> dict[str, Any]:
    """An item was seen."""
    return {
        "type": "ObjectEvent",
        "eventTime": "2024-04-08T08:30:00.000+08:00",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": [f"urn:epc:id:sgtin:6901234.000001.{number}"],
        **members,
    }


def document(events: Sequence[dict[str, Any]], **members: Any) -> dict[str, Any]:
    """A document of these events."""
    return {
        "@context": [CONTEXT, {"ex": "https://example.com/"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2024-04-09T00:00:00.000+08:00",
        "epcisBody": {"eventList": list(events)},
        **members,
    }


def keys(events: Sequence[Event]) -> list[bytes]:
    """What capture knows events by."""
    return [event_key(CAPTURER, one) for one in events]


@pytest.mark.parametrize("indent", [None, 1])
def test_each_event_means_and_hashes_what_it_did_in_the_whole(indent: int | None) -> None:
    odd = {"ex:note": '"},{"eventList":[', "ex:price": 1.10, "ex:list": [[], {}, "]"]}
    ignoring = {"ex:ignoreFields": ["ex:note"], "ex:eventList": [1, 2]}
    whole = document([event(1, **odd), event(2)], **ignoring)
    data = json.dumps(whole, indent=indent).replace("1.1}", "1.10}").encode()
    parts = [read_document(part) for part in split(data)]
    assert [len(part.events) for part in parts] == [1, 1]
    read = read_document(data)
    assert keys([part.events[0] for part in parts]) == keys(read.events)
    for part, one in zip(parts, read.events, strict=True):
        assert prehash(part.events[0], part.hash_ignored) == prehash(one, read.hash_ignored)


def test_the_bytes_of_events_and_of_what_is_around_stay() -> None:
    head, tail = (
        b'{ "epcisBody" : {"eventList":[ ',
        b" ] },\n"
        + json.dumps({k: v for k, v in document([]).items() if k != "epcisBody"}).encode()[1:],
    )
    first, second = (json.dumps(event(n)).replace(":", " : ", 1).encode() for n in (1, 2))
    data = head + first + b" ,\n" + second + tail
    assert split(data) == (head + first + tail, head + second + tail)


def test_what_has_one_event_or_none_stays_as_it_is() -> None:
    values: list[Any] = [
        document([event(1)]),
        document([]),
        {"@context": CONTEXT, **event(1)},
        document([], epcisBody={"eventList": 5}),
        [],
        {"type": "EPCISDocument"},
    ]
    for value in values:
        data = json.dumps(value).encode()
        assert split(data) == (data,)


def test_a_refusal_names_the_place_in_the_whole() -> None:
    data = json.dumps(document([event(1), event(2), event(3, action="SEE")])).encode()
    with pytest.raises(EpcisInvalid) as refused:
        read_document(split(data)[2])
    found = error_at(refused.value, 2)
    assert (found.index, found.path) == (2, "epcisBody.eventList[2].action")
    assert found.rule == refused.value.rule


def test_too_many_events_and_too_large_a_whole_are_refused() -> None:
    many = json.dumps(document([event(n) for n in range(EVENTS_MAX + 1)])).encode()
    with pytest.raises(EpcisTooLarge):
        split(many)
    wide = document([event(n) for n in range(90)], id="urn:x:" + "a" * 100_000)
    with pytest.raises(EpcisTooLarge):
        split(json.dumps(wide).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"a": 1, "a": 2}'])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(EpcisMalformed):
        split(data)
