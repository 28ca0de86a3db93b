"""The journal on a real disk: what was appended comes back, what was torn is dropped."""

import errno
import os
from pathlib import Path

import pytest

import node.journal as journals
from node import frames
from node.journal import Journal, JournalDamaged, JournalFailed, JournalMissing

OWNER = bytes(range(32))
HEAD_SIZE = 13
SECTOR_SIZE = 512


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
        size = int.from_bytes(data[at + 1 : at + 5], "big")
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


def with_zeros(data: bytes, sector: int) -> bytes:
    start = sector * SECTOR_SIZE
    return data[:start] + bytes(SECTOR_SIZE) + data[start + SECTOR_SIZE :]


def test_a_lost_sector_with_the_head_of_an_earlier_append_is_damage(tmp_path: Path) -> None:
    path = written(tmp_path, [[b"\x01" * 400], [b"\x02" * 1_000], [b"\x03" * 40], [b"\x04" * 10]])
    whole = path.read_bytes()
    for sector in (0, 1, 2):
        path.write_bytes(with_zeros(whole, sector))
        with pytest.raises(JournalDamaged):
            Journal(tmp_path, OWNER)
        assert path.read_bytes() == with_zeros(whole, sector)


def test_an_append_of_several_frames_is_torn_wherever_it_lacks_a_sector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "FRAME_SIZE_AIM", 600)
    parts = [bytes([n]) * 500 for n in range(1, 6)]
    path = written(tmp_path, [[b"a promise"], parts])
    whole = path.read_bytes()
    for sector in range(1, len(whole) // SECTOR_SIZE + 1):
        path.write_bytes(with_zeros(whole, sector)[: len(whole)])
        found = reread(tmp_path)
        assert found[0] == b"a promise"
        assert found[1:] == parts[: len(found) - 1] != parts
    path.write_bytes(whole)
    journal = Journal(tmp_path, OWNER)
    journal.append([b"another"])
    journal.close()
    whole = path.read_bytes()
    for sector in range(1, len(whole) // SECTOR_SIZE):
        path.write_bytes(with_zeros(whole, sector))
        with pytest.raises(JournalDamaged):
            Journal(tmp_path, OWNER)


def test_what_a_killed_process_left_is_synced_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, [[b"a promise"]])
    synced = set()

    def sync(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(journals, "sync_handle", sync)
    assert reread(tmp_path) == [b"a promise"]
    assert synced == {path.stat().st_ino, tmp_path.stat().st_ino}
    synced.clear()
    assert reread(tmp_path / "new") == []
    places = (tmp_path, tmp_path / "new", tmp_path / "new" / "journal")
    assert synced >= {place.stat().st_ino for place in places}


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_after_a_failed_write_nothing_more_is_promised(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path, OWNER)
    journal.append([b"a promise"])

    def refuse(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(journals, "sync_handle", refuse)
        with pytest.raises(JournalFailed, match=os.strerror(number)) as failure:
            journal.append([b"lost"])
    assert "make room on the disk" in failure.value.hint
    with pytest.raises(JournalFailed, match="earlier write failed"):
        journal.append([b"another"])
    with pytest.raises(JournalFailed, match="earlier write failed"):
        journal.rewrite([b"another"])
    journal.close()
    assert reread(tmp_path)[0] == b"a promise"


def test_a_rewrite_on_a_full_disk_is_named_and_leaves_the_old_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path, OWNER)
    journal.append([b"a promise"])
    # Linux's device that is always full stands in for the new file.
    (tmp_path / "journal.new").symlink_to("/dev/full")
    with pytest.raises(JournalFailed, match="No space left" if Path("/dev/full").exists() else ""):
        journal.rewrite([b"kept" * 1000])
    journal.close()
    assert reread(tmp_path) == [b"a promise"]


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
    assert not (tmp_path / "journal.new").exists()


def test_a_directory_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(JournalFailed):
        Journal(tmp_path / "file" / "journal", OWNER)
