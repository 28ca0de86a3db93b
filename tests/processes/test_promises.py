"""The audit of signatures sees what it must see."""

from pathlib import Path

from chain.block import VoteType
from consensus.records import VoteRecord, encode_record
from node.journal import Journal, journal_owner
from node.testnet_genesis import Plan, create
from tests.processes.promises import Promises, complaints


def vote(kind: VoteType, view: int, digest: int) -> bytes:
    return encode_record(VoteRecord(kind, view, 7, bytes([digest]) * 32, bytes(64)))


def test_two_digests_in_one_slot_are_found_across_readings(tmp_path: Path) -> None:
    testnet = create(Plan(tmp_path / "net", "audit", 1))
    (node,) = testnet.nodes
    promises = Promises.of(testnet)
    genesis = promises.genesis
    owner = journal_owner(genesis.hash(), genesis.members[0].node_key)
    journal = Journal(testnet.data_dir(node) / "journal", owner)
    journal.append([vote(VoteType.PRE_PREPARE, 0, 1), vote(VoteType.COMMIT, 0, 1)])
    journal.append([vote(VoteType.PREPARE, 1, 2), vote(VoteType.COMMIT, 1, 2)])
    promises.read_journal(node)
    promises.read_journal(node)
    assert promises.conflicts == []
    assert len(promises.said) == 4
    # What the first reading saw is remembered, though the journal has forgotten it.
    journal.rewrite([vote(VoteType.PREPARE, 0, 3)])
    journal.close()
    promises.read_journal(node)
    assert promises.conflicts == [(node.name, "prepare", 0, 7)]


def test_errors_in_a_log_are_found_and_torn_lines_are_none(tmp_path: Path) -> None:
    testnet = create(Plan(tmp_path / "net", "audit", 1))
    lines = [
        '{"level": "info", "message": "fine"}',
        '{"level": "error", "message": "evidence of equivocation: x"}',
        '{"level": "wa',
        "Traceback (most recent call last):",
    ]
    testnet.log_file(testnet.nodes[0]).write_text("\n".join(lines))
    data_dir = testnet.data_dir(testnet.nodes[0])
    data_dir.mkdir(exist_ok=True)
    (data_dir / "evidence").write_bytes(b"something")
    assert complaints(testnet) == [
        "pudong: evidence against a member",
        "pudong: evidence of equivocation: x",
        "pudong: Traceback (most recent call last):",
    ]
