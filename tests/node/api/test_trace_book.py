"""Traces are kept for as long as no new event concerns them, and then walked anew."""

from threading import Thread

import pytest

from chain.ledger import Ledger
from commerce.epcis.identifiers import identity
from commerce.epcis.path import Direction
from commerce.epcis.stored_index import StoredIndex
from commerce.epcis.trace import trace
from node.api import trace_book
from node.api.problems import Busy
from node.api.trace_book import TraceBook
from tests.commerce.epcis.statements import lot, serial
from tests.commerce.epcis.test_spread import packed, seen, turned
from tests.node.api.market import found
from tests.node.api.service import FakeService
from tests.node.api.test_traces import BAD, DECLARED, captured, story

QUERY = identity(BAD)


def ask(book: TraceBook, ledger: Ledger, direction: Direction = Direction.FORWARD) -> int:
    """The trace of the newest block, which must be the one that is walked now; when it was."""
    height = ledger.tip.height
    told = book.trace(QUERY, direction, height)
    fresh = trace(StoredIndex(ledger.index, height), QUERY, direction)
    assert told.things == list(fresh.things)
    assert told.steps == fresh.steps
    assert tuple(told.edges(0, 1_000)) == fresh.edges
    return told.height


@pytest.mark.asyncio
async def test_a_trace_is_walked_anew_only_where_a_new_event_concerns_it() -> None:
    service = FakeService()
    await found(service)
    await captured(service, *story())
    ledger = service.ledger
    book = TraceBook(ledger)
    walked = ask(book, ledger)
    await captured(service, turned(5, [lot("OTHER")], [serial(1, "055555")]))
    assert ask(book, ledger) == walked
    box = "urn:epc:id:sscc:6901234.1000000001"
    for event in (
        turned(5, [lot("MIX")], [lot("LATE")]),
        seen(6, box),
        packed(7, "urn:epc:id:sscc:6901234.1000000009", box),
        seen(8, "urn:epc:id:sscc:6901234.1000000009"),
        packed(9, "urn:epc:id:sscc:6901234.1000000009", action="DELETE"),
        story()[1] | DECLARED,
    ):
        await captured(service, event)
        assert ask(book, ledger) == ledger.tip.height
    await service.decide()
    assert ask(book, ledger) == ledger.tip.height - 1


@pytest.mark.asyncio
async def test_an_old_height_is_answered_as_it_was_known(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeService()
    await found(service)
    await captured(service, *story())
    ledger, book = service.ledger, TraceBook(service.ledger)
    old = ledger.tip.height
    await captured(service, turned(5, [lot("MIX")], [lot("LATE")]))
    assert ask(book, ledger) == old + 1
    assert identity(lot("LATE")) not in book.trace(QUERY, Direction.FORWARD, old).things
    assert identity(lot("LATE")) in book.trace(QUERY, Direction.FORWARD, old + 1).things
    assert identity(lot("LATE")) not in book.trace(QUERY, Direction.FORWARD, old).things
    await captured(service, turned(5, [lot("OTHER")], [serial(1, "055555")]))
    monkeypatch.setattr(trace_book, "EVENTS_LOOKED_AT_MAX", 0)
    assert ask(book, ledger) == ledger.tip.height


@pytest.mark.asyncio
async def test_only_so_much_is_kept_and_what_was_asked_for_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = FakeService()
    await found(service)
    await captured(service, *story())
    height, book = service.ledger.tip.height, TraceBook(service.ledger)
    asked = [identity(serial(n, "077777")) for n in range(4)]
    monkeypatch.setattr(trace_book, "TRACES_MAX", 2)
    first = book.trace(asked[0], Direction.BACK, height)
    book.trace(asked[1], Direction.BACK, height)
    assert book.trace(asked[0], Direction.BACK, height) is first
    book.trace(asked[2], Direction.BACK, height)
    assert book.trace(asked[0], Direction.BACK, height) is first
    monkeypatch.setattr(trace_book, "THINGS_MAX", 5)
    whole = book.trace(QUERY, Direction.FORWARD, height)
    assert len(whole.things) == 42
    assert book.trace(QUERY, Direction.FORWARD, height) is whole
    assert book.trace(asked[0], Direction.BACK, height) is not first


@pytest.mark.asyncio
async def test_nobody_waits_long_for_another_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeService()
    await found(service)
    book = TraceBook(service.ledger)
    monkeypatch.setattr(trace_book, "WAIT_S", 0.01)
    met: list[str] = []

    def meanwhile(*_: object) -> object:
        def other() -> None:
            try:
                book.trace(QUERY, Direction.BACK, 1)
            except Busy:
                met.append("busy")

        thread = Thread(target=other)
        thread.start()
        thread.join()
        return None

    monkeypatch.setattr(trace_book, "FoundTrace", meanwhile)
    monkeypatch.setattr(TraceBook, "_let_go", lambda _: None)
    book.trace(QUERY, Direction.FORWARD, 1)
    assert met == ["busy"]
