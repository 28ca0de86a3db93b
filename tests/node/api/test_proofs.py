"""GET /v1/proof: files that hold from the genesis, whoever served them."""

import asyncio
from typing import Any

import pytest

from chain.account import ACCOUNTS
from chain.bundle_check import verify_bundle
from chain.bundle_facts import TrustedHeader, Verified
from chain.errors import AnchorUntrusted, ProofStale
from chain.stored_chain import Base
from commerce.epcis.capture import EVENTS, EpcisCapture
from node.api.settings import ApiSettings
from node.proof_words import Telling
from node.proven_events import captured_event
from tests.chain.world import account
from tests.commerce.epcis.statements import data, document, harvest
from tests.node.api.committee_story import grow
from tests.node.api.market import done, found, trade
from tests.node.api.service import Served, served

KEY, ABSENT = ACCOUNTS.key(account("buyer")), b"account/nobody"
MEDIA = "application/vnd.hushang.proof"


async def proof(node: Served, path: str) -> bytes:
    """The file under a path."""
    async with node.http.get(f"/v1/proof/{path}") as response:
        assert response.status == 200, await response.text()
        assert response.content_type == MEDIA
        return await response.read()


async def refused(node: Served, path: str) -> tuple[int, str]:
    """Status and code of a refusal."""
    status, problem = await node.get(f"/v1/proof/{path}")
    return status, problem["code"]


def check(node: Served, data: bytes, **asked: Any) -> Verified:
    """As whoever has the genesis alone."""
    return verify_bundle(data, node.service.world.genesis, **asked)


@pytest.mark.asyncio
async def test_a_state_key_is_proven_present_or_absent() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 5)
        await node.service.decide()
        for key in (KEY, ABSENT):
            verified = check(node, await proof(node, f"state/{key.hex()}"))
            (fact,) = verified.states
            assert (fact.key, fact.value) == (key, node.service.ledger.state.get(key))
            assert fact.height == node.service.ledger.tip.height - 1
            assert verified.vouched == ()


@pytest.mark.asyncio
async def test_a_proof_of_what_was_executed_last_waits_for_the_block_above() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 5)
        asking = asyncio.ensure_future(proof(node, f"state/{KEY.hex()}"))
        await node.service.block_waited_for.wait()
        await node.service.decide()
        assert check(node, await asking).newest.height == 2


@pytest.mark.asyncio
async def test_without_a_block_the_client_is_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served(hurried=True) as node:
        path = f"/v1/proof/state/{KEY.hex()}"
        async with node.http.get(path) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        monkeypatch.setattr("node.proofs.WAIT_MS", 1)
        monkeypatch.setattr("node.api.proofs.WAIT_MS", 1)
        sent = node.service.issue("buyer", 5, "never sealed")
        await node.service.submit(sent.raw)
        for kind in (f"state/{KEY.hex()}", f"receipt/{sent.id.hex()}"):
            assert await refused(node, kind) == (503, "ProofNotReady")


@pytest.mark.asyncio
async def test_a_transaction_and_its_receipt_are_proven_each_on_its_own() -> None:
    async with served(hurried=True) as node:
        sent = node.service.issue("buyer", 5, "r")
        await node.service.submit(sent.raw)
        await node.service.decide()
        transaction = check(node, await proof(node, f"transaction/{sent.id.hex()}"))
        assert [fact.id for fact in transaction.transactions] == [sent.id]
        assert (transaction.receipts, transaction.newest.height) == ((), 1)
        outcome = check(node, await proof(node, f"receipt/{sent.id.hex()}"))
        assert [(fact.receipt.id, fact.receipt.status) for fact in outcome.receipts] == [
            (sent.id, "ok")
        ]
        assert (outcome.transactions, outcome.newest.height) == ((), 2)


@pytest.mark.asyncio
async def test_an_event_comes_with_the_transaction_that_captured_it_and_its_receipt() -> None:
    async with served() as node:
        market = await trade(node.service)
        await node.service.decide()
        for event_key in market.event_keys:
            verified = check(node, await proof(node, f"event/{event_key.hex()}"))
            void, row = verified.states
            (sent,), (outcome,) = verified.transactions, verified.receipts
            assert row.key == EVENTS.key(event_key)
            assert row.value is not None
            assert EVENTS.read(row.value).transaction_id == sent.id == outcome.receipt.id
            assert sent.id == market.capture_id
            event = captured_event(row, verified)
            assert event is not None
            assert (void.key, void.value) == (event.declared, None)
        nothing = check(node, await proof(node, f"event/{'00' * 32}"))
        assert [fact.value for fact in nothing.states] == [None]


@pytest.mark.asyncio
async def test_an_event_that_was_declared_an_error_is_proven_to_be_void() -> None:
    async with served() as node:
        await found(node.service)
        wrong = {"declarationTime": "2024-05-01T00:00:00Z", "reason": "did_not_occur"}
        words: list[str] = []
        key = ""
        for stated in (harvest(), harvest(errorDeclaration=wrong)):
            capture = EpcisCapture(data(document(stated)), "public")
            _, (event, *_) = await done(node.service, "merchant", "epcis.capture", capture)
            await node.service.decide()
            key = key or event["event_key"].hex()
            verified = check(node, await proof(node, f"event/{key}"))
            words.append("\n".join(Telling(verified, node.service.world.genesis, 0, None).lines()))
        assert "never declared an error" in words[0]
        assert "VOID: declared an error by its capturer" in words[1]


@pytest.mark.asyncio
async def test_the_file_is_named_by_what_it_proves_and_when() -> None:
    async with served(hurried=True) as node:
        sent = node.service.issue("buyer", 5, "r")
        await node.service.submit(sent.raw)
        await node.service.decide()
        paths = {
            f"state/{KEY.hex()}": f"account-{account('buyer').hex()[:16]}-at-2",
            "state/ff": "state-ff-at-2",
            "state/2f2f2f": "state-2f2f2f-at-2",
            f"transaction/{sent.id.hex()}": f"transaction-{sent.id.hex()[:16]}-at-1",
            f"receipt/{sent.id.hex()}": f"receipt-{sent.id.hex()[:16]}-at-2",
        }
        for path, name in paths.items():
            async with node.http.get(f"/v1/proof/{path}") as response:
                told = response.headers["Content-Disposition"]
                assert told == f'attachment; filename="{name}.hsproof"'


@pytest.mark.asyncio
async def test_with_heads_an_old_proof_is_as_fresh_as_its_statements() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 5)
        header = (await node.service.decide()).header
        later_ms = header.time_ms + 3_600_000
        node.service.vouched_ms = later_ms
        age: dict[str, Any] = {"now_ms": later_ms + 500, "max_age_ms": 1_000}
        path = f"state/{KEY.hex()}"
        with pytest.raises(ProofStale):
            check(node, await proof(node, path), **age)
        verified = check(node, await proof(node, f"{path}?heads=true"), **age)
        assert [entry.member.name for entry in verified.vouched] == ["m0", "m1"]
        assert verified.as_of_ms == later_ms
        # Too few vouch: what there is is served, and the verifier says so.
        node.service.vouching = (3,)
        with pytest.raises(ProofStale, match="1 of 1 head statements"):
            check(node, await proof(node, f"{path}?heads"), **age)


@pytest.mark.asyncio
async def test_where_the_chain_went_on_the_proof_is_taken_anew() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 5)
        await node.service.decide()
        asked: list[int] = []
        vouch = node.service.about

        async def slow(header: Any) -> Any:
            asked.append(header.height)
            if len(asked) == 1:
                await node.service.decide()
                return ()
            return await vouch(header)

        node.service.about = slow  # type: ignore[method-assign]
        verified = check(node, await proof(node, f"state/{KEY.hex()}?heads"))
        assert (asked, verified.newest.height) == ([2, 3], 3)
        assert len(verified.vouched) == 2


@pytest.mark.asyncio
async def test_on_a_busy_chain_nobody_waits_for_heads_again() -> None:
    async with served(hurried=True) as node:
        service = node.service
        await service.fund("buyer", 5)
        await service.decide()
        asked: list[int] = []

        async def too_late(header: Any) -> Any:
            asked.append(header.height)
            await service.fund("buyer", 6)
            return ()

        service.about = too_late  # type: ignore[method-assign]
        asking = asyncio.ensure_future(proof(node, f"state/{KEY.hex()}?heads"))
        await service.block_waited_for.wait()
        await service.fund("buyer", 7)
        verified = check(node, await asking)
        assert (asked, verified.newest.height, verified.vouched) == ([2], 4, ())


@pytest.mark.asyncio
async def test_a_proof_may_begin_at_a_header_that_the_client_trusts() -> None:
    async with served() as node:
        service = node.service
        grow(service.world)
        for _ in range(3):
            await service.decide()
        path = f"state/{KEY.hex()}"
        whole = await proof(node, path)
        trusted = TrustedHeader(5, service.ledger.digest_at(5))
        short = await proof(node, f"{path}?trusted=5")
        assert check(node, short, trusted=trusted).states == check(node, whole).states
        with pytest.raises(AnchorUntrusted):
            check(node, short)
        assert await proof(node, f"{path}?trusted=1") == whole, "epoch 0 is the genesis's"
        assert await refused(node, f"{path}?trusted=99") == (404, "BlockUnknown")
        service.anchors._proofs.clear()
        assert await refused(node, f"{path}?trusted=5") == (422, "StartUnusable")


@pytest.mark.asyncio
async def test_what_is_not_here_is_told_apart() -> None:
    async with served(hurried=True) as node:
        sent = node.service.issue("buyer", 5, "r")
        await node.service.submit(sent.raw)
        await node.service.decide()
        nobody = "00" * 32
        assert await refused(node, f"transaction/{nobody}") == (404, "TransactionNotFound")
        assert await refused(node, f"receipt/{nobody}") == (404, "ReceiptNotFound")
        for bad in ("", "0", "0G", "FF", "ff" * 513):
            assert (await refused(node, f"state/{bad}"))[0] in {400, 404}
        node.service.ledger.base = Base(2, 1)
        for kind in ("transaction", "receipt"):
            assert await refused(node, f"{kind}/{sent.id.hex()}") == (410, "HistoryPruned")
        _, problem = await node.get(f"/v1/proof/receipt/{nobody}")
        assert "from 2 on" in problem["detail"]


@pytest.mark.asyncio
async def test_no_more_proofs_are_made_at_once_than_there_are_places() -> None:
    async with served(ApiSettings(proofs_max=1), hurried=True) as node:
        await node.service.fund("buyer", 5)
        path = f"state/{KEY.hex()}"
        first = asyncio.ensure_future(proof(node, path))
        await node.service.block_waited_for.wait()
        assert await refused(node, path) == (503, "Busy")
        await node.service.decide()
        check(node, await first)
        check(node, await proof(node, path))
