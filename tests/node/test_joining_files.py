"""What joining leaves on disk, and how an interrupted swap of databases ends."""

from pathlib import Path

import pytest

from chain.snapshot import MANIFEST, PartId, PartKind
from chain.store_contract import StorageFailed
from node.joining_files import JoiningFiles, KeptParts

STATE = PartId(PartKind.STATE, 3)


def database(folder: Path, content: str) -> None:
    folder.mkdir(parents=True)
    (folder / "rows").write_text(content)


def test_a_part_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    parts = KeptParts(tmp_path / "parts")
    assert not parts.has(STATE)
    parts.keep(STATE, b"rows")
    (parts.folder / "state-00004.new").write_bytes(b"half")
    assert (parts.has(STATE), parts.has(PartId(PartKind.STATE, 4))) == (True, False)
    assert parts.read(STATE) == b"rows"
    with pytest.raises(StorageFailed, match="state-00004"):
        parts.read(PartId(PartKind.STATE, 4))


def test_without_its_manifest_no_part_is_worth_anything(tmp_path: Path) -> None:
    parts = KeptParts(tmp_path / "parts")
    for part in (MANIFEST, STATE):
        parts.keep(part, b"x")
    parts.drop(STATE)
    assert (parts.has(MANIFEST), parts.has(STATE)) == (True, False)
    parts.keep(STATE, b"x")
    parts.drop(MANIFEST)
    assert not parts.has(STATE)


def test_what_is_kept_of_other_snapshots_makes_room(tmp_path: Path) -> None:
    files = JoiningFiles(tmp_path)
    assert files.kept() == frozenset()
    files.begin(7)
    for name in ("one", "two"):
        KeptParts(tmp_path / "joining" / name).keep(STATE, b"x")
    assert files.kept() == {"one", "two"}
    assert files.parts("two").has(STATE)
    assert files.kept() == {"two"}
    assert files.started_at() == 7
    files.end()
    assert (files.started_at(), list(tmp_path.iterdir())) == (None, [])


def test_a_place_that_the_system_refuses_is_told_by_its_name(tmp_path: Path) -> None:
    files = JoiningFiles(tmp_path / ("x" * 300))
    for step in (files.settle, files.started_at, files.kept, lambda: files.begin(7), files.swap):
        with pytest.raises(StorageFailed, match=r"x.*: File name too long"):
            step()


def test_a_start_that_was_not_noted_whole_is_none(tmp_path: Path) -> None:
    files = JoiningFiles(tmp_path)
    files.begin(7)
    (tmp_path / "joining" / "started").write_text("")
    assert files.started_at() is None


@pytest.mark.parametrize("died", ["before", "between", "after", "never"])
def test_wherever_a_swap_is_interrupted_one_database_is_left(tmp_path: Path, died: str) -> None:
    files = JoiningFiles(tmp_path)
    database(tmp_path / "db", "old")
    database(files.draft, "new")
    if died in ("between", "after"):
        files.database.rename(tmp_path / "db.replaced")
    if died == "after":
        files.draft.rename(files.database)
    if died == "never":
        files.swap()
    files.settle()
    assert (files.database / "rows").read_text() == ("old" if died == "before" else "new")
    assert not (tmp_path / "db.replaced").exists()
    files.settle()


def test_a_first_database_takes_its_place_without_another(tmp_path: Path) -> None:
    files = JoiningFiles(tmp_path)
    database(files.draft, "new")
    files.swap()
    assert (files.database / "rows").read_text() == "new"


def test_a_draft_that_was_not_finished_is_begun_anew(tmp_path: Path) -> None:
    files = JoiningFiles(tmp_path)
    database(files.draft, "half")
    files.settle()
    files.clear_draft()
    assert not files.draft.exists()
    files.clear_draft()
