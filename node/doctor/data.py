"""The node's data, looked at without opening it: nothing is locked, mended or cut off.

`hushang repair` reads all of it; here only what costs little: the journal's frames, whether the
database has the files without which it is lost, what crashes left, and the last words of the log.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from chain.store_contract import StorageError
from chain.store_sqlite import FILE_NAME as SQLITE
from node.backup_note import read_note
from node.damage import DATABASE, JOURNAL, NodeData, leftovers
from node.disk_metrics import folder_size
from node.doctor.report import Check, Code, failed, not_checked, ok, warning
from node.frames import read_frames
from node.journal import MAGIC, JournalDamaged
from node.journal_loss import MARK
from node.words import said, series

JOURNAL_SIZE_MAX: Final = 256 * 1024 * 1024
LOG_TAIL_SIZE: Final = 256 * 1024
DAY_MS: Final = 24 * 3600 * 1000
BACKUP_WARNED_DAYS: Final = 7
REPAIR: Final = said(
    "hushang repair --config FILE: it reads everything and says what can be mended"
)
STOPPED: Final = re.compile(r"stopped: (\w+): (.*)", re.DOTALL)
SIGNALLED: Final = "stopped by a signal"


@dataclass(frozen=True, slots=True)
class Ending:
    """What the last word of a node that ended means, what to do, and the code that fits."""

    means: str
    do: str
    code: Code = Code.INTERNAL


REFUSED: Final = Ending(
    said("the disk refused a write"), said("make room or mend the disk, then start it again")
)
DAMAGED: Final = Ending(said("its data is damaged"), REPAIR, Code.VERIFICATION_FAILED)
# By the error's name.
ENDINGS: Final[Mapping[str, Ending]] = {
    "StoreDamaged": DAMAGED,
    "JournalDamaged": DAMAGED,
    "EvidenceBookDamaged": DAMAGED,
    "JournalIncomplete": DAMAGED,
    "DiskRefused": REFUSED,
    "JournalFailed": REFUSED,
    "StorageFailed": REFUSED,
    "StoreLocked": Ending(
        said("another process uses its data"),
        said("stop that one: one data directory is one node's"),
    ),
    "JournalMissing": Ending(
        said("its journal is missing, and nobody else knows what it signed"),
        said("restore the journal, or hushang node accept-loss"),
    ),
    "KeyUsedElsewhere": Ending(
        said("another process signs with its key"),
        said("stop that process for good before this node starts again"),
    ),
    "StateDiverged": Ending(
        said("it computed another state than a quorum"),
        said("keep the data, hushang support bundle, and report it; then join anew"),
    ),
    "SoftwareOutdated": Ending(
        said("the chain follows newer rules than this software has"),
        said("install the new release and start it: its data is fine"),
        Code.BAD_CONFIG,
    ),
    "AddressUnusable": Ending(
        said("it could not listen"), said("free the port, or name another"), Code.BAD_CONFIG
    ),
}
FULL: Final = ("No space left", "Disk quota", "database or disk is full")


def check_journal(data: NodeData) -> Check:
    """Is the journal this key's and this chain's, and are its frames whole?"""
    path = data.directory / JOURNAL / "journal"
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= JOURNAL_SIZE_MAX else b""
    except FileNotFoundError:
        return _no_journal(data)
    except OSError as error:
        return failed(
            "journal",
            said("{path}: {error}", path=path, error=error.strerror),
            said("run doctor as the node's user"),
        )
    if size > JOURNAL_SIZE_MAX:
        return not_checked(
            "journal", said("{size} bytes: too large to look at quickly", size=size), REPAIR
        )
    if not content.startswith(MAGIC):
        return failed(
            "journal",
            said("{path} is no journal", path=path),
            REPAIR,
            Code.VERIFICATION_FAILED,
        )
    if content[len(MAGIC) :][: len(data.owner)] != data.owner:
        words = said("{path} is of another chain or node key than the settings name", path=path)
        do = said("name the genesis and the key that belong to this data directory")
        return failed("journal", words, do, Code.BAD_CONFIG)
    return _frames(path, content, len(MAGIC) + len(data.owner))


def _no_journal(data: NodeData) -> Check:
    if (data.directory / JOURNAL / MARK).exists():
        return ok("journal", said("none yet: this key has signed nothing"))
    if not (data.directory / DATABASE).exists():
        return ok("journal", said("none yet, and no database"))
    words = said("the journal is missing: the node keeps silent until that is safe")
    return warning("journal", words, said("hushang consensus why tells until when"))


def _frames(path: Path, content: bytes, start: int) -> Check:
    whole, records = start, 0
    try:
        for end, found in read_frames(content, start, path, JournalDamaged):
            whole, records = end, records + len(found)
    except StorageError as error:
        return failed("journal", str(error), REPAIR, Code.VERIFICATION_FAILED)
    words = said(
        "this node's: {records} records, {size} bytes, whole", records=records, size=len(content)
    )
    torn = len(content) - whole
    # A running node may be in the middle of an append.
    if torn:
        rest = said("{torn} bytes of an append that wasn't finished", torn=torn)
        return ok("journal", series((words, rest)))
    return ok("journal", words)


def check_database(data: NodeData) -> Check:
    """Are the files there without which the database is lost?"""
    folder = data.directory / DATABASE
    try:
        names = {path.name for path in folder.iterdir()}
    except FileNotFoundError:
        return _no_database(data)
    except OSError as error:
        return failed(
            "database",
            said("{path}: {error}", path=folder, error=error.strerror),
            said("run doctor as the node's user"),
        )
    if any(name.startswith(SQLITE) for name in names):
        if SQLITE in names:
            return ok("database", said("sqlite, {size} bytes", size=folder_size(folder)))
        return failed(
            "database",
            said("{file} is missing beside its log", file=SQLITE),
            REPAIR,
            DAMAGED.code,
        )
    tables = [name for name in names if name.endswith((".ldb", ".sst", ".log"))]
    if not tables:
        return ok("database", said("empty"))
    try:
        current = (folder / "CURRENT").read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return failed(
            "database", said("CURRENT is missing beside the tables"), REPAIR, DAMAGED.code
        )
    if current not in names:
        words = said("CURRENT names {name!r}, which isn't there", name=current[:40])
        return failed("database", words, REPAIR, DAMAGED.code)
    return ok(
        "database",
        said("LevelDB, {count} files, {size} bytes", count=len(tables), size=folder_size(folder)),
    )


def _no_database(data: NodeData) -> Check:
    if (data.directory / JOURNAL / "journal").exists():
        lost = said("there is none, beside a journal that remembers one: it was lost")
        return failed("database", lost, REPAIR, DAMAGED.code)
    return ok("database", said("none yet: the first start makes it, or joins"))


def check_leftovers(data: NodeData) -> Check:
    """What crashes and interrupted work left."""
    found = leftovers(data) if data.directory.is_dir() else ()
    if not found:
        return ok("leftovers", said("nothing lies about"))
    words = series(said("{name}: {words}", name=part.name, words=part.words) for part in found[:5])
    return ok("leftovers", words)


def log_tail(file: Path) -> list[str]:
    """The last lines of a log; empty if it can't be read."""
    try:
        with file.open("rb") as stream:
            stream.seek(max(0, file.stat().st_size - LOG_TAIL_SIZE))
            return stream.read(LOG_TAIL_SIZE).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def check_last_run(lines: Sequence[str], *, runs: bool) -> Check:
    """How the node ended when it last did: the exit code 1 has many reasons, and this tells them
    apart.
    """
    if not lines:
        do = said("--log FILE; under systemd: journalctl -u hushang | tail")
        return not_checked("last run", said("no log is known here"), do)
    if runs:
        return ok("last run", said("it runs"))
    for line in reversed(lines):
        code, words = _last_word(line)
        if code:
            return _ended(code, words)
        if words:
            return ok("last run", said("it was stopped by a signal"))
    words = said("the log ends without a last word: the process was killed, or the machine stopped")
    return warning("last run", words, said("look for the kernel's OOM killer, and start it again"))


def _ended(code: str, words: str) -> Check:
    ending = ENDINGS.get(code) or Ending(said("it stopped itself"), f"hushang explain {code}")
    if ending is REFUSED and _is_full(words):
        ending = Ending(
            said("the disk is full"), said("make room, then start it again: nothing is lost")
        )
    return failed(
        "last run",
        said("{means}: {code}: {words}", means=ending.means, code=code, words=words[:300]),
        ending.do,
        ending.code,
    )


def _is_full(words: str) -> bool:
    return any(sign in words for sign in FULL)


def _last_word(line: str) -> tuple[str, str]:
    """(the error's code, its words) of a line that says how a node ended; a code is empty where it
    was stopped by a signal, and both where the line says something else.
    """
    try:
        told: Any = json.loads(line)
    except (ValueError, RecursionError):
        told = {"message": line}
    record = told if isinstance(told, dict) else {}
    message = str(record.get("message", ""))
    if record.get("event") == "node_stopped" or SIGNALLED in message:
        return "", message or SIGNALLED
    stopped = STOPPED.search(message)
    if stopped is not None:
        return stopped[1], stopped[2]
    if record.get("event") == "node_failed":
        return str(record.get("code", "")), message
    return "", ""


def check_backups(place: Path | None, directory: Path, now_ms: int) -> Check:
    """How old is the newest backup? Of a directory or file that is named, else by the note that
    each backup leaves in the data directory.
    """
    do = said("hushang backup FILE, by a timer, onto another machine")
    if place is not None:
        try:
            newest_ms = _newest_file(place)
        except OSError as error:
            words = said("{path}: {error}", path=place, error=error.strerror)
            return failed("backups", words, said("run doctor as the node's user"))
        if newest_ms is None:
            return failed(
                "backups", said("{place} holds no backup", place=place), do, Code.NOT_FOUND
            )
    else:
        note = read_note(directory)
        if note is None:
            return warning("backups", said("no backup of this node was ever made by command"), do)
        newest_ms = note.made_ms
    days = max(0, now_ms - newest_ms) // DAY_MS
    words = said("the newest backup is {days} days old", days=days)
    return warning("backups", words, do) if days > BACKUP_WARNED_DAYS else ok("backups", words)


def _newest_file(place: Path) -> int | None:
    files = place.iterdir() if place.is_dir() else iter((place,))
    times = [path.stat().st_mtime_ns // 1_000_000 for path in files if path.is_file()]
    return max(times, default=None)
