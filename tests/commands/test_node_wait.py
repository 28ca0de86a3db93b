"""`hushang node wait`: there, not yet, nobody, and a node of another chain."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from typing_extensions import override

from node.client import NodeClient, NodeUnreachable
from node.join_follow import Follower
from tests.commands.command_line import Ran, inside
from tests.commands.conftest import Shop
from tests.node.api.service import served
from tests.ports import free_port

WAIT = ("node", "wait")


async def waited(url: str, *words: str) -> Ran:
    return await asyncio.to_thread(inside, *WAIT, "--node", url, "--timeout", "0", *words)


def test_own_settings_lead_to_the_node_and_name_its_chain(shop: Shop) -> None:
    config = str(shop.network.config_file(shop.network.nodes[0]))
    ran = inside(*WAIT, "--config", config, "-o", "json")
    assert ran.code == 0, ran.err
    assert ran.json["name"] == shop.network.nodes[0].name
    assert ran.json["genesis_hash"] == shop.network.genesis_hash
    assert inside("peers", "--config", config, "--field", "nodes.0.name").out == (
        f"{shop.network.nodes[0].name}\n".encode()
    )
    why = inside("consensus", "why", "--config", config, "--field", "nodes.0.name")
    assert why.out.decode().strip() == shop.network.nodes[0].name


def test_of_a_test_network_all_nodes_are_waited_for(shop: Shop) -> None:
    for goal in ("--ready", "--synced"):
        told = shop.ok(*WAIT, goal).json
        assert [entry["name"] for entry in told] == [node.name for node in shop.network.nodes]
    shop.ok("pay", "transfer", "merchant", "CNY 0.01", "--as", "buyer")
    heights = shop.run(*WAIT, "--height", "1", "--field", "height").out.split()
    assert all(int(height) >= 1 for height in heights)


@pytest.mark.asyncio
async def test_a_node_that_answers_and_is_not_ready_is_told_with_its_reasons() -> None:
    async with served() as node:
        node.service.reasons = ("2 of the 3 members of a quorum are connected",)
        url = f"http://127.0.0.1:{node.port}"
        ran = await waited(url, "-o", "json")
        assert (ran.code, ran.error["code"]) == (6, "NotYet")
        assert "2 of the 3 members of a quorum are connected" in ran.error["message"]
        assert "2 of the 3 members" in ran.err.splitlines()[0]
        assert (await waited(url, "--height", "999")).code == 6
        ran = await waited(url, "--lang", "zh")
        assert "正在等待：法定多数需 3 名成员，已连接 2 名，已等待 0 秒" in ran.err
        assert re.search("waits|members|after", ran.err) is None
        ran = await waited(url, "--lang", "zh", "--height", "999")
        assert "，目标 999，已等待 0 秒" in ran.err
        node.service.reasons = ()
        ran = await waited(url)
        assert (ran.code, ran.err) == (0, "")


@pytest.mark.asyncio
async def test_a_node_of_another_chain_is_refused_at_once(shop: Shop) -> None:
    config = str(shop.network.config_file(shop.network.nodes[0]))
    async with served() as node:
        url = f"http://127.0.0.1:{node.port}"
        ran = await waited(url, "--config", config, "--timeout", "60", "-o", "json")
    assert (ran.code, ran.error["code"]) == (8, "ChainDiffers")


def test_where_nobody_answers_it_exits_5() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ran = inside(*WAIT, "--node", url, "--timeout", "0", "-o", "json")
    assert (ran.code, ran.error["code"]) == (5, "NodeUnreachable")
    assert f"{url} doesn't answer yet" in ran.err


@pytest.mark.parametrize(
    "words", [("--ready", "--synced"), ("--height", "1", "--synced"), ("--timeout", "-1")]
)
def test_goals_that_contradict_one_another_exit_2(words: tuple[str, ...]) -> None:
    assert inside(*WAIT, *words).code == 2


def test_settings_that_let_the_system_choose_the_port_name_no_node(shop: Shop) -> None:
    own = shop.network.config_file(shop.network.nodes[0])
    text = own.read_text("utf-8")
    lines = ["api_port = 0" if line.startswith("api_port") else line for line in text.splitlines()]
    file = own.with_name("chosen.toml")
    file.write_text("\n".join(lines), "utf-8")
    ran = inside("peers", "--config", str(file))
    assert (ran.code, "--node URL" in ran.err) == (2, True)


class Silent(NodeClient):
    """Never answers."""

    @override
    def get(self, path: str, query: Mapping[str, object] | None = None) -> Any:
        raise NodeUnreachable("down")


def test_a_follower_of_a_silent_node_gives_up_when_its_time_is_over() -> None:
    said: list[str] = []
    follower = Follower(Silent(["http://127.0.0.1:1"]), said.append, 0.0, silent="nobody")
    assert not follower.follow(0.01)
    assert said == ["nobody"]
    assert str(follower.silence) == "down"
