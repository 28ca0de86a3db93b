"""A disk that is full or fails under one of four nodes: it ends by name, the others go on."""

import errno
import json
import os
import resource
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from node import processes
from node.testnet_layout import NodePlace
from tests.processes.history import assert_one_history
from tests.processes.net import Load, Net, running, until
from tests.processes.promises import Promises, complaints
from tests.processes.tearing import faulty_disk

KIB = 1024


@contextmanager
def file_size_limit(size_max: int) -> Iterator[None]:
    """Processes that are started inside can't write a file beyond this size (EFBIG)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_max, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def last_words(net: Net, node: NodePlace) -> str:
    lines = net.testnet.log_file(node).read_text().splitlines()
    return str(json.loads(lines[-1])["message"])


def assert_ends_by_name(net: Net, load: Load, node: NodePlace, rule: str, words: str) -> None:
    """The node ends by itself and says why and what to do; the others decide all the while."""
    until(lambda: processes.state_of(net.testnet, node).pid is None, f"{node.name} has ended")
    said = last_words(net, node)
    assert said.startswith(f"stopped: {rule}: "), said
    assert words in said
    assert "make room on the disk" in said
    height = net.height([other for other in net.testnet.nodes if other is not node]) + 1
    until(lambda: bool(load.beyond(height)), "the others decide")


def break_journal(
    net: Net, load: Load, node: NodePlace, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No fsync of the node's journal succeeds from some moment on."""
    disk = net.testnet.directory / f"disk of {node.name}"
    net.kill(node)
    with faulty_disk(disk, monkeypatch):
        net.start(node)
    (disk / "fault").write_text(str(number))
    assert_ends_by_name(net, load, node, "JournalFailed", os.strerror(number))


def fill_store(net: Net, load: Load, node: NodePlace) -> None:
    """The database's log reaches a limit before the journal does: it grows faster.

    LevelDB's begins anew at each start, after a table was made of what it held; sqlite's is
    beyond the limit already.
    """
    net.kill(node)
    data = net.testnet.data_dir(node)
    journal_size = (data / "journal" / "journal").stat().st_size
    log_size = max((path.stat().st_size for path in (data / "db").glob("*.log")), default=0)
    with file_size_limit(max(2 * journal_size, log_size) + 32 * KIB):
        processes.start(net.testnet, node)
    assert_ends_by_name(net, load, node, "DiskRefused", str(data / "db"))


def assert_healed(net: Net, load: Load, victims: Sequence[NodePlace]) -> None:
    """One history, nothing acknowledged lost, nothing signed twice, nobody else stopped."""
    load.stop()
    net.level()
    net.kill_all()
    assert_one_history(net, load)
    promises = Promises.of(net.testnet)
    promises.read_all()
    assert promises.conflicts == []
    assert [line.split(":")[0] for line in complaints(net.testnet)] == [v.name for v in victims]


@pytest.mark.parametrize("store", ["leveldb", "sqlite"])
def test_a_node_whose_database_is_full_ends_by_name_and_catches_up_when_there_is_room(
    tmp_path: Path, store: str
) -> None:
    with running(tmp_path, store=store) as net, Load(net) as load:
        victim = net.testnet.nodes[1]
        until(lambda: len(load.acknowledged) > 20, "the load is under way")
        fill_store(net, load, victim)
        net.start(victim)
        assert_healed(net, load, [victim])


def test_a_node_whose_journal_is_refused_ends_by_name_and_catches_up_when_it_is_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as net, Load(net) as load:
        victims = net.testnet.nodes[:2]
        for victim, number in zip(victims, (errno.ENOSPC, errno.EIO), strict=True):
            break_journal(net, load, victim, number, monkeypatch)
            net.start(victim)
        assert_healed(net, load, victims)
