"""`hushang evidence`: what a node found is shown, verified offline, and put on the chain."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from chain.bech32m import encode_account
from chain.codec import encode
from chain.evidence import Equivocation, encode_evidence
from node.clock import now_ms
from node.genesis_file import genesis_text
from node.keystore import write_key
from tests.chain.world import account, key
from tests.commands.command_line import inside
from tests.commands.served_node import run
from tests.node.api.committee_story import grow
from tests.node.api.service import Served, served
from tests.node.api.test_evidence import equivocation, hidden_commit, signed_vote


@pytest_asyncio.fixture
async def node(tmp_path: Path) -> AsyncIterator[Served]:
    """A node that has found one piece of each kind."""
    async with served(hurried=True, directory=tmp_path) as made:
        made.service.book.add(equivocation(made.service))
        made.service.book.add(hidden_commit(made.service))
        yield made


def genesis_file(node: Served, directory: Path) -> Path:
    """The chain's genesis.json."""
    file = directory / "genesis.json"
    file.write_text(genesis_text(node.service.chain.genesis), "utf-8")
    return file


@pytest.mark.asyncio
async def test_a_piece_is_listed_shown_and_verified_without_a_node(
    node: Served, tmp_path: Path
) -> None:
    listed = (await run(node, "evidence", "list")).json
    assert [(entry["name"], entry["kind"]) for entry in listed] == [
        ("m1", "equivocation"),
        ("m1", "hidden-commit"),
    ]
    genesis = genesis_file(node, tmp_path)
    for number in (0, 1):
        shown = await run(node, "evidence", "show", str(number))
        file = tmp_path / f"{number}.json"
        file.write_bytes(shown.out)
        words = ("evidence", "verify", str(file), "--genesis", str(genesis), "-o", "json")
        verified = inside(*words, "--node", "http://127.0.0.1:1")
        assert verified.code == 0, verified.err
        assert (verified.json["convicts"], verified.json["height"]) == ("m1", 7)
    assert (await run(node, "evidence", "show", "2")).code == 3


@pytest.mark.asyncio
async def test_evidence_may_be_json_hex_or_bytes(node: Served, tmp_path: Path) -> None:
    raw = encode_evidence(equivocation(node.service))
    genesis = str(genesis_file(node, tmp_path))
    file = tmp_path / "piece"
    for data in (raw, raw.hex().encode(), raw.hex().encode() + b"\n"):
        file.write_bytes(data)
        assert inside("evidence", "verify", str(file), "--genesis", genesis).code == 0
    for data in (b"", b"00", raw[:-1], raw + b"\0", b"{}", b'{"raw": 1}', b'{"raw": "zz"}', b"{"):
        file.write_bytes(data)
        ran = inside("evidence", "verify", str(file), "--genesis", genesis, "-o", "json")
        assert (ran.code, ran.error["code"]) == (8, "VerificationFailed"), data


@pytest.mark.asyncio
async def test_a_forged_piece_convicts_nobody(node: Served, tmp_path: Path) -> None:
    good = equivocation(node.service)
    forged = Equivocation(0, good.first, replace(good.second, signature=bytes(64)))
    file = tmp_path / "forged"
    file.write_bytes(encode_evidence(forged))
    for words in (("verify", str(file)), ("submit", str(file), "--key", str(tmp_path / "no.key"))):
        ran = await run(node, "evidence", *words)
        assert (ran.code, ran.error["code"]) == (8, "VerificationFailed"), ran.err
        assert "convicts no member" in ran.error["message"]


@pytest.mark.asyncio
async def test_evidence_of_a_later_epoch_is_verified_by_the_committees_of_files(
    node: Served, tmp_path: Path
) -> None:
    world = node.service.world
    grow(world)
    world.decide()
    votes = [signed_vote(node.service, digest, epoch=1) for digest in (bytes(32), b"\x01" * 32)]
    file = tmp_path / "piece"
    file.write_bytes(encode_evidence(Equivocation(1, *votes)))
    genesis = str(genesis_file(node, tmp_path))
    words = ("evidence", "verify", str(file), "-o", "json")
    missing = inside(*words, "--genesis", genesis)
    assert missing.code == 2
    assert "hushang committee show 1 -o json > committee-1.json" in missing.error["message"]
    proof = tmp_path / "committee-1.json"
    proof.write_bytes((await run(node, "committee", "show", "1")).out)
    offline = inside(*words, "--genesis", genesis, "--committee", str(proof))
    assert (offline.code, offline.json["epoch"]) == (0, 1)
    assert (await run(node, "evidence", "verify", str(file))).json["convicts"] == "m1"
    # A committee that nobody certified convinces nobody.
    told = json.loads(proof.read_text())
    forged = replace(world.ledger.chain.committee, members=world.genesis.committee().members)
    told["committee"]["raw"] = encode(forged).hex()
    proof.write_text(json.dumps(told))
    lied = inside(*words, "--genesis", genesis, "--committee", str(proof))
    assert (lied.code, lied.error["code"]) == (8, "VerificationFailed")
    assert "CommitteeUnproven" in lied.error["message"]


@pytest.mark.asyncio
async def test_an_epoch_that_the_node_has_not_is_no_endless_search(
    node: Served, tmp_path: Path
) -> None:
    good = equivocation(node.service)
    file = tmp_path / "piece"
    file.write_bytes(encode_evidence(replace(good, epoch=2**64 - 1)))
    ran = await run(node, "evidence", "verify", str(file))
    assert (ran.code, ran.error["code"]) == (8, "VerificationFailed")


@pytest.mark.asyncio
async def test_submitted_evidence_is_on_the_chain_and_suspends(
    node: Served, tmp_path: Path
) -> None:
    node.service.world.decide(time_ms=now_ms())
    file, seed = tmp_path / "0.json", key("buyer").seed
    file.write_bytes((await run(node, "evidence", "show", "0")).out)
    key_file = tmp_path / "buyer.key"
    write_key(key_file, seed)
    sent = await run(node, "evidence", "submit", str(file), "--key", str(key_file))
    assert sent.code == 0, sent.err
    assert {event["type"] for event in sent.json["events"]} == {
        "evidence.recorded",
        "committee.changed",
    }
    _, recorded = await node.get("/v1/evidence/recorded")
    (entry,) = recorded["recorded"]
    assert (entry["organisation"], entry["kind"]) == ("m1", "equivocation")
    assert entry["reporter"] == encode_account(account("buyer"))
    node.service.world.decide()
    node.service.world.decide()
    _, now = await node.get("/v1/committee")
    assert [member["suspended"] for member in now["members"]] == [False, True, False, False]
    again = await run(node, "evidence", "submit", str(file), "--key", str(key_file))
    assert (again.code, again.error["code"]) == (7, "EvidenceRecorded")
