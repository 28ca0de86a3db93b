"""The data without opening it: whose it is, what is damaged, how the last run ended."""

import json
from importlib import import_module
from pathlib import Path
from shutil import rmtree

import pytest

from chain.errors import HushangError
from node.backup_note import BackupNote, write_note
from node.doctor import data
from node.doctor.report import Check, Code, State
from node.frames import encode_frames
from node.journal import MAGIC
from tests.node.doctor.patients import patient

DAY_MS = 24 * 3600 * 1000


def everything(cls: type[HushangError]) -> set[str]:
    return {cls.__name__}.union(*(everything(sub) for sub in cls.__subclasses__()))


def test_every_ending_that_is_explained_is_an_error_of_ours() -> None:
    # What a node may end with.
    import_module("node.server")
    assert set(data.ENDINGS) <= everything(HushangError)


def stopped(*words: str) -> Check:
    lines = [json.dumps({"level": "critical", "message": word}) for word in words]
    return data.check_last_run(lines, runs=False)


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        ("stopped: JournalDamaged: frame 7 (hushang repair)", "its data is damaged"),
        ("stopped: StoreLocked: data/db (…)", "another process uses its data"),
        ("stopped: StorageFailed: [Errno 28] No space left on device", "the disk is full"),
        ("stopped: DiskRefused: [Errno 5] Input/output error", "the disk refused a write"),
        ("stopped: KeyUsedElsewhere: a Commit at height 3", "another process signs with its key"),
        ("stopped: StateDiverged: root", "it computed another state than a quorum"),
        ("stopped: SomethingNew: else", "it stopped itself"),
    ],
)
def test_exit_code_1_is_told_apart_by_the_last_word(message: str, meaning: str) -> None:
    found = stopped("pudong at height 7", message)
    assert found.state is State.FAILED
    assert found.means.startswith(meaning)
    assert found.do


def test_only_the_newest_ending_counts_and_a_killed_node_has_none() -> None:
    assert stopped("stopped: StoreLocked: x", "stopped by a signal at height 9").state is State.OK
    assert stopped("a at height 7; api on port 1").state is State.WARNING
    assert data.check_last_run([], runs=False).state is State.NOT_CHECKED
    lines = [json.dumps({"message": "stopped: StoreLocked: an earlier run"})]
    assert data.check_last_run(lines, runs=True).state is State.OK
    for event, state in (("node_failed", State.FAILED), ("node_stopped", State.OK)):
        line = json.dumps({"event": event, "code": "StoreLocked", "message": "in other words"})
        assert data.check_last_run([line], runs=False).state is state
    plain = data.check_last_run(["stopped: StoreLocked: a line for people"], runs=False)
    assert plain.state is State.FAILED


def test_a_journal_is_whole_damaged_foreign_or_missing(tmp_path: Path) -> None:
    node = patient(tmp_path)
    path = tmp_path / "data" / "journal" / "journal"
    whole = path.read_bytes()
    assert data.check_journal(node.data).state is State.OK
    path.write_bytes(whole + b"\xf5\0\0")
    assert data.check_journal(node.data).state is State.OK
    foreign = bytes(32)
    path.write_bytes(MAGIC + foreign)
    found = data.check_journal(node.data)
    assert (found.state, found.code) == (State.FAILED, Code.BAD_CONFIG)
    path.write_bytes(b"a journal of old")
    assert data.check_journal(node.data).code is Code.VERIFICATION_FAILED
    path.write_bytes(b"")
    assert data.check_journal(node.data).code is Code.VERIFICATION_FAILED
    path.unlink()
    assert data.check_journal(node.data).state is State.WARNING
    (path.parent / "new").touch()
    assert data.check_journal(node.data).state is State.OK


def test_a_damaged_frame_of_the_journal_points_to_repair(tmp_path: Path) -> None:
    node = patient(tmp_path)
    path = tmp_path / "data" / "journal" / "journal"
    frames = encode_frames([b"one" * 400]), encode_frames([b"two" * 400])
    broken = bytearray(path.read_bytes() + b"".join(frames))
    broken[len(MAGIC) + 32 + 40] ^= 1
    path.write_bytes(broken)
    found = data.check_journal(node.data)
    assert (found.state, found.code) == (State.FAILED, Code.VERIFICATION_FAILED)
    assert "hushang repair" in found.do


def test_a_database_without_its_first_file_is_damaged(tmp_path: Path) -> None:
    node = patient(tmp_path)
    folder = tmp_path / "data" / "db"
    assert data.check_database(node.data).state is State.OK
    (folder / "store.sqlite3").rename(folder / "store.sqlite3-wal")
    assert data.check_database(node.data).code is Code.VERIFICATION_FAILED
    for path in folder.iterdir():
        path.unlink()
    assert data.check_database(node.data).means == "empty"
    (folder / "000005.ldb").touch()
    assert "CURRENT is missing" in data.check_database(node.data).means
    (folder / "CURRENT").write_text("MANIFEST-000004\n")
    assert "MANIFEST-000004" in data.check_database(node.data).means
    (folder / "MANIFEST-000004").touch()
    assert data.check_database(node.data).state is State.OK
    # The journal knows that there was one.
    rmtree(folder)
    assert "it was lost" in data.check_database(node.data).means
    (tmp_path / "data" / "journal" / "journal").unlink()
    assert data.check_database(node.data).state is State.OK


def test_the_newest_backup_tells_its_age(tmp_path: Path) -> None:
    now_ms = 100 * DAY_MS
    assert data.check_backups(None, tmp_path, now_ms).state is State.WARNING
    write_note(tmp_path, BackupNote(98 * DAY_MS, 7, "one"))
    assert data.check_backups(None, tmp_path, now_ms).means == "the newest backup is 2 days old"
    assert data.check_backups(None, tmp_path, now_ms + 9 * DAY_MS).state is State.WARNING
    place = tmp_path / "backups"
    place.mkdir()
    assert data.check_backups(place, tmp_path, now_ms).code is Code.NOT_FOUND
    (place / "one").touch()
    newest_ms = (place / "one").stat().st_mtime_ns // 1_000_000
    assert data.check_backups(place, tmp_path, newest_ms + DAY_MS).state is State.OK
    unusable = data.check_backups(tmp_path / ("x" * 300), tmp_path, now_ms)
    assert unusable.state is State.FAILED
    assert unusable.means.endswith("File name too long")


def test_what_crashes_left_is_told_and_the_tail_of_a_log_is_bounded(tmp_path: Path) -> None:
    node = patient(tmp_path)
    (tmp_path / "data" / "journal" / "journal.new").touch()
    assert "the next start removes it" in data.check_leftovers(node.data).means
    log = tmp_path / "long.log"
    log.write_bytes(b"x" * (data.LOG_TAIL_SIZE + 10) + b"\nlast")
    assert data.log_tail(log)[-1] == "last"
    assert sum(map(len, data.log_tail(log))) <= data.LOG_TAIL_SIZE
    assert data.log_tail(tmp_path / "nowhere") == []
