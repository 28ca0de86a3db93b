"""One page for all streams that want it, and another one as soon as anything is different."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from node.api import shared_pages
from node.api.cursors import BEGINNING, Cursor
from node.api.event_pages import EventFilter, read_page
from node.api.shared_pages import KEPT_MAX, SharedPages
from tests.node.api.service import FakeService

ALL = EventFilter()


@pytest.mark.asyncio
async def test_many_streams_at_one_place_share_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeService()
    await service.fund("buyer", 5)
    reads: list[object] = []

    def counted(*arguments: object) -> object:
        reads.append(arguments)
        return read_page(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(shared_pages, "read_page", counted)
    with ThreadPoolExecutor(2) as threads:
        pages = SharedPages(service.ledger, threads)
        found = await asyncio.gather(*(pages.page(BEGINNING, ALL) for _ in range(100)))
        assert len(reads) == 1
        assert all(page is found[0] for page in found)
        await pages.page(BEGINNING, EventFilter(("asset",)))
        await pages.page(Cursor(1, 0, 1), ALL)
        assert len(reads) == 3
        await service.fund("buyer", 6)
        later = await pages.page(BEGINNING, ALL)
        assert len(json.loads(later.text)["events"]) == 2, "a new block makes a new page"


@pytest.mark.asyncio
async def test_a_stream_that_ends_does_not_take_the_page_from_the_others() -> None:
    service = FakeService()
    with ThreadPoolExecutor(1) as threads:
        pages = SharedPages(service.ledger, threads)
        first = asyncio.ensure_future(pages.page(BEGINNING, ALL))
        second = asyncio.ensure_future(pages.page(BEGINNING, ALL))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).complete is True
        assert first.cancelled()


@pytest.mark.asyncio
async def test_pages_that_were_kept_are_bounded() -> None:
    service = FakeService()
    with ThreadPoolExecutor(1) as threads:
        pages = SharedPages(service.ledger, threads)
        for event in range(3 * KEPT_MAX):
            await pages.page(Cursor(0, 0, event), ALL)
        assert len(pages._pages) == KEPT_MAX
