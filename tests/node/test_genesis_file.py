"""genesis.json: what people write is what the core gets, or a refusal that names the place."""

import json
from pathlib import Path
from typing import Any

import pytest

from chain.genesis import ConsensusParameters, Genesis
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from commerce.registry import Registry
from node.genesis_file import (
    GenesisFileInvalid,
    account_names,
    example_path,
    genesis_text,
    load_genesis,
    parse_genesis,
)

EXAMPLE = example_path().read_text("utf-8")


def changed(path: str, value: Any) -> str:
    """The example with the value at a dotted path replaced, or a key added."""
    document = json.loads(EXAMPLE)
    at = document
    *parents, last = path.split(".")
    for part in parents:
        at = at[int(part)] if isinstance(at, list) else at[part]
    at[last] = value
    return json.dumps(document)


def test_the_example_is_the_consortium_of_four_districts() -> None:
    genesis = load_genesis(example_path())
    assert [m.name for m in genesis.members] == ["pudong", "xuhui", "jingan", "hongkou"]
    assert genesis.chain_id.startswith("test-")
    assert [(a.symbol, a.decimals, a.issuer) for a in genesis.assets] == [("CNY", 2, "issuer")]
    assert genesis.consensus == ConsensusParameters()
    wanted = {"issuer", "merchant", "buyer", "carrier", "inspector", "arbiter", "regulator"}
    wanted |= {f"arbiter{number:02}" for number in range(1, 17)}
    assert wanted == {account.name for account in genesis.accounts}


def test_the_example_founds_a_chain() -> None:
    ledger = Ledger(MemoryStore(), load_genesis(example_path()), Registry())
    assert ledger.tip.height == 0


def test_the_example_names_every_parameter() -> None:
    document = json.loads(EXAMPLE)
    genesis = load_genesis(example_path())
    assert json.loads(genesis_text(genesis, tuple(document["about"]))) == document


def test_what_is_for_people_is_no_part_of_the_hash() -> None:
    assert parse_genesis(changed("about", ["other"])).hash() == load_genesis(example_path()).hash()
    assert parse_genesis(changed("time_ms", 7)).hash() != load_genesis(example_path()).hash()


def test_the_order_of_keys_changes_nothing() -> None:
    document = json.loads(EXAMPLE)
    turned = json.dumps(dict(reversed(document.items())))
    assert parse_genesis(turned) == load_genesis(example_path())


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("time_scal", 7, "time_scal: unknown key; did you mean time_scale?"),
        ("consensus.request_timeuot", "1 s", "did you mean request_timeout?"),
        ("consensus.request_timeout", "1 second", "consensus.request_timeout"),
        ("consensus.request_timeout", "01 s", "consensus.request_timeout"),
        ("consensus.request_timeout", 1.5, "1.5"),
        ("consensus.request_timeout", True, "consensus.request_timeout"),
        ("consensus.leader_period", "16", "consensus.leader_period"),
        ("consensus.leader_period", 0, "leader_period"),
        ("members.0.node_key", "AB" * 32, "members.0.node_key"),
        ("members.0.node_key", "ab", "members.0.node_key"),
        ("members.0.node_key", "00" * 32, "KeyRefused"),
        ("members.0.policy.threshold", 2, "PolicyMalformed"),
        ("members.0.policy.keys", {}, "members.0.policy.keys"),
        ("members.1.name", "pudong", "member name pudong stands twice"),
        ("accounts.0.sponsor", "nobody", "sponsor nobody is no member"),
        ("assets.0.issuer", "nobody", "nobody"),
        ("chain_id", "shanghai", None),
        ("time_scale", -1, "time_scale"),
        ("version", 2, "version 2"),
        ("members", [], "members"),
        ("limits", {"x": 2**40}, "limits"),
    ],
)
def test_a_mistake_is_refused_with_its_place(path: str, value: Any, told: str | None) -> None:
    text = changed(path, value)
    if told is None:
        parse_genesis(text)
        return
    with pytest.raises(GenesisFileInvalid) as caught:
        parse_genesis(text, "genesis.json")
    assert told in str(caught.value)


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(GenesisFileInvalid, match="twice"):
        parse_genesis(EXAMPLE.replace('"version"', '"version": 1, "version"', 1))


def test_a_fast_clock_needs_a_test_chain() -> None:
    document = json.loads(changed("time_scale", 1000)) | {"chain_id": "shanghai"}
    with pytest.raises(GenesisFileInvalid, match="test-"):
        parse_genesis(json.dumps(document))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GenesisFileInvalid, match="No such file"):
        load_genesis(tmp_path / "none.json")


def test_every_member_and_account_has_its_id() -> None:
    genesis: Genesis = load_genesis(example_path())
    ids = account_names(genesis)
    assert len(set(ids.values())) == len(genesis.members) + len(genesis.accounts)
    assert ids["pudong"] == genesis.committee().members[0].account
