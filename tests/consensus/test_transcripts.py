"""The golden transcripts come out as they are written, to the last line."""

from pathlib import Path

import pytest

from tests.consensus.transcript import replay

FOLDER = Path(__file__).parent / "transcripts"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_a_transcript_comes_out_as_written(path: Path) -> None:
    written = path.read_text("utf-8")
    assert replay(written) == written


def test_there_is_a_transcript_of_each_subject() -> None:
    subjects = {path.stem for path in TRANSCRIPTS}
    assert subjects >= {
        "normal_case",
        "seal_and_rest",
        "view_change_free",
        "view_change_re_proposal",
        "restart",
        "equivocating_primary",
        "complaint_and_join",
        "catching_up",
    }
