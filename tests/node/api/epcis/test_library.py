"""Captured documents read again: kept within bounds, and told of where they are gone."""

import pytest

from chain import schema
from node.api.epcis import library
from node.api.epcis.answers import time_text
from node.api.epcis.library import Library
from node.api.epcis.streams import first_block
from tests.commerce.epcis.statements import document, harvest, serial
from tests.node.api.epcis.captured import EVENTS, ask, capture, find
from tests.node.api.service import FakeService, Served, served
from tests.node.api.test_pruned import prune


async def three(service: FakeService) -> list[int]:
    """Three captured events; the heights of their blocks."""
    heights = []
    for n in range(1, 4):
        await capture(service, document(harvest(epcList=[serial(n)])), by="buyer")
        heights.append(service.ledger.tip.height)
        await service.fund("buyer", n)
    return heights


async def check_gone(node: Served, height: int) -> None:
    """A query over what is gone is refused; one from a later block on is answered."""
    for query in ({}, {"MATCH_epc": f"{serial(1)}|{serial(3)}"}, {"orderBy": "eventTime"}):
        gone = await find(node, **query)
        assert (gone.status, gone.json["code"]) == (410, "HistoryPruned")
        assert gone.json["type"] == "epcisException:ImplementationException"
        header = node.service.ledger.header(height)
        assert header is not None
        kept = await find(node, GE_recordTime=time_text(header.time_ms), **query)
        assert kept.status == 200, (query, kept.json)
        assert serial(3) in [event["epcList"][0] for event in kept.events]


@pytest.mark.asyncio
async def test_a_query_of_kept_blocks_is_answered_where_older_ones_are_pruned() -> None:
    async with served() as node:
        heights = await three(node.service)
        prune(node.service, heights[0])
        await check_gone(node, heights[1])


@pytest.mark.asyncio
async def test_a_node_that_joined_by_a_snapshot_answers_for_what_it_has() -> None:
    """It has no headers of long ago either."""
    async with served() as node:
        heights = await three(node.service)
        prune(node.service, heights[0])
        ledger = node.service.ledger
        ledger.store.write({schema.header_key(h): None for h in range(1, heights[0] + 1)})
        await check_gone(node, heights[1])
        header = ledger.header(heights[0] + 1)
        assert header is not None
        # Whether one of those came later nobody here can say.
        assert first_block(ledger, header.time_ms, ledger.tip.height) == 1
        assert (await ask(node, EVENTS, ("GE_recordTime", "2000-01-01T00:00:00Z"))).status == 410


@pytest.mark.asyncio
async def test_a_document_is_parsed_once_while_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    service = FakeService()
    events = [harvest(epcList=[serial(n)]) for n in range(1, 4)]
    await capture(service, document(*events), by="buyer")
    await capture(service, document(harvest(epcList=[serial(9)])), by="buyer")
    keys = [key[-32:] for key, _ in service.ledger.index(b"epcis-at/")]
    known = Library()
    read = [known.event(service.ledger, key) for key in keys]
    assert sum(event is not None and event.parsed > 0 for event in read) == 2
    monkeypatch.setattr(library, "KEPT_SIZE_MAX", 1)
    small = Library()
    for key in keys * 2:
        small.event(service.ledger, key)
        assert len(small._kept) == 1
    assert known.event(service.ledger, bytes(32)) is None
    assert known.event(service.ledger, b"short") is None
