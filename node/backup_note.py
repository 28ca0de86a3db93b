"""When a node's last backup was made: one small file in its data directory, for the metrics.

Nothing relies on it. A note that can't be written or read is as good as none.
"""

import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.strict_json import JsonRefused, read_json

logger = logging.getLogger(__name__)

FILE_NAME: Final = "last-backup.json"
SIZE_MAX: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class BackupNote:
    """A backup that was made: when, of which height, and where it was written."""

    made_ms: int
    height: int
    file: str


def write_note(data_dir: Path, note: BackupNote) -> None:
    """Remember the newest backup."""
    path = data_dir / FILE_NAME
    draft = path.with_suffix(".new")
    record = {"made_ms": note.made_ms, "height": note.height, "file": note.file}
    try:
        draft.write_text(json.dumps(record) + "\n", "utf-8")
        draft.replace(path)
    except OSError as error:
        logger.warning("the backup is whole, and could not be noted: %s", error)


def read_note(data_dir: Path) -> BackupNote | None:
    """The newest backup that was noted, if any."""
    with suppress(OSError, JsonRefused, KeyError, TypeError, ValueError):
        with (data_dir / FILE_NAME).open("rb") as file:
            record = read_json(file.read(SIZE_MAX))
        return BackupNote(int(record["made_ms"]), int(record["height"]), str(record["file"]))
    return None
