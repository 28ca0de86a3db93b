"""What a node says of itself: health, readiness, status, genesis, types, the hint."""

import pytest

from chain.codec import decode
from chain.genesis import Genesis
from commerce.registry import TYPES
from node.api.status_models import CONSENSUS_MODEL
from node.heartbeat import HUNG_S, Pulse
from tests.node.api.service import served


@pytest.mark.asyncio
async def test_a_node_that_is_behind_is_healthy_and_not_ready_and_says_why() -> None:
    async with served() as node:
        level = {"height": 0, "target": 0, "blocks_per_s": 0, "transactions_per_s": 0, "eta_ms": 0}
        ready = {"ready": True, "reasons": [], "withheld": "", "height": 0, "sync": level}
        ready |= {"joining": None}
        assert await node.get("/ready") == (200, ready)
        node.service.reasons = ("12 blocks behind", "no quorum of peers")
        status, told = await node.get("/ready")
        assert (status, told["ready"], told["reasons"]) == (503, False, [*node.service.reasons])
        assert (await node.get("/health"))[0] == 200


@pytest.mark.asyncio
async def test_a_node_whose_ledger_thread_hangs_is_not_healthy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served() as node:
        status, told = await node.get("/health")
        assert (status, told["status"], told["ledger_silent_ms"]) == (200, "ok", 0)
        monkeypatch.setattr(Pulse, "silent_s", HUNG_S)
        assert (await node.get("/health"))[0] == 200
        monkeypatch.setattr(Pulse, "silent_s", HUNG_S + 1)
        status, told = await node.get("/health")
        assert (status, told["status"], told["ledger_silent_ms"]) == (503, "hung", 61_000)


@pytest.mark.asyncio
async def test_a_silent_member_is_ready_and_says_that_it_does_not_vote() -> None:
    async with served() as node:
        node.service.withheld = "silent up to height 5"
        status, told = await node.get("/ready")
        assert (status, told["ready"], told["withheld"]) == (200, True, "silent up to height 5")


@pytest.mark.asyncio
async def test_the_status_tells_from_where_on_blocks_are_here() -> None:
    async with served() as node:
        assert (await node.get("/v1/status"))[1]["first_block"] == 1
        node.service.first_block = 7
        assert (await node.get("/v1/status"))[1]["first_block"] == 7


@pytest.mark.asyncio
async def test_the_status_names_chain_tip_and_peers() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 5)
        _, told = await node.get("/v1/status")
        tip = node.service.ledger.tip
        assert (told["height"], told["block_hash"]) == (1, tip.digest.hex())
        assert told["state_root"] == tip.state_root.hex()
        assert told["genesis_hash"] == node.service.chain.genesis_hash.hex()
        assert [(peer["name"], peer["connected"]) for peer in told["peers"]] == [
            ("m1", True),
            ("m2", False),
        ]


@pytest.mark.asyncio
async def test_where_the_next_decision_stands_has_its_documented_form() -> None:
    async with served() as node:
        status, told = await node.get("/v1/consensus")
        assert status == 200
        CONSENSUS_MODEL.model_validate(told)
        assert (told["height"], told["phase"], told["decided"]["height"]) == (1, "rest", 0)


@pytest.mark.asyncio
async def test_the_genesis_bytes_have_the_chains_hash() -> None:
    async with served() as node:
        _, told = await node.get("/v1/genesis")
        genesis = decode(Genesis, bytes.fromhex(told["raw"]))
        assert genesis.hash().hex() == told["hash"]
        assert told["genesis"]["chain_id"] == told["chain_id"] == "test-world"


@pytest.mark.asyncio
async def test_every_transaction_type_is_told_with_fields_signers_and_refusals() -> None:
    async with served() as node:
        _, told = await node.get("/v1/transaction-types")
        assert [entry["name"] for entry in told["types"]] == [entry.name for entry in TYPES]
        _, pay = await node.get("/v1/transaction-types/pay.transfer")
        assert pay in told["types"]
        assert [field["name"] for field in pay["fields"]] == [
            "to",
            "symbol",
            "amount_minor",
            "memo_commitment",
        ]
        assert [field["nullable"] for field in pay["fields"]] == [False, False, False, True]
        assert pay["payload"]["properties"]["amount_minor"]["type"] == "string"
        assert "InsufficientFunds" in [rule["code"] for rule in pay["refusals"]]
        assert (await node.get("/v1/transaction-types/pay.nobody"))[0] == 404


@pytest.mark.asyncio
async def test_the_front_page_says_where_to_look() -> None:
    async with served() as node, node.http.get("/") as response:
        assert response.content_type == "text/plain"
        assert "/v1/openapi.json" in await response.text()
