"""Opening a stopped node's data: what its engine drops is told."""

import logging
from pathlib import Path

import pytest

from chain.store import LevelStore
from node.audit.stored import open_stopped


def test_a_torn_end_that_is_cut_off_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = LevelStore(tmp_path / "db")
    store.write({b"a": b"1"})
    store.write({b"b": b"2" * 100})
    store.close()
    (log,) = (tmp_path / "db").glob("*.log")
    log.write_bytes(log.read_bytes()[:-40])
    with caplog.at_level(logging.WARNING), open_stopped(tmp_path) as opened:
        assert (opened.get(b"a"), opened.get(b"b")) == (b"1", None)
    assert "the newest block may be missing" in caplog.text
