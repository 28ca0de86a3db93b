"""What an import sends, on disk before it is sent: a run that was killed settles it first.

One line of JSON a transaction, synced, then one for what became of it. The file is removed when
nothing in it is open; as long as it is there, the same import goes on with it.
"""

import json
import os
import threading
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError
from node.clients import files

FILE_SIZE_MAX: Final = 1024 * 1024 * 1024
SUFFIX: Final = ".import"
# Every line does; so what is cut off in it is known from what never was one.
BEGINS: Final = b'{"id": "'


class JournalDamaged(HushangError):
    """The journal of an import can't be read."""

    hint = "see with hushang tx show what was decided; then remove it and import again"


class Journal:
    """Beside the CSV file; threads share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self.open = _read(path)

    def sending(self, transaction_id: str, raw: bytes) -> None:
        """Synced before the bytes go out."""
        self._append({"id": transaction_id, "raw": raw.hex()})
        self.open[transaction_id] = raw

    def settled(self, transaction_id: str, status: str) -> None:
        """What became of it is known for good."""
        self._append({"id": transaction_id, "status": status})
        self.open.pop(transaction_id, None)

    def close(self) -> None:
        """Remove it if nothing is open."""
        if not self.open:
            self.path.unlink(missing_ok=True)

    def _append(self, entry: dict[str, str]) -> None:
        data = (json.dumps(entry) + "\n").encode()
        with self._lock:
            files.append(self.path, data)


def _read(path: Path) -> dict[str, bytes]:
    """Transactions whose end isn't known; a line that was cut off was never sent, and goes."""
    found: dict[str, bytes] = {}
    try:
        if not path.exists():
            return found
        with path.open("rb") as stream:
            data = stream.read(min(FILE_SIZE_MAX, path.stat().st_size) + 1)
        *lines, torn = data.split(b"\n")
        if len(data) > FILE_SIZE_MAX or not torn.startswith(BEGINS[: len(torn)]):
            raise JournalDamaged(f"{path}: no journal of an import")
        for line in lines:
            entry: Any = json.loads(line)
            if "raw" in entry:
                found[str(entry["id"])] = bytes.fromhex(entry["raw"])
            else:
                found.pop(str(entry["id"]), None)
        if torn:
            os.truncate(path, len(data) - len(torn))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise JournalDamaged(f"{path}: {error}") from error
    return found
