"""No secret of a running node can be seen from outside: not by ps, not in a log, not by its API."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from node import processes
from node.config import load_config, to_toml
from node.gateway.tokens import TokenEntry, add_token, digest_of, new_token
from node.keystore import find_passphrase, load_key, write_key
from node.testnet_layout import NodePlace
from tests.processes.net import Net, running

PASSPHRASE = b"correct horse battery staple"


@contextmanager
def sealed(net: Net, node: NodePlace, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """The node again: with a sealed key, at the level debug, with a token for submitting."""
    net.kill(node)
    folder, file = net.testnet.folder(node), net.testnet.config_file(node)
    seed = load_key(folder / "node.key", find_passphrase).seed
    write_key(folder / "sealed.key", seed, passphrase=PASSPHRASE)
    phrase = tmp_path / "passphrase"
    phrase.touch(0o600)
    phrase.write_bytes(PASSPHRASE + b"\n")
    changed = {
        "node_key": folder / "sealed.key",
        "submit_tokens": tmp_path / "submit-tokens.json",
        "log_level": "debug",
    }
    file.write_text(to_toml(load_config(file, {}, {}).model_copy(update=changed)))
    command = [sys.executable, "cli.py", "node", "start", "--config", str(file)]
    environ = {**processes.plain_environment(), "HUSHANG_PASSPHRASE_FILE": str(phrase)}
    root = Path(__file__).resolve().parent.parent.parent
    with (
        net.testnet.log_file(node).open("ab") as log,
        subprocess.Popen(command, cwd=root, env=environ, stdout=log, stderr=log) as process,
    ):
        net.testnet.pid_file(node).write_text(f"{process.pid}\n")
        try:
            processes.wait_until_ready(net.testnet, [node], 60.0)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20.0)


def status_with(node: NodePlace, token: str, path: str) -> int:
    """The status of a POST of nothing with this token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/msgpack"}
    request = urllib.request.Request(f"{node.api}{path}", b"\xc1", headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code


def knock(node: NodePlace) -> None:
    """Something that is told at the level debug only: a stranger at the peer port."""
    with socket.create_connection(("127.0.0.1", node.p2p_port), timeout=20.0) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
        with suppress(ConnectionError):
            while sock.recv(4_096):
                pass


def seen_from_outside(pid: int) -> bytes:
    """What `ps` and /proc show of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pids = [pid, *map(int, children)]
    return b"".join(
        (Path("/proc") / str(one) / name).read_bytes()
        for one in pids
        for name in ("cmdline", "environ")
    )


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Net]:
    with running(tmp_path_factory.mktemp("secrets")) as made:
        yield made


def test_every_key_file_is_its_owners_only(net: Net) -> None:
    files = sorted(net.testnet.directory.rglob("*.key"))
    assert len(files) == len(net.testnet.nodes) + len(net.testnet.accounts)
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_a_running_node_shows_no_seed_passphrase_or_token(net: Net, tmp_path: Path) -> None:
    node = net.testnet.nodes[3]
    right, wrong = new_token(), new_token()
    add_token(tmp_path / "submit-tokens.json", TokenEntry("till", digest_of(right), None, None, 1))
    seed = load_key(net.testnet.folder(node) / "node.key", find_passphrase).seed
    with sealed(net, node, tmp_path) as process:
        for token, expected in ((right, 400), (wrong, 401)):
            assert status_with(node, token, "/v1/transactions/batch") == expected
            assert status_with(node, token, "/v1/epcis/capture") == 403
            assert status_with(node, "x", f"/v1/unknown?token={token}") == 404
        knock(node)
        shown = {
            "ps": seen_from_outside(process.pid),
            "metrics": net.client(node).text("/metrics").encode(),
            "status": net.client(node).text("/v1/status").encode(),
        }
        for other in processes.running(net.testnet):
            assert other.pid is not None
            shown[f"ps {other.node.name}"] = seen_from_outside(other.pid)
    shown["log"] = net.testnet.log_file(node).read_bytes()
    assert b'"level": "debug"' in shown["log"] or b'"level":"debug"' in shown["log"]
    secrets = (PASSPHRASE, right.encode(), wrong.encode(), seed, seed.hex().encode())
    for place, data in shown.items():
        for secret in secrets:
            assert secret not in data, place
    assert os.environ.get("HUSHANG_PASSPHRASE_FILE") is None
