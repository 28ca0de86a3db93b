"""A claim on its way: a file of mode 0600 that keeps code and salt until the thing is one's own.

Commitment and reveal are minutes apart; who stops in between goes on with the same command. The
file is written before anything is sent, so that no commitment is made whose salt is lost.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from chain.bech32m import decode_account, encode_account
from chain.errors import AddressMalformed, HushangError
from commerce.codes.serials import ClaimSeal, seal_of
from node.code_text import ClaimCodeMalformed, code_text, read_code
from node.json_values import FormRefused, from_json
from node.keystore import read_private
from node.strict_json import JsonRefused, read_json

FORMAT: Final = "hushang-claim"
SALT_SIZE: Final = 32
FILE_SIZE_MAX: Final = 4096
ACCOUNT_LETTERS: Final = 12


class ClaimFileMalformed(HushangError):
    """The file of a claim can't be read, or is of another claim."""

    hint = "move it away and claim again with the hidden code"


_NO_CLAIM: Final = (JsonRefused, FormRefused, AddressMalformed, ClaimCodeMalformed)


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """What opens a commitment."""

    gtin: str
    serial: str
    account: bytes
    code: bytes
    salt: bytes

    @property
    def commitment(self) -> bytes:
        """What is committed to."""
        return seal_of(ClaimSeal(self.gtin, self.serial, self.code, self.account, self.salt))


@dataclass(frozen=True, slots=True)
class _Record:
    format: str
    gtin: str
    serial: str
    account: str
    code: str
    salt: str


def claim_path(directory: Path, gtin: str, serial: str, account: bytes) -> Path:
    """Where an account's claim of a thing is kept."""
    return directory / f"hushang-claim-{gtin}-{serial}-{encode_account(account)[:ACCOUNT_LETTERS]}"


def begin(path: Path, gtin: str, serial: str, account: bytes, code: bytes) -> ClaimFile:
    """A new claim under a fresh salt, on disk."""
    claim = ClaimFile(gtin, serial, account, code, secrets.token_bytes(SALT_SIZE))
    record = _Record(
        FORMAT, gtin, serial, encode_account(account), code_text(code), claim.salt.hex()
    )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(record), indent=2) + "\n")
        file.flush()
        os.fsync(descriptor)
    return claim


def load(path: Path, gtin: str, serial: str, account: bytes) -> ClaimFile:
    """The claim that was begun; `ClaimFileMalformed` unless it is this one."""
    try:
        told = read_json(read_private(path, FILE_SIZE_MAX))
        record = _Record(**{name: from_json(str, value, name) for name, value in told.items()})
        claim = ClaimFile(
            record.gtin,
            record.serial,
            decode_account(record.account),
            read_code(record.code),
            bytes.fromhex(record.salt),
        )
    except (*_NO_CLAIM, ValueError, TypeError, AttributeError):
        # What was refused may be the hidden code: it is not told.
        raise ClaimFileMalformed(f"{path}: no file of a claim") from None
    if (claim.gtin, claim.serial, claim.account) != (gtin, serial, account):
        raise ClaimFileMalformed(f"{path} is of another claim")
    if len(claim.salt) != SALT_SIZE:
        raise ClaimFileMalformed(f"{path}: no file of a claim")
    return claim
