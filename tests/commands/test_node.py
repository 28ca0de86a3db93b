"""`hushang node`: settings from four places, and a node that says why it can't start."""

import asyncio
from pathlib import Path

import pytest

from node.config import load_config
from node.genesis_file import load_genesis
from tests.commands.command_line import hushang, inside
from tests.node.api.service import served


def test_init_writes_settings_that_start_reads(tmp_path: Path) -> None:
    words = ("node", "init", "--name", "pudong", "--dir", "site", "--plain", "-o", "json")
    made = hushang(*words, cwd=tmp_path)
    assert made.code == 0, made.err
    assert len(bytes.fromhex(made.json["public_key"])) == 32
    start = ("node", "start", "--config", "site/hushang.toml", "--show", "--api-port", "7")
    shown = hushang(*start, cwd=tmp_path, HUSHANG_P2P_PORT="8", HUSHANG_API_PORT="9")
    assert (shown.json["name"], shown.json["p2p_port"], shown.json["api_port"]) == ("pudong", 8, 7)
    assert Path(shown.json["genesis"]).resolve() == (tmp_path / "genesis.json").resolve()
    again = hushang("node", "init", "--name", "x", "--dir", "site", "--plain", cwd=tmp_path)
    assert again.code == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("api_prot = 1", "did you mean api_port?"),
        ('name = "pudong"', "Field required"),
        ("=", "hushang.toml"),
    ],
)
def test_wrong_settings_exit_9_and_say_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "hushang.toml").write_text(text)
    ran = hushang("node", "start", cwd=tmp_path)
    assert ran.code == 9
    assert told in ran.err


def test_a_node_whose_key_is_not_in_the_genesis_exits_9(tmp_path: Path) -> None:
    example = Path(__file__).parent.parent.parent / "genesis.json"
    words = ("node", "init", "--name", "pudong", "--plain", "--genesis", str(example))
    assert hushang(*words, cwd=tmp_path).code == 0
    ran = hushang("node", "start", "--p2p-port", "0", "--api-port", "0", cwd=tmp_path)
    assert ran.code == 9, ran.err
    assert "NodeKeyUnknown" in ran.err


@pytest.mark.asyncio
async def test_a_newcomer_takes_the_genesis_from_a_node_and_observes(tmp_path: Path) -> None:
    place = tmp_path / "site"
    genesis = tmp_path / "genesis.json"
    async with served() as node:
        url = f"http://127.0.0.1:{node.port}"
        words = ("node", "init", "--name", "suzhou", "--dir", str(place), "--plain", "--join", url)
        made = await asyncio.to_thread(inside, *words, "--genesis", str(genesis))
        assert made.code == 0, made.err
        assert node.service.chain.genesis_hash.hex() in made.err
        assert load_genesis(genesis) == node.service.chain.genesis
        again = await asyncio.to_thread(
            inside, *words[:-2], "--join", url, "--genesis", str(genesis)
        )
    assert again.code == 2
    config = load_config(place / "hushang.toml", {}, {})
    assert (config.observer, config.name) == (True, "suzhou")
    assert config.genesis.resolve() == genesis.resolve()


@pytest.mark.asyncio
async def test_a_newcomers_directory_holds_all_it_needs_and_it_is_told_to_register(
    tmp_path: Path,
) -> None:
    place = tmp_path / "new" / "site"
    async with served() as node:
        url = f"http://127.0.0.1:{node.port}"
        words = ("node", "init", "--name", "suzhou", "--dir", str(place), "--plain", "--join", url)
        made = await asyncio.to_thread(inside, *words)
    assert made.code == 0, made.err
    steps = [line for line in made.err.splitlines() if line.startswith("next: ")]
    register = f"hushang member register suzhou --account-key KEYFILE --node-key {place}/node.key"
    assert register in steps[0]
    assert "[[peers]]" in steps[1]
    assert steps[2] == f"next: hushang node start --config {place}/hushang.toml"
    assert load_config(place / "hushang.toml", {}, {}).genesis.resolve() == place / "genesis.json"
    assert load_genesis(place / "genesis.json") == node.service.chain.genesis
