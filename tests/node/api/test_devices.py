"""Devices, their reports, promises, watches and penalties, read back over HTTP."""

import pytest

from chain.bech32m import encode_account
from tests.chain.world import account
from tests.node.api.cold_story import HOUR_MS, warmed
from tests.node.api.market import trade
from tests.node.api.service import served

MERCHANT, BUYER, CARRIER = (encode_account(account(n)) for n in ("merchant", "buyer", "carrier"))
DEVICE = account("logger").hex()
NO_ID = "00" * 32


@pytest.mark.asyncio
async def test_a_device_tells_whose_it_is_and_what_it_reported() -> None:
    async with served() as node:
        cold = await warmed(node.service, await trade(node.service))
        _, device = await node.get(f"/v1/devices/{DEVICE}")
        assert (device["device_id"], device["account"]) == (
            DEVICE,
            encode_account(account("logger")),
        )
        assert (device["maker"], device["owner"]) == (MERCHANT, MERCHANT)
        assert device["binding"]["parcel_id"] == cold.parcel_id.hex()
        assert device["binding"]["bound_by"] == MERCHANT
        _, owned = await node.get(f"/v1/accounts/{MERCHANT}/devices")
        assert owned == {"devices": [device], "next": None}
        _, told = await node.get(f"/v1/devices/{DEVICE}/reports")
        (report,) = told["reports"]
        assert (report["sequence"], report["verdict"], report["largest"]) == (1, "counts", "9")
        assert report["end_ms"] - report["start_ms"] == 2 * HOUR_MS
        assert (await node.get(f"/v1/receipts/{report['receipt_id']}"))[0] == 200


@pytest.mark.asyncio
async def test_a_watch_tells_who_answers_and_what_it_cost() -> None:
    async with served() as node:
        cold = await warmed(node.service, await trade(node.service))
        _, slas = await node.get(f"/v1/orders/{cold.order_id.hex()}/slas")
        (sla,) = slas["slas"]
        assert (sla["low"], sla["high"], sla["steps"]) == (
            None,
            "8",
            [{"excess": "0", "permille_hour": 50}],
        )
        _, watch = await node.get(f"/v1/parcels/{cold.parcel_id.hex()}/watch")
        (line,) = watch["lines"]
        assert (line["worth_minor"], line["accrued_minor"]) == ("2050", "205")
        seller, carrier = watch["custodies"]
        assert (seller["custodian"], carrier["custodian"]) == (None, CARRIER)
        assert (carrier["reserved_minor"], carrier["from_ms"]) == ("1025", cold.began_ms)
        assert (watch["ended"], watch["judged_ms"]) == (False, cold.began_ms + 2 * HOUR_MS)
        (penalty,) = watch["penalties"]
        assert (penalty["amount_minor"], penalty["custodian"]) == ("205", CARRIER)


@pytest.mark.asyncio
async def test_a_penalty_is_found_by_all_it_concerns_until_and_after_it_is_settled() -> None:
    async with served() as node:
        cold = await warmed(node.service, await trade(node.service))
        path = f"/v1/penalties/{cold.penalty_id.hex()}"
        _, penalty = await node.get(path)
        assert (penalty["state"], penalty["symbol"], penalty["decimals"]) == ("PENDING", "CNY", 2)
        for who, part in ((BUYER, "buyer"), (MERCHANT, "seller"), (CARRIER, "custodian")):
            listed = f"/v1/accounts/{who}/penalties"
            for query in ("", "?open", f"?part={part}"):
                _, told = await node.get(f"{listed}{query}")
                assert told == {"penalties": [penalty], "next": None}
            others = [word for word in ("buyer", "seller", "custodian") if word != part]
            for other in others:
                assert (await node.get(f"{listed}?part={other}"))[1]["penalties"] == []
        await node.service.decide(48 * HOUR_MS)
        _, settled = await node.get(path)
        assert (settled["state"], settled["due_ms"]) == ("SETTLED", None)
        assert (settled["charged_minor"], settled["refunded_minor"]) == ("205", "205")
        assert (await node.get(f"/v1/accounts/{CARRIER}/penalties?open"))[1]["penalties"] == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/devices/{}", "DeviceUnknown"),
        ("/v1/devices/{}/reports", "DeviceUnknown"),
        ("/v1/orders/{}/slas", "OrderUnknown"),
        ("/v1/parcels/{}/watch", "WatchUnknown"),
        ("/v1/penalties/{}", "PenaltyUnknown"),
    ],
)
async def test_what_there_is_not_is_a_404(path: str, code: str) -> None:
    async with served() as node:
        status, told = await node.get(path.format(NO_ID))
        assert (status, told["code"]) == (404, code)
