"""A newcomer takes genesis and peers from others' nodes, and no word of one against another's."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from node.client import NodeFailed
from node.genesis_file import load_genesis
from node.newcomer import GenesisExists, fetch_genesis, keep_genesis, peers_at
from tests.node.api.service import served


@pytest.mark.asyncio
async def test_the_genesis_is_written_once_and_its_hash_told(tmp_path: Path) -> None:
    said: list[str] = []
    async with served() as node:
        urls = [f"http://127.0.0.1:{node.port}"] * 2
        file = tmp_path / "new" / "genesis.json"
        genesis = await asyncio.to_thread(fetch_genesis, said.append, urls, file)
        assert load_genesis(file) == genesis == node.service.chain.genesis
        assert genesis.hash().hex() in said[0]
        with pytest.raises(GenesisExists):
            await asyncio.to_thread(fetch_genesis, said.append, urls, file)
    keep_genesis(genesis, tmp_path / "again.json")
    assert load_genesis(tmp_path / "again.json") == genesis


@pytest.mark.asyncio
async def test_peers_are_the_asked_node_and_those_whose_address_it_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served() as node:
        first, second = node.service.peers
        listening = replace(node.service.status(), p2p_port=26_700)
        monkeypatch.setattr(
            node.service, "status", lambda: replace(listening, peers=node.service.peers)
        )
        node.service.peers = (replace(first, address="10.0.0.2:7"), replace(second, address=None))
        found = await asyncio.to_thread(peers_at, f"http://127.0.0.1:{node.port}")
        near = replace(first, address="127.0.0.1:7")
        node.service.peers = (near, replace(second, address=None))
        local = await asyncio.to_thread(peers_at, f"http://127.0.0.1:{node.port}")
    status = listening
    assert [(p.host, p.port) for p in found[1:]] == [("10.0.0.2", 7)]
    assert (found[0].host, found[0].node_key) == ("127.0.0.1", status.node_key.hex())
    assert found[1].node_key == first.public_key.hex()
    assert [(p.host, p.port) for p in local[1:]] == [("127.0.0.1", 7)]


@pytest.mark.asyncio
async def test_a_node_that_tells_no_port_is_named_instead_of_a_traceback() -> None:
    async with served() as node:
        with pytest.raises(NodeFailed, match="reach it"):
            await asyncio.to_thread(peers_at, f"http://127.0.0.1:{node.port}")
