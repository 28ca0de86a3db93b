"""GET /v1/evidence: pages and a stream of what this node found, checkable by anybody."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain.block import NO_HASH, VoteType, vote_bytes
from chain.crypto import verify
from chain.evidence import Equivocation, HiddenCommit, decode_evidence, proves
from chain.genesis import genesis_certificate
from chain.votes import SignedVote, ViewChange, view_change_bytes
from node.api.settings import ApiSettings
from node.evidence_book import EvidenceBook
from tests.chain.world import GENESIS_MS, key
from tests.node.api.committee_story import NEW, grow
from tests.node.api.service import FakeService, Served, served


def signed_vote(
    service: FakeService, digest: bytes, *, kind: VoteType = VoteType.PREPARE, epoch: int = 0
) -> SignedVote:
    """A real vote of m1 at height 7."""
    message = vote_bytes(service.chain.genesis_hash, epoch, kind, 2, 7, digest)
    return SignedVote(kind, 2, 7, digest, 1, key("node of m1").sign(message))


def equivocation(service: FakeService, height: int = 7) -> Equivocation:
    votes = [signed_vote(service, digest) for digest in (NO_HASH, b"\x01" * 32)]
    first, second = (replace(vote, height=height) for vote in votes)
    return Equivocation(0, first, second)


def hidden_commit(service: FakeService) -> HiddenCommit:
    commit = signed_vote(service, NO_HASH, kind=VoteType.COMMIT)
    bare = ViewChange(5, 1, genesis_certificate(service.chain.genesis), None, bytes(64))
    message = view_change_bytes(service.chain.genesis_hash, 0, bare)
    hiding = replace(bare, signature=key("node of m1").sign(message))
    return HiddenCommit(0, commit, hiding)


@pytest.mark.asyncio
async def test_evidence_is_told_with_whom_it_convicts_and_the_bytes_that_do(
    tmp_path: Path,
) -> None:
    async with served(directory=tmp_path) as node:
        service = node.service
        for found in (equivocation(service), hidden_commit(service)):
            assert service.book.add(found)
        _, told = await node.get("/v1/evidence")
        assert (told["next"], told["count"], told["complete"]) == (2, 2, True)
        first, second = told["evidence"]
        assert (first["kind"], second["kind"]) == ("equivocation", "hidden-commit")
        for piece in (first, second):
            assert piece["type"] == "consensus.evidence"
            assert (piece["name"], piece["member"], piece["epoch"]) == ("m1", 1, 0)
            assert (piece["height"], piece["view"]) == (7, 2)
            assert piece["node_key"] == key("node of m1").public_key.hex()
            assert piece["found_ms"] == GENESIS_MS
            evidence = decode_evidence(bytes.fromhex(piece["raw"]))
            genesis = service.chain.genesis
            assert proves(evidence, genesis.committee(), genesis.hash(), verify)
        assert [vote["type"] for vote in first["votes"]] == ["prepare", "prepare"]
        assert len({vote["digest"] for vote in first["votes"]}) == 2
        assert [vote["type"] for vote in second["votes"]] == ["commit"]
        hiding = second["view_change"]
        assert (hiding["view"], hiding["decided_height"], hiding["prepared"]) == (5, 0, None)
        _, status = await node.get("/v1/status")
        assert status["evidence_count"] == 2


@pytest.mark.asyncio
async def test_pages_of_evidence_follow_one_another(tmp_path: Path) -> None:
    async with served(directory=tmp_path) as node:
        for height in range(1, 6):
            node.service.book.add(equivocation(node.service, height))
        found: list[int] = []
        cursor, complete = 0, False
        while not complete:
            _, page = await node.get(f"/v1/evidence?cursor={cursor}&limit=2")
            found += [piece["height"] for piece in page["evidence"]]
            assert all(piece["next"] == piece["number"] + 1 for piece in page["evidence"])
            cursor, complete = page["next"], page["complete"]
        assert found == [1, 2, 3, 4, 5]
        _, beyond = await node.get("/v1/evidence?cursor=99")
        assert (beyond["evidence"], beyond["next"], beyond["complete"]) == ([], 99, True)
        assert (await node.get("/v1/evidence?cursor=latest"))[1]["next"] == 5
        assert (await node.get("/v1/evidence?cursor=0.0.0"))[1]["where"] == "query.cursor"


@pytest.mark.asyncio
async def test_the_name_is_that_of_the_epochs_committee(tmp_path: Path) -> None:
    async with served(directory=tmp_path) as node:
        service = node.service
        grow(service.world)
        for epoch in (1, 2):
            fifth = replace(equivocation(service).first, member=4)
            service.book.add(Equivocation(epoch, fifth, replace(fifth, digest=b"\x02" * 32)))
        _, told = await node.get("/v1/evidence")
        assert [piece["name"] for piece in told["evidence"]] == [NEW, None]
        assert [piece["account"] is None for piece in told["evidence"]] == [False, True]


async def messages(node: Served, path: str, count: int) -> list[Any]:
    """The next messages of a stream, each with at least one piece."""
    async with node.http.ws_connect(path) as socket:
        return [await socket.receive_json(timeout=20) for _ in range(count)]


def waited_for(book: EvidenceBook, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once somebody waits for what comes into the book."""
    waits, wait = asyncio.Event(), book.wait

    async def noting(count: int, timeout_ms: int) -> None:
        waits.set()
        await wait(count, timeout_ms)

    monkeypatch.setattr(book, "wait", noting)
    return waits


@pytest.mark.asyncio
async def test_a_stream_tells_evidence_as_it_is_found_and_resumes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with served(directory=tmp_path) as node:
        book = node.service.book
        book.add(equivocation(node.service, 1))
        async with node.http.ws_connect("/v1/evidence") as socket:
            first = await socket.receive_json(timeout=20)
            book.add(equivocation(node.service, 2))
            second = await socket.receive_json(timeout=20)
        assert [page["evidence"][0]["height"] for page in (first, second)] == [1, 2]
        (again,) = await messages(node, f"/v1/evidence?cursor={first['next']}", 1)
        assert [piece["height"] for piece in again["evidence"]] == [2]
        waits = waited_for(book, monkeypatch)
        waiting = asyncio.ensure_future(messages(node, "/v1/evidence?cursor=latest", 1))
        await waits.wait()
        book.add(equivocation(node.service, 3))
        assert [piece["height"] for piece in (await waiting)[0]["evidence"]] == [3]


@pytest.mark.asyncio
async def test_a_quiet_stream_gives_signs_of_life() -> None:
    async with served(ApiSettings(heartbeat_s=0.05)) as node:
        for page in await messages(node, "/v1/evidence", 2):
            assert page == {"evidence": [], "next": 0, "count": 0, "complete": True}
