"""Codes over HTTP: verdicts in data and words, lists, and a proof of what a verdict rests on."""

from typing import Any

import pytest

from chain.bech32m import encode_account
from chain.bundle_check import verify_bundle
from commerce.codes.items import CODES
from commerce.codes.serials import code_id
from tests.chain.world import account
from tests.commerce.codes.atelier import COUNT, ROOT, serial_of
from tests.node.api.code_story import claimed, committed, copied, labelled, reported
from tests.node.api.market import GTIN, found
from tests.node.api.service import served

MERCHANT, BUYER = (encode_account(account(name)) for name in ("merchant", "buyer"))


@pytest.mark.asyncio
async def test_a_verdict_has_words_in_both_languages_and_never_says_genuine() -> None:
    async with served() as node:
        await found(node.service)
        await labelled(node.service)
        told: list[str] = []
        verdict: dict[str, Any] = {}
        for act in (None, copied, reported, claimed):
            if act is not None:
                await act(node.service, 0)
            status, verdict = await node.get(f"/v1/codes/{GTIN}/{serial_of(0)}")
            assert status == 200
            told.append(verdict["code"]["verdict"])
            said = str(verdict["said"])
            assert "genuine" not in said.lower()
            assert "真品" not in said
        assert told == ["registered", "suspect", "suspect", "claimed"]
        assert verdict["code"]["owner"] == BUYER
        assert "if that is not you" in verdict["said"]["text"]["en"]
        assert [note["en"][:7] for note in verdict["said"]["notes"]] == ["Somebod", "scanned"]


@pytest.mark.asyncio
async def test_what_nobody_made_is_not_found() -> None:
    async with served() as node:
        await found(node.service)
        batch_id = await labelled(node.service)
        for path, code in (
            (f"codes/{GTIN}/none", "CodeUnknown"),
            (f"code-batches/{'00' * 32}", "CodeBatchUnknown"),
            (f"code-reports/{batch_id.hex()}", "CodeReportUnknown"),
        ):
            status, problem = await node.get(f"/v1/{path}")
            assert (status, problem["code"]) == (404, code)
        for path in ("codes", "code-batches", "code-reports", f"codes?gtin={GTIN}&owner={BUYER}"):
            status, problem = await node.get(f"/v1/{path}")
            assert (status, problem["code"]) == (400, "ParameterInvalid")


@pytest.mark.asyncio
async def test_codes_batches_and_reports_are_listed_by_what_people_look_for() -> None:
    async with served() as node:
        await found(node.service)
        batch_id = await labelled(node.service)
        await claimed(node.service, 3)
        report_id = await reported(node.service, 4)
        _, page = await node.get(f"/v1/codes?gtin={GTIN}&limit=4")
        assert len(page["codes"]) == 4
        _, rest = await node.get(f"/v1/codes?gtin={GTIN}&limit=100&cursor={page['next']}")
        serials = {code["serial"] for code in page["codes"] + rest["codes"]}
        assert serials == {serial_of(i) for i in range(COUNT)}
        _, own = await node.get(f"/v1/codes?owner={BUYER}")
        assert [code["serial"] for code in own["codes"]] == [serial_of(3)]
        batch: dict[str, Any] = {}
        report: dict[str, Any] = {}
        for query in (f"gtin={GTIN}", f"brand={MERCHANT}"):
            _, found_ = await node.get(f"/v1/code-batches?{query}")
            (batch,) = found_["batches"]
            assert (batch["batch_id"], batch["root"]) == (batch_id.hex(), ROOT.hex())
        assert batch["active_stretches"] == [
            {"first": 0, "last": COUNT - 1, "since_ms": batch["active_stretches"][0]["since_ms"]}
        ]
        for query in (f"brand={MERCHANT}", f"gtin={GTIN}&serial={serial_of(4)}"):
            _, found_ = await node.get(f"/v1/code-reports?{query}")
            (report,) = found_["reports"]
            assert (report["report_id"], report["state"]) == (report_id.hex(), "OPEN")
        assert (await node.get(f"/v1/code-reports/{report_id.hex()}"))[1] == report


@pytest.mark.asyncio
async def test_an_accounts_commitments_are_shown_and_not_what_they_are_for() -> None:
    async with served() as node:
        await found(node.service)
        await labelled(node.service)
        await committed(node.service, 2)
        _, told = await node.get(f"/v1/accounts/{BUYER}/claim-commits")
        (commit,) = told["commits"]
        assert set(commit) == {"commitment", "made", "height", "until_ms"}
        _, nobody = await node.get(f"/v1/accounts/{MERCHANT}/claim-commits")
        assert nobody["commits"] == []


@pytest.mark.asyncio
async def test_a_verdict_comes_with_a_proof_that_no_other_page_can_make() -> None:
    async with served(hurried=True) as node:
        await found(node.service)
        batch_id = await labelled(node.service)
        await node.service.decide()
        _, told = await node.get(f"/v1/codes/{GTIN}/{serial_of(0)}")
        assert told["proof"] == f"/v1/proof/code/{GTIN}/{serial_of(0)}"
        for serial, tables in ((serial_of(0), 3), ("none", 1)):
            path = f"/v1/proof/code/{GTIN}/{serial}"
            async with node.http.get(path) as response:
                assert response.status == 200
                data = await response.read()
            facts = verify_bundle(data, node.service.world.genesis).states
            assert len(facts) == tables
            row = next(f for f in facts if f.key == CODES.key(code_id(GTIN, serial)))
            assert (row.value is None) == (serial == "none")
            if row.value is not None:
                assert CODES.read(row.value).batch_id == batch_id
