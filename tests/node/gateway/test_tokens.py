"""Tests of the tokens file: hashes only, private, read again when it changes."""

import hmac
import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from chain.bech32m import encode_account
from node.gateway.tokens import (
    FILE_NAME,
    TOKENS_MAX,
    SubmitBook,
    TokenBook,
    TokenEntry,
    TokenFileMalformed,
    TokenNameTaken,
    TokenNameUnknown,
    TooManyTokens,
    add_token,
    digest_of,
    new_token,
    read_tokens,
    remove_token,
    write_tokens,
)
from node.keystore import KeyFileTooOpen, write_key
from tests.chain.world import account, key

SEED = bytes(range(32))


def entry(name: str, token: str, **changed: Any) -> TokenEntry:
    """A token of the merchant's."""
    values: dict[str, Any] = {
        "name": name,
        "digest": digest_of(token),
        "account": account("merchant"),
        "key_file": "gateway.key",
        "created_ms": 1,
        "rate": 5,
    }
    return TokenEntry(**{**values, **changed})


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    """Where the tokens lie, with the key that they choose."""
    write_key(tmp_path / "gateway.key", SEED, account=account("merchant"))
    return tmp_path / FILE_NAME


def test_a_token_finds_its_account_and_key(file: Path) -> None:
    tokens = [new_token() for _ in range(3)]
    for number, token in enumerate(tokens):
        add_token(file, entry(f"erp-{number}", token))
    book = TokenBook(file)
    for number, token in enumerate(tokens):
        holder = book.find(token)
        assert holder is not None
        assert (holder.name, holder.account, holder.rate) == (
            f"erp-{number}",
            account("merchant"),
            5,
        )
        assert holder.key.public_key != key("merchant").public_key
        assert "seed" not in repr(holder)
        assert "key=" not in repr(holder)


@pytest.mark.parametrize(
    "wrong", [None, "", "x", "hct_", pytest.param(new_token(), id="another"), "hct_" + "A" * 52]
)
def test_another_token_finds_nothing(file: Path, wrong: str | None) -> None:
    add_token(file, entry("erp", new_token()))
    assert TokenBook(file).find(wrong) is None


def test_every_entry_is_compared_whichever_is_right(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = [new_token() for _ in range(4)]
    for number, token in enumerate(tokens):
        add_token(file, entry(str(number), token))
    book = TokenBook(file)
    compared: list[str] = []

    def compare(one: str, other: str) -> bool:
        compared.append(one)
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for token in (*tokens, new_token()):
        compared.clear()
        book.find(token)
        assert len(compared) == 4


def test_the_file_has_no_token_and_mode_0600(file: Path) -> None:
    token = new_token()
    add_token(file, entry("erp", token))
    assert token not in file.read_text()
    assert token.removeprefix("hct_") not in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(token) == 56


def test_a_change_counts_at_the_next_request(file: Path) -> None:
    token, book = new_token(), TokenBook(file)
    assert book.find(token) is None
    add_token(file, entry("erp", token))
    assert book.find(token) is not None
    remove_token(file, "erp")
    assert book.find(token) is None


def test_a_file_that_others_may_read_has_no_tokens(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    token = new_token()
    add_token(file, entry("erp", token))
    file.chmod(0o640)
    with caplog.at_level(logging.WARNING):
        assert TokenBook(file).find(token) is None
    assert "KeyFileTooOpen" in caplog.text
    assert token not in caplog.text
    with pytest.raises(KeyFileTooOpen):
        read_tokens(file)
    file.chmod(0o600)


def test_a_key_that_cannot_be_read_costs_only_its_own_token(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad = new_token(), new_token()
    add_token(file, entry("good", good))
    add_token(file, entry("bad", bad, key_file="missing.key"))
    book = TokenBook(file)
    with caplog.at_level(logging.WARNING):
        assert book.find(bad) is None
        assert book.find(good) is not None
    assert "capture token bad: KeyFileMissing" in caplog.text


def test_a_sealed_key_needs_the_configured_passphrase(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_key(file.parent / "sealed.key", SEED, passphrase=b"open")
    token = new_token()
    add_token(file, entry("sealed", token, key_file="sealed.key"))
    monkeypatch.delenv("HUSHANG_PASSPHRASE_FILE", raising=False)
    assert TokenBook(file).find(token) is None
    secret = file.parent / "passphrase"
    secret.write_text("open\n")
    secret.chmod(0o600)
    monkeypatch.setenv("HUSHANG_PASSPHRASE_FILE", str(secret))
    assert TokenBook(file).find(token) is not None


def test_names_are_taken_once_and_there_are_not_too_many(file: Path) -> None:
    add_token(file, entry("erp", new_token()))
    with pytest.raises(TokenNameTaken):
        add_token(file, entry("erp", new_token()))
    with pytest.raises(TokenNameUnknown):
        remove_token(file, "till")
    write_tokens(file, [entry(str(number), new_token()) for number in range(TOKENS_MAX)])
    with pytest.raises(TooManyTokens):
        add_token(file, entry("more", new_token()))


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "a b"},
        {"name": ""},
        {"sha256": "00"},
        {"account": "hs1xyz"},
        {"key_file": "../node.key"},
        {"key_file": "/etc/passwd"},
        {"key_file": ".."},
        {"created_ms": "1"},
        {"rate": 0},
        {"rate": True},
    ],
)
def test_a_file_of_another_form_is_refused_without_its_values(
    file: Path, changed: dict[str, Any]
) -> None:
    record = {
        "name": "erp",
        "sha256": "0" * 64,
        "account": encode_account(account("merchant")),
        "key_file": "gateway.key",
        "created_ms": 1,
        "rate": 5,
    }
    text = {"format": "hushang-capture-tokens", "version": 1, "tokens": [{**record, **changed}]}
    write_private(file, json.dumps(text).encode())
    with pytest.raises(TokenFileMalformed) as refused:
        read_tokens(file)
    assert str(refused.value).endswith("tokens[0] is not of its form")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format": "x"}', b"\xff"])
def test_another_file_is_no_tokens_file(file: Path, data: bytes) -> None:
    write_private(file, data)
    with pytest.raises(TokenFileMalformed):
        read_tokens(file)


def write_private(path: Path, data: bytes) -> None:
    """A file of mode 0600."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as stream:
        stream.write(data)


def test_a_token_for_submitting_is_none_for_captures_and_the_other_way_round(file: Path) -> None:
    capture, submit = new_token(), new_token()
    add_token(file, entry("erp", capture))
    add_token(file, entry("till", submit, account=None, key_file=None))
    holder, submitter = TokenBook(file).find(capture), SubmitBook(file).find(submit)
    assert holder is not None
    assert submitter is not None
    assert (holder.name, submitter.name) == ("erp", "till")
    assert TokenBook(file).find(submit) is None
    assert SubmitBook(file).find(capture) is None
    for wrong in (None, "", "x", new_token()):
        assert SubmitBook(file).find(wrong) is None


def test_a_token_for_submitting_ends_when_it_is_revoked(file: Path) -> None:
    token, book = new_token(), SubmitBook(file)
    assert book.find(token) is None
    add_token(file, entry("till", token, account=None, key_file=None))
    assert book.find(token) is not None
    remove_token(file, "till")
    assert book.find(token) is None


@pytest.mark.parametrize("half", [{"account": None}, {"key_file": None}])
def test_an_account_without_a_key_and_a_key_without_an_account_are_refused(
    file: Path, half: dict[str, None]
) -> None:
    add_token(file, entry("erp", new_token(), account=None, key_file=None))
    record = json.loads(file.read_text())
    whole = {"account": encode_account(account("merchant")), "key_file": "gateway.key"}
    record["tokens"][0] |= {**whole, **half}
    file.write_text(json.dumps(record))
    with pytest.raises(TokenFileMalformed):
        read_tokens(file)
