"""A sample of `python -m tests.bench.one_reading`: an unlike process reads documents alike."""

import sys
from pathlib import Path

from tests.bench.one_reading import DIGITS, ZONES, documents, record, settings
from tests.bench.one_root import LOCALES, Setting, replay, run

SAMPLE = Setting(sys.executable, 7, "tr_TR.UTF-8", "America/St_Johns", optimised=True, digits="640")


def test_documents_valid_and_invalid_have_one_root_in_unlike_processes(tmp_path: Path) -> None:
    captured, accepted = record(tmp_path, at_random=20)
    assert captured > 200
    assert 60 < accepted < captured - 100
    assert run(SAMPLE, tmp_path) == replay(tmp_path)


def test_every_setting_is_met_by_every_interpreter() -> None:
    for python in ("a", "b"):
        chosen = [entry for entry in settings(["a", "b"]) if entry.python == python]
        assert {entry.digits for entry in chosen} == set(DIGITS)
        assert {entry.locale for entry in chosen} == set(LOCALES)
        assert {entry.zone for entry in chosen} == set(ZONES)
        assert {entry.optimised for entry in chosen} == {False, True}


def test_the_documents_are_the_same_each_time() -> None:
    assert list(documents(5)) == list(documents(5))
