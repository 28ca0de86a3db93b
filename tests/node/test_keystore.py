"""Key files: private, sealed, never overwritten, and silent about secrets."""

import errno
import io
import json
import os
import stat
from pathlib import Path

import pytest
from typing_extensions import override

from chain.account import single_key_policy
from chain.crypto import PrivateKey
from node import keystore
from node.keystore import (
    KeyFileExists,
    KeyFileMalformed,
    KeyFileMissing,
    KeyFileTooOpen,
    KeyFileUnreadable,
    PassphraseMissing,
    PassphraseWrong,
    find_passphrase,
    load_key,
    show_key,
    write_key,
)

SEED = bytes(range(32))
WORD = b"correct horse"


def nobody(path: Path) -> bytes:
    raise AssertionError(f"asked for the passphrase of {path}")


def test_a_plain_key_reads_back_and_is_private_from_its_first_moment(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "merchant.key"
    before = os.umask(0)
    try:
        made = write_key(path, SEED)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, nobody).public_key == PrivateKey(SEED).public_key == made.public_key
    assert made.account == single_key_policy(made.public_key).account_id()
    assert show_key(path) == made


def test_a_sealed_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "sealed.key"
    write_key(path, SEED, passphrase=WORD)
    assert SEED.hex() not in path.read_text()
    assert show_key(path).sealed
    assert load_key(path, lambda _: WORD).public_key == PrivateKey(SEED).public_key
    with pytest.raises(PassphraseWrong) as caught:
        load_key(path, lambda _: b"wrong horse")
    assert "horse" not in str(caught.value)


def test_a_sealed_key_whose_public_part_was_swapped_does_not_open(tmp_path: Path) -> None:
    path = tmp_path / "sealed.key"
    write_key(path, SEED, passphrase=WORD)
    record = json.loads(path.read_text())
    record["public_key"] = PrivateKey(bytes(32)).public_key.hex()
    path.write_text(json.dumps(record))
    with pytest.raises(PassphraseWrong):
        load_key(path, lambda _: WORD)


def test_a_key_file_of_another_user_is_not_called_malformed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    path = tmp_path / "others.key"
    write_key(path, SEED)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(KeyFileUnreadable, match="Permission denied") as caught:
        load_key(path, nobody)
    assert "chown" in caught.value.hint


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_file_that_others_may_touch_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "open.key"
    write_key(path, SEED)
    path.chmod(mode)
    with pytest.raises(KeyFileTooOpen):
        load_key(path, nobody)
    with pytest.raises(KeyFileTooOpen):
        show_key(path)


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "merchant.key"
    write_key(path, SEED)
    with pytest.raises(KeyFileExists):
        write_key(path, bytes(32))
    assert load_key(path, nobody).public_key == PrivateKey(SEED).public_key


def test_a_missing_key_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(KeyFileMissing) as caught:
        show_key(tmp_path / "none.key")
    assert "keys new" in caught.value.hint


@pytest.mark.parametrize(
    "change",
    [
        {"format": "other"},
        {"version": 2},
        {"seed": SEED.hex()[:-2]},
        {"seed": bytes(32).hex()},
        {"seed": 7},
        {"account": "hs1nonsense"},
        {"sealed": {}},
        {"sealed": {"kdf": "scrypt"}, "seed": None},
    ],
)
def test_a_file_that_is_no_key_file_is_refused_without_showing_its_seed(
    tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "odd.key"
    write_key(path, SEED)
    record = json.loads(path.read_text()) | change
    path.write_text(json.dumps({k: v for k, v in record.items() if v is not None}))
    with pytest.raises(KeyFileMalformed) as caught:
        load_key(path, lambda _: WORD)
    assert SEED.hex() not in str(caught.value)


def test_a_torn_file_is_refused_without_showing_its_seed(tmp_path: Path) -> None:
    path = tmp_path / "torn.key"
    write_key(path, SEED)
    path.write_text(path.read_text()[:-4])
    with pytest.raises(KeyFileMalformed) as caught:
        load_key(path, nobody)
    assert SEED.hex() not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("n", 2**30), ("n", 3), ("n", "x"), ("r", 1024)])
def test_a_foreign_file_cannot_choose_the_cost_of_opening_it(
    tmp_path: Path, name: str, value: object
) -> None:
    path = tmp_path / "greedy.key"
    write_key(path, SEED, passphrase=WORD)
    record = json.loads(path.read_text())
    record["sealed"][name] = value
    path.write_text(json.dumps(record))
    with pytest.raises(KeyFileMalformed, match="cost"):
        load_key(path, lambda _: WORD)


def test_a_pipe_is_no_key_file_and_blocks_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.key", 0o600)
    with pytest.raises(KeyFileMalformed):
        show_key(tmp_path / "pipe.key")


def test_a_disk_that_refuses_to_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_key(tmp_path / "a.key", SEED)

    class Failing(io.BytesIO):
        @override
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fdopen", lambda *_: Failing())
    with pytest.raises(KeyFileMalformed, match=r"a\.key: Input/output error"):
        show_key(tmp_path / "a.key")


def test_the_passphrase_comes_from_a_private_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_bytes(WORD + b"\r\nsecond line\n")
    secret.chmod(0o600)
    environ = {keystore.FILE_VARIABLE: str(secret)}
    assert find_passphrase(tmp_path, environ) == WORD
    secret.chmod(0o644)
    with pytest.raises(KeyFileTooOpen):
        find_passphrase(tmp_path, environ)


def test_the_passphrase_comes_from_a_descriptor_before_the_file(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, WORD + b"\n")
    os.close(writer)
    try:
        assert find_passphrase(tmp_path, {keystore.FILE_VARIABLE: "none"}, reader) == WORD
    finally:
        os.close(reader)


def test_with_nobody_to_ask_the_passphrase_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "empty").open("w+") as no_terminal:
        monkeypatch.setattr("sys.stdin", no_terminal)
        with pytest.raises(PassphraseMissing):
            find_passphrase(tmp_path / "a.key", {})


def test_a_passphrase_from_systemd_may_show_the_mask_of_its_access_list(tmp_path: Path) -> None:
    """LoadCredential= gives the service's user an entry of its own, and the file mode 0440."""
    file = tmp_path / "passphrase"
    file.write_bytes(b"open sesame\n")
    file.chmod(0o440)
    named = {"HUSHANG_PASSPHRASE_FILE": str(file)}
    with pytest.raises(KeyFileTooOpen):
        find_passphrase(tmp_path / "k", named)
    with pytest.raises(KeyFileTooOpen):
        find_passphrase(tmp_path / "k", named | {"CREDENTIALS_DIRECTORY": str(tmp_path / "no")})
    credential = named | {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert find_passphrase(tmp_path / "k", credential) == b"open sesame"
    file.chmod(0o444)
    with pytest.raises(KeyFileTooOpen):
        find_passphrase(tmp_path / "k", credential)
