"""What a program means to send, on its disk before it is sent: a job that is run again after a
crash sends the very same bytes again, and never a second transaction.

One directory, one file for each reference and attempt. A further attempt exists only after it was
shown that the one before is in no block and can never be (`node.clients.settling`). A file is made
exclusively, so that of two processes with one reference both send the bytes of the first.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from chain.codec import encode
from chain.crypto import tagged_hash
from chain.errors import HushangError, LedgerError
from chain.transaction import Operation
from node.clients import files
from node.clients.signing import Made
from node.clients.submission import Outcome

FORMAT: Final = "hushang-outbox"
FORMAT_VERSION: Final = 1
FILE_SIZE_MAX: Final = 8 * 1024 * 1024
REFERENCE_SIZE_MAX: Final = 256
ATTEMPTS_MAX: Final = 1_000
_NAME_DIGITS: Final = 40
_DIRECTORY_MODE: Final = 0o700


class OutboxDamaged(HushangError):
    """A file in the outbox isn't what this software wrote there."""

    hint = "look at it before you remove it: it is what keeps its transaction from being sent twice"


class ReferenceReused(HushangError):
    """The reference stands for other operations, or for another chain or account."""

    hint = "a reference is for one thing for ever, such as the number of an invoice"


class ReferenceRefused(HushangError):
    """A reference has 1 to 256 bytes of text."""

    hint = "shorten it to 256 bytes of UTF-8 (85 Chinese characters), and don't leave it empty"


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt of a reference.

    `meaning` is a hash of the operations, the chain and the account. `from_height`: the chain's
    height before it was made, so that no block up to there has it. `outcome`: once it is decided.
    """

    reference: str
    attempt: int
    meaning: str
    from_height: int
    made: Made
    outcome: Outcome | None = None


class Outbox:
    """The directory; made if it isn't there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)

    def newest(self, reference: str, meaning: str) -> Entry | None:
        """The newest attempt; `ReferenceReused` if it means something else."""
        found: Entry | None = None
        for attempt in range(1, ATTEMPTS_MAX + 1):
            path = self._path(reference, attempt)
            if not path.exists():
                break
            found = _read(path)
        if found is not None and (found.reference, found.meaning) != (reference, meaning):
            raise ReferenceReused(f"{reference!r} has been used for something else")
        return found

    def add(self, entry: Entry) -> Entry:
        """Keep a new attempt before it is sent; what another process kept first, if one did."""
        if entry.attempt > ATTEMPTS_MAX:
            raise OutboxDamaged(f"{entry.reference!r}: {ATTEMPTS_MAX} attempts have lapsed")
        path = self._path(entry.reference, entry.attempt)
        if files.write_new(path, _text(entry)):
            return entry
        other = _read(path)
        if other.meaning != entry.meaning:
            raise ReferenceReused(f"{entry.reference!r} has been used for something else")
        return other

    def settle(self, entry: Entry, outcome: Outcome) -> None:
        """Note what became of it, so that it is never asked again."""
        path = self._path(entry.reference, entry.attempt)
        files.replace(path, _text(replace(entry, outcome=outcome)))

    def _path(self, reference: str, attempt: int) -> Path:
        data = reference.encode()
        if not 0 < len(data) <= REFERENCE_SIZE_MAX:
            raise ReferenceRefused(f"{len(data)} bytes, not 1 to {REFERENCE_SIZE_MAX}")
        name = tagged_hash("client-reference", data).hex()[:_NAME_DIGITS]
        return self.directory / f"{name}-{attempt}.json"


def meaning_of(operations: Sequence[Operation], genesis_hash: bytes, account: bytes) -> str:
    """What a reference stands for, as a hash in hex."""
    parts = b"".join(tagged_hash("client-operation", encode(entry)) for entry in operations)
    return tagged_hash("client-meaning", genesis_hash + account + parts).hex()


def nonce_of(reference: str, meaning: str, attempt: int) -> int:
    """The nonce: the same for the same thing, so that nothing about it is left to chance."""
    data = f"{meaning} {attempt} {reference}".encode()
    return int.from_bytes(tagged_hash("client-nonce", data)[:8], "big")


def _text(entry: Entry) -> bytes:
    outcome = entry.outcome
    record = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "reference": entry.reference,
        "attempt": entry.attempt,
        "meaning": entry.meaning,
        "from_height": entry.from_height,
        "id": entry.made.id,
        "raw": entry.made.raw.hex(),
        "receipt": None if outcome is None else outcome.receipt,
    }
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def _read(path: Path) -> Entry:
    try:
        with path.open("rb") as stream:
            record: Any = json.loads(stream.read(FILE_SIZE_MAX))
        if (record["format"], record["version"]) != (FORMAT, FORMAT_VERSION):
            raise OutboxDamaged(f"{path}: no file of this outbox")
        made = Made.read(bytes.fromhex(record["raw"]))
        if made.id != record["id"]:
            raise OutboxDamaged(f"{path}: the id is not that of its bytes")
        receipt = record["receipt"]
        return Entry(
            str(record["reference"]),
            int(record["attempt"]),
            str(record["meaning"]),
            int(record["from_height"]),
            made,
            None if receipt is None else Outcome(made.id, receipt),
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError, LedgerError) as error:
        raise OutboxDamaged(f"{path}: {type(error).__name__}") from error
