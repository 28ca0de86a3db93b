"""The frames of the error catalogue: the same parts in each language."""

import re

from node.reference.errors_frames import CHINESE, ENGLISH
from node.reference.errors_page import render_errors

CJK = re.compile("[\u4e00-\u9fff]")


def test_both_languages_name_the_same_groups_in_words_of_their_own() -> None:
    assert list(CHINESE.titles) == list(ENGLISH.titles)
    assert all(CJK.search(title) for title in CHINESE.titles.values())
    assert not any(CJK.search(title) for title in ENGLISH.titles.values())


def test_the_chinese_page_has_every_code_and_every_link_of_its_contents() -> None:
    english, chinese = render_errors(ENGLISH), render_errors(CHINESE)
    headings = r"^### (\w+)$"
    assert re.findall(headings, chinese, re.MULTILINE) == re.findall(
        headings, english, re.MULTILINE
    )
    titles = re.findall(r"^## (.+)$", chinese, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"^- \[.+\]\(#(.+)\), \d+$", chinese, re.MULTILINE)) == anchors


def test_what_the_table_has_no_words_for_is_said_in_english() -> None:
    unknown = {"code": "NoSuchCode", "means": "It is so.", "hint": "do that"}
    assert CHINESE.words(unknown) == ("It is so.", "do that")
    told = {"code": "AccountUnknown", "means": "No account has this id.", "hint": "open one"}
    means, hint = CHINESE.words(told)
    assert CJK.search(means)
    assert CJK.search(hint)
