"""Files made for their owner alone."""

import os
from pathlib import Path

import pytest

from node.owner_only import owner_only


def test_the_umask_counts_inside_only_also_after_an_error(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with owner_only():
            (tmp_path / "inside").mkdir()
            (tmp_path / "inside" / "file").write_bytes(b"")
        with pytest.raises(FileExistsError), owner_only():
            (tmp_path / "inside").mkdir()
        (tmp_path / "outside").write_bytes(b"")
    finally:
        os.umask(before)
    modes = [tmp_path / name for name in ("inside", "inside/file", "outside")]
    assert [path.stat().st_mode & 0o777 for path in modes] == [0o700, 0o600, 0o666]
