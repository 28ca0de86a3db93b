"""What the metrics tell of a disk, also of one that isn't there."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from node.backup_note import FILE_NAME, BackupNote, read_note, write_note
from node.disk_metrics import DiskMetrics, folder_size


def looked(data_dir: Path) -> CollectorRegistry:
    registry = CollectorRegistry()
    DiskMetrics(registry, data_dir).look()
    return registry


def test_sizes_are_those_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "a").write_bytes(bytes(1_000))
    (tmp_path / "db" / "b").write_bytes(bytes(234))
    (tmp_path / "db" / "folder").mkdir()
    found = looked(tmp_path)
    assert found.get_sample_value("hushang_store_bytes") == 1_234
    assert found.get_sample_value("hushang_journal_bytes") == 0
    free = found.get_sample_value("hushang_disk_free_bytes")
    whole = found.get_sample_value("hushang_disk_bytes")
    assert free is not None
    assert whole is not None
    assert 0 < free < whole


def test_the_last_backup_is_told_and_0_without_one(tmp_path: Path) -> None:
    assert looked(tmp_path).get_sample_value("hushang_backup_timestamp_seconds") == 0
    write_note(tmp_path, BackupNote(5_500, 9, "/elsewhere/b"))
    assert read_note(tmp_path) == BackupNote(5_500, 9, "/elsewhere/b")
    found = looked(tmp_path)
    assert found.get_sample_value("hushang_backup_timestamp_seconds") == 5.5
    assert found.get_sample_value("hushang_backup_height") == 9


def test_a_note_that_is_not_readable_is_none_and_one_that_is_not_writable_no_failure(
    tmp_path: Path,
) -> None:
    for text in ("", "{", "[]", '{"made_ms": "x", "height": 1, "file": ""}'):
        (tmp_path / FILE_NAME).write_text(text)
        assert read_note(tmp_path) is None
    write_note(tmp_path / "missing", BackupNote(1, 1, ""))
    assert read_note(tmp_path / "missing") is None


def test_a_disk_that_is_gone_leaves_the_last_values(tmp_path: Path) -> None:
    assert looked(tmp_path / "missing").get_sample_value("hushang_disk_bytes") == 0
    assert folder_size(tmp_path / "missing") == 0
