"""Tests of what a subscriber is told next, whenever and however it is asked for."""

import json

import pytest

from chain.ledger import Ledger
from node.api.cursors import Cursor
from node.webhooks import batches
from node.webhooks.batches import Batch, Pages, Span, first_kept, next_batch, start_after
from tests.node.api.market import found
from tests.node.api.service import FakeService
from tests.node.webhooks.chains import StepQuery, capture, item_of

pytestmark = pytest.mark.asyncio

START = Cursor(1, 0, 0)
QUERY = StepQuery()


def items(batch: Batch) -> list[int]:
    """The items that a batch tells of."""
    return [item_of(json.loads(text)) for text in batch.events]


def all_items(ledger: Ledger, span: Span, start: Cursor = START) -> list[list[int]]:
    """Every batch to the tip."""
    told: list[list[int]] = []
    while True:
        batch = next_batch(ledger, QUERY, start, span, Pages())
        if not batch.events and batch.complete:
            return told
        told += [items(batch)] if batch.events else []
        assert batch.next > start
        start = batch.next


async def chain_of(*blocks: tuple[int, ...]) -> FakeService:
    """A chain with a block for each tuple of captured items."""
    service = FakeService()
    await found(service)
    for numbers in blocks:
        await capture(service, *numbers)
    return service


async def test_a_batch_is_of_one_block_and_of_so_many_events() -> None:
    service = await chain_of((1, 2, 3), (4,), (5, 6))
    told = all_items(service.ledger, Span(2))
    assert told == [[1, 2], [3], [4], [5, 6]]
    assert all_items(service.ledger, Span(100)) == [[1, 2, 3], [4], [5, 6]]


async def test_a_run_takes_all_blocks_up_to_its_height() -> None:
    service = await chain_of((1, 2, 3), (4,), (5, 6))
    until = service.ledger.tip.height - 1
    assert next_batch(service.ledger, QUERY, START, Span(100, until), Pages()).events
    batch = next_batch(service.ledger, QUERY, START, Span(100, until), Pages())
    assert items(batch) == [1, 2, 3, 4]
    rest = next_batch(service.ledger, QUERY, batch.next, Span(100, until), Pages())
    assert (rest.events, rest.complete) == ((), True)


async def test_batches_do_not_depend_on_how_much_is_read_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = await chain_of((1, 2, 3, 4, 5), (6, 7), (8,))
    whole = all_items(service.ledger, Span(3))
    for look_max in (1, 2, 3, 4):
        monkeypatch.setattr(batches, "LOOK_MAX", look_max)
        assert all_items(service.ledger, Span(3)) == whole


async def test_a_batch_is_not_larger_than_a_message_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = await chain_of((1, 2, 3))
    (one, *_) = next_batch(service.ledger, QUERY, START, Span(1), Pages()).events
    monkeypatch.setattr(batches, "BATCH_SIZE_MAX", 2 * len(one))
    assert all_items(service.ledger, Span(100)) == [[1, 2], [3]]
    # One that is too large goes by itself.
    monkeypatch.setattr(batches, "BATCH_SIZE_MAX", 1)
    assert all_items(service.ledger, Span(100)) == [[1], [2], [3]]


async def test_what_was_captured_before_is_told_once_and_what_does_not_match_never() -> None:
    service = await chain_of((1,))
    await capture(service, 1, 2)
    await capture(service, 3, step="shipping")
    assert all_items(service.ledger, Span(100)) == [[1], [2]]


async def test_first_and_last_name_the_events_of_a_batch() -> None:
    service = await chain_of((1, 2), (3,))
    batch = next_batch(service.ledger, QUERY, START, Span(100), Pages())
    assert batch.first.height == batch.last.height
    assert (batch.first.event, batch.last.event) == (0, 1)
    again = next_batch(service.ledger, QUERY, batch.first, Span(100), Pages())
    assert (again.first, again.last, again.events) == (batch.first, batch.last, batch.events)


async def test_a_time_leads_to_the_first_block_that_is_not_before_it() -> None:
    service = await chain_of((1,), (2,), (3,))
    ledger = service.ledger
    times = {}
    for height in range(1, ledger.tip.height + 1):
        header = ledger.header(height)
        assert header is not None
        times[height] = header.time_ms
    for height, time_ms in times.items():
        assert start_after(ledger, time_ms) == Cursor(height, 0, 0)
        assert start_after(ledger, time_ms - 1) == Cursor(height, 0, 0)
    after = Cursor(ledger.tip.height + 1, 0, 0)
    assert start_after(ledger, ledger.tip.header.time_ms + 1) == after
    assert start_after(ledger, None) == after
    assert first_kept(ledger) == START
