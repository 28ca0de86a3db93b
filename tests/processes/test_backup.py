"""A live node is backed up under load; restored, it is silent, catches up, and votes again."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from node.backup import check_backup
from node.control_client import ask_status, run_job
from node.genesis_file import load_genesis
from node.restore import restore
from node.testnet_layout import GENESIS
from tests.processes.net import Load, Net, running, until
from tests.processes.promises import Promises, complaints

TOOK_PART = "votes: this node takes part"


def logged(net: Net, words: str) -> int:
    return net.testnet.log_file(net.testnet.nodes[0]).read_text().count(words)


def test_a_member_restored_from_a_backup_of_a_live_node_votes_again(
    tmp_path: Path, tell: Callable[[str], None]
) -> None:
    file = tmp_path / "node.backup"
    with running(tmp_path, nodes=4) as net:
        node, *others = net.testnet.nodes
        data = net.testnet.data_dir(node)
        with Load(net) as load:
            until(lambda: len(load.acknowledged) > 5, "the load is under way")
            made = run_job(data, "/backup", {"file": str(file)})
            at_backup = time.monotonic()
            until(lambda: bool(load.after(at_backup)), "blocks go on")
        assert check_backup(file).head.height == made["height"]
        assert ask_status(data)["height"] > made["height"] > 0
        promises = Promises.of(net.testnet)
        net.kill(node)
        promises.read_journal(node)
        shutil.move(data, tmp_path / "lost")
        behind = net.height(others)
        restored = restore(file, data, load_genesis(net.testnet.directory / GENESIS))
        assert restored.head.height == made["height"]
        took_part = logged(net, TOOK_PART)
        net.start(node)
        until(lambda: logged(net, "silent up to") == 1, "it knows what it may have forgotten")
        while logged(net, TOOK_PART) == took_part:
            net.decide(others[0], net.payment())
        net.decide(node, net.payment())
        height = net.at_rest()[0]["height"]
        tell(f"restored from height {made['height']} of {behind}, caught up, and votes again")
        net.kill_all()
        promises.read_all()
        voted = {at for name, kind, _, at in promises.said if (name, kind) == (node.name, "commit")}
        assert height in voted
        assert promises.conflicts == []
        assert complaints(net.testnet) == []
