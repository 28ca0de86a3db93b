"""A genesis of cards: nobody twice, the agreed hash or none, and a seat for who adopts it."""

from dataclasses import replace
from pathlib import Path

import pytest

from chain.crypto import PrivateKey
from node.config import NodeConfig
from node.founding import (
    GenesisDiffers,
    GenesisNameTaken,
    new_draft,
    peers_of,
    read_draft,
    require_hash,
    require_known_limits,
    require_member,
    with_account,
    with_asset,
    with_members,
    write_draft,
)
from node.genesis_file import AccountForm, AssetForm, GenesisFileInvalid, PolicyForm
from node.member_card import CardForm, make_card
from tests.chain.world import GENESIS_MS, key
from tests.chain.world import genesis as founded


def policy(name: str) -> PolicyForm:
    return PolicyForm(threshold=1, keys={key(name).public_key.hex(): 1})


def card(name: str, node: str | None = None, port: int | None = 7) -> CardForm:
    seed = key(node or f"node of {name}").seed
    where = None if port is None else (f"{name}.example", port)
    return make_card(name, PrivateKey(seed), policy(name), where)


def draft(*names: str) -> list[CardForm]:
    return [card(name) for name in names]


def test_a_draft_grows_to_a_genesis_and_reads_back(tmp_path: Path) -> None:
    made = new_draft("test-trade", GENESIS_MS, draft("a", "b"))
    made = with_members(made, draft("c", "d"))
    made = with_account(made, AccountForm(name="bank", sponsor="a", policy=policy("bank")))
    made = with_asset(made, AssetForm(symbol="CNY", decimals=2, issuer="bank"))
    write_draft(tmp_path / "new" / "genesis.json", made)
    again = read_draft(tmp_path / "new" / "genesis.json").core()
    assert again.hash() == made.core().hash()
    assert [member.name for member in again.members] == ["a", "b", "c", "d"]
    assert again.time_ms == GENESIS_MS


def test_no_name_and_no_node_key_stands_twice() -> None:
    made = new_draft("test-trade", GENESIS_MS, draft("a", "b"))
    with pytest.raises(GenesisNameTaken, match="member a"):
        with_members(made, [card("a", "another node")])
    with pytest.raises(GenesisNameTaken, match="is also c's"):
        with_members(made, [card("c", "node of a")])
    account = AccountForm(name="a", sponsor="a", policy=policy("x"))
    with pytest.raises(GenesisNameTaken, match="account a"):
        with_account(made, account)
    asset = AssetForm(symbol="CNY", decimals=2, issuer="a")
    with pytest.raises(GenesisNameTaken, match="CNY"):
        with_asset(with_asset(made, asset), asset)


def test_only_the_agreed_hash_will_do_and_enough_of_it() -> None:
    genesis = new_draft("test-trade", GENESIS_MS, draft("a", "b", "c", "d")).core()
    found = genesis.hash().hex()
    for agreed in (found, found.upper(), found[:32]):
        require_hash(genesis, agreed)
    for wrong in (found[:31], "", "00" * 32, found + "00"):
        with pytest.raises(GenesisDiffers):
            require_hash(genesis, wrong)


def test_a_node_adopts_only_a_genesis_that_seats_it_by_key_and_name(tmp_path: Path) -> None:
    genesis = new_draft("test-trade", GENESIS_MS, draft("a", "b", "c", "d")).core()
    own = NodeConfig(name="a", data_dir=tmp_path, genesis=tmp_path, node_key=tmp_path)
    require_member(genesis, own, key("node of a").public_key)
    for name, node in (("a", "node of b"), ("b", "node of a"), ("a", "stranger")):
        with pytest.raises(GenesisDiffers, match="not this node"):
            require_member(genesis, own.model_copy(update={"name": name}), key(node).public_key)


def test_peers_are_the_others_that_told_an_address() -> None:
    told = [card("a"), card("b"), card("c", port=None)]
    assert [(p.name, p.host, p.port) for p in peers_of(told, "a")] == [("b", "b.example", 7)]


def test_no_chain_is_founded_with_a_limit_that_nothing_asks_for() -> None:
    require_known_limits(replace(founded(), limits={"deposit_minimum/food": 5, "fund_debt_max": 1}))
    with pytest.raises(GenesisFileInvalid, match="limit fund_debt_maximum: there is none"):
        require_known_limits(replace(founded(), limits={"fund_debt_maximum": 5}))
