"""docs/errors.md: every code has its heading, its group and what it brings."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from node.api import routes
from node.commands.explain import every_code
from node.reference.errors_frames import ENGLISH
from node.reference.errors_page import GROUPS, api_statuses, group_of, render_errors

PAGE = render_errors()
HEADINGS = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)


def test_every_code_stands_there_once() -> None:
    assert sorted(HEADINGS) == sorted(every_code())


def test_every_group_has_a_title_and_at_least_one_code() -> None:
    assert [name for name, _ in GROUPS] == list(ENGLISH.titles)
    found = {group_of(cls.__module__) for cls in every_code().values()}
    assert found == set(ENGLISH.titles)


def test_every_link_of_the_contents_leads_to_a_group() -> None:
    titles = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"^- \[.+\]\(#(.+)\), \d+$", PAGE, re.MULTILINE)) == anchors


def test_a_code_tells_its_exit_code_its_status_and_what_helps() -> None:
    _, _, after = PAGE.partition("### InsufficientFunds\n")
    section = after.partition("### ")[0]
    assert "The available balance is smaller than the amount." in section
    assert "*exit 7 · what helps: the account's view tells" in section
    _, _, after = PAGE.partition("### PoolFull\n")
    assert "exit 5 · HTTP 429" in after.partition("### ")[0]


def test_every_refusal_that_a_route_declares_has_a_status() -> None:
    declared = {cls.__name__ for route in routes.ROUTES for cls in route.problems}
    assert declared <= set(api_statuses())


def test_another_language_brings_its_own_words_and_keeps_the_codes() -> None:
    def shout(told: Mapping[str, Any]) -> tuple[str, str]:
        return str(told["means"]).upper(), "!"

    page = render_errors(replace(ENGLISH, words=shout, exit="终"))
    assert re.findall(r"^### (\w+)$", page, re.MULTILINE) == HEADINGS
    assert "THE AVAILABLE BALANCE IS SMALLER THAN THE AMOUNT." in page
    assert "*终 7 · what helps: !*" in page
