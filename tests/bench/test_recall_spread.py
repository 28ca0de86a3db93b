"""A short run of the recall in a million items: exact, held at once, and over."""

from contextlib import closing
from pathlib import Path

import pytest

from chain.store import open_store
from commerce.recalls import spreading
from tests.bench import recall_spread
from tests.bench.million_items import opened


def test_a_recalled_lot_marks_what_the_oracle_finds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that it takes some blocks.
    monkeypatch.setattr(spreading, "WORK_PER_BLOCK_MAX", 1_000)
    with closing(open_store(tmp_path / "db")) as store:
        assert recall_spread.bench(opened(store), 2_000, oracled=True)
    told = capsys.readouterr().out
    assert "held in the recall's own block: yes" in told
    assert "exact: the oracle finds the same things" in told
