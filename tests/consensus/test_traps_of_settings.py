"""Named regressions of where others fell, part settings: no node's own setting can stop the chain.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

import ast
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from chain.genesis import ConsensusParameters, Genesis
from chain.ledger import Ledger
from chain.store_memory import MemoryStore
from consensus.config import ReplicaConfig
from node import node as assembly
from node.config import ConfigInvalid, NodeConfig, load_config, to_toml
from tests.chain.toy import ToyRules
from tests.chain.world import genesis
from tests.consensus.cluster import Cluster
from tests.consensus.forging import block_on, pre_prepare
from tests.consensus.stub_chain import START_MS

ROOT = Path(__file__).parent.parent.parent

# All that one node may set, and why no other node can tell. Whoever adds a field says it here.
HARMLESS = {
    "name": "which member's committee key this node looks for",
    "data_dir": "where",
    "genesis": "the agreement itself; another file is another chain",
    "node_key": "who",
    "p2p_host": "where",
    "p2p_port": "where",
    "api_host": "where",
    "api_port": "where",
    "api_certificate": "what clients are shown",
    "api_key": "what clients are shown",
    "api_hosts": "who may ask it, not what it answers to its peers",
    "api_origins": "who may ask it, not what it answers to its peers",
    "api_connections_max": "how many may ask it at once",
    "api_proxies": "whose word on who asks it takes",
    "query_rate_max": "how often one may ask it",
    "submit_tokens": "from whom it takes transactions; its peers take them from anybody",
    "submit_tokens_for": "as submit_tokens",
    "peers": "where",
    "observer": "whether a key that is in no committee is meant to be: it never votes",
    "store": "the same bytes in another engine: tests/chain/test_store.py",
    "snapshot_interval_ms": "whether files are made beside the blocks; no block looks at them",
    "join": "how it gets the blocks it lacks; all prove themselves",
    "prune": "what it keeps of decided blocks: no rule reads below the headers that all keep",
    "keep_days": "as prune",
    "keep_blocks": "as prune",
    "archive_dir": "as prune",
    "capture_tokens": "for whom it signs captures: each is a transaction like any other",
    "webhook_networks": "whom it may tell what was decided",
    "webhook_ca": "as webhook_networks",
    "log_level": "what it tells its operator",
    "log_file": "where",
    "log_format": "what it tells its operator",
}
AGREED = [field.name for field in fields(ConsensusParameters)]


def test_trap_25_every_setting_of_a_node_is_known_to_be_harmless() -> None:
    """Trap 25 (FISCO#4656): the block limit of one node's file was consensus-relevant there."""
    assert set(NodeConfig.model_fields) == set(HARMLESS)
    agreed = {*AGREED, *(field.name for field in fields(Genesis))}
    agreed |= {field.name for field in fields(ReplicaConfig)} - {"node_key"}
    assert not agreed & set(HARMLESS)


@pytest.mark.parametrize("name", AGREED)
def test_trap_25_what_all_must_share_is_refused_in_a_file_a_variable_and_a_flag(
    name: str, tmp_path: Path
) -> None:
    """Trap 25 (FISCO#4656): refused, not ignored: nobody shall believe that he has set it."""
    config = NodeConfig(
        name="m0", data_dir=tmp_path, genesis=tmp_path / "g", node_key=tmp_path / "k"
    )
    file = tmp_path / "hushang.toml"
    file.write_text(to_toml(config), encoding="utf-8")
    load_config(file, {}, {})
    with pytest.raises(ConfigInvalid, match=f"--{name.replace('_', '-')}: "):
        load_config(file, {}, {name: 7})
    with pytest.raises(ConfigInvalid, match=name.upper()):
        load_config(file, {f"HUSHANG_{name.upper()}": "7"}, {})
    file.write_text(f"{name} = 7\n" + to_toml(config), encoding="utf-8")
    with pytest.raises(ConfigInvalid, match=name):
        load_config(file, {}, {})


def readers_of_the_environment() -> Iterator[str]:
    """Files that read variables or arguments."""
    for package in ("chain", "consensus", "commerce", "p2p", "node"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for found in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(found, ast.Attribute) and found.attr in {"environ", "getenv", "argv"}:
                    yield path.relative_to(ROOT).as_posix()


def test_trap_25_no_part_that_agrees_reads_the_environment() -> None:
    """Trap 25 (FISCO#4656): variables are read where the node is set up and nowhere below."""
    readers = set(readers_of_the_environment())
    assert not {path for path in readers if path.split("/")[0] in {"chain", "consensus"}}
    assert not {path for path in readers if path.split("/")[0] in {"commerce", "p2p"}}
    rest = {path for path in readers if not path.startswith(("node/commands/", "node/demo/"))}
    assert not rest & {"node/node.py", "node/driver.py", "node/ledger_queue.py", "node/mempool.py"}


def test_trap_25_what_a_replica_is_made_of_comes_from_the_chain_alone() -> None:
    """Trap 25 (FISCO#4656): of its node it gets who it is, its journal and its store."""
    setup = {field.name for field in fields(assembly.NodeSetup)}
    assert "config" not in setup
    assert not {field.type for field in fields(assembly.NodeSetup)} & {NodeConfig, "NodeConfig"}
    source = ast.parse(Path(assembly.__file__).read_text("utf-8"))
    imported = {
        alias.name
        for found in ast.walk(source)
        if isinstance(found, ast.ImportFrom)
        for alias in found.names
    }
    assert "NodeConfig" not in imported
    assert "load_config" not in imported
    assert "ConsensusParameters" not in imported


def test_trap_25_another_value_of_any_parameter_is_another_chain() -> None:
    """Trap 25 (FISCO#4656): whoever differs in one finds that out at once, not at a height."""
    base = genesis()
    seen = {base.hash()}
    for name in AGREED:
        value = getattr(base.consensus, name)
        changed = replace(base.consensus, **{name: value - 1 if value > 1 else value + 1})
        seen.add(replace(base, consensus=changed).hash())
    assert len(seen) == 1 + len(AGREED)
    ledger = Ledger(MemoryStore(), base, ToyRules())
    assert ledger.chain.genesis.consensus == base.consensus


def test_trap_25_only_a_majoritys_clock_matters_and_one_node_alone_stops_nothing() -> None:
    """Trap 25 (FISCO#4656): a member whose own clock, the one thing that must differ, is wrong
    refuses proposals that the others decide; then it takes the certificate for it.
    """
    cluster = Cluster(4)
    state = cluster.nodes[1].replica._state
    block = block_on(state, 0, 0, b"one", START_MS + 6_000)
    message = pre_prepare(cluster, block, 0, 0, state.tip.certificate)
    output = cluster.nodes[1].replica.step(message, START_MS)
    assert not output.check, "six seconds ahead of its clock"
    cluster.now_ms = START_MS + 6_000
    cluster.submit(b"two", to=[0, 2, 3])
    cluster.run(lambda: cluster.height() >= 2)
