"""Real nodes that catch up: by a snapshot or by blocks, killed in the middle; then they vote."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from chain import schema
from chain.codec import encode
from chain.errors import HushangError
from chain.store import open_store
from chain.stored_chain import Base
from node import processes
from node.control_client import run_job
from node.testnet_genesis import Plan, create
from node.testnet_layout import LocalNetwork, NodePlace
from tests.bench import chains
from tests.bench.joining import height_of, set_join
from tests.processes.net import Net, until

DYING = Path(__file__).parent / "dying"
# Two parts, and the two renames with which the databases change places.
DEATHS = ("manifest", "state-00000", "db.replaced", "db")


@contextmanager
def long_net(
    directory: Path, transactions: int, per_block: int, first_block: int = 1
) -> Iterator[Net]:
    """Three nodes with a chain and a snapshot of it each; the fourth has nothing and is stopped.

    The three have no blocks below `first_block` any more.
    """
    testnet = create(Plan(directory / "net", "tests"))
    old = testnet.nodes[:-1]
    chains.build(testnet, transactions, per_block)
    if first_block > 1:
        prune(testnet, old[0], first_block)
    chains.copy(testnet, *old[1:])
    try:
        for node in old:
            processes.start(testnet, node)
        processes.wait_until_ready(testnet, old, 60.0)
        for node in old:
            run_job(testnet.data_dir(node), "/snapshot", {})
        yield Net(testnet)
    finally:
        processes.stop(testnet, testnet.nodes, grace_s=2.0)


def prune(testnet: LocalNetwork, node: NodePlace, first_block: int) -> None:
    """A stopped node's blocks below this height go, as after years."""
    rows: dict[bytes, bytes | None] = {
        schema.block_key(height): None for height in range(1, first_block)
    }
    rows[schema.META_BASE] = encode(Base(first_block, 1))
    with closing(open_store(chains.store_of(testnet, node))) as store:
        store.write(rows)


def log_of(testnet: LocalNetwork, node: NodePlace) -> str:
    return testnet.log_file(node).read_text("utf-8")


def assert_its_vote_counts(net: Net, new: NodePlace) -> None:
    """With another one gone, the quorum needs it."""
    first, *others = net.testnet.nodes
    net.level()
    net.kill(first)
    assert net.decide(others[0], net.payment()).status == "ok"
    assert new in others


def test_a_new_member_is_killed_at_every_stage_of_joining_and_then_its_vote_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with long_net(tmp_path, 1_100, 1) as net:
        testnet, new = net.testnet, net.testnet.nodes[-1]
        data = testnet.data_dir(new)
        with monkeypatch.context() as patched:
            patched.setenv("PYTHONPATH", str(DYING))
            for name in DEATHS:
                patched.setenv("DIES_AT", name)
                processes.start(testnet, new)
                until(lambda: processes.state_of(testnet, new).pid is None, f"death at {name}")
        # It died between the two renames of the last swap: there is no database.
        assert not (data / "db").exists()
        assert (data / "db.joining").exists()
        net.start(new)
        assert {path.name for path in data.iterdir()}.isdisjoint({"joining", "db.joining"})
        log = log_of(testnet, new)
        assert log.count("asking for a snapshot") == 1, "after that it went on by itself"
        assert log.count("joining by the snapshot at height 1100") == len(DEATHS)
        assert "parts are here already" in log
        # Of what was before, the header is here and the block is not.
        assert net.get(new, "/v1/headers/1100")["header"]["height"] == 1100
        with pytest.raises(HushangError, match="1101"):
            net.get(new, "/v1/blocks/1100")
        assert_its_vote_counts(net, new)


def test_where_all_have_pruned_the_blocks_a_new_node_joins_by_a_snapshot(tmp_path: Path) -> None:
    with long_net(tmp_path, 60, 1, first_block=31) as net:
        new = net.testnet.nodes[-1]
        set_join(net.testnet, new, "replay")
        processes.start(net.testnet, new)
        until(lambda: processes.state_of(net.testnet, new).pid is None, "it can't be replayed")
        log = log_of(net.testnet, new)
        assert "stopped: HistoryGone" in log
        assert 'set join = \\"snapshot\\" or \\"auto\\"' in log
        set_join(net.testnet, new, "auto")
        net.start(new)
        assert "joined at height 60" in log_of(net.testnet, new)
        assert_its_vote_counts(net, new)


def test_a_node_that_is_killed_while_it_replays_goes_on_where_it_was(tmp_path: Path) -> None:
    with long_net(tmp_path, 600, 1) as net:
        new = net.testnet.nodes[-1]
        set_join(net.testnet, new, "replay")
        processes.start(net.testnet, new)
        until(lambda: height_of(new) >= 100, "some blocks are replayed")
        reached = height_of(new)
        net.kill(new)
        net.start(new)
        starts = [line for line in log_of(net.testnet, new).splitlines() if "; api on" in line]
        height = int(starts[-1].split(" at height ")[1].split(";")[0])
        assert height >= reached
        assert "snapshot at height" not in log_of(net.testnet, new)
        assert_its_vote_counts(net, new)
