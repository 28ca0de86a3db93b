"""`hushang testnet`: up, killed, back, stopped, gone; each command another process."""

import shlex
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from node.commands.testnet import account_rows, context_of, near
from node.processes import running
from node.testnet_genesis import Plan, create
from node.testnet_layout import load
from tests.commands.command_line import ROOT, Ran, hushang, inside, is_running


def on(place: Path, *words: str) -> Ran:
    """One command line on the network in a directory."""
    return hushang("testnet", words[0], "--dir", str(place), "-o", "json", *words[1:])


def test_a_network_lives_through_all_of_its_commands(tmp_path: Path) -> None:
    place = tmp_path / "net"
    made = on(place, "up", "-n", "4", "--name", "x", "--time-scale", "1000")
    try:
        assert made.code == 0, made.err
        check_printed(made.json)
        again = on(place, "up", "-n", "4")
        assert (again.code, again.error["code"]) == (2, "NetworkExists")

        killed = on(place, "kill", "1")
        assert killed.code == 0, killed.err
        told = on(place, "status").json["nodes"]
        assert [node["pid"] is None for node in told] == [True, False, False, False]
        assert told[0]["stale_pid_file"] is True
        table = hushang("testnet", "status", "--dir", str(place)).out.decode()
        assert "crashed" in table

        started = on(place, "start", "pudong")
        assert started.code == 0, started.err
        told = on(place, "status").json["nodes"]
        assert all(node["status"]["ready"] for node in told)
        assert len({node["status"]["block_hash"] for node in told}) == 1

        assert on(place, "stop", "xuhui").code == 0
        assert on(place, "stop").code == 0
        for pid in [node["pid"] for node in told]:
            assert not is_running(pid)
        states = {node["pid"] for node in on(place, "status").json["nodes"]}
        assert states == {None}
    finally:
        gone = on(place, "reset", "--yes")
    assert gone.code == 0, gone.err
    assert not place.exists()
    assert on(place, "status").code == 3


def check_printed(record: Any) -> None:
    """What `testnet up` promises to print."""
    assert record["chain_id"] == "test-x"
    assert [node["number"] for node in record["nodes"]] == [1, 2, 3, 4]
    for node in record["nodes"]:
        assert {"name", "api", "p2p", "pid", "data_dir"} <= set(node)
        assert Path(node["data_dir"]).is_dir()
        assert is_running(node["pid"])
    ports = {node[kind] for node in record["nodes"] for kind in ("api", "p2p")}
    assert len(ports) == 8
    for account in record["accounts"]:
        assert account["account"].startswith("hs1")
        assert Path(account["key_file"]).stat().st_mode & 0o077 == 0


def test_the_default_place_is_dot_hushang_and_the_next_steps_are_told(tmp_path: Path) -> None:
    made = hushang("testnet", "up", "-n", "1", cwd=tmp_path)
    try:
        assert made.code == 0, made.err
        assert (tmp_path / ".hushang" / "local" / "testnet.json").exists()
        steps = [line.strip() for line in made.err.split("Next:")[1].splitlines() if line.strip()]
        assert len(steps) == 3
        pay = hushang("pay", "transfer", "merchant", "CNY 129.00", "--as", "buyer", cwd=tmp_path)
        assert 'pay transfer merchant "CNY 129.00" --as buyer' in steps[1]
        assert pay.code == 0, pay.err
    finally:
        hushang("testnet", "reset", "--yes", cwd=tmp_path)


def test_the_commands_to_paste_name_the_network_where_it_must_be_named(tmp_path: Path) -> None:
    place = tmp_path / "my net"
    made = hushang("testnet", "up", "-n", "1", "--dir", str(place), cwd=tmp_path)
    try:
        assert made.code == 0, made.err
        steps = [line.strip() for line in made.err.split("Next:")[1].splitlines() if line.strip()]
        for step in steps[:2]:
            ran = hushang(*shlex.split(step)[1:], cwd=tmp_path)
            assert ran.code == 0, ran.err
    finally:
        hushang("testnet", "reset", "--yes", "--dir", str(place))


def test_a_network_under_the_home_is_named_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUSHANG_HOME", raising=False)
    assert context_of(create(Plan(Path(".hushang/local"), "x", 1))) == ""
    assert context_of(create(Plan(Path(".hushang/fast"), "x", 1))) == " --context fast"
    assert context_of(create(Plan(Path("a/b"), "x", 1))) == f" --context {tmp_path / 'a' / 'b'}"


def test_key_files_are_named_as_they_are_typed_here_and_nothing_is_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    network = create(Plan(Path(".hushang/local"), "x", 1))
    told = [asdict(account) for account in network.accounts]
    accounts = [entry | {"key_file": str(network.directory / entry["key_file"])} for entry in told]
    rows = account_rows(accounts)
    assert rows[2]["account"] == network.account("buyer").account
    assert rows[2]["key_file"] == ".hushang/local/keys/buyer.key"
    assert (rows[-1]["role"], rows[-1]["key_file"]) == (
        "arbiter01…16",
        ".hushang/local/keys/NAME.key",
    )
    assert near("/elsewhere/buyer.key") == "/elsewhere/buyer.key"


def test_help_begins_with_what_a_newcomer_needs() -> None:
    told = inside("testnet", "--help").out.decode()
    assert told.index("  up ") < told.index("  reset ") < told.index("  pause ")
    assert "hushang testnet up -n 4" in told


@pytest.mark.parametrize("words", [("up", "-n", "0"), ("up", "-n", "65"), ("up", "--store", "x")])
def test_a_network_that_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    ran = on(tmp_path / "net", *words)
    assert ran.code in {2, 9}, ran.err
    assert not (tmp_path / "net" / "testnet.json").exists()


def test_what_is_not_there_exits_3(tmp_path: Path) -> None:
    for words in (("status",), ("stop",), ("kill", "1"), ("start",), ("reset", "--yes")):
        ran = inside("testnet", words[0], "--dir", str(tmp_path), "-o", "json", *words[1:])
        assert (ran.code, ran.error["code"]) == (3, "NetworkMissing")


def test_ctrl_c_in_the_middle_leaves_no_process(tmp_path: Path) -> None:
    place = tmp_path / "net"
    words = ("testnet", "up", "-n", "4", "--dir", str(place))
    command = [sys.executable, str(ROOT / "cli.py"), *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stderr is not None
        while b"pid" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"stopped what was started" in err
    assert not running(load(place))


def test_reset_asks_first(tmp_path: Path) -> None:
    made = hushang("testnet", "up", "-n", "1", "--dir", str(tmp_path / "net"))
    assert made.code == 0, made.err
    refused = hushang("testnet", "reset", "--dir", str(tmp_path / "net"), stdin=b"n\n")
    assert refused.code != 0
    assert (tmp_path / "net").exists()
    agreed = hushang("testnet", "reset", "--dir", str(tmp_path / "net"), stdin=b"y\n")
    assert agreed.code == 0, agreed.err
    assert b"kept" not in agreed.out
    assert not (tmp_path / "net").exists()
