"""`hushang keys`."""

import stat
from pathlib import Path

import pytest

from tests.commands.command_line import hushang, inside


def test_a_new_key_is_private_and_shows_its_account(tmp_path: Path) -> None:
    made = hushang("keys", "new", "a.key", "--plain", "-o", "json", cwd=tmp_path)
    assert made.code == 0, made.err
    assert stat.S_IMODE((tmp_path / "a.key").stat().st_mode) == 0o600
    assert made.json["account"].startswith("hs1")
    shown = hushang("-o", "json", "keys", "show", "a.key", cwd=tmp_path)
    assert shown.json == made.json


def test_a_sealed_key_takes_its_passphrase_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("correct horse\n")
    secret.chmod(0o600)
    file = str(tmp_path / "a.key")
    made = hushang("keys", "new", file, "-o", "json", HUSHANG_PASSPHRASE_FILE=str(secret))
    assert made.code == 0, made.err
    assert made.json["sealed"] is True
    assert "horse" not in made.err + made.out.decode() + (tmp_path / "a.key").read_text()


def test_without_a_passphrase_nothing_is_written(tmp_path: Path) -> None:
    ran = hushang("keys", "new", "a.key", "-o", "json", cwd=tmp_path)
    assert (ran.code, ran.error["code"]) == (4, "PassphraseMissing")
    assert not (tmp_path / "a.key").exists()


def test_each_failure_has_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    inside("keys", "new", "a.key", "--plain")
    again = inside("keys", "new", "a.key", "--plain", "-o", "json")
    assert (again.code, again.error["code"]) == (2, "KeyFileExists")
    missing = inside("keys", "show", "b.key", "-o", "json")
    assert (missing.code, missing.error["code"]) == (3, "KeyFileMissing")
    (tmp_path / "a.key").chmod(0o644)
    wide = inside("keys", "show", "a.key", "-o", "json")
    assert (wide.code, wide.error["code"]) == (4, "KeyFileTooOpen")
