"""Dry runs over a real socket: the same outcome as a block's, with numbers, and nothing sent."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chain.codec import encode
from chain.ledger import Ledger
from chain.rehearsal import Rehearsal
from chain.transaction import ReceivedTransaction
from commerce.assets import AssetCreate
from commerce.checkout import OrderCreate, WantedLine
from commerce.registry import operation
from node.api.settings import ApiSettings
from node.rendering import render
from tests.chain.world import account
from tests.node.api.market import trade
from tests.node.api.service import Served, served

PATH = "/v1/transactions/dry-run"
JSON = "application/json"


async def asked(node: Served, received: ReceivedTransaction, *signers: str) -> tuple[int, Any]:
    """A dry run of the content alone, as if these had signed it."""
    form: dict[str, Any] = {"content": encode(received.transaction).hex()}
    if signers:
        form["signers"] = [{"account": render(account(name), "account")} for name in signers]
    return await node.post(PATH, json.dumps(form).encode(), JSON)


@pytest.mark.asyncio
async def test_a_dry_run_tells_what_the_block_then_does_and_sends_nothing() -> None:
    async with served() as node:
        await node.service.fund("buyer", 1000)
        payment = node.service.pay("buyer", "merchant", 400)
        root = node.service.ledger.tip.state_root
        status, told = await asked(node, payment)
        assert (status, told["status"], told["refusal"]) == (200, "ok", None)
        assert (node.service.pool, node.service.ledger.tip.state_root) == ({}, root)
        assert (told["height"], told["state_root"]) == (2, root.hex())
        moved = {e["account"]: (e["before_minor"], e["after_minor"]) for e in told["balances"]}
        assert moved == {
            render(account("buyer"), "account"): ("1000", "600"),
            render(account("merchant"), "account"): ("0", "400"),
        }
        _, done = await node.post("/v1/transactions?wait=accepted", payment.raw)
        await node.service.decide()
        _, done = await node.get(f"/v1/transactions/{payment.id.hex()}")
        assert done["receipt"]["events"] == told["events"]
        assert done["id"] == told["id"]


@pytest.mark.asyncio
async def test_a_refusal_is_told_with_the_numbers_that_no_receipt_has() -> None:
    async with served() as node:
        await node.service.fund("buyer", 300)
        status, told = await asked(node, node.service.pay("buyer", "merchant", 400))
        assert (status, told["status"], told["failed_operation"]) == (200, "InsufficientFunds", 0)
        assert "400" in told["refusal"]["detail"]
        assert told["refusal"]["code"] == "InsufficientFunds"
        assert (told["balances"], told["objects"], told["events"]) == ([], [], [])


@pytest.mark.asyncio
async def test_a_signed_transaction_is_tried_too_and_its_signatures_count() -> None:
    async with served() as node:
        await node.service.fund("buyer", 1000)
        payment = node.service.pay("buyer", "merchant", 400)
        for kind in ("application/msgpack", "application/octet-stream"):
            status, told = await node.post(PATH, payment.raw, kind)
            assert (status, told["status"]) == (200, "ok")
        forged = payment.raw[:-1] + bytes([payment.raw[-1] ^ 1])
        status, told = await node.post(PATH, forged)
        assert (status, told["code"]) == (403, "SignatureInvalid")


@pytest.mark.asyncio
async def test_whoever_else_must_sign_is_named_or_missing() -> None:
    async with served() as node:
        gold = operation("asset.create", AssetCreate("GOLD", 3, account("issuer")))
        made = node.service.world.signed("m0", gold)
        _, told = await asked(node, made)
        assert told["status"] == "CosignerMissing"
        status, told = await asked(node, made, "m0", "m1", "m2", "issuer")
        assert (status, told["status"]) == (200, "ok"), told
        status, told = await asked(node, made, "m1", "m2")
        assert (status, told["code"]) == (403, "PolicyNotSatisfied")
        status, told = await asked(node, made, "nobody")
        assert (status, told["code"]) == (403, "SenderUnknown")


@pytest.mark.asyncio
async def test_an_order_shows_its_clock_and_the_rows_that_it_makes() -> None:
    async with served() as node:
        market = await trade(node.service)
        wanted = WantedLine(market.listing_id, 1, 2, False)  # noqa: FBT003
        order = OrderCreate((wanted,), bytes(32), None, "order 9")
        _, told = await asked(
            node, node.service.world.signed("buyer", operation("order.create", order))
        )
        assert told["status"] == "ok"
        (clock,) = [entry for entry in told["clocks"] if entry["change"] == "set"]
        assert clock["kind"].startswith("sys.order.")
        changed = {entry["title"].split()[0]: entry["change"] for entry in told["objects"]}
        assert changed["order"] == "made"
        assert changed["listing"] == "changed"
        assert told["events"][0]["type"] == "order.created"


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "form",
    [
        {},
        {"transaction": "00", "content": "00"},
        {"content": "zz"},
        {"content": "00"},
        {"transaction": "00"},
        {"content": "00", "signers": [{"account": "hs1"}]},
        {"contents": "00"},
    ],
)
async def test_what_is_no_transaction_is_a_wrong_request(form: dict[str, Any]) -> None:
    async with served() as node:
        status, _ = await node.post(PATH, json.dumps(form).encode(), JSON)
        assert status == 400


@pytest.mark.asyncio
async def test_what_could_stand_in_no_block_is_refused_as_at_the_door() -> None:
    async with served() as node:
        await node.service.fund("buyer", 1000)
        payment = node.service.pay("buyer", "merchant", 1)
        await node.service.submit(payment.raw)
        await node.service.decide()
        assert (await asked(node, payment))[1]["code"] == "TransactionRepeated"
        late = node.service.pay("buyer", "merchant", 1)
        await node.service.decide(after_ms=10**9)
        assert (await asked(node, late))[1]["code"] == "TransactionExpired"


@pytest.mark.asyncio
async def test_the_places_for_dry_runs_are_counted() -> None:
    async with served(ApiSettings(dry_runs_max=0)) as node:
        status, told = await asked(node, node.service.pay("buyer", "merchant", 1))
        assert (status, told["code"]) == (503, "Busy")


def interrupted(times: int) -> Callable[..., Rehearsal | None]:
    """A ledger's `rehearse` below which a block is written, this many times."""
    own = Ledger.rehearse
    left = [times]

    def rehearse(ledger: Ledger, received: ReceivedTransaction, time_ms: int) -> Rehearsal | None:
        if left[0] > 0:
            left[0] -= 1
            return None
        return own(ledger, received, time_ms)

    return rehearse


@pytest.mark.asyncio
async def test_a_block_in_between_means_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.api.dry_runs.NEXT_BLOCK_MS", 1)
    async with served() as node:
        await node.service.fund("buyer", 1000)
        payment = node.service.pay("buyer", "merchant", 1)
        monkeypatch.setattr(Ledger, "rehearse", interrupted(3))
        assert (await asked(node, payment))[1]["status"] == "ok"
        monkeypatch.setattr(Ledger, "rehearse", interrupted(1000))
        assert (await asked(node, payment))[1]["code"] == "Busy"
