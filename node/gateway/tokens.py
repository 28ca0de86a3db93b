"""Bearer tokens: a file of their hashes, and what each lets its holder do.

One for captures names the account and the key that signs; one for submitting names neither.

A token is 256 random bits, shown once; the file holds its SHA-256, which nobody can invert or
guess, so that no slow hash is needed. The file and each key file have mode 0600 and are read again
when the file changes, without a restart. Whoever presents no token or a wrong one never learns
which; tokens appear in no error, log line or `repr`.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import re
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from chain.bech32m import decode_account, encode_account
from chain.crypto import PrivateKey
from chain.errors import HushangError, LedgerError
from node.clients import files
from node.keystore import (
    FILE_VARIABLE,
    KeyFileMalformed,
    KeyFileMissing,
    PassphraseMissing,
    find_passphrase,
    load_key,
    read_private,
)
from node.strict_json import JsonRefused, read_json

logger = logging.getLogger(__name__)

T = TypeVar("T")

FILE_NAME: Final = "capture-tokens.json"
FORMAT: Final = "hushang-capture-tokens"
FORMAT_VERSION: Final = 1
FILE_SIZE_MAX: Final = 256 * 1024
TOKENS_MAX: Final = 256
TOKEN_BYTES: Final = 32
TOKEN_PREFIX: Final = "hct_"  # noqa: S105 - what every token begins with
# Requests a second that one token may make for long, and at once.
RATE_DEFAULT: Final = 50
RATE_MAX: Final = 10_000
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


class TokenFileMalformed(HushangError):
    """The file is no list of tokens of this version."""

    hint = "hushang capture-token create makes one; nobody edits it by hand"


class TokenNameTaken(HushangError):
    """A token of this name exists already."""

    hint = "choose another name, or revoke the old token first"


class TokenNameUnknown(HushangError):
    """No token has this name."""

    hint = "hushang capture-token list; of tokens for submitting, --for submit there and here"


class TooManyTokens(HushangError):
    """The file holds as many tokens as it may."""

    hint = f"at most {TOKENS_MAX}; revoke what is not used"


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One token: its name for people, SHA-256 in hex, account, and the key file that it chooses.

    `key_file` is relative to the folder of the tokens file. Without both it is for submitting.
    """

    name: str
    digest: str
    account: bytes | None
    key_file: str | None
    created_ms: int
    rate: int = RATE_DEFAULT


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever presented a right token: the account it speaks for, by a delegated key."""

    name: str
    account: bytes
    rate: int
    key: PrivateKey = field(repr=False)


def new_token() -> str:
    """A fresh token, 256 bits."""
    drawn = base64.b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().lower().rstrip("=")
    return TOKEN_PREFIX + drawn


def digest_of(token: str) -> str:
    """What the file holds of a token."""
    # A header's bytes need be no UTF-8: aiohttp keeps them in surrogates, and so they come back.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def read_tokens(path: Path) -> tuple[TokenEntry, ...]:
    """The tokens of a file; one that isn't there has none. `TokenFileMalformed`, `KeyFileTooOpen`.

    Checked on the open file as key files are.
    """
    try:
        data = read_private(path, FILE_SIZE_MAX)
    except KeyFileMissing:
        return ()
    except KeyFileMalformed as error:
        raise TokenFileMalformed(str(error)) from error
    try:
        return _entries(path, read_json(data))
    except JsonRefused as error:
        raise TokenFileMalformed(f"{path}: {error.place}") from None


def write_tokens(path: Path, entries: Sequence[TokenEntry]) -> None:
    """Write a whole file of tokens, mode 0600; it appears at once or not at all."""
    record = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "tokens": [_record(entry) for entry in entries],
    }
    files.replace(path, json.dumps(record, indent=2).encode() + b"\n")


def require_free(path: Path, name: str) -> tuple[TokenEntry, ...]:
    """The tokens there are if one more of this name fits; `TokenNameTaken`, `TooManyTokens`."""
    known = read_tokens(path)
    if any(one.name == name for one in known):
        raise TokenNameTaken(f"{path} has a token {name}")
    if len(known) >= TOKENS_MAX:
        raise TooManyTokens(f"{path} has {len(known)} tokens")
    return known


def add_token(path: Path, entry: TokenEntry) -> None:
    """Add one; as `require_free`."""
    write_tokens(path, (*require_free(path, entry.name), entry))


def remove_token(path: Path, name: str) -> TokenEntry:
    """Remove one, which ends at once; what it was. `TokenNameUnknown`."""
    known = read_tokens(path)
    for entry in known:
        if entry.name == name:
            write_tokens(path, [one for one in known if one is not entry])
            return entry
    raise TokenNameUnknown(f"{path} has no token {name}")


class TokenBook:
    """The tokens for captures as they are now. `find` may be called from any thread."""

    def __init__(
        self, path: Path | None, passphrase: Callable[[Path], bytes] | None = None
    ) -> None:
        """The tokens of a file; None has none."""
        self._passphrase = passphrase or _configured_passphrase
        self._holders = _Followed(path, self._read)

    def find(self, token: str | None) -> Holder | None:
        """Whose token it is; None for a wrong one."""
        return _matching_token(self._holders.now(), token)

    def _read(self, path: Path) -> list[tuple[str, Holder]]:
        """All tokens whose keys can be read."""
        holders = []
        for entry in _trusted(path):
            if entry.account is None or entry.key_file is None:
                continue
            try:
                key = load_key(path.parent / entry.key_file, self._passphrase)
            except HushangError as error:
                logger.warning("capture token %s: %s: %s", entry.name, error.code, error)
                continue
            holders.append((entry.digest, Holder(entry.name, entry.account, entry.rate, key)))
        return holders


class SubmitBook:
    """The tokens for submitting as they are now. `find` may be called from any thread."""

    def __init__(self, path: Path) -> None:
        self._entries = _Followed(path, _read_for_submitting)

    def find(self, token: str | None) -> TokenEntry | None:
        """The entry of this token; None for a wrong one."""
        return _matching_token(self._entries.now(), token)


class _Followed(Generic[T]):
    """What a file of tokens says, by digest; read again whenever the file has changed."""

    def __init__(self, path: Path | None, read: Callable[[Path], Sequence[tuple[str, T]]]) -> None:
        self._path = path
        self._read = read
        self._seen: tuple[int, ...] | None = None
        self._reading = threading.Lock()
        self._found: Sequence[tuple[str, T]] = ()

    def now(self) -> Sequence[tuple[str, T]]:
        """All of them, as of now."""
        if self._path is None:
            return ()
        with self._reading:
            stamp = _stamp(self._path)
            if stamp != self._seen:
                self._found = self._read(self._path)
                self._seen = stamp
            return self._found


def _matching_token(known: Iterable[tuple[str, T]], token: str | None) -> T | None:
    """What belongs to this token. Compares with every one, at constant time."""
    given = digest_of(token or "")
    found: T | None = None
    for digest, value in known:
        if hmac.compare_digest(digest, given):
            found = value
    return found if token else None


def _trusted(path: Path) -> Sequence[TokenEntry]:
    """The tokens of a file; one that can't be trusted has none."""
    try:
        return read_tokens(path)
    except HushangError as error:
        logger.warning("tokens: %s: %s; none is taken", error.code, error)
        return ()


def _read_for_submitting(path: Path) -> list[tuple[str, TokenEntry]]:
    return [(entry.digest, entry) for entry in _trusted(path) if entry.account is None]


def _stamp(path: Path) -> tuple[int, ...]:
    """What changes with the file; empty without one."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _configured_passphrase(path: Path) -> bytes:
    """A running node has nobody to ask at a terminal."""
    if not os.environ.get(FILE_VARIABLE):
        raise PassphraseMissing(f"{path} is sealed with a passphrase")
    return find_passphrase(path)


def _record(entry: TokenEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "sha256": entry.digest,
        "account": None if entry.account is None else encode_account(entry.account),
        "key_file": entry.key_file,
        "created_ms": entry.created_ms,
        "rate": entry.rate,
    }


def _entries(path: Path, record: Any) -> tuple[TokenEntry, ...]:
    head = record if isinstance(record, dict) else {}
    tokens = head.get("tokens")
    if (head.get("format"), head.get("version")) != (FORMAT, FORMAT_VERSION):
        raise TokenFileMalformed(f"{path} is no file of tokens of version {FORMAT_VERSION}")
    if not isinstance(tokens, list) or len(tokens) > TOKENS_MAX:
        raise TokenFileMalformed(f"{path}: tokens must be a list of at most {TOKENS_MAX}")
    return tuple([_entry(path, index, one) for index, one in enumerate(tokens)])


def _entry(path: Path, index: int, record: Any) -> TokenEntry:
    """One token of the file; the error never shows its values."""
    try:
        account, key_file = record["account"], record["key_file"]
        for_submitting = account is None and key_file is None
        entry = TokenEntry(
            name=_matching(record["name"], NAME),
            digest=_matching(record["sha256"], _DIGEST),
            account=None if for_submitting else decode_account(account),
            key_file=None if for_submitting else _own_file(key_file),
            created_ms=_whole(record["created_ms"], 2**48),
            rate=_whole(record["rate"], RATE_MAX),
        )
    except (KeyError, TypeError, ValueError, AttributeError, LedgerError):
        raise TokenFileMalformed(f"{path}: tokens[{index}] is not of its form") from None
    return entry


def _matching(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise ValueError
    return value


def _own_file(value: Any) -> str:
    """A key file lies in the folder of the tokens file."""
    if not isinstance(value, str) or Path(value).name != value or value in ("", ".", ".."):
        raise ValueError
    return value


def _whole(value: Any, value_max: int) -> int:
    if type(value) is not int or not 1 <= value <= value_max:
        raise ValueError
    return value
