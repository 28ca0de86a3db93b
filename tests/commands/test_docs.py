"""`hushang docs`: the pages are what the code says."""

from functools import cache
from pathlib import Path
from unittest import mock

from node.commands.docs import PAGES
from tests.commands.command_line import inside


def test_the_pages_in_the_tree_are_current() -> None:
    ran = inside("docs", "--check")
    assert ran.code == 0, ran.err


def test_pages_that_are_not_current_exit_8_by_name_until_they_are_written(tmp_path: Path) -> None:
    # Each page is made once: the test above makes those that count.
    with mock.patch.dict(PAGES, {name: cache(render) for name, render in PAGES.items()}):
        check_each(tmp_path / "docs")


def check_each(directory: Path) -> None:
    place = str(directory)
    assert inside("docs", "--check", "--out", place).code == 8
    assert inside("docs", "--out", place).code == 0
    assert inside("docs", "--check", "--out", place).code == 0
    for name in PAGES:
        page = directory / name
        text = page.read_text("utf-8")
        page.write_text(f"{text}\n")
        ran = inside("docs", "--check", "--out", place)
        assert ran.code == 8
        assert name in ran.err
        page.write_text(text, "utf-8")
    assert inside("docs", "--check", "--out", place).code == 0
