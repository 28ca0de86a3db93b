"""Secrets by their shapes and by themselves are taken out; what only looks alike stays."""

from pathlib import Path

import pytest

from node.support.redaction import MARK, Redactor, known_secrets

SEED = "5f" * 32


def clean(text: str, *literals: str) -> str:
    return Redactor(literals).clean(text)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY----- rest", "MC4CAQ"),
        ("-----BEGIN EC PRIVATE KEY-----\ncut off by the end", "cut off"),
        ("given hct_abcdefgh2345xyz here", "hct_abcdefgh2345xyz"),
        ("sent hsk_4fJq8ZxTt0bYw1Lk9PvRm3Aa then", "4fJq8ZxTt0bYw1Lk9PvRm3Aa"),
        ("Authorization: Bearer abc.DEF-123", "abc.DEF-123"),
        ("authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("POST https://shop:hunter2@erp.example/hook", "hunter2"),
        ("GET /v1/x?access_token=s3cr3tvalue&limit=1", "s3cr3tvalue"),
        ('{"password": "open sesame"}', "open sesame"),
        ('{"message": "{\\"seed\\": \\"00ff00ff\\"}"}', "00ff00ff"),
        ("HUSHANG_PASSPHRASE=correct-horse", "correct-horse"),
        ("secret: 'whisper'", "whisper"),
        ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "eyJzdWIiOiIx"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_taken_out(text: str, secret: str) -> None:
    redactor = Redactor(())
    cleaned = redactor.clean(text)
    assert secret not in cleaned
    assert MARK in cleaned
    assert redactor.count == 1


@pytest.mark.parametrize(
    "text",
    [
        "genesis hash " + SEED,
        '"capture_tokens": "/srv/hushang/tokens.json"',
        "HUSHANG_PASSPHRASE_FILE=/run/secrets-of/node",
        "http://127.0.0.1:26780/v1/status?limit=5",
        "3 tokens: none of them expires",
        "the seed of each block's beacon",
        'hushang_certificate_end_timestamp_seconds{use="api"} 1.7e9',
        "account hs1xnjlmamfh83dqqqqqqqqqqqqqqqqqqqqqqqqqq",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert clean(text) == text


def test_a_known_secret_is_taken_out_wherever_it_stands() -> None:
    assert clean(f"x{SEED}y open sesame", SEED, "open sesame") == f"x{MARK}y {MARK}"


def test_known_secrets_come_of_key_files_tokens_and_the_environment(tmp_path: Path) -> None:
    key, tokens, words = (tmp_path / name for name in ("node.key", "tokens.json", "words"))
    key.write_text(f'{{"public_key": "{"ab" * 32}", "seed": "{SEED}"}}')
    tokens.write_text(f'{{"tokens": [{{"name": "erp", "digest": "{"cd" * 32}"}}]}}')
    words.write_text("open sesame\nand more\n")
    environ = {
        "HUSHANG_PASSPHRASE_FILE": str(words),
        "ERP_API_KEY": "k-12345678",
        "MY_TOKEN": "abc",
        "TOKEN_FILE": str(words),
        "HOME": "/nowhere/at/all",
    }
    found = known_secrets([key, tmp_path / "missing"], [tokens], environ)
    # Short ones would take words away, and a file's name is none.
    assert set(found) == {SEED, "cd" * 32, "open sesame", "k-12345678"}
    assert list(found) == sorted(found, key=lambda text: (-len(text), text))


def test_a_secret_of_the_environment_may_be_longer_than_any_name_of_a_file() -> None:
    token = "x" * 4_000
    assert known_secrets([], [], {"AWS_SESSION_TOKEN": token}) == (token,)
