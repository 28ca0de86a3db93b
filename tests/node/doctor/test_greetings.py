"""The peers of a stopped node, greeted with its key: who is there, who is of another chain."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from node.config import NodeConfig, PeerAddress
from node.doctor.greetings import check_greetings
from node.doctor.report import Check, Code, State
from tests.chain.world import key
from tests.node.cluster import Cluster, cluster
from tests.ports import free_port


def settings(running: Cluster, *more: PeerAddress) -> NodeConfig:
    return NodeConfig(
        name="m0",
        data_dir=Path("d"),
        genesis=Path("g"),
        node_key=Path("k"),
        peers=(*running.addresses[1:], *more),
    )


@pytest.mark.asyncio
async def test_who_answers_who_is_away_and_who_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.doctor.greetings.DEADLINE_S", 3.0)
    async with cluster(tmp_path, start=(1, 2)) as running:
        stranger = PeerAddress(name="huangpu", host="127.0.0.1", port=free_port())
        config, genesis = settings(running, stranger), running.genesis

        def look(**changes: int) -> dict[str, Check]:
            made = replace(genesis, **changes)  # type: ignore[arg-type]
            return {c.name: c for c in check_greetings(config, made, key("node of m0"))}

        told = await asyncio.to_thread(look)
        assert [told[f"peer m{index}"].state for index in (1, 2, 3)] == [
            *(State.OK, State.OK, State.WARNING),
        ]
        assert "at height 0" in told["peer m1"].means
        assert "refused" in told["peer m3"].means
        assert told["peer huangpu"].state is State.NOT_CHECKED
        assert told["quorum"].state is State.OK
        # Of another chain: each peer that is there says so.
        other = await asyncio.to_thread(lambda: look(time_ms=genesis.time_ms + 1))
        assert (other["peer m1"].state, other["peer m1"].code) == (State.FAILED, Code.BAD_CONFIG)
        assert (other["quorum"].state, other["quorum"].code) == (State.FAILED, Code.UNREACHABLE)
