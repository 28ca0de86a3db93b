"""A fresh test network on disk: its own keys in the example's shape."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chain.genesis import GenesisRole
from commerce.timers import DAY_MS, MINUTE_MS, check_timers
from node.config import load_config
from node.genesis_file import account_names, example_path, load_genesis
from node.keystore import load_key, show_key
from node.testnet_genesis import (
    PORTS,
    Plan,
    create,
    free_ports,
    fresh_genesis,
    member_names,
    role_of,
)
from node.testnet_layout import DirectoryNotEmpty, NetworkExists, load


def never(path: Path) -> bytes:
    raise AssertionError(path)


def test_it_has_the_shape_of_the_example_and_no_key_of_it(tmp_path: Path) -> None:
    example = load_genesis(example_path())
    made, _ = fresh_genesis(Plan(tmp_path, "x", 4, time_scale=9), 77)
    assert (made.chain_id, made.time_ms, made.time_scale) == ("test-x", 77, 9)
    assert [m.name for m in made.members] == [m.name for m in example.members]
    assert [(a.name, a.sponsor, a.roles) for a in made.accounts] == [
        (a.name, a.sponsor, a.roles) for a in example.accounts
    ]
    assert (made.assets, made.consensus) == (example.assets, example.consensus)
    assert not set(account_names(made).values()) & set(account_names(example).values())
    assert not {m.node_key for m in made.members} & {m.node_key for m in example.members}


def test_where_the_clock_runs_faster_an_order_waits_a_legal_day_for_its_payment(
    tmp_path: Path,
) -> None:
    example = load_genesis(example_path())
    assert fresh_genesis(Plan(tmp_path, "x"), 1)[0].timers == example.timers
    fast, _ = fresh_genesis(Plan(tmp_path, "x", time_scale=2), 1)
    check_timers(fast.timers)
    claim_ms = 20 * MINUTE_MS
    assert dict(fast.timers) == {**example.timers, "pay_ms": DAY_MS, "claim_ms": claim_ms}


def test_a_claim_takes_ten_minutes_of_peoples_time_at_most_whatever_the_clock(
    tmp_path: Path,
) -> None:
    for scale in (2, 60, 143, 144, 145, 40_000):
        made, _ = fresh_genesis(Plan(tmp_path, "x", time_scale=scale), 1)
        check_timers(made.timers)
        real_ms = made.timers["claim_ms"] / scale
        assert real_ms == 10 * MINUTE_MS if scale <= 144 else real_ms < 10 * MINUTE_MS


def test_there_are_sixteen_arbiters_of_four_members(tmp_path: Path) -> None:
    made, _ = fresh_genesis(Plan(tmp_path, "x"), 1)
    arbiters = [entry for entry in made.accounts if entry.name != role_of(entry.name)]
    assert [entry.name for entry in arbiters] == [f"arbiter{n:02}" for n in range(1, 17)]
    assert {role_of(entry.name) for entry in arbiters} == {"arbiter"}
    assert {entry.roles for entry in arbiters} == {(GenesisRole("arbiter", ""),)}
    sponsors = [entry.sponsor for entry in arbiters]
    assert {name: sponsors.count(name) for name in sponsors} == dict.fromkeys(member_names(4), 4)


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_any_number_of_members_has_names_and_sponsors(tmp_path: Path, count: int) -> None:
    made, _ = fresh_genesis(Plan(tmp_path, "x", count), 1)
    names = [member.name for member in made.members]
    assert names == list(member_names(count))
    assert len(set(names)) == count
    assert {account.sponsor for account in made.accounts} <= set(names)


def test_what_is_written_belongs_together(tmp_path: Path) -> None:
    made = create(Plan(tmp_path / "net", "x", 3, store="sqlite"))
    assert load(tmp_path / "net") == made
    genesis = load_genesis(tmp_path / "net" / "genesis.json")
    assert genesis.hash().hex() == made.genesis_hash
    keys = {member.name: member.node_key for member in genesis.members}
    for node in made.nodes:
        config = load_config(made.config_file(node), {}, {})
        assert load_key(config.node_key, never).public_key == keys[node.name]
        assert load_genesis(config.genesis) == genesis
        assert (config.p2p_port, config.api_port) == (node.p2p_port, node.api_port)
        assert config.data_dir == made.data_dir(node)
        assert config.store == "sqlite"
        others = {(peer.name, peer.port) for peer in config.peers}
        assert others == {(o.name, o.p2p_port) for o in made.nodes if o != node}
    ids = account_names(genesis)
    for account in made.accounts:
        assert show_key(made.key_file(account)).account == ids[account.name]


def test_a_second_network_never_overwrites_the_first(tmp_path: Path) -> None:
    made = create(Plan(tmp_path, "x", 1))
    with pytest.raises(NetworkExists):
        create(Plan(tmp_path, "x", 1))
    assert load(tmp_path) == made


def test_what_lies_in_the_way_is_named_and_kept(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    with pytest.raises(DirectoryNotEmpty, match="holds keys"):
        create(Plan(tmp_path, "x", 1))
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]
    (tmp_path / "keys").rmdir()
    assert create(Plan(tmp_path, "x", 1)) == load(tmp_path)


def test_two_at_the_same_time_make_one_network(tmp_path: Path) -> None:
    def attempt(_: int) -> bool:
        try:
            create(Plan(tmp_path / "net", "x", 2))
        except NetworkExists:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(attempt, range(4)))
    assert made.count(True) == 1
    network = load(tmp_path / "net")
    genesis = load_genesis(network.directory / "genesis.json")
    assert genesis.hash().hex() == network.genesis_hash
    assert not (tmp_path / "net" / ".new").exists()


def test_ports_are_distinct_free_and_out_of_the_way_of_outgoing_connections() -> None:
    ports = free_ports(16)
    assert len(set(ports)) == 16
    assert all(port in PORTS for port in ports)
    for port in ports:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", port))


def test_no_secret_stands_in_the_manifest_or_the_settings(tmp_path: Path) -> None:
    made = create(Plan(tmp_path, "x", 1))
    seeds = [json.loads(file.read_text())["seed"] for file in tmp_path.rglob("*.key")]
    assert len(seeds) == len(made.accounts) + len(made.nodes)
    for file in (*tmp_path.rglob("*.json"), *tmp_path.rglob("*.toml")):
        assert not [seed for seed in seeds if seed in file.read_text()]
