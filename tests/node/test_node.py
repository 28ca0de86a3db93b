"""Whole nodes in one process, over real TLS: they agree, survive stops, and refuse at the door."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from chain.block import check_certificate
from chain.crypto import verify
from chain.errors import (
    EncodingInvalid,
    SenderUnknown,
    SignatureInvalid,
    WrongChain,
)
from chain.store_contract import Kind
from chain.transaction import ReceivedTransaction
from commerce.assets import AssetIssue
from commerce.money import balance_of
from commerce.payments import PayTransfer
from commerce.registry import operation
from consensus.records import SilenceRecord, encode_record
from node.journal import Journal, journal_owner
from node.node import Node
from node.service import Decided
from p2p.frames import Channel
from p2p.messages import Transactions, write_message
from tests.chain.world import World, account, key
from tests.node.cluster import Cluster, cluster

WAIT_MS = 20_000


async def decide(net: Cluster, raw: bytes, at: int = 0) -> Decided:
    """Submit to the `at`-th running node and wait for the outcome there."""
    submitted = await net.nodes[at].submit(raw)
    decided = await net.nodes[at].wait_decided(submitted.id, WAIT_MS)
    assert decided is not None, "not decided in time"
    return decided


def issue(net: Cluster, amount_minor: int = 1_000_000, reference: str = "bank-1") -> bytes:
    op = operation("asset.issue", AssetIssue("CNY", account("buyer"), amount_minor, reference))
    return net.signed("issuer", op)


def pay(net: Cluster, amount_minor: int = 1) -> bytes:
    op = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", amount_minor, None))
    return net.signed("buyer", op)


async def assert_equal(net: Cluster) -> int:
    """All running nodes have the same blocks, roots and certified headers; the height."""
    height = await net.level()
    for at in range(height + 1):
        assert len({node.ledger.block_bytes(at) for node in net.nodes}) == 1
    assert len({node.ledger.tip.state_root for node in net.nodes}) == 1
    chain = net.nodes[0].chain
    for node in net.nodes:
        for at in range(1, height + 1):
            certificate = node.ledger.certificate(at)
            header = node.ledger.header(at)
            assert certificate is not None
            assert header is not None
            assert certificate.digest == header.digest()
            check_certificate(certificate, chain.committee, chain.genesis_hash, verify)
    return height


@pytest.mark.asyncio
@pytest.mark.parametrize("kind", ["leveldb", "sqlite", "memory"])
async def test_four_nodes_agree_on_every_store(tmp_path: Path, kind: Kind) -> None:
    async with cluster(tmp_path, kind=kind) as net:
        assert (await decide(net, issue(net))).receipt.status == "ok"
        for turn in range(8):
            assert (await decide(net, pay(net, 100), turn % 4)).receipt.status == "ok"
        await assert_equal(net)
        for node in net.nodes:
            merchant = balance_of(node.ledger.state, account("merchant"), "CNY")
            assert merchant.available_minor == 800


@pytest.mark.asyncio
@pytest.mark.parametrize("n", [1, 2, 3, 5, 7])
async def test_committees_of_any_size_decide(tmp_path: Path, n: int) -> None:
    async with cluster(tmp_path, n) as net:
        await decide(net, issue(net))
        assert (await decide(net, pay(net), n - 1)).receipt.status == "ok"
        await assert_equal(net)


@pytest.mark.asyncio
async def test_what_was_decided_is_sealed_and_then_the_chain_rests(tmp_path: Path) -> None:
    async with cluster(tmp_path) as net:
        await decide(net, issue(net))
        height = await net.level()
        assert not net.nodes[0].ledger.tip.needs_seal
        # Nothing to do: no block for a whole second, twenty times the delay of a seal.
        assert await net.nodes[0].wait_height(height + 1, 1_000) == height


@pytest.mark.asyncio
async def test_a_stopped_member_catches_up_and_its_vote_is_needed_again(tmp_path: Path) -> None:
    async with cluster(tmp_path, kind="leveldb") as net:
        await decide(net, issue(net))
        await net.stop(3)
        for _ in range(20):
            await decide(net, pay(net))
        await net.level()
        await net.start(3)
        await assert_equal(net)
        # With another member gone, a quorum of three needs the one that came back.
        await net.stop(1)
        assert (await decide(net, pay(net))).receipt.status == "ok"
        await assert_equal(net)


@pytest.mark.asyncio
async def test_all_members_stop_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    async with cluster(tmp_path, kind="leveldb") as net:
        await decide(net, issue(net))
        outcomes = [await decide(net, pay(net)) for _ in range(5)]
        for index in range(4):
            await net.stop(index)
        for index in range(4):
            await net.start(index)
        await assert_equal(net)
        for node in net.nodes:
            for outcome in outcomes:
                known = node.decided(outcome.receipt.id)
                assert known is not None
                assert known.receipt == outcome.receipt
        assert (await decide(net, pay(net))).receipt.status == "ok"


@pytest.mark.asyncio
async def test_two_of_four_members_decide_nothing_until_a_third_comes(tmp_path: Path) -> None:
    async with cluster(tmp_path, start=(0, 1)) as net:
        submitted = await net.nodes[0].submit(issue(net))
        assert await net.nodes[0].wait_decided(submitted.id, 1_000) is None
        assert net.nodes[0].status().not_ready_because
        await net.start(2)
        decided = await net.nodes[0].wait_decided(submitted.id, WAIT_MS)
        assert decided is not None
        await assert_equal(net)


@pytest.mark.asyncio
async def test_a_repeated_transaction_gives_the_same_answer_and_pays_once(tmp_path: Path) -> None:
    async with cluster(tmp_path) as net:
        await decide(net, issue(net))
        raw = pay(net, 100)
        first = await decide(net, raw)
        for at in range(4):
            again = await net.nodes[at].submit(raw)
            assert (await net.nodes[at].wait_decided(again.id, WAIT_MS)) == first
        await net.level()
        merchant = balance_of(net.nodes[2].ledger.state, account("merchant"), "CNY")
        assert merchant.available_minor == 100


@pytest.mark.asyncio
async def test_many_clients_at_once_get_one_receipt_each(tmp_path: Path) -> None:
    async with cluster(tmp_path) as net:
        await decide(net, issue(net))
        raws = [pay(net) for _ in range(200)]
        outcomes = await asyncio.gather(*[decide(net, raw, i % 4) for i, raw in enumerate(raws)])
        assert {outcome.receipt.status for outcome in outcomes} == {"ok"}
        assert len({outcome.receipt.id for outcome in outcomes}) == 200
        await assert_equal(net)


@pytest.mark.asyncio
async def test_a_member_whose_journal_was_lost_serves_before_it_votes_and_says_so(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as net:
        await decide(net, issue(net))
        height = await net.level()
        await net.stop(3)
        (tmp_path / "m3" / "journal" / "journal").unlink()
        initial = encode_record(SilenceRecord(None))
        owner = journal_owner(net.genesis.hash(), key("node of m3").public_key)
        Journal(tmp_path / "m3" / "journal", owner, initial=(initial,)).close()
        node = await net.start(3)
        assert node.status().withheld
        async with asyncio.timeout(20):
            while not node.status().ready:
                await node.wait_height(height + 1, 50)
        # On a chain at rest it stays so.
        assert f"silent up to height {height + 2}; new blocks end it" in node.status().withheld
        async with asyncio.timeout(20):
            for number in range(2, 5):
                await decide(net, issue(net, reference=f"bank-{number}"))
            while node.status().withheld:
                await node.wait_height(node.ledger.tip.height + 1, 50)
        await assert_equal(net)


@pytest.mark.asyncio
async def test_what_no_valid_block_may_hold_is_refused_at_the_door(tmp_path: Path) -> None:
    async with cluster(tmp_path, 1) as net:
        (node,) = net.nodes
        good = pay(net)
        with pytest.raises(EncodingInvalid):
            await node.submit(good[:-1])
        with pytest.raises(SignatureInvalid):
            await node.submit(good[:-1] + bytes([good[-1] ^ 1]))
        other_chain = World(members=2)
        op = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", 1, None))
        with pytest.raises(WrongChain):
            await node.submit(other_chain.signed("buyer", op).raw)
        with pytest.raises(SenderUnknown):
            await node.submit(net.signed("stranger", op))
        assert node.ledger.tip.height == 0


@pytest.mark.asyncio
async def test_what_one_backup_got_from_a_peer_alone_is_decided_without_blame(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path) as net:
        await decide(net, issue(net))
        await net.level()
        view, primary = net.nodes[0].status().view, net.nodes[0].status().primary
        backup = next(node for node in net.nodes if node.status().name != primary)
        peer = next(node for node in net.nodes if node is not backup)
        # As if another member had handed it to this one only, and then fallen silent.
        _, payload = write_message(Transactions((pay(net, 100),)))
        sender = peer.chain.committee.members[net.nodes.index(peer)].node_key
        assert backup._router.received(sender, Channel.TRANSACTIONS, payload) is None
        merchant = account("merchant")
        async with asyncio.timeout(10):
            while not balance_of(primary_of(net).ledger.state, merchant, "CNY").available_minor:
                height = primary_of(net).ledger.tip.height
                await primary_of(net).wait_height(height + 1, 50)
        assert primary_of(net).status().view == view
        await assert_equal(net)


def primary_of(net: Cluster) -> Node:
    """The node that leads now."""
    name = net.nodes[0].status().primary
    return next(node for node in net.nodes if node.status().name == name)


@pytest.mark.asyncio
async def test_blocks_tell_the_pool_what_they_took_away(tmp_path: Path) -> None:
    async with cluster(tmp_path, 1) as net:
        (node,) = net.nodes
        told: list[int] = []
        taken = node._mempool.taken

        def noted(transactions: Sequence[ReceivedTransaction]) -> None:
            told.append(len(transactions))
            taken(transactions)

        node._mempool.taken = noted  # type: ignore[method-assign]
        await decide(net, issue(net))
        assert 1 in told
        # Blocks that are caught up with tell nothing of what can be done.
        node._sync.target = node.ledger.tip.height + 100
        before = len(told)
        await decide(net, pay(net))
        assert len(told) == before


@pytest.mark.asyncio
async def test_a_node_that_still_writes_what_its_journal_has_decided_is_not_ready(
    tmp_path: Path,
) -> None:
    async with cluster(tmp_path, 1) as net:
        (node,) = net.nodes
        await decide(net, issue(net))
        await net.level()
        assert node.status().ready
        height = node.ledger.tip.height
        node._replica._state.recovered.reached = height + 5
        assert not node.status().ready
        assert node.status().not_ready_because == (
            f"writing what its journal has decided: {height} of {height + 5}",
        )
