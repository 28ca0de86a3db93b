"""All checks together on a stopped node's folder: whole, and broken part by part."""

import os
from pathlib import Path

import pytest

from node.config import NodeConfig
from node.doctor.examine import Question, examine
from node.doctor.report import Check, State, exit_code
from tests.node.doctor.patients import WORDS, patient, states


def test_a_whole_node_that_is_stopped_fails_at_nothing_but_its_peers(tmp_path: Path) -> None:
    checks = patient(tmp_path).look()
    assert states(checks, State.FAILED) == {"quorum"}
    assert "peer m1" in states(checks, State.WARNING)
    fine = {"settings", "key file", "genesis", "identity", "journal", "database", "last run"}
    assert fine <= states(checks, State.OK)
    assert {"p2p port", "api port", "disk room", "disk speed"} <= states(checks, State.OK)
    assert checks["node"].state is State.NOT_CHECKED


def test_nothing_is_left_behind_and_nothing_changed(tmp_path: Path) -> None:
    node = patient(tmp_path)

    def seen() -> dict[str, bytes]:
        files = (path for path in sorted(tmp_path.rglob("*")) if path.is_file())
        return {path.name: path.read_bytes() for path in files}

    before = seen()
    node.look()
    assert seen() == before


def test_without_settings_the_machine_is_still_looked_at() -> None:
    checks = {check.name: check for check in examine(Question(None, {}))}
    assert checks["settings"].state is State.FAILED
    assert exit_code(list(checks.values())) == 9
    assert {"memory", "open files", "software"} <= set(checks)


def test_a_misspelt_key_is_told_with_what_was_meant(tmp_path: Path) -> None:
    node = patient(tmp_path)
    node.file.write_text(node.file.read_text().replace("p2p_port", "p2p_prot"))
    found = node.look()["settings"]
    assert found.state is State.FAILED
    assert "p2p_port" in found.means


def test_an_open_key_another_genesis_and_a_full_port_are_each_named(tmp_path: Path) -> None:
    node = patient(tmp_path, peers=0)
    (tmp_path / "node.key").chmod(0o644)
    (tmp_path / "genesis.json").write_text("{}")
    checks = node.look()
    assert checks["key file"].code == 4
    assert checks["genesis"].code == 9
    assert checks["journal"].state is State.NOT_CHECKED
    assert checks["peers"].state is State.NOT_CHECKED


def test_a_sealed_key_without_its_passphrase_greets_nobody(tmp_path: Path) -> None:
    node = patient(tmp_path, sealed=True)
    checks = node.look()
    assert checks["passphrase"].state is State.NOT_CHECKED
    assert "sealed" in checks["peers"].means
    words = tmp_path / "words"
    words.write_text(WORDS)
    words.chmod(0o600)
    opened = node.look(HUSHANG_PASSPHRASE_FILE=str(words))
    assert opened["passphrase"].state is State.OK
    assert opened["peer m1"].state is State.WARNING
    words.write_text("open barley")
    assert node.look(HUSHANG_PASSPHRASE_FILE=str(words))["passphrase"].code == 4


@pytest.mark.parametrize("part", ["genesis.json", "node.key", "data", "hushang.toml"])
def test_whatever_part_is_missing_the_report_is_made(tmp_path: Path, part: str) -> None:
    node = patient(tmp_path, peers=0)
    path = tmp_path / part
    path.rename(tmp_path / "away")
    checks = node.look()
    assert isinstance(checks["software"], Check)


def patient_config(**changes: object) -> NodeConfig:
    paths = {"data_dir": Path("d"), "genesis": Path("g"), "node_key": Path("k")}
    return NodeConfig.model_validate({"name": "m0", **paths, **changes})


def test_a_running_node_whose_certificate_is_for_another_name_is_not_called_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = patient(tmp_path, peers=0)
    node.write(api_certificate=Path("api.pem"), api_key=Path("api.key"))
    monkeypatch.setattr("node.doctor.examine.ask_status", lambda _: {"pid": os.getpid()})
    checks = node.look()
    assert checks["node"].state is State.NOT_CHECKED
    assert "--ca FILE" in checks["node"].do
    # Nor are its files as they should be.
    assert (checks["api certificate"].state, checks["api certificate"].code) == (State.FAILED, 9)


def test_a_certificate_is_told_once_unless_file_and_node_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = ("api certificate", "certificate api", "certificate peers")
    for served, count in ((State.WARNING, 2), (State.OK, 3)):
        told = [Check(name, State.WARNING, "") for name in names]
        told[1] = Check(names[1], served, "")
        monkeypatch.setattr("node.doctor.examine._machine", lambda _, told=told: told)
        question = Question(file=None, environ={}, has_config=False)
        found = [check.name for check in examine(question) if check.name in names]
        assert len(found) == count
