"""Requests, freezes, cards, fees and parameters over HTTP."""

import pytest

from chain.bech32m import encode_account
from commerce.banking.bank_deposits import AssetDepositRequest
from commerce.banking.fees import Fee, FeeSchedule
from commerce.banking.freezes import AssetFreeze
from commerce.banking.parameter_change import ParameterChange
from commerce.banking.prepaid import PrepaidRefund
from commerce.banking.requests import AssetRequestCancel
from commerce.banking.withdrawals import AssetWithdrawRequest
from commerce.parameters import TimerValue
from commerce.timers import DAY_MS, MINUTE_MS
from tests.chain.world import account
from tests.node.api.cards import opened
from tests.node.api.market import done, found
from tests.node.api.service import FakeService, served

BUYER, MERCHANT, NOBODY = (
    encode_account(entry) for entry in (account("buyer"), account("merchant"), bytes(32))
)
WALLET, COURT = bytes([1]) * 32, bytes([2]) * 32
WEEK_MS = 7 * DAY_MS


async def requested(service: FakeService) -> tuple[bytes, bytes]:
    """A deposit of 500 and a withdrawal of 200."""
    deposit = AssetDepositRequest("CNY", 500, "bank", WALLET, DAY_MS)
    _, (first,) = await done(service, "buyer", "asset.deposit.request", deposit)
    withdrawal = AssetWithdrawRequest("CNY", 200, "ecny", WALLET, DAY_MS)
    _, (second,) = await done(service, "buyer", "asset.withdraw.request", withdrawal)
    return first["request_id"], second["request_id"]


@pytest.mark.asyncio
async def test_open_requests_are_listed_for_holder_and_issuer_until_they_end() -> None:
    async with served() as node:
        await node.service.fund("buyer", 1_000)
        first, second = await requested(node.service)
        _, told = await node.get(f"/v1/accounts/{BUYER}/requests")
        assert [entry["request_id"] for entry in told["requests"]] == [second.hex(), first.hex()]
        newest = told["requests"][0]
        assert (newest["kind"], newest["channel"]) == ("withdraw", "ecny")
        assert (newest["holder"], newest["amount_minor"]) == (BUYER, "200")
        issuer = newest["issuer"]
        assert (await node.get(f"/v1/accounts/{issuer}/requests"))[1] == told
        cancel = AssetRequestCancel(second, "no need")
        await done(node.service, "buyer", "asset.withdraw.cancel", cancel)
        _, told = await node.get(f"/v1/accounts/{BUYER}/requests?limit=1")
        assert told["requests"] == []
        _, told = await node.get(f"/v1/accounts/{BUYER}/requests?cursor={told['next']}")
        assert [entry["request_id"] for entry in told["requests"]] == [first.hex()]


@pytest.mark.asyncio
async def test_freezes_tell_how_much_of_each_is_there() -> None:
    async with served() as node:
        await found(node.service)
        await node.service.fund("buyer", 1_000)
        freeze = AssetFreeze(account("buyer"), "CNY", 1_500, COURT, DAY_MS, None)
        await done(node.service, "m3", "asset.freeze", freeze, "issuer")
        _, told = await node.get(f"/v1/accounts/{BUYER}/freezes")
        (shown,) = told["freezes"]
        assert (shown["symbol"], shown["document"]) == ("CNY", COURT.hex())
        assert (shown["amount_minor"], shown["covered_minor"]) == ("1500", "1000")
        assert (await node.get(f"/v1/accounts/{MERCHANT}/freezes"))[1] == {"freezes": []}
        _, balances = await node.get(f"/v1/accounts/{BUYER}/balances")
        assert balances["balances"][0]["to_freeze_minor"] == "500"


@pytest.mark.asyncio
async def test_a_card_tells_what_a_refund_would_give_until_it_has_ended() -> None:
    async with served() as node:
        await node.service.fund("buyer", 1_000)
        card_id = await opened(node.service)
        path = f"/v1/cards/{card_id.hex()}"
        _, told = await node.get(path)
        assert (told["consumer"], told["merchant"]) == (BUYER, MERCHANT)
        assert (told["held_minor"], told["left_minor"]) == ("100", "120")
        assert told["refund_minor"] == "100"
        for party in (BUYER, MERCHANT):
            _, listed = await node.get(f"/v1/accounts/{party}/cards")
            assert listed == {"cards": [told], "next": None}
        await done(node.service, "buyer", "prepaid.refund", PrepaidRefund(card_id))
        status, problem = await node.get(path)
        assert (status, problem["code"]) == (404, "CardUnknown")
        assert (await node.get(f"/v1/accounts/{BUYER}/cards"))[1]["cards"] == []


@pytest.mark.asyncio
async def test_fees_are_told_before_they_count() -> None:
    async with served() as node:
        assert (await node.get("/v1/fees"))[1]["schedule"]["current"] == []
        starts_ms = node.service.world.now_ms + 8 * DAY_MS
        schedule = FeeSchedule((Fee("pay.transfer", "CNY", 3),), starts_ms)
        await done(node.service, "m0", "fee.schedule", schedule, "m1", "m2")
        _, told = await node.get("/v1/fees?types=pay.transfer,pay.transfer,order.create")
        assert told["cost"] == []
        assert told["schedule"]["next"] == [
            {"type": "pay.transfer", "symbol": "CNY", "amount_minor": "3"}
        ]
        assert told["schedule"]["next_ms"] == starts_ms


@pytest.mark.asyncio
async def test_parameters_tell_what_waits() -> None:
    async with served() as node:
        starts_ms = node.service.world.now_ms + 8 * DAY_MS
        change = ParameterChange((TimerValue("pay_ms", 30 * MINUTE_MS),), (20_000,), starts_ms)
        await done(node.service, "m0", "parameter.change", change, "m1", "m2")
        _, told = await node.get("/v1/parameters")
        assert told["version"] == 0
        assert {"name": "pay_ms", "value_ms": 120 * MINUTE_MS, "default": True} in told["timers"]
        assert told["pending"] == {
            "own": [{"name": "pay_ms", "value_ms": 30 * MINUTE_MS}],
            "holidays": [20_000],
            "due_ms": starts_ms,
        }


@pytest.mark.asyncio
@pytest.mark.parametrize("what", ["requests", "freezes", "cards"])
async def test_an_account_that_nobody_opened_has_no_lists(what: str) -> None:
    async with served() as node:
        status, problem = await node.get(f"/v1/accounts/{NOBODY}/{what}")
        assert (status, problem["code"]) == (404, "AccountUnknown")
