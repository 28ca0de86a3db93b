"""Whole nodes that prune: they go on deciding with those that don't, and catch nobody lying."""

import asyncio
from contextlib import closing
from pathlib import Path

import pytest

from chain.pruning import Keep, Removal, remove
from chain.stored_chain import StoredChain
from commerce.money import balance_of
from node import pruner
from node.archive import Archive
from node.pruner import PrunePolicy
from tests.chain.world import account
from tests.node.cluster import Cluster, cluster
from tests.node.test_node import decide, issue, pay


def told(monkeypatch: pytest.MonkeyPatch, first: int) -> asyncio.Event:
    """Set once a node keeps blocks from this height on, or a later one."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()

    def watched(chain: StoredChain, removed: Removal) -> None:
        remove(chain, removed)
        if removed.base.first_block >= first:
            loop.call_soon_threadsafe(event.set)

    monkeypatch.setattr(pruner, "remove", watched)
    return event


async def pays(net: Cluster, count: int) -> None:
    for amount in range(1, count + 1):
        await decide(net, pay(net, amount))


@pytest.mark.asyncio
async def test_a_node_prunes_while_it_decides_and_files_what_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruner, "LOOK_AGAIN_S", 0.01)
    async with cluster(tmp_path) as net:
        await decide(net, issue(net))
        await net.stop(3)
        net.prune = PrunePolicy(Keep(blocks=2, age_ms=0), tmp_path / "archive", heights=3)
        pruned = told(monkeypatch, 7)
        node = await net.start(3)
        await pays(net, 6)
        await pruned.wait()
        height = await net.level()
        assert len({each.ledger.tip.state_root for each in net.nodes}) == 1
        assert balance_of(node.ledger.state, account("merchant"), "CNY").available_minor == 21
        first = node.ledger.base.first_block
        assert 7 <= first <= height
        assert (node.status().first_block, net.nodes[0].status().first_block) == (first, 1)
        for at in range(height + 1):
            assert node.ledger.header(at) == net.nodes[0].ledger.header(at)
            assert (node.ledger.block_bytes(at) is None) == (0 < at < first)
        with closing(Archive(tmp_path / "archive", net.genesis.hash())) as archive:
            assert archive.covers(1, first - 1)
            assert archive.at(2).block == net.nodes[0].ledger.block_bytes(2)
