"""The printed unit: what the node needs, what it may not, and systemd takes it."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from node import systemd_unit, words
from node.config import NodeConfig
from node.systemd_unit import UnitUnusable, UnitWish, own_command, unit_obstacles, unit_text


def config(directory: Path, **more: Path) -> NodeConfig:
    base = NodeConfig(
        name="pudong",
        data_dir=directory / "data",
        genesis=directory / "genesis.json",
        node_key=directory / "node.key",
    )
    return base.model_copy(update=more)


def settings(text: str) -> dict[str, list[str]]:
    """Every `Name=value` of a unit."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_it_starts_the_node_and_listens_to_it(tmp_path: Path) -> None:
    wish = UnitWish(tmp_path / "hushang.toml", "hushang", None)
    told = settings(unit_text(wish, config(tmp_path)))
    assert told["Type"] == ["notify"]
    assert told["NotifyAccess"] == ["main"]
    assert told["ExecStart"] == [f"{own_command()} node start --config {tmp_path}/hushang.toml"]
    assert told["ExecReload"] == ["/bin/kill -HUP $MAINPID"]
    assert told["RestartPreventExitStatus"] == ["9"]
    assert told["Restart"] == ["on-failure"]
    assert int(told["WatchdogSec"][0]) > 0
    assert told["User"] == ["hushang"]
    assert told["ProtectSystem"] == ["strict"]
    assert told["NoNewPrivileges"] == ["true"]
    assert "LoadCredential" not in told


def test_it_may_write_where_the_settings_say_and_nowhere_else(tmp_path: Path) -> None:
    more = config(tmp_path, archive_dir=tmp_path / "old", log_file=tmp_path / "log" / "node.log")
    told = settings(unit_text(UnitWish(tmp_path / "h.toml", "hushang", None), more))
    assert told["ReadWritePaths"] == [f"{tmp_path}/data {tmp_path}/log {tmp_path}/old"]


def test_a_passphrase_is_a_credential_and_never_in_the_environment(tmp_path: Path) -> None:
    wish = UnitWish(tmp_path / "h.toml", "hushang", tmp_path / "secret")
    told = settings(unit_text(wish, config(tmp_path)))
    assert told["LoadCredential"] == [f"passphrase:{tmp_path}/secret"]
    assert "HUSHANG_PASSPHRASE_FILE=%d/passphrase" in told["Environment"]


@pytest.mark.parametrize("name", ["with space", "100%", "a$b", 'q"'])
def test_what_systemd_would_read_otherwise_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnitUnusable, match="can't stand in a unit"):
        unit_text(UnitWish(tmp_path / name, "hushang", None), config(tmp_path))
    with pytest.raises(UnitUnusable):
        unit_text(UnitWish(tmp_path / "h.toml", name, None), config(tmp_path))


def test_a_home_stays_readable_where_the_data_lie_there() -> None:
    home = Path("/") / "home" / "somebody"
    told = settings(unit_text(UnitWish(home / "h.toml", "u", None), config(home)))
    assert told["ProtectHome"] == ["read-only"]


@dataclass(frozen=True)
class Account:
    """What pwd tells of a user."""

    pw_uid: int
    pw_gid: int


def obstacles(directory: Path, user: Account | None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Why a unit of a node in this directory would not start for such a user."""

    def find(name: str) -> Account:
        if user is None:
            raise KeyError(name)
        return user

    monkeypatch.setattr(pwd, "getpwnam", find)
    monkeypatch.setattr(os, "getgrouplist", lambda _name, group: [group])
    monkeypatch.setattr(systemd_unit, "own_command", lambda: str(directory / "hushang"))
    # The folders above are the machine's, and no part of the test.
    monkeypatch.setattr(Path, "parents", property(lambda path: [directory] * (path != directory)))
    wish = UnitWish(directory / "hushang.toml", "node", None)
    return list(unit_obstacles(wish, config(directory)))


def test_what_would_keep_the_unit_from_starting_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Account(os.getuid() or 4711, os.getgid() or 4711)
    for name in ("hushang", "hushang.toml", "node.key", "genesis.json"):
        (tmp_path / name).write_text("")
        os.chown(tmp_path / name, own.pw_uid, own.pw_gid)
    os.chown(tmp_path, own.pw_uid, own.pw_gid)
    (tmp_path / "node.key").chmod(0o600)
    (told,) = obstacles(tmp_path, own, monkeypatch)
    assert told.endswith(f"install -d -o node -m 700 {tmp_path}/data")
    (tmp_path / "data").mkdir()
    os.chown(tmp_path / "data", own.pw_uid, own.pw_gid)
    assert obstacles(tmp_path, own, monkeypatch) == []

    stranger = Account(own.pw_uid + 1, own.pw_gid + 1)
    (tmp_path / "data").chmod(0o755)
    tmp_path.chmod(0o755)
    key, data = obstacles(tmp_path, stranger, monkeypatch)
    assert f"can't read {tmp_path}/node.key" in key
    assert "data" in data
    # Who may not enter the folder can read nothing in it.
    tmp_path.chmod(0o700)
    assert len(obstacles(tmp_path, stranger, monkeypatch)) == 5
    assert obstacles(tmp_path, Account(0, 0), monkeypatch) == []
    assert obstacles(tmp_path, None, monkeypatch) == [
        "there is no user node here: useradd --system node"
    ]
    try:
        words.use("zh")
        (told,) = map(words.spoken, obstacles(tmp_path, None, monkeypatch))
        assert told == "本机没有用户 node：useradd --system node"
    finally:
        words.use("en")


def test_systemd_takes_it(tmp_path: Path) -> None:
    """Where systemd-analyze is at hand; else the tests above say what they can."""
    analyze = shutil.which("systemd-analyze")
    unit = tmp_path / "hushang.service"
    unit.write_text(unit_text(UnitWish(tmp_path / "h.toml", "root", None), config(tmp_path)))
    if analyze is not None and Path(own_command()).exists():
        command = [analyze, "verify", "--man=no", str(unit)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert str(unit) not in done.stderr
        assert done.returncode == 0, done.stderr
    assert unit.read_text().count("[Service]") == 1
