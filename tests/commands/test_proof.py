"""`hushang proof`: what a node shows is checked before it is kept; anybody checks it again."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from chain.bech32m import encode_account
from node.genesis_file import genesis_text
from tests.chain.world import account
from tests.commands.command_line import Ran, inside
from tests.commands.served_node import run
from tests.node.api.committee_story import grow
from tests.node.api.market import Market, trade
from tests.node.api.service import Served, served

BUYER = encode_account(account("buyer"))


@pytest_asyncio.fixture
async def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    """A resting node with a paid buyer; commands write here."""
    monkeypatch.chdir(tmp_path)
    async with served(hurried=True) as made:
        await made.service.fund("buyer", 5)
        await made.service.decide()
        text = genesis_text(made.service.chain.genesis)
        (tmp_path / "genesis.json").write_text(text, "utf-8")
        yield made


def verified(file: str, *more: str) -> dict[str, Any]:
    """What `hushang verify` says of a file, without a node."""
    ran = inside("verify", file, "--genesis", "genesis.json", "-o", "json", *more)
    assert ran.code == 0, ran.err
    told: dict[str, Any] = ran.json
    return told


def files() -> dict[str, bytes]:
    """What commands have written here, besides the genesis."""
    return {file.name: file.read_bytes() for file in Path().iterdir() if file.suffix != ".json"}


def refused(ran: Ran) -> tuple[int, str]:
    """Exit code and code of a command line that failed."""
    return ran.code, ran.error["code"]


@pytest.mark.asyncio
async def test_a_proof_of_state_is_kept_under_its_own_name_and_holds_offline(node: Served) -> None:
    ran = await run(node, "proof", "state", f"balance/{BUYER}/CNY")
    assert ran.code == 0, ran.err
    file = f"balance-{account('buyer').hex()[:16]}-at-2.hsproof"
    assert {ran.json["file"]: ran.json["size"]} == {file: len(files()[file])}
    assert ran.json["states"][0]["decoded"]["available_minor"] == "5"
    assert f"hushang verify {file} --genesis" in ran.err
    assert f"compare its hash, {node.service.chain.genesis_hash.hex()}" in ran.err
    assert verified(file)["states"] == ran.json["states"]
    assert set(files()) == {file}


@pytest.mark.asyncio
async def test_absence_is_proven_too(node: Served) -> None:
    words = ("proof", "state", f"order/{'00' * 32}", "--out", "none.hsproof")
    ran = await run(node, *words, "--genesis", "genesis.json")
    assert ran.json["states"][0]["present"] is False
    assert "checked with the genesis in genesis.json" in ran.err
    assert verified("none.hsproof")["states"] == ran.json["states"]


@pytest.mark.asyncio
async def test_people_read_what_holds(node: Served) -> None:
    url = f"http://127.0.0.1:{node.port}"
    words = ("proof", "state", f"account/{BUYER}", "--node", url)
    ran = await asyncio.to_thread(inside, *words)
    assert (ran.code, ran.err.count("hushang verify")) == (0, 1)
    assert ran.out.decode().startswith("The proof holds, on the chain")


@pytest.mark.asyncio
async def test_a_transaction_and_its_receipt_are_proven(node: Served) -> None:
    sent = node.service.issue("buyer", 5, "r")
    await node.service.submit(sent.raw)
    await node.service.decide()
    for kind in ("transaction", "receipt"):
        ran = await run(node, "proof", kind, sent.id.hex())
        (fact,) = ran.json[f"{kind}s"]
        assert (fact["id"], fact["height"]) == (sent.id.hex(), 3)
        assert verified(ran.json["file"])[f"{kind}s"] == [fact]
    assert refused(await run(node, "proof", "receipt", "00" * 32)) == (3, "ReceiptNotFound")
    assert (await run(node, "proof", "receipt", "00")).code == 2


@pytest.mark.asyncio
async def test_an_event_is_proven_with_what_captured_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with served() as node:
        market: Market = await trade(node.service)
        await node.service.decide()
        event_key = market.event_keys[0].hex()
        ran = await run(node, "proof", "event", event_key)
        assert ran.code == 0, ran.err
        assert [fact["id"] for fact in ran.json["receipts"]] == [market.capture_id.hex()]
        nothing = await run(node, "proof", "event", "00" * 32)
        assert nothing.json["states"][0]["present"] is False


@pytest.mark.asyncio
async def test_heads_make_a_resting_chains_proof_fresh(node: Served) -> None:
    state = ("proof", "state", f"account/{BUYER}", "--out", "buyer.hsproof", "--force")
    assert (await run(node, *state)).json["age"]["vouched"] == []
    stale = await run(node, *state, "--max-age", "1min")
    assert refused(stale) == (8, "VerificationFailed"), "the test's clock is in the past"
    assert "ProofStale" in stale.error["message"]
    told = await run(node, *state, "--heads")
    assert [entry["member"] for entry in told.json["age"]["vouched"]] == ["m0", "m1"]
    assert (await run(node, *state, "--max-age", "soon")).code == 2


@pytest.mark.asyncio
async def test_a_proof_may_begin_at_a_trusted_header(node: Served) -> None:
    service = node.service
    grow(service.world)
    for _ in range(3):
        await service.decide()
    height = service.ledger.tip.height
    digest = service.ledger.digest_at(height).hex()
    words = ("proof", "state", f"account/{BUYER}", "--out", "short.hsproof", "--force")
    for trusted in (str(height), f"{height}:{digest}"):
        ran = await run(node, *words, "--trusted", trusted)
        assert ran.code == 0, ran.err
        assert (ran.json["epoch"], ran.json["trusted"]["digest"]) == (1, digest)
    assert verified("short.hsproof", "--trusted", f"{height}:{digest}")["epoch"] == 1
    lied = await run(node, *words, "--trusted", f"{height}:{'00' * 32}")
    assert refused(lied) == (8, "VerificationFailed")
    assert (await run(node, *words, "--trusted", "latest")).code == 2


@pytest.mark.asyncio
async def test_what_proves_nothing_or_something_else_is_not_kept(
    node: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("proof", "state", f"account/{BUYER}", "--out", "lie.hsproof")
    assert (await run(node, *words)).code == 0
    good = files()["lie.hsproof"]
    words = (*words[:-1], "kept.hsproof")
    answers = [good[:40] + bytes([good[40] ^ 1]) + good[41:], good]
    monkeypatch.setattr("node.client.NodeClient.file", lambda *_: answers.pop(0))
    assert refused(await run(node, *words)) == (8, "VerificationFailed")
    other = ("proof", "state", f"account/{encode_account(account('merchant'))}")
    ran = await run(node, *other, "--out", "kept.hsproof")
    assert refused(ran) == (8, "VerificationFailed")
    assert "something else" in ran.error["message"]
    assert set(files()) == {"lie.hsproof"}


@pytest.mark.asyncio
async def test_a_place_that_cannot_be_written_is_told(node: Served) -> None:
    ran = await run(node, "proof", "state", f"account/{BUYER}", "--out", "no/such/place.hsproof")
    assert refused(ran) == (2, "UsageWrong")
