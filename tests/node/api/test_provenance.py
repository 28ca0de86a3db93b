"""Captured events over HTTP: traces both ways, events and documents as they were captured."""

import hashlib

import pytest

from tests.node.api.market import GTIN, ITEM, LOT, document, trade
from tests.node.api.service import served


@pytest.mark.asyncio
async def test_an_item_traces_back_to_the_leaves_and_the_lot_forward_to_the_item() -> None:
    async with served() as node:
        market = await trade(node.service)
        keys = [key.hex() for key in market.event_keys]
        status, back = await node.get(f"/v1/trace?epc={ITEM}")
        assert (status, back["complete"], back["direction"]) == (200, True, "back")
        assert [step["key"] for step in back["steps"]] == keys
        _, forward = await node.get(f"/v1/trace?gtin={GTIN}&lot={LOT}&direction=forward")
        assert [step["key"] for step in forward["steps"]] == keys[1:]
        _, all_of_it = await node.get(f"/v1/trace?gtin={GTIN}&direction=forward")
        assert {step["key"] for step in all_of_it["steps"]} == set(keys[1:])


@pytest.mark.asyncio
async def test_a_document_is_read_back_byte_for_byte() -> None:
    async with served() as node:
        market = await trade(node.service)
        path = f"/v1/epcis/documents/{market.capture_id.hex()}/0"
        async with node.http.get(path) as response:
            assert response.content_type == "application/ld+json"
            data = await response.read()
        assert hashlib.sha256(data).digest() == hashlib.sha256(document()).digest()


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/trace", 400, "ParameterInvalid"),
        (f"/v1/trace?epc={ITEM}&gtin={GTIN}", 400, "ParameterInvalid"),
        (f"/v1/trace?epc={ITEM}&lot=1", 400, "ParameterInvalid"),
        ("/v1/trace?gtin=123", 400, "ParameterInvalid"),
        (f"/v1/trace?gtin={GTIN}&direction=up", 400, "ParameterInvalid"),
        (f"/v1/epcis/documents/{'00' * 32}/0", 404, "ObjectNotFound"),
        (f"/v1/epcis/documents/{'00' * 32}/100", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_a_question_without_an_answer_is_a_problem(path: str, status: int, code: str) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)


@pytest.mark.asyncio
async def test_what_was_never_captured_has_an_empty_trace() -> None:
    async with served() as node:
        status, told = await node.get("/v1/trace?epc=urn:epc:id:sgtin:6901234.000001.99")
        assert (status, told["steps"], told["complete"]) == (200, [], True)
