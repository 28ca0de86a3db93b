"""New, lost or kept: what a node that finds no journal takes it for."""

from pathlib import Path

import pytest

from consensus.records import Record, SilenceRecord, VoteRecord, decode_record, encode_record
from node.journal import Journal, JournalMissing
from node.journal_loss import accept_loss, mark_new, open_journal

OWNER = bytes(range(32))
VOTE = VoteRecord(2, 0, 1, bytes(32), bytes(64))


def records(journal: Journal) -> list[Record]:
    journal.close()
    return [decode_record(data) for data in journal.records]


def opened(directory: Path, *, others_can_tell: bool = True) -> list[Record]:
    return records(open_journal(directory, OWNER, others_can_tell=others_can_tell))


@pytest.mark.parametrize("others_can_tell", [True, False])
def test_a_key_that_was_just_made_has_nothing_to_be_silent_about(
    tmp_path: Path, *, others_can_tell: bool
) -> None:
    mark_new(tmp_path / "journal")
    assert opened(tmp_path / "journal", others_can_tell=others_can_tell) == []
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["journal"], (
        "no mark is left"
    )


def test_a_lost_journal_begins_with_silence_and_keeps_it_over_a_restart(tmp_path: Path) -> None:
    assert opened(tmp_path) == [SilenceRecord(None)]
    assert opened(tmp_path) == [SilenceRecord(None)]


def test_where_nobody_else_can_tell_the_operator_must(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing) as refused:
        opened(tmp_path, others_can_tell=False)
    assert "hushang node accept-loss" in refused.value.hint
    accept_loss(tmp_path, OWNER)
    assert opened(tmp_path, others_can_tell=False) == []


def test_the_operators_word_ends_a_silence_and_forgets_no_vote(tmp_path: Path) -> None:
    opened(tmp_path)
    journal = Journal(tmp_path, OWNER)
    journal.append([encode_record(VOTE)])
    journal.close()
    assert accept_loss(tmp_path, OWNER)
    assert opened(tmp_path) == [SilenceRecord(None), VOTE, SilenceRecord(0)]
    assert not accept_loss(tmp_path, OWNER), "there is nothing left to accept"


def test_a_whole_journal_is_left_as_it_is(tmp_path: Path) -> None:
    mark_new(tmp_path)
    assert opened(tmp_path) == []
    assert not accept_loss(tmp_path, OWNER)
    assert opened(tmp_path) == []


def test_a_mark_beside_a_journal_means_nothing_and_goes(tmp_path: Path) -> None:
    opened(tmp_path)
    mark_new(tmp_path)
    assert opened(tmp_path) == [SilenceRecord(None)]
    (tmp_path / "journal").unlink()
    assert opened(tmp_path) == [SilenceRecord(None)], "the mark was for the first journal only"
