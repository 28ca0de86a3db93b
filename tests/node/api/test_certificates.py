"""Certificates over HTTP: by what they are of and by whom, as of the newest block."""

import pytest

from chain.bech32m import encode_account
from commerce.certificates.certificates import CertRevoke
from commerce.rights import LocationRegister
from tests.chain.world import account
from tests.node.api.custody_story import PAPER, TEA, accredited, certified
from tests.node.api.market import GTIN, LOT, done, found
from tests.node.api.service import served

INSPECTOR = encode_account(account("m2"))
PLACE = "6901234000009"


@pytest.mark.asyncio
async def test_certificates_are_found_by_product_lot_place_and_inspector() -> None:
    async with served() as node:
        await found(node.service)
        await accredited(node.service)
        place = LocationRegister(PLACE, account("merchant"), None)
        await done(node.service, "m2", "location.register", place, "merchant")
        product = (await certified(node.service, TEA)).hex()
        lot = (await certified(node.service, f"{TEA}/10/{LOT}")).hex()
        at = (await certified(node.service, f"https://id.gs1.org/414/{PLACE}")).hex()

        async def listed(query: str) -> list[str]:
            _, told = await node.get(f"/v1/certificates?{query}")
            return [entry["certificate_id"] for entry in told["certificates"]]

        assert await listed(f"gtin={GTIN}") == [lot, product]
        assert await listed(f"gtin={GTIN}&lot={LOT}") == [lot]
        assert await listed(f"gtin={GTIN}&lot=OTHER") == []
        assert await listed(f"gln={PLACE}") == [at]
        assert await listed(f"issuer={INSPECTOR}") == [at, lot, product]
        assert await listed(f"issuer={INSPECTOR}&limit=2") == [at, lot]


@pytest.mark.asyncio
async def test_a_certificate_says_what_it_is_worth_now() -> None:
    async with served() as node:
        await found(node.service)
        await accredited(node.service)
        known = await certified(node.service)
        path = f"/v1/certificates/{known.hex()}"
        _, told = await node.get(path)
        assert (told["scope"], told["kind"], told["key"]) == (TEA, "product", GTIN)
        assert (told["issuer"], told["document"]) == (INSPECTOR, PAPER.hex())
        assert (told["standing"], told["revoked"]) == ("valid", None)
        await done(node.service, "m3", "cert.revoke", CertRevoke(known, "forged"))
        _, told = await node.get(path)
        assert told["standing"] == "revoked"
        assert told["revoked"]["reason"] == "forged"
        assert told["revoked"]["by"] == encode_account(account("m3"))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/certificates/{'00' * 32}", 404, "CertificateUnknown"),
        ("/v1/certificates", 400, "ParameterInvalid"),
        (f"/v1/certificates?gtin={GTIN}&gln={PLACE}", 400, "ParameterInvalid"),
        (f"/v1/certificates?gln={PLACE}&lot=1", 400, "ParameterInvalid"),
        ("/v1/certificates?lot=1", 400, "ParameterInvalid"),
        ("/v1/certificates?gtin=123", 400, "ParameterInvalid"),
        ("/v1/certificates?issuer=me", 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_what_is_not_there_is_404_and_what_makes_no_sense_400(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
