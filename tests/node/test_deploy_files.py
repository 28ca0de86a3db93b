"""The files that come with the software: all there, all written, none over an operator's own."""

from pathlib import Path

import pytest

from node import deploy
from node.deploy_files import SETS, FileInTheWay, text_of, write_set


def test_every_file_belongs_to_a_set_and_is_there() -> None:
    folder = Path(deploy.__file__).parent
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    data = {name for name in there if not name.endswith((".py", ".pyc"))}
    assert data == {name for names in SETS.values() for name in names} | {"hushang.service"}


@pytest.mark.parametrize("kind", sorted(SETS))
def test_a_set_is_written_whole_or_not_at_all(kind: str, tmp_path: Path) -> None:
    written = write_set(SETS[kind], tmp_path)
    assert [path.read_text() for path in written] == [text_of(name) for name in SETS[kind]]
    written[0].unlink()
    written[1].write_text("mine")
    with pytest.raises(FileInTheWay):
        write_set(SETS[kind], tmp_path)
    assert not written[0].exists()
    assert written[1].read_text() == "mine"
