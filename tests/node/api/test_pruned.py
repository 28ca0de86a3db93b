"""A node that has pruned: old blocks answer 410 and say so, what lives is served as before."""

import aiohttp
import pytest

from chain.bech32m import encode_account
from chain.pruning import removal, remove
from chain.tree_proof import verify_proof
from commerce.epcis.capture import EVENTS
from tests.chain.world import account
from tests.node.api.market import trade
from tests.node.api.service import FakeService, Served, served


def prune(service: FakeService, last: int) -> None:
    while service.ledger.base.first_block <= last:
        remove(service.ledger, removal(service.ledger, last))


async def pruned(node: Served) -> int:
    """A few blocks of payments, pruned up to height 3; the height of the tip."""
    await node.service.fund("buyer", 500)
    for number in range(6):
        await node.service.submit(node.service.pay("buyer", "merchant", 1 + number).raw)
        await node.service.decide()
    prune(node.service, 3)
    return node.service.ledger.tip.height


@pytest.mark.asyncio
async def test_pruned_blocks_and_events_answer_410_with_the_first_that_is_kept() -> None:
    async with served() as node:
        tip = await pruned(node)
        paths = ["/v1/blocks/1", "/v1/blocks/3?full", "/v1/events", "/v1/events?cursor=3.0.0"]
        paths.append("/v1/blocks/3/receipts")
        for path in paths:
            status, told = await node.get(path)
            assert (status, told["code"]) == (410, "HistoryPruned"), path
            assert "blocks from 4 on" in told["detail"]
            assert "archive" in told["hint"]
        for path in ("/v1/blocks/0", "/v1/blocks/4?full", f"/v1/blocks/{tip}"):
            assert (await node.get(path))[0] == 200, path
        status, page = await node.get("/v1/events?cursor=4.0.0")
        assert status == 200
        assert page["events"][0]["height"] == 4


@pytest.mark.asyncio
async def test_headers_certificates_and_state_proofs_are_served_for_every_height() -> None:
    async with served() as node:
        tip = await pruned(node)
        for height in range(tip + 1):
            assert (await node.get(f"/v1/headers/{height}"))[0] == 200
        _, listed = await node.get("/v1/blocks?from=0&limit=100")
        assert len(listed["blocks"]) == tip + 1
        ledger = node.service.ledger
        for key, value in ledger.state.scan(b""):
            assert verify_proof(ledger.tip.state_root, key, value, ledger.prove(key))


@pytest.mark.asyncio
async def test_an_old_id_is_not_found_and_the_answer_says_that_blocks_are_missing() -> None:
    async with served() as node:
        await node.service.fund("buyer", 500)
        old = node.service.pay("buyer", "merchant", 5)
        await node.service.submit(old.raw)
        await node.service.decide()
        await node.service.decide()
        prune(node.service, 2)
        for path in (f"/v1/transactions/{old.id.hex()}", f"/v1/receipts/{old.id.hex()}"):
            status, told = await node.get(path)
            assert status == 404
            assert "keeps blocks from 3 on" in told["detail"]


@pytest.mark.asyncio
async def test_an_accounts_activity_ends_where_the_kept_blocks_begin() -> None:
    async with served() as node:
        await pruned(node)
        address = encode_account(account("buyer"))
        _, page = await node.get(f"/v1/accounts/{address}/transactions?limit=100")
        heights = [entry["height"] for entry in page["transactions"]]
        assert heights == sorted(heights, reverse=True)
        assert min(heights) == 4
        assert page["next"] is None


@pytest.mark.asyncio
async def test_a_captured_event_whose_document_was_pruned_answers_410() -> None:
    async with served() as node:
        market = await trade(node.service)
        await node.service.decide()
        key = market.event_keys[0]
        captured = EVENTS.load(node.service.ledger.state, key)
        assert captured is not None
        prune(node.service, captured.height)
        status, told = await node.get(f"/v1/epcis/events/{key.hex()}")
        assert (status, told["code"]) == (410, "HistoryPruned")
        status, _ = await node.get(f"/v1/epcis/documents/{market.capture_id.hex()}/0")
        assert status == 404


@pytest.mark.asyncio
async def test_a_stream_from_a_pruned_cursor_is_refused_before_it_opens() -> None:
    async with served() as node:
        await pruned(node)
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await node.http.ws_connect("/v1/events?cursor=1.0.0")
        assert caught.value.status == 410
        async with node.http.ws_connect("/v1/events?cursor=4.0.0") as socket:
            page = await socket.receive_json()
            assert page["events"][0]["height"] == 4
