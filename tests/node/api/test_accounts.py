"""Accounts and assets over HTTP: keys, roles, delegations, balances, activity."""

import pytest

from chain.bech32m import encode_account
from commerce.delegations import Delegate
from tests.chain.world import account, key
from tests.node.api.market import done
from tests.node.api.service import served

BUYER = encode_account(account("buyer"))


@pytest.mark.asyncio
async def test_an_account_is_shown_with_all_that_it_may_and_has() -> None:
    async with served() as node:
        await node.service.fund("buyer", 12_900)
        clerk = key("clerk").public_key
        expires_ms = node.service.world.now_ms + 1_000_000
        grant = Delegate(clerk, ("pay.transfer",), 500, expires_ms)
        await done(node.service, "buyer", "delegate", grant)
        status, told = await node.get(f"/v1/accounts/{BUYER}")
        assert status == 200
        assert told["account"] == BUYER
        assert told["sponsor"] == encode_account(account("m0"))
        assert told["organisation"] is None
        assert told["policy"]["threshold"] == 1
        assert told["policy"]["keys"][0]["public_key"] == key("buyer").public_key.hex()
        assert told["delegations"] == [
            {
                "public_key": clerk.hex(),
                "types": ["pay.transfer"],
                "amount_max_minor": "500",
                "spent_minor": "0",
                "expires_ms": expires_ms,
            }
        ]
        balance = {
            "symbol": "CNY",
            "decimals": 2,
            "available_minor": "12900",
            "frozen_minor": "0",
            "to_freeze_minor": "0",
        }
        assert told["balances"] == [balance]
        assert await node.get(f"/v1/accounts/{BUYER}/balances") == (200, {"balances": [balance]})


@pytest.mark.asyncio
async def test_a_members_account_tells_its_organisation_and_a_merchants_its_role() -> None:
    async with served() as node:
        _, member = await node.get(f"/v1/accounts/{encode_account(account('m1'))}")
        assert member["organisation"] == "m1"
        _, merchant = await node.get(f"/v1/accounts/{encode_account(account('merchant'))}")
        assert [role["role"] for role in merchant["roles"]] == ["merchant"]
        assert merchant["balances"] == []


@pytest.mark.asyncio
async def test_assets_tell_what_exists_of_them() -> None:
    async with served() as node:
        await node.service.fund("buyer", 700)
        _, told = await node.get("/v1/assets/CNY")
        assert (told["issued_minor"], told["decimals"]) == ("700", 2)
        assert told["issuer"] == encode_account(account("issuer"))
        assert await node.get("/v1/assets") == (200, {"assets": [told]})


@pytest.mark.asyncio
async def test_an_amount_that_javascript_would_round_arrives_exactly() -> None:
    async with served() as node:
        await node.service.fund("buyer", 2**53 + 1)
        _, told = await node.get(f"/v1/accounts/{BUYER}/balances")
        assert told["balances"][0]["available_minor"] == str(2**53 + 1)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/accounts/{encode_account(bytes(32))}", 404, "ObjectNotFound"),
        (f"/v1/accounts/{encode_account(bytes(32))}/balances", 404, "ObjectNotFound"),
        (f"/v1/accounts/{encode_account(bytes(32))}/transactions", 404, "ObjectNotFound"),
        (f"/v1/accounts/{BUYER[:-1]}q", 400, "ParameterInvalid"),
        (f"/v1/accounts/{BUYER.upper()}", 400, "ParameterInvalid"),
        (f"/v1/accounts/{account('buyer').hex()}", 400, "ParameterInvalid"),
        ("/v1/assets/USD", 404, "AssetUnknown"),
        ("/v1/assets/cny", 400, "ParameterInvalid"),
        ("/v1/assets/CNY%00", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_unknown_accounts_and_assets_are_404_and_malformed_ones_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
