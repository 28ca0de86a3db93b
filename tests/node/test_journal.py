"""The journal on a real disk: what was appended comes back, what was torn is dropped."""

from pathlib import Path

import pytest

from node.journal import Journal, JournalDamaged, JournalFailed

OWNER = bytes(range(32))


def written(directory: Path, frames: list[list[bytes]]) -> Path:
    journal = Journal(directory, OWNER)
    for records in frames:
        journal.append(records)
    journal.close()
    return directory / "journal"


def reread(directory: Path) -> list[bytes]:
    journal = Journal(directory, OWNER)
    journal.close()
    return journal.records


def test_records_come_back_in_order(tmp_path: Path) -> None:
    written(tmp_path, [[b"one", b"two"], [b"three"]])
    assert reread(tmp_path) == [b"one", b"two", b"three"]


def test_a_rewrite_keeps_only_what_it_was_given_and_can_be_appended_to(tmp_path: Path) -> None:
    journal = Journal(tmp_path, OWNER)
    journal.append([b"old"])
    journal.rewrite([b"kept"])
    journal.append([b"new"])
    journal.close()
    assert reread(tmp_path) == [b"kept", b"new"]


def test_cut_at_any_byte_it_opens_with_a_prefix_of_whole_frames(tmp_path: Path) -> None:
    path = written(tmp_path / "whole", [[b"first"], [b"second", b"third"], [b"fourth"]])
    data = path.read_bytes()
    prefixes = [[], [b"first"], [b"first", b"second", b"third"]]
    header = len(data) - sum(8 + size for size in _frame_sizes(data))
    seen = set()
    for cut in range(header, len(data)):
        directory = tmp_path / str(cut)
        directory.mkdir()
        (directory / "journal").write_bytes(data[:cut])
        records = reread(directory)
        assert records in prefixes
        seen.add(len(records))
        assert reread(directory) == records, "the torn tail is gone for good"
    assert seen == {0, 1, 3}


def _frame_sizes(data: bytes) -> list[int]:
    at = data.index(b"\n") + 1 + 32
    sizes = []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        sizes.append(size)
        at += 8 + size
    return sizes


def test_a_changed_byte_before_the_last_frame_is_a_named_exit(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"a promise"], [b"another"]])
    data = bytearray(path.read_bytes())
    data[data.index(b"a promise")] ^= 1
    path.write_bytes(data)
    with pytest.raises(JournalDamaged):
        Journal(tmp_path, OWNER)


def test_a_tail_of_zeros_after_a_power_cut_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"a promise"]])
    path.write_bytes(path.read_bytes() + bytes(4096))
    assert reread(tmp_path) == [b"a promise"]


def test_the_journal_of_another_node_key_or_chain_is_refused(tmp_path: Path) -> None:
    written(tmp_path, [[b"a promise"]])
    with pytest.raises(JournalDamaged):
        Journal(tmp_path, bytes(32))


def test_a_rewrite_that_died_half_way_leaves_the_old_journal(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"a promise"]])
    (tmp_path / "journal.new").write_bytes(b"half")
    assert reread(tmp_path) == [b"a promise"]
    assert path.exists()


def test_a_directory_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalFailed):
        Journal(tmp_path / "file" / "journal", OWNER)
