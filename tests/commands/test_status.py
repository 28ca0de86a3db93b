"""`hushang status`: what a node says of itself, and what a person must know at once."""

import asyncio
from dataclasses import replace

import pytest

from tests.commands.command_line import inside
from tests.node.api.service import PEER, served


@pytest.mark.asyncio
async def test_peers_are_told_and_one_key_on_two_hosts_is_called_out() -> None:
    async with served() as node:
        words = ("status", "--node", f"http://127.0.0.1:{node.port}")
        quiet = await asyncio.to_thread(inside, *words)
        assert "m1 at 7, m2 away" in quiet.out.decode()
        assert quiet.err == ""
        node.service.peers = (replace(PEER, on_two_hosts=True), node.service.peers[1])
        told = await asyncio.to_thread(inside, *words)
        assert "m1 at 7 (on two hosts?), m2 away" in told.out.decode()
        assert "m1 runs on two hosts? Two processes use its node key: stop one now" in told.err
        _, status = await node.get("/v1/status")
        assert [peer["on_two_hosts"] for peer in status["peers"]] == [True, False]
        assert (status["role"], status["epoch"]) == ("member", 0)
        async with node.http.get("/metrics") as answer:
            assert "hushang_peers_on_two_hosts 1.0" in await answer.text()
