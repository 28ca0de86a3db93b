"""Prehashes and keys of many events at once are those of each by itself."""

from itertools import islice

from chain.errors import LedgerError
from commerce.epcis.canonical import event_key, event_keys
from commerce.epcis.cbv_hash import prehash, prehashes
from commerce.epcis.document import Event, read_document
from tests.commerce.epcis import variations
from tests.commerce.epcis.rich import whole
from tests.commerce.epcis.statements import data, document, harvest, sensing
from tests.commerce.epcis.test_event import VALID
from tests.commerce.epcis.test_valid_oddities import EVENTS

CAPTURER = bytes(range(32))


def check(events: tuple[Event, ...], ignored: frozenset[str] = frozenset()) -> None:
    """Together and one by one."""
    assert prehashes(events, ignored) == [prehash(event, ignored) for event in events]
    assert event_keys(CAPTURER, events) == [event_key(CAPTURER, event) for event in events]


def test_valid_events_of_all_kinds_are_written_alike() -> None:
    check(read_document(data(document(*VALID))).events)
    check(read_document(data(document(*EVENTS))).events)
    check(read_document(data(whole())).events)
    check(())


def test_many_events_of_one_kind_are_written_alike() -> None:
    reports = [{"type": "Temperature", "value": n / 10, "uom": "CEL"} for n in range(3)]
    events = [
        harvest(
            eventID=f"urn:x:{number}",
            epcList=[f"urn:epc:id:sgtin:6901234.012345.{number}{at}" for at in range(number % 4)],
            sensorElementList=[*sensing(reports[number % 3]), *sensing(reports[0], {})],
            bizTransactionList=[{"type": "po", "bizTransaction": f"urn:x:{number % 2}"}] * 2,
        )
        for number in range(12)
    ]
    check(read_document(data(document(*events))).events)


def test_events_with_extensions_are_written_alike() -> None:
    events = [
        harvest(
            readPoint={"id": "tea:gate", "tea:n": number % 2},
            **{"tea:b": [number, {"tea:c": "tea:d"}], "tea:a": "x", "https://tea.example/z": None},
        )
        for number in range(6)
    ]
    own = harvest(**{"@context": {"tea": "urn:another:"}, "tea:a": "tea:x"})
    read = read_document(data(document(*events, own, *events)))
    check(read.events)
    check(read.events, frozenset({"https://tea.example/epcis/a", "https://tea.example/z"}))


def test_events_at_random_are_written_alike() -> None:
    read = 0
    for stated in islice(variations.documents(6), 400):
        try:
            found = read_document(stated)
            check(found.events, found.hash_ignored)
        except LedgerError:
            continue
        read += 1
    assert read > 60
