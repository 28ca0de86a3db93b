"""Custody over HTTP: who has a thing, the offers of an account, a thing's history."""

import json

import pytest

from chain.bech32m import encode_account
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import identity
from commerce.goods.offers import CustodyReject
from tests.chain.world import account
from tests.node.api.custody_story import CASE, TEA, accredited, certified, given, offered
from tests.node.api.market import CONTEXT, GTIN, ITEM, LOT, done, event, found, trade
from tests.node.api.service import served

MERCHANT, BUYER, CARRIER = (encode_account(account(n)) for n in ("merchant", "buyer", "carrier"))


@pytest.mark.asyncio
async def test_a_thing_says_who_has_it_who_owns_it_and_how_that_came() -> None:
    async with served() as node:
        await found(node.service)
        _, fresh = await node.get(f"/v1/things?epc={CASE}")
        assert fresh["epc"] == identity(CASE)
        assert (fresh["possessor"], fresh["owner"], fresh["holder"]) == (MERCHANT,) * 3
        assert (fresh["giver"], fresh["since_ms"], fresh["history"]) == (None, None, [])
        await given(node.service, "merchant", "carrier")
        await given(node.service, "merchant", "buyer", what="owning")
        pending = await offered(node.service, "carrier", "buyer")
        _, told = await node.get(f"/v1/things?epc={identity(CASE)}")
        assert (told["possessor"], told["owner"], told["giver"]) == (CARRIER, BUYER, MERCHANT)
        assert [entry["offer_id"] for entry in told["offers"]] == [pending.hex()]
        changes = [(line["what"], line["giver"], line["taker"]) for line in told["history"]]
        assert changes == [("ownership", MERCHANT, BUYER), ("possession", MERCHANT, CARRIER)]
        _, page = await node.get(f"/v1/things?epc={CASE}&limit=1")
        assert [line["what"] for line in page["history"]] == ["ownership"]
        _, rest = await node.get(f"/v1/things?epc={CASE}&limit=1&cursor={page['next']}")
        assert [line["what"] for line in rest["history"]] == ["possession"]
        assert rest["next"] is None
        status, receipt = await node.get(f"/v1/receipts/{told['history'][0]['receipt_id']}")
        assert (status, receipt["height"]) == (200, told["history"][0]["height"])


@pytest.mark.asyncio
async def test_a_parcel_is_in_the_history_of_what_it_brought() -> None:
    async with served() as node:
        await trade(node.service)
        _, told = await node.get(f"/v1/things?epc={ITEM}")
        assert (told["possessor"], told["owner"]) == (BUYER, BUYER)
        changes = [(line["what"], line["giver"], line["taker"]) for line in told["history"]]
        assert sorted(changes) == sorted(
            [
                ("possession", MERCHANT, CARRIER),
                ("possession", CARRIER, BUYER),
                ("ownership", MERCHANT, BUYER),
            ]
        )


@pytest.mark.asyncio
async def test_a_lot_has_shares_and_the_certificates_of_its_product() -> None:
    async with served() as node:
        await found(node.service)
        await accredited(node.service)
        known = await certified(node.service, TEA)
        lot = f"{TEA}/10/{LOT}"
        await given(node.service, "merchant", "buyer", lot)
        _, told = await node.get(f"/v1/things?gtin={GTIN}&lot={LOT}")
        assert (told["epc"], told["is_class"], told["possessor"]) == (lot, True, None)
        assert [share["account"] for share in told["shares"]] == [BUYER]
        assert [line["what"] for line in told["history"]] == ["share"]
        assert [entry["certificate_id"] for entry in told["certificates"]] == [known.hex()]


@pytest.mark.asyncio
async def test_offers_are_found_by_both_sides_and_by_what_became_of_them() -> None:
    async with served() as node:
        await found(node.service)
        first = await given(node.service, "merchant", "carrier")
        second = await offered(node.service, "carrier", "buyer")
        reject = CustodyReject(second, "wet")
        await done(node.service, "buyer", "custody.reject", reject)
        third = await offered(node.service, "carrier", "buyer")

        async def listed(who: str, query: str = "") -> list[str]:
            _, told = await node.get(f"/v1/accounts/{who}/custody{query}")
            return [entry["offer_id"] for entry in told["offers"]]

        assert await listed(CARRIER) == [third.hex(), second.hex(), first.hex()]
        assert await listed(CARRIER, "?part=taker") == [first.hex()]
        assert await listed(CARRIER, "?part=giver&state=OPEN") == [third.hex()]
        assert await listed(BUYER, "?state=REJECTED") == [second.hex()]
        assert await listed(BUYER, "?limit=1") == [third.hex()]
        _, one = await node.get(f"/v1/custody/{first.hex()}")
        assert (one["state"], one["giver"], one["taker"]) == ("ACCEPTED", MERCHANT, CARRIER)
        assert (one["things"], one["along_possessing"]) == ([identity(CASE)], 0)


@pytest.mark.asyncio
async def test_an_item_has_the_certificates_of_the_lot_that_its_birth_names() -> None:
    async with served() as node:
        await found(node.service)
        await accredited(node.service)
        born = event(
            eventTime="2024-04-05T08:30:00.000+08:00",
            action="ADD",
            bizStep="commissioning",
            epcList=[ITEM],
            ilmd={"cbvmda:lotNumber": LOT},
        )
        told = {
            "@context": [CONTEXT],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2024-04-09T00:00:00.000+08:00",
            "epcisBody": {"eventList": [born]},
        }
        stated = EpcisCapture(json.dumps(told).encode(), "public")
        await done(node.service, "merchant", "epcis.capture", stated)
        known = await certified(node.service, f"{TEA}/10/{LOT}")
        _, shown = await node.get(f"/v1/things?epc={ITEM}")
        assert shown["lots"] == [f"{TEA}/10/{LOT}"]
        assert [entry["certificate_id"] for entry in shown["certificates"]] == [known.hex()]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/custody/{'00' * 32}", 404, "OfferUnknown"),
        ("/v1/custody/xyz", 400, "ParameterInvalid"),
        ("/v1/things", 400, "ParameterInvalid"),
        (f"/v1/things?epc={ITEM}&gtin={GTIN}", 400, "ParameterInvalid"),
        (f"/v1/things?epc={ITEM}&lot=1", 400, "ParameterInvalid"),
        (f"/v1/accounts/{BUYER}/custody?part=owner", 400, "ParameterInvalid"),
        (f"/v1/accounts/{BUYER}/custody?state=LOST", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_there_is_404_and_what_makes_no_sense_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
