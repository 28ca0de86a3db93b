"""A live node is backed up under load; restored, it is silent, catches up, and votes again."""

import re
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

SILENT = re.compile("silent up to height ([0-9]+)")


def silent_up_to(net: Net) -> int:
    """Below which height the first node doesn't vote, as its log says; 0 if it says nothing."""
    found = SILENT.findall(net.testnet.log_file(net.testnet.nodes[0]).read_text())
    return int(found[-1]) if found else 0


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
        net.start(node)
        until(lambda: silent_up_to(net) > 0, "it knows what it may have forgotten")
        silent = silent_up_to(net)
        assert silent >= promises.height, "it had promised something there"

        def voted() -> bool:
            net.decide(others[0], net.payment())
            promises.read_journal(node)
            return any(
                (name, kind) == (node.name, "commit") and at > silent
                for name, kind, _, at in promises.said
            )

        until(voted, "it votes again")
        net.level()
        tell(f"restored from height {made['height']} of {behind}, caught up, and votes again")
        net.kill_all()
        promises.read_all()
        assert promises.conflicts == []
        assert complaints(net.testnet) == []
