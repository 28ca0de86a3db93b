"""An import's journal: what was sent and not settled is known after a crash."""

import os
from pathlib import Path

import pytest

from node.imports.journal import Journal, JournalDamaged


def test_what_was_sent_and_not_settled_is_open_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "x.import"
    first = Journal(path)
    first.sending("aa", b"1")
    first.sending("bb", b"2")
    first.settled("aa", "ok")
    again = Journal(path)
    assert again.open == {"bb": b"2"}
    again.close()
    assert path.exists()
    again.settled("bb", "InsufficientFunds")
    again.close()
    assert not path.exists()
    assert Journal(path).open == {}


def test_a_line_that_was_cut_off_was_never_sent(tmp_path: Path) -> None:
    path = tmp_path / "x.import"
    Journal(path).sending("aa", b"1")
    with path.open("ab") as stream:
        stream.write(b'{"id": "bb", "ra')
    again = Journal(path)
    assert again.open == {"aa": b"1"}
    # What comes next stands on a line of its own.
    again.sending("cc", b"3")
    assert Journal(path).open == {"aa": b"1", "cc": b"3"}


def test_a_new_journal_is_there_after_a_power_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def fsync(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    path = tmp_path / "x.import"
    journal = Journal(path)
    journal.sending("aa", b"1")
    # Its name is in the directory's own blocks.
    assert synced == [path.stat().st_ino, tmp_path.stat().st_ino]
    journal.settled("aa", "ok")
    assert synced[2:] == [path.stat().st_ino]


@pytest.mark.parametrize("text", ["{}\n", "[]\n", "x\n", "my notes", '{"id": "a", "raw": "zz"}\n'])
def test_what_is_no_journal_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.import"
    path.write_text(text)
    with pytest.raises(JournalDamaged):
        Journal(path)
    assert path.read_text() == text
