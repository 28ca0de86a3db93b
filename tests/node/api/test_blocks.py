"""Reading the chain over HTTP: what is told can be checked from the bytes that are told."""

from itertools import pairwise

import pytest

from chain import merkle
from chain.block import Certificate, Header, Receipt, check_certificate
from chain.codec import decode
from chain.crypto import verify
from chain.transaction import read_transaction
from node.api import blocks
from tests.node.api.service import served


@pytest.mark.asyncio
async def test_a_headers_bytes_and_certificate_prove_its_hash() -> None:
    async with served() as node:
        await node.service.fund("buyer", 5)
        status, told = await node.get("/v1/headers/1")
        assert status == 200
        header = decode(Header, bytes.fromhex(told["raw_header"]))
        certificate = decode(Certificate, bytes.fromhex(told["raw_certificate"]))
        assert header.digest().hex() == told["header"]["hash"] == told["certificate"]["digest"]
        chain = node.service.chain
        check_certificate(certificate, chain.committee, chain.genesis_hash, verify)
        assert [entry["name"] for entry in told["certificate"]["signatures"]] == ["m0", "m1", "m2"]


@pytest.mark.asyncio
async def test_a_block_is_paged_by_transactions_and_tells_their_outcomes() -> None:
    async with served() as node:
        sent = [node.service.issue("buyer", 1 + number, f"bank {number}") for number in range(5)]
        for one in sent:
            await node.service.submit(one.raw)
        await node.service.decide()
        _, whole = await node.get("/v1/blocks/latest?full")
        ids = [one.id.hex() for one in sent]
        assert sorted(whole["transaction_ids"]) == sorted(ids)
        assert [one["id"] for one in whole["transactions"]] == whole["transaction_ids"]
        assert whole["next"] is None
        for one in whole["transactions"]:
            assert one["receipt"]["status"] == "ok"
            assert (
                read_transaction(bytes.fromhex(one["raw"]), node.service.ledger.rules).id.hex()
                == one["id"]
            )
        found: list[str] = []
        start: int | None = 0
        while start is not None:
            path = f"/v1/blocks/1?transactions_from={start}&transactions_limit=2"
            _, page = await node.get(path)
            found += page["transaction_ids"]
            start = page["next"]
            assert page["transactions"] == []
        assert found == whole["transaction_ids"]


@pytest.mark.asyncio
async def test_a_blocks_receipts_prove_their_root_from_what_the_routes_tell() -> None:
    async with served() as node:
        await node.service.fund("buyer", 5)
        await node.service.decide()
        _, block = await node.get("/v1/blocks/1?transactions_limit=0")
        raws = []
        for one in block["receipt_ids"]:
            _, told = await node.get(f"/v1/receipts/{one}")
            raws.append(bytes.fromhex(told["raw"]))
            assert decode(Receipt, raws[-1]).id.hex() == one
        assert raws
        _, above = await node.get("/v1/headers/2")
        assert merkle.root(raws).hex() == above["header"]["receipts_root"]


@pytest.mark.asyncio
async def test_the_receipts_of_a_block_are_paged_and_lead_to_the_root_above() -> None:
    async with served() as node:
        for number in range(5):
            await node.service.submit(node.service.issue("buyer", 1 + number, f"{number}").raw)
        await node.service.decide()
        await node.service.decide()
        path = "/v1/blocks/1/receipts"
        _, whole = await node.get(path)
        assert (whole["height"], whole["next"], len(whole["receipts"])) == (1, None, 5)
        found: list[str] = []
        start: int | None = 0
        while start is not None:
            _, page = await node.get(f"{path}?receipts_from={start}&receipts_limit=2")
            assert len(page["receipts"]) <= 2
            found += page["receipts"]
            start = page["next"]
        assert found == whole["receipts"]
        _, above = await node.get("/v1/headers/2")
        root = merkle.root([bytes.fromhex(row) for row in found])
        assert root.hex() == above["header"]["receipts_root"]
        assert (await node.get("/v1/blocks/2/receipts"))[1]["receipts"] == []
        status, told = await node.get("/v1/blocks/3/receipts")
        assert (status, told["code"]) == (404, "BlockUnknown")


@pytest.mark.asyncio
async def test_a_page_of_receipts_ends_by_its_size_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "RECEIPTS_PAGE_SIZE_MAX", 1)
    async with served() as node:
        for number in range(3):
            await node.service.submit(node.service.issue("buyer", 1 + number, f"{number}").raw)
        await node.service.decide()
        _, page = await node.get("/v1/blocks/1/receipts?receipts_from=1")
        assert (len(page["receipts"]), page["next"]) == (1, 2)


@pytest.mark.asyncio
async def test_the_list_of_blocks_is_linked_and_ends_at_the_tip() -> None:
    async with served(hurried=True) as node:
        for number in range(5):
            await node.service.fund("buyer", 1 + number)
        found: list[dict[str, object]] = []
        start: int | None = 0
        while start is not None:
            _, page = await node.get(f"/v1/blocks?from={start}&limit=2")
            found += page["blocks"]
            start = page["next"]
            assert page["height"] == 5
        assert [header["height"] for header in found] == [0, 1, 2, 3, 4, 5]
        assert all(after["parent_hash"] == before["hash"] for before, after in pairwise(found))
        assert (await node.get("/v1/blocks?from=99"))[1] == {
            "blocks": [],
            "next": None,
            "height": 5,
        }


@pytest.mark.asyncio
async def test_latest_is_the_tip_and_what_lies_above_is_unknown() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 1)
        assert (await node.get("/v1/blocks/latest"))[1] == (await node.get("/v1/blocks/1"))[1]
        for path in ("/v1/blocks/2", "/v1/headers/2", "/v1/blocks/9007199254740991"):
            status, told = await node.get(path)
            assert (status, told["code"]) == (404, "BlockUnknown")


@pytest.mark.asyncio
async def test_a_receipt_is_certified_once_the_next_block_is_decided() -> None:
    async with served() as node:
        await node.service.fund("buyer", 9)
        path = f"/v1/receipts/{node.service.ledger.receipts(1)[0].id.hex()}"
        assert (await node.get(path))[1]["certified"] is False
        await node.service.decide()
        assert (await node.get(path))[1]["certified"] is True


@pytest.mark.asyncio
async def test_an_id_that_nobody_knows_is_404_for_transactions_and_receipts() -> None:
    async with served() as node:
        unknown = "ab" * 32
        for path, code in (
            (f"/v1/transactions/{unknown}", "TransactionNotFound"),
            (f"/v1/receipts/{unknown}", "ReceiptNotFound"),
        ):
            status, told = await node.get(path)
            assert (status, told["code"]) == (404, code)
