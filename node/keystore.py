"""Key files: one Ed25519 seed each, mode 0600, plain or sealed with a passphrase.

A sealed file is scrypt (RFC 7914) and AES-256-GCM; everything else in the file is authenticated
with it. A file that others may read is refused. Seeds and passphrases never appear in an error, a
log line, a `repr` or an argument: a passphrase comes from the file that HUSHANG_PASSPHRASE_FILE
names, from an open descriptor, or from a terminal.
"""

import getpass
import json
import os
import stat
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from chain.account import single_key_policy
from chain.bech32m import decode_account, encode_account
from chain.crypto import SEED_SIZE, PrivateKey
from chain.errors import HushangError, LedgerError
from node.strict_json import JsonRefused, read_json

FORMAT: Final = "hushang-key"
FORMAT_VERSION: Final = 1
KEY_FILE_SIZE_MAX: Final = 16 * 1024
PASSPHRASE_SIZE_MAX: Final = 1024
FILE_VARIABLE: Final = "HUSHANG_PASSPHRASE_FILE"
CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

# RFC 7914 §2: 32 MiB and some 80 ms for each guess of an attacker.
SCRYPT_N: Final = 2**15
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
# A foreign file may ask for no less than 2 MiB and no more than 256.
SCRYPT_N_MIN: Final = 2**11
SCRYPT_N_MAX: Final = 2**18
SALT_SIZE: Final = 16
NONCE_SIZE: Final = 12

PassphraseSource = Callable[[Path], bytes]


class KeyFileMissing(HushangError):
    """There is no key file under this path."""

    hint = "hushang keys new FILE makes one"


class KeyFileExists(HushangError):
    """A key file is never overwritten: what it held would be lost for good."""

    hint = "choose another name, or move the old file away"


class KeyFileTooOpen(HushangError):
    """Others than the owner may read or write the key file."""

    hint = "chmod 600 FILE, and think about who may have read it"


class KeyFileUnreadable(HushangError):
    """The system doesn't let this user read the key file."""

    hint = "it belongs to the user that runs this command or node: chown USER FILE, as root"


class KeyFileMalformed(HushangError):
    """The file is no key file of this version."""

    hint = (
        "restore it from a copy, or make a new key (hushang keys new) and have it replace the "
        "old one"
    )


# What may be wrong with a key file that is only looked at.
UNUSABLE: Final = (KeyFileMissing, KeyFileMalformed, KeyFileTooOpen, KeyFileUnreadable)


class PassphraseMissing(HushangError):
    """The key file is sealed and there is nobody to ask for the passphrase."""

    hint = f"put it into a file of mode 0600 and name that file in {FILE_VARIABLE}"


class PassphraseWrong(HushangError):
    """The passphrase does not open the key file, or the file was changed."""

    hint = (
        "try again; is HUSHANG_PASSPHRASE_FILE that of this key? Without the passphrase the "
        "key is lost"
    )


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What may be known of a key file without its passphrase.

    `account` is the account that the key speaks for: the one that a policy of this key alone
    opens, unless the file names another.
    """

    path: Path
    public_key: bytes
    account: bytes
    sealed: bool


def new_seed() -> bytes:
    """A fresh seed from the system's randomness."""
    return os.urandom(SEED_SIZE)


def write_key(
    path: Path, seed: bytes, *, passphrase: bytes | None = None, account: bytes | None = None
) -> KeyFile:
    """Write a new key file, sealed if there is a passphrase; `KeyFileExists` if the path is taken.

    `account` only where the key speaks for an account of another policy (m-of-n, a delegate).
    """
    public_key = PrivateKey(seed).public_key
    known = account if account is not None else single_key_policy(public_key).account_id()
    record: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "public_key": public_key.hex(),
        "account": encode_account(known),
    }
    if passphrase is None:
        record["seed"] = seed.hex()
    else:
        record["sealed"] = _seal(seed, passphrase, record)
    _write_new(path, json.dumps(record, indent=2).encode() + b"\n")
    return KeyFile(path, public_key, known, sealed=passphrase is not None)


def show_key(path: Path) -> KeyFile:
    """What the file says without its passphrase."""
    return _describe(path, _read_record(path))


def load_key(path: Path, passphrase: PassphraseSource) -> PrivateKey:
    """The key; `passphrase` is asked only when the file is sealed."""
    record = _read_record(path)
    described = _describe(path, record)
    if described.sealed:
        seed = _open_sealed(path, record, passphrase(path))
    else:
        seed = _hex(record.get("seed"), SEED_SIZE, path, "seed")
    key = PrivateKey(seed)
    if key.public_key != described.public_key:
        raise KeyFileMalformed(f"{path}: the seed is not that of the public key beside it")
    return key


def find_passphrase(
    path: Path, environ: Mapping[str, str] = os.environ, descriptor: int | None = None
) -> bytes:
    """The passphrase from an open descriptor, HUSHANG_PASSPHRASE_FILE or the terminal."""
    if descriptor is not None:
        return _first_line(_read_descriptor(descriptor), f"descriptor {descriptor}")
    named = environ.get(FILE_VARIABLE)
    if named:
        others = _others_of(Path(named), environ)
        return _first_line(read_private(Path(named), PASSPHRASE_SIZE_MAX, others), named)
    if not sys.stdin.isatty():
        raise PassphraseMissing(f"{path} is sealed with a passphrase")
    return getpass.getpass(f"Passphrase of {path}: ", stream=sys.stderr).encode()


def _others_of(path: Path, environ: Mapping[str, str]) -> int:
    """The rights that nobody else may have. What systemd hands to a service (LoadCredential=) has
    an access list for the service's user alone, whose mask shows as the group's right to read.
    """
    given = environ.get(CREDENTIALS_VARIABLE)
    is_credential = bool(given) and path.parent == Path(str(given))
    return OTHERS & ~stat.S_IRGRP if is_credential else OTHERS


def _describe(path: Path, record: Mapping[str, Any]) -> KeyFile:
    if record.get("format") != FORMAT:
        raise KeyFileMalformed(f"{path} is no key file")
    if record.get("version") != FORMAT_VERSION:
        raise KeyFileMalformed(f"{path}: version {record.get('version')!r} is not {FORMAT_VERSION}")
    if ("seed" in record) == ("sealed" in record):
        raise KeyFileMalformed(f"{path} must hold either a seed or a sealed seed")
    public_key = _hex(record.get("public_key"), SEED_SIZE, path, "public_key")
    try:
        account = decode_account(str(record.get("account")))
    except LedgerError as error:
        raise KeyFileMalformed(f"{path}: account: {error}") from error
    return KeyFile(path, public_key, account, sealed="sealed" in record)


def _hex(value: object, size: int, path: Path, where: str) -> bytes:
    """Bytes of a known size; the error never shows the value, which may be the secret."""
    try:
        data = bytes.fromhex(value) if isinstance(value, str) else b""
    except ValueError:
        data = b""
    if len(data) != size:
        raise KeyFileMalformed(f"{path}: {where} must be {size} bytes in hex")
    return data


def _seal(seed: bytes, passphrase: bytes, record: Mapping[str, Any]) -> dict[str, Any]:
    salt, nonce = os.urandom(SALT_SIZE), os.urandom(NONCE_SIZE)
    key = _derive(passphrase, salt, (SCRYPT_N, SCRYPT_R, SCRYPT_P))
    return {
        "kdf": "scrypt",
        "n": SCRYPT_N,
        "r": SCRYPT_R,
        "p": SCRYPT_P,
        "salt": salt.hex(),
        "cipher": "AES-256-GCM",
        "nonce": nonce.hex(),
        "ciphertext": AESGCM(key).encrypt(nonce, seed, _associated(record)).hex(),
    }


def _open_sealed(path: Path, record: Mapping[str, Any], passphrase: bytes) -> bytes:
    sealed = record["sealed"]
    if not isinstance(sealed, dict) or sealed.get("kdf") != "scrypt":
        raise KeyFileMalformed(f"{path}: sealed with something else than scrypt")
    salt = _hex(sealed.get("salt"), SALT_SIZE, path, "salt")
    nonce = _hex(sealed.get("nonce"), NONCE_SIZE, path, "nonce")
    ciphertext = _hex(sealed.get("ciphertext"), SEED_SIZE + 16, path, "ciphertext")
    key = _derive(passphrase, salt, _cost(path, sealed))
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _associated(record))
    except InvalidTag:
        raise PassphraseWrong(f"the passphrase does not open {path}") from None


def _cost(path: Path, sealed: Mapping[str, Any]) -> tuple[int, int, int]:
    n, r, p = sealed.get("n"), sealed.get("r"), sealed.get("p")
    fits = type(n) is int and SCRYPT_N_MIN <= n <= SCRYPT_N_MAX and not n & (n - 1)
    if not fits or (r, p) != (SCRYPT_R, SCRYPT_P):
        raise KeyFileMalformed(f"{path}: the cost of scrypt is out of bounds")
    assert type(n) is int
    return n, SCRYPT_R, SCRYPT_P


def _derive(passphrase: bytes, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(passphrase)


def _associated(record: Mapping[str, Any]) -> bytes:
    """What the tag covers besides the seed: the public part cannot be swapped."""
    public = {name: record[name] for name in ("format", "version", "public_key", "account")}
    return json.dumps(public, sort_keys=True, separators=(",", ":")).encode()


def _read_record(path: Path) -> dict[str, Any]:
    data = read_private(path, KEY_FILE_SIZE_MAX)
    try:
        record = read_json(data)
    except JsonRefused as error:
        # Its words may quote the file; only the place is told.
        raise KeyFileMalformed(f"{path} is no key file: {error.place}") from None
    if not isinstance(record, dict):
        raise KeyFileMalformed(f"{path} is no key file")
    return record


def read_private(path: Path, size_max: int, others: int = OTHERS) -> bytes:
    """Read a file that only its owner may touch; checked on the open file, so nobody swaps it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise KeyFileMissing(f"{path} does not exist") from None
    except PermissionError as error:
        raise KeyFileUnreadable(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise KeyFileMalformed(f"{path}: {error.strerror}") from error
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise KeyFileMalformed(f"{path} is no regular file")
    with os.fdopen(descriptor, "rb") as file:
        if mode & others:
            raise KeyFileTooOpen(f"{path} has mode {stat.S_IMODE(mode):04o}, not 0600")
        try:
            data = file.read(size_max + 1)
        except OSError as error:
            raise KeyFileMalformed(f"{path}: {error.strerror}") from error
    if len(data) > size_max:
        raise KeyFileMalformed(f"{path} is larger than {size_max} bytes")
    return data


def _read_descriptor(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, PASSPHRASE_SIZE_MAX)
    except OSError as error:
        raise PassphraseMissing(f"descriptor {descriptor}: {error.strerror}") from error


def _first_line(data: bytes, where: str) -> bytes:
    line = data.split(b"\n", 1)[0].removesuffix(b"\r")
    if not line:
        raise PassphraseMissing(f"{where} holds no passphrase")
    return line


def _write_new(path: Path, data: bytes) -> None:
    """Create the file with mode 0600 from its first moment, and sync it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyFileExists(f"{path} exists") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
