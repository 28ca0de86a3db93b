"""A real node and its service manager: ready, alive, its height, reloading, stopping."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from node.testnet_genesis import Plan, create
from tests.commands.command_line import ROOT
from tests.node.test_notify import Manager


def test_a_real_node_tells_its_manager_from_start_to_end(tmp_path: Path) -> None:
    network = create(Plan(tmp_path / "net", "notify", 1))
    (node,) = network.nodes
    address = f"@{tmp_path}/notify"
    manager = Manager(address)
    manager.socket.settimeout(60.0)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("HUSHANG_")}
    config = str(network.config_file(node))
    command = [sys.executable, str(ROOT / "cli.py"), "node", "start", "--config", config]
    told = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "300000"}
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=kept | told, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
    try:
        assert manager.heard()["STATUS"] == "opening the database"
        while "READY" not in (heard := manager.heard()):
            assert "STOPPING" not in heard, (tmp_path / "log").read_text()
        assert heard["STATUS"].startswith("height 0, view 0, member")
        # Twice: through the ledger's thread each time.
        for _ in range(2):
            while "WATCHDOG" not in manager.heard():
                pass
        text = network.config_file(node).read_text()
        network.config_file(node).write_text(text.replace('"info"', '"debug"'))
        process.send_signal(signal.SIGHUP)
        while "RELOADING" not in (heard := manager.heard()):
            pass
        assert int(heard["MONOTONIC_USEC"]) > 0
        while "READY" not in manager.heard():
            pass
        process.send_signal(signal.SIGTERM)
        while "STOPPING" not in manager.heard():
            pass
        assert process.wait(60.0) == 0
    finally:
        process.kill()
        process.wait()
        manager.socket.close()
