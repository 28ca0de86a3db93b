"""Deposits, debts, the fund and claims, read back over HTTP."""

import pytest

from chain.bech32m import encode_account
from tests.chain.world import account
from tests.node.api.aftersale_story import (
    DEPOSIT_MINOR,
    EVIDENCE,
    GIFT_MINOR,
    quarrel,
    stood_behind,
)
from tests.node.api.market import trade
from tests.node.api.service import served

MERCHANT, BUYER = (encode_account(account(name)) for name in ("merchant", "buyer"))


@pytest.mark.asyncio
async def test_what_stands_behind_a_merchant_adds_up() -> None:
    async with served() as node:
        await trade(node.service)
        await stood_behind(node.service)
        _, told = await node.get(f"/v1/accounts/{MERCHANT}/deposits")
        (deposit,) = told["deposits"]
        assert (deposit["symbol"], deposit["held_minor"]) == ("CNY", str(DEPOSIT_MINOR))
        parts = [int(deposit[f"{name}_minor"]) for name in ("reserved", "leaving", "free")]
        assert sum(parts) == DEPOSIT_MINOR
        assert (told["debts_count"], told["debts"]) == (0, [])
        _, nobody = await node.get(f"/v1/accounts/{BUYER}/deposits")
        assert nobody == {"account": BUYER, "deposits": [], "debts_count": 0, "debts": []}
        _, owed = await node.get(f"/v1/accounts/{BUYER}/receivables")
        assert owed == {"debts": [], "next": None}


@pytest.mark.asyncio
async def test_the_fund_has_what_was_given_to_it() -> None:
    async with served() as node:
        await trade(node.service)
        await stood_behind(node.service)
        _, fund = await node.get("/v1/fund/CNY")
        assert fund == {"symbol": "CNY", "decimals": 2, "held_minor": str(GIFT_MINOR)}
        assert (await node.get("/v1/fund"))[1] == {"funds": [fund]}
        status, told = await node.get("/v1/fund/EUR")
        assert (status, told["code"]) == (404, "AssetUnknown")


@pytest.mark.asyncio
async def test_a_claim_is_found_by_its_parties_while_it_is_open() -> None:
    async with served() as node:
        story = await quarrel(node.service, await trade(node.service))
        _, claim = await node.get(f"/v1/claims/{story.claim_id.hex()}")
        assert (claim["kind"], claim["state"]) == ("fraud", "FILED")
        assert (claim["evidence"], claim["buyer"]) == (EVIDENCE.hex(), BUYER)
        for who, part, other in ((BUYER, "buyer", "seller"), (MERCHANT, "seller", "buyer")):
            _, told = await node.get(f"/v1/claims?account={who}&open")
            assert told == {"claims": [claim], "next": None}
            path = f"/v1/accounts/{who}/claims"
            assert (await node.get(f"{path}?part={part}"))[1] == told
            assert (await node.get(f"{path}?part={other}"))[1]["claims"] == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/claims/{'00' * 32}", 404, "ClaimUnknown"),
        ("/v1/claims", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_no_claim_is_404_and_nobodys_claims_400(path: str, status: int, code: str) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
