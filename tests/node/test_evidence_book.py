"""The evidence book: kept over restarts, deduplicated, bounded, and torn tails cut off."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chain.block import VoteType, vote_bytes
from chain.crypto import verify
from chain.evidence import Equivocation, Evidence, HiddenCommit, encode_evidence, proves
from chain.votes import SignedVote, ViewChange
from consensus.messages import Prepare, encode_message
from node.evidence_book import (
    MAGIC,
    RECORDS_MAX,
    RECORDS_PER_MEMBER_MAX,
    EvidenceBook,
    EvidenceBookDamaged,
    EvidenceBookFailed,
)
from node.node import Node
from p2p.frames import Channel
from tests.chain.world import key
from tests.consensus.forging import UNSIGNED
from tests.consensus.samples import PROOF
from tests.consensus.stub_chain import GENESIS_HASH
from tests.node.cluster import cluster

NOW_MS = 1_767_225_600_000
SIGNED = bytes(range(1, 65))


def equivocation(height: int = 5, member: int = 1, epoch: int = 0) -> Equivocation:
    first = SignedVote(2, 0, height, bytes(32), member, bytes(64))
    return Equivocation(epoch, first, replace(first, digest=b"\x01" * 32))


def hidden_commit(height: int = 5) -> HiddenCommit:
    commit = SignedVote(3, 0, height, bytes(32), 1, bytes(64))
    return HiddenCommit(0, commit, ViewChange(2, 1, PROOF, None, UNSIGNED))


def opened(directory: Path, genesis_hash: bytes = GENESIS_HASH) -> EvidenceBook:
    return EvidenceBook(directory / "evidence", genesis_hash, lambda: NOW_MS)


def test_what_was_found_is_there_after_a_restart(tmp_path: Path) -> None:
    book = opened(tmp_path)
    assert not (tmp_path / "evidence").exists()
    kept: list[Evidence] = [equivocation(), hidden_commit(), equivocation(6)]
    assert all(book.add(evidence) for evidence in kept)
    again = opened(tmp_path)
    assert [entry.evidence for entry in again.found] == kept
    assert [entry.number for entry in again.found] == [0, 1, 2]
    assert {entry.found_ms for entry in again.found} == {NOW_MS}
    assert [entry.raw for entry in again.found] == [encode_evidence(e) for e in kept]


def test_one_misdeed_is_kept_once_also_after_a_restart(tmp_path: Path) -> None:
    book = opened(tmp_path)
    assert book.add(equivocation())
    other = replace(equivocation(), second=replace(equivocation().second, digest=b"\x02" * 32))
    assert not book.add(other)
    again = opened(tmp_path)
    assert not again.add(other)
    assert [again.add(equivocation(member=2)), again.add(equivocation(epoch=1))] == [True, True]
    assert [again.add(hidden_commit()), again.add(equivocation(6))] == [True, True]


def test_no_member_fills_the_book_and_the_book_has_an_end(tmp_path: Path) -> None:
    book = opened(tmp_path)
    kept = [book.add(equivocation(height)) for height in range(1, RECORDS_PER_MEMBER_MAX + 2)]
    assert kept == [True] * RECORDS_PER_MEMBER_MAX + [False]
    for member in range(2, 2 + RECORDS_MAX // RECORDS_PER_MEMBER_MAX):
        for height in range(1, RECORDS_PER_MEMBER_MAX + 1):
            book.add(equivocation(height, member))
    assert len(book.found) == RECORDS_MAX
    assert not book.add(equivocation(1, 127))
    assert len(opened(tmp_path).found) == RECORDS_MAX


def test_a_tail_torn_at_any_byte_is_cut_off_and_the_rest_stays(tmp_path: Path) -> None:
    book, file = opened(tmp_path), tmp_path / "evidence"
    book.add(equivocation())
    whole = file.read_bytes()
    book.add(equivocation(6))
    both = file.read_bytes()
    for size in range(len(both)):
        file.write_bytes(both[:size])
        again = opened(tmp_path)
        assert len(again.found) == (1 if size >= len(whole) else 0), size
        assert again.add(equivocation(7))
        assert [e.evidence for e in opened(tmp_path).found][-1] == equivocation(7)


def test_a_tail_of_zeros_is_cut_off(tmp_path: Path) -> None:
    book, file = opened(tmp_path), tmp_path / "evidence"
    book.add(equivocation())
    size = file.stat().st_size
    file.write_bytes(file.read_bytes() + bytes(700))
    assert len(opened(tmp_path).found) == 1
    assert file.stat().st_size == size


def test_a_book_that_is_damaged_before_its_last_entry_is_refused_by_name(tmp_path: Path) -> None:
    book, file = opened(tmp_path), tmp_path / "evidence"
    book.add(equivocation())
    book.add(equivocation(6))
    data = bytearray(file.read_bytes())
    data[len(MAGIC) + 32 + 40] ^= 1
    file.write_bytes(data)
    with pytest.raises(EvidenceBookDamaged, match="damaged"):
        opened(tmp_path)


def test_a_flipped_bit_anywhere_in_a_book_is_refused_by_name(tmp_path: Path) -> None:
    book, file = opened(tmp_path), tmp_path / "evidence"
    for height in (5, 6):
        # Signatures are no zeros: a sector of zeros is what a power cut leaves.
        found = equivocation(height)
        book.add(
            replace(found, second=replace(found.second, digest=b"\x01" * 32, signature=SIGNED))
        )
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
        with pytest.raises(EvidenceBookDamaged, match=str(file)):
            opened(tmp_path)


def test_a_first_entry_that_a_power_cut_tore_by_a_sector_is_no_damage(tmp_path: Path) -> None:
    book, file = opened(tmp_path), tmp_path / "evidence"
    book.add(equivocation())
    size = file.stat().st_size
    file.write_bytes(bytes(min(size, 512)) + file.read_bytes()[512:])
    assert not opened(tmp_path).found
    assert not file.exists()


def test_another_chains_book_is_refused_by_name(tmp_path: Path) -> None:
    opened(tmp_path).add(equivocation())
    with pytest.raises(EvidenceBookDamaged, match="no evidence book of this chain"):
        opened(tmp_path, bytes(32))


def test_a_disk_that_refuses_is_told_by_name(tmp_path: Path) -> None:
    book = EvidenceBook(tmp_path / "no" / "evidence", GENESIS_HASH, lambda: NOW_MS)
    with pytest.raises(EvidenceBookFailed, match="No such file"):
        book.add(equivocation())
    assert not book.found
    (tmp_path / "evidence").mkdir()
    with pytest.raises(EvidenceBookFailed, match="directory"):
        opened(tmp_path)


@pytest.mark.asyncio
async def test_who_waits_for_news_is_told(tmp_path: Path) -> None:
    book = opened(tmp_path)
    await book.wait(0, 1)
    waiting = asyncio.ensure_future(book.wait(0, 60_000))
    await asyncio.sleep(0)
    assert not waiting.done()
    book.add(equivocation())
    await waiting
    await book.wait(0, 60_000)


def vote_twice(node: Node) -> None:
    """m1 tells a node two things at the next height."""
    height, genesis_hash = node.ledger.tip.height + 1, node.chain.genesis_hash
    liar = key("node of m1")
    for digest in (b"\x01" * 32, b"\x02" * 32):
        signed = vote_bytes(genesis_hash, 0, VoteType.PREPARE, 0, height, digest)
        vote = Prepare(0, height, digest, 1, liar.sign(signed))
        node._router.received(liar.public_key, Channel.CONSENSUS, encode_message(vote))


@pytest.mark.asyncio
async def test_a_node_whose_book_the_disk_refuses_ends_by_name(tmp_path: Path) -> None:
    async with cluster(tmp_path, start=[0]) as net:
        running = net.running[0]
        running.node.evidence._path = tmp_path / "no" / "evidence"
        vote_twice(running.node)
        await asyncio.wait([running.task], timeout=20)
        with pytest.raises(BaseExceptionGroup) as caught:
            running.task.result()
        assert caught.value.subgroup(EvidenceBookFailed) is not None
        assert "hushang repair" in EvidenceBookFailed.hint


@pytest.mark.asyncio
async def test_a_node_that_sees_two_votes_of_a_member_keeps_them_over_its_restart(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as net:
        node = net.nodes[0]
        chain = node.chain
        vote_twice(node)
        await node.evidence.wait(0, 20_000)
        (found,) = node.evidence.found
        assert proves(found.evidence, chain.committee, chain.genesis_hash, verify)
        assert node.status().evidence_count == 1
        await net.stop(0)
        again = await net.start(0)
        assert [entry.raw for entry in again.evidence.found] == [found.raw]
