"""`hushang docs`: the page is what the registry says."""

from pathlib import Path

from tests.commands.command_line import inside


def test_the_page_in_the_tree_is_current() -> None:
    assert inside("docs", "--check").code == 0


def test_a_page_that_is_not_current_exits_8_until_it_is_written(tmp_path: Path) -> None:
    page = str(tmp_path / "page.md")
    assert inside("docs", "--check", "--out", page).code == 8
    assert inside("docs", "--out", page).code == 0
    assert inside("docs", "--check", "--out", page).code == 0
    (tmp_path / "page.md").write_text("other")
    assert inside("docs", "--check", "--out", page).code == 8
