"""Tests of small files of records: kept, torn, damaged, rewritten."""

import logging
from pathlib import Path

import pytest

from node.record_log import RecordLog, RecordLogFailed

CHAIN = b"c" * 32
RECORDS = [b"one", b"two" * 300, b""]


def opened(path: Path | None, genesis_hash: bytes = CHAIN) -> RecordLog:
    """The file as a start finds it."""
    return RecordLog(path, "records", genesis_hash)


def filled(path: Path) -> RecordLog:
    """A file with some records."""
    log = opened(path)
    for record in RECORDS:
        log.append(record)
    return log


def test_records_are_there_after_a_restart_and_only_for_their_owner(tmp_path: Path) -> None:
    path = tmp_path / "records"
    filled(path)
    assert opened(path).records == RECORDS
    assert path.stat().st_mode & 0o777 == 0o600


def test_no_file_appears_before_the_first_record(tmp_path: Path) -> None:
    assert opened(tmp_path / "records").records == []
    assert not list(tmp_path.iterdir())


def test_a_rewrite_replaces_all_records_at_once(tmp_path: Path) -> None:
    path = tmp_path / "records"
    log = filled(path)
    log.rewrite([b"other"])
    log.append(b"more")
    assert opened(path).records == [b"other", b"more"]
    assert [file.name for file in tmp_path.iterdir()] == ["records"]


def test_a_torn_end_is_cut_off_and_the_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "records"
    filled(path)
    whole = path.read_bytes()
    log = opened(path)
    log.append(b"x" * 100)
    for size in range(len(whole) + 1, len(path.read_bytes()), 17):
        path.write_bytes(path.read_bytes()[:size])
        log = opened(path)
        assert log.records == RECORDS
        assert path.read_bytes() == whole
        log.append(b"x" * 100)
    assert opened(path).records == [*RECORDS, b"x" * 100]


def test_a_damaged_file_is_set_aside_and_a_new_one_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "records"
    filled(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        log = opened(path)
    assert log.records == []
    assert "records.damaged" in caplog.text
    assert (tmp_path / "records.damaged").read_bytes() == bytes(data)
    log.append(b"new")
    assert opened(path).records == [b"new"]


def test_the_file_of_another_chain_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "records"
    filled(path)
    assert opened(path, b"d" * 32).records == []
    assert (tmp_path / "records.damaged").exists()


def test_without_a_path_nothing_is_kept() -> None:
    log = opened(None)
    log.append(b"one")
    log.rewrite([b"two"])
    assert log.records == []


def test_a_disk_that_refuses_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    with pytest.raises(RecordLogFailed):
        opened(tmp_path / "records")
