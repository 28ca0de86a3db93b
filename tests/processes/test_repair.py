"""A damaged node ends by name and says what to do; after `hushang repair` its vote counts again."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chain.errors import HushangError
from consensus.records import SyncedRecord, decode_record, encode_record
from consensus.recovery import Replay
from node import detached, processes
from node.genesis_file import load_genesis
from node.journal import Journal, journal_owner
from node.testnet_layout import GENESIS, NodePlace
from tests.commands.command_line import Ran, inside
from tests.node.test_repair import ruin, ruin_database
from tests.processes.history import assert_one_history, ledger_of
from tests.processes.net import Load, Net, running, until
from tests.processes.promises import Promises
from tests.processes.test_full_disk import last_words

# What a lost journal keeps a node silent for, and one more.
BLOCKS = 4


def repair(net: Net, node: NodePlace, *words: str) -> Ran:
    """`hushang repair` on a stopped node."""
    return inside("repair", "--config", str(net.testnet.config_file(node)), "-o", "json", *words)


def decide(net: Net, at: NodePlace, count: int = 1) -> None:
    for _ in range(count):
        assert net.decide(at, net.payment()).is_decided


def make_tables(net: Net) -> None:
    """Each database has tables: a start makes one of the log before it."""
    decide(net, net.testnet.nodes[0], 3)
    net.at_rest()
    net.kill_all()
    net.start(*net.testnet.nodes)
    for node in net.testnet.nodes:
        assert list((net.testnet.data_dir(node) / "db").glob("*.ldb"))


def shorten_journal(net: Net, victim: NodePlace) -> int:
    """As a node does when its journal is large: what is synced is not in it any more."""
    with ledger_of(net, victim) as ledger:
        height = ledger.tip.height
    genesis = load_genesis(net.testnet.directory / GENESIS)
    (node_key,) = (m.node_key for m in genesis.members if m.name == victim.name)
    folder = net.testnet.data_dir(victim) / "journal"
    owner = journal_owner(genesis.hash(), node_key)
    with closing(Journal(folder, owner, may_create=False)) as journal:
        known = Replay.of([decode_record(raw) for raw in journal.records], height)
        kept = [SyncedRecord(height), *known.recovered.records()]
        journal.rewrite([encode_record(record) for record in kept])
    return height


def ends_by_name(net: Net, victim: NodePlace, rule: str) -> None:
    """The node doesn't start, exits 1, and its last words say why and what to do."""
    pid = processes.start(net.testnet, victim)
    child = detached._children[pid]
    until(lambda: child.poll() is not None, f"{victim.name} has ended")
    assert child.returncode == 1
    said = last_words(net, victim)
    assert said.startswith(f"stopped: {rule}: "), said
    assert "hushang repair" in said


def votes_again(net: Net, victim: NodePlace, following: NodePlace) -> None:
    """The victim catches up, and with another member dead nothing is decided without it."""
    net.start(victim)
    # A silence ends with new blocks.
    decide(net, following, BLOCKS)
    net.at_rest()
    net.kill(following)
    decide(net, victim)


def lose_database(net: Net, victim: NodePlace) -> None:
    ruin_database(net.testnet.data_dir(victim))
    ends_by_name(net, victim, "StoreDamaged")
    ran = repair(net, victim, "--yes")
    assert ran.code == 0, ran.err
    assert (ran.json["to_move"], ran.json["silent_until"]) == (["db"], None)


def lose_database_behind_a_short_journal(net: Net, victim: NodePlace) -> None:
    height = shorten_journal(net, victim)
    ruin_database(net.testnet.data_dir(victim))
    ran = repair(net, victim, "--yes")
    assert ran.code == 0, ran.err
    assert (ran.json["to_move"], ran.json["silent_until"]) == (["db"], height)


def lose_journal(net: Net, victim: NodePlace) -> None:
    ruin(net.testnet.data_dir(victim) / "journal" / "journal")
    ends_by_name(net, victim, "JournalDamaged")
    told = repair(net, victim, "--dry-run")
    assert (told.code, told.json["to_move"]) == (8, ["journal"])
    ran = repair(net, victim, "--yes")
    assert ran.code == 0, ran.err
    assert ran.json["to_move"] == ["journal"]


def lose_both(net: Net, victim: NodePlace) -> None:
    ruin(net.testnet.data_dir(victim) / "journal" / "journal")
    ruin_database(net.testnet.data_dir(victim))
    ran = repair(net, victim, "--yes")
    assert ran.code == 0, ran.err
    assert sorted(ran.json["to_move"]) == ["db", "journal"]


LOSSES: tuple[Callable[[Net, NodePlace], None], ...] = (
    lose_database,
    lose_database_behind_a_short_journal,
    lose_journal,
    lose_both,
)


def test_each_node_is_damaged_in_turn_repaired_and_its_vote_counts_again(tmp_path: Path) -> None:
    with running(tmp_path, store="leveldb") as net:
        nodes, promises = net.testnet.nodes, Promises.of(net.testnet)
        make_tables(net)
        live = repair(net, nodes[0], "--yes")
        assert (live.code, live.error["code"]) == (7, "StoreLocked")
        net.kill(nodes[0])
        for number, lose in enumerate(LOSSES):
            victim, following = nodes[number], nodes[(number + 1) % len(nodes)]
            promises.read_journal(victim)
            lose(net, victim)
            votes_again(net, victim, following)
        net.start(nodes[0])
        net.at_rest()
        net.kill_all()
        promises.read_all()
        assert promises.conflicts == []
        assert_one_history(net, Load(net))


def ruin_under_the_node(directory: Path) -> None:
    """Bytes of the tables change while they are open, as on a disk that fails."""
    for table in (directory / "db").glob("*.ldb"):
        content = bytearray(table.read_bytes())
        for at in range(60, len(content), 100):
            content[at] ^= 0x5A
        # In place: LevelDB has it mapped.
        with table.open("r+b") as file:
            file.write(content)


def test_damage_that_a_request_meets_ends_the_node_and_a_whole_journal_brings_the_chain_back(
    tmp_path: Path,
) -> None:
    with running(tmp_path, nodes=1, store="leveldb") as net:
        (node,) = net.testnet.nodes
        # So many that a start doesn't read them all.
        decide(net, node, 30)
        make_tables(net)
        child = detached._children[processes.state_of(net.testnet, node).pid or 0]
        wanted = net.get(node, "/v1/headers/1")["header"]["hash"]
        ruin_under_the_node(net.testnet.data_dir(node))
        with pytest.raises(HushangError):
            net.get(node, "/v1/blocks/20")
        until(lambda: child.poll() is not None, "the node has ended")
        assert child.returncode == 1
        assert last_words(net, node).startswith("stopped: StoreDamaged: ")
        assert "hushang repair" in last_words(net, node)
        ran = repair(net, node, "--yes")
        assert (ran.code, ran.json["to_move"]) == (0, ["db"]), ran.err
        net.start(node)
        assert net.get(node, "/v1/headers/1")["header"]["hash"] == wanted
        decide(net, node)
