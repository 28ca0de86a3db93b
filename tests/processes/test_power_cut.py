"""A power cut tears what was not synced: nodes heal by themselves, and never forget in silence."""

import random
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from chain.ledger import Ledger
from chain.store import open_store
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from consensus.config import JournalIncomplete
from consensus.records import decode_record, encode_record
from consensus.recovery import Replay
from node.journal import Journal, journal_owner
from tests.chain.leveldb_log import records
from tests.chain.world import account, key
from tests.node.cluster import Cluster, cluster
from tests.processes.history import assert_one_history
from tests.processes.net import Load, Net, running, until
from tests.processes.promises import Promises, complaints
from tests.processes.tearing import faulty_disk, tear

WAIT_MS = 10_000
HEALED_S = 10.0
PAYMENTS = 12


async def pay(net: Cluster) -> int:
    """Payments through the only node, each decided; the height at rest."""
    op = operation("asset.issue", AssetIssue("CNY", account("buyer"), 1_000, "bank-1"))
    raws = [net.signed("issuer", op)]
    for _ in range(PAYMENTS):
        one = operation("pay.transfer", PayTransfer(account("merchant"), "CNY", 1, None))
        raws.append(net.signed("buyer", one))
    for raw in raws:
        submitted = await net.nodes[0].submit(raw)
        decided = await net.nodes[0].wait_decided(submitted.id, WAIT_MS)
        assert decided is not None
    return await net.level()


async def crash(net: Cluster, damage: Callable[[bytes], bytes]) -> None:
    """Stop the only node; its files are as they were while it ran, but for the damaged log."""
    folder, crashed = net.directory / "m0", net.directory / "crashed"
    shutil.copytree(folder, crashed)
    await net.stop(0)
    shutil.rmtree(folder)
    crashed.rename(folder)
    log = newest_log(folder)
    log.write_bytes(damage(log.read_bytes()))


def newest_log(folder: Path) -> Path:
    return max((folder / "db").glob("*.log"), key=lambda path: int(path.stem))


def without_the_last(count: int) -> Callable[[bytes], bytes]:
    """The log as if its last batches were never written."""
    return lambda log: log[: records(log)[-count][0]]


def with_a_flipped_length(log: bytes) -> bytes:
    """The last record claims to be longer than the file: LevelDB takes it for torn."""
    flipped = bytearray(log)
    flipped[records(log)[-1][0] + 5] ^= 0x40
    return bytes(flipped)


def with_a_flipped_bit(log: bytes) -> bytes:
    """The last record's data is damaged: nothing tells it from a torn one."""
    return log[:-10] + bytes([log[-10] ^ 1]) + log[-9:]


DAMAGES = {
    "the last batch is gone": without_the_last(1),
    "the last five are gone": without_the_last(5),
    "the last length is flipped": with_a_flipped_length,
    "the last data is flipped": with_a_flipped_bit,
}


@pytest.mark.asyncio
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_blocks_that_the_store_lost_come_back_from_the_journal(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    async with cluster(tmp_path, n=1, kind="leveldb") as net:
        height = await pay(net)
        root = net.nodes[0].ledger.tip.state_root
        await crash(net, damage)
        again = await net.start(0)
        assert await again.wait_height(height, WAIT_MS) == height
        assert again.ledger.tip.state_root == root


@pytest.mark.asyncio
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
async def test_a_store_behind_what_the_journal_says_was_synced_is_refused_by_name(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    async with cluster(tmp_path, n=1, kind="leveldb") as net:
        await pay(net)
        # The journal now holds the height that is synced, and its blocks no longer.
        running = net.running[0]
        running.journal.rewrite([encode_record(one) for one in running.node._replica.records()])
        await crash(net, damage)
        folder = net.directory / "m0"
        with closing(open_store(folder / "db")) as store:
            ledger = Ledger(store, net.genesis, Registry())
            owner = journal_owner(ledger.chain.genesis_hash, key("node of m0").public_key)
            with closing(Journal(folder / "journal", owner, may_create=False)) as journal:
                found = [decode_record(data) for data in journal.records]
            with pytest.raises(JournalIncomplete):
                Replay.of(found, ledger.tip.height)


def cut_power(net: Net, load: Load, disk: Path, promises: Promises, draw: random.Random) -> float:
    """All nodes at once, torn, and back: seconds until the next decision is acknowledged."""
    net.kill_all()
    for node in net.testnet.nodes:
        tear(net.testnet.data_dir(node), disk, draw)
        promises.read_journal(node)
    moment = time.monotonic()
    net.start(*net.testnet.nodes)
    until(lambda: bool(load.after(moment)), "they decide again", HEALED_S)
    return load.after(moment)[0] - moment


@pytest.mark.parametrize(("store", "cuts"), [("leveldb", 2), ("sqlite", 1)])
def test_after_a_power_cut_of_all_nodes_they_heal_by_themselves_and_nothing_is_lost(
    tmp_path: Path,
    store: str,
    cuts: int,
    monkeypatch: pytest.MonkeyPatch,
    tell: Callable[[str], None],
) -> None:
    draw = random.Random(store)
    disk = tmp_path / "disk"
    with (
        faulty_disk(disk, monkeypatch),
        running(tmp_path, store=store) as net,
        Load(net) as load,
    ):
        promises = Promises.of(net.testnet)
        seconds = []
        for _ in range(cuts):
            count = len(load.acknowledged)
            until(lambda at=count: len(load.acknowledged) > at + 20, "the load is under way")  # type: ignore[misc]
            seconds.append(cut_power(net, load, disk, promises, draw))
        tell(f"power cuts ({store}): decided again after {max(seconds):.1f} s at most")
        assert max(seconds) < HEALED_S
        load.stop()
        net.level()
        net.kill_all()
        assert_one_history(net, load)
        promises.read_all()
        assert promises.conflicts == []
        assert complaints(net.testnet) == []
        logs = [net.testnet.log_file(node).read_text() for node in net.testnet.nodes]
        mended = sum(log.count("after a power cut: cut a torn end") for log in logs)
        assert (mended > 0) == (store == "leveldb")
