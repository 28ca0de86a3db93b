"""The journal on a real disk: what was appended comes back, what was torn is dropped."""

from pathlib import Path

import pytest

from node.journal import Journal, JournalDamaged, JournalFailed, JournalMissing

OWNER = bytes(range(32))
HEAD_SIZE = 12


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
    header = len(data) - sum(HEAD_SIZE + size for size in _frame_sizes(data))
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
        at += HEAD_SIZE + size
    return sizes


def test_a_flipped_bit_anywhere_is_a_named_exit(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"a promise"], [b"another", b"and one more"], [b"the last"]])
    data = path.read_bytes()
    start = data.index(b"\n") + 1
    for position in range(start, len(data)):
        for bit in (0x01, 0x40):
            flipped = bytearray(data)
            flipped[position] ^= bit
            path.write_bytes(flipped)
            with pytest.raises(JournalDamaged):
                Journal(tmp_path, OWNER)
            assert path.read_bytes() == flipped, "nothing is cut off a damaged journal"


def test_a_last_append_that_lacks_a_sector_was_torn_and_is_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"a promise"], [b"\x01" * 4_000]])
    data = bytearray(path.read_bytes())
    data[1_024:1_536] = bytes(512)
    path.write_bytes(data)
    assert reread(tmp_path) == [b"a promise"]


def test_an_earlier_append_that_lacks_a_sector_is_damage(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"\x01" * 4_000], [b"a promise"]])
    data = bytearray(path.read_bytes())
    data[1_024:1_536] = bytes(512)
    path.write_bytes(data)
    with pytest.raises(JournalDamaged):
        Journal(tmp_path, OWNER)


def test_more_records_than_a_frame_holds_go_into_several(tmp_path: Path) -> None:
    record = bytes(range(256)) * 12_000
    journal = Journal(tmp_path, OWNER)
    journal.rewrite([record] * 8)
    journal.append([record] * 4)
    journal.close()
    assert reread(tmp_path) == [record] * 12


def test_a_lost_journal_is_not_made_anew_beside_a_chain(tmp_path: Path) -> None:
    with pytest.raises(JournalMissing):
        Journal(tmp_path, OWNER, may_create=False)
    written(tmp_path, [[b"a promise"]])
    journal = Journal(tmp_path, OWNER, may_create=False)
    journal.close()
    assert journal.records == [b"a promise"]


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
