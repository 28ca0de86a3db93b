"""docs/api.md: every route stands there, and every link of it leads somewhere."""

import re

from node.api import routes
from node.commands.explain import every_code
from node.reference.api_page import DISCOVERY, SUBJECTS, render_api

PAGE = render_api()


def anchors(pattern: str) -> set[str]:
    return {
        re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(pattern, PAGE, re.MULTILINE)
    }


def test_every_route_belongs_to_one_subject() -> None:
    grouped = [route for _, rows in SUBJECTS for route in rows]
    assert sorted((r.method, r.path) for r in grouped) == sorted(
        (r.method, r.path) for r in routes.ROUTES
    )


def test_every_route_has_a_section_but_those_that_only_tell_what_is_allowed() -> None:
    told = re.findall(r"^### ([A-Z]+) (/\S*)$", PAGE, re.MULTILINE)
    wanted = [(r.method, r.path) for r in routes.ROUTES if r.method != DISCOVERY]
    assert sorted(told) == sorted(wanted)


def test_every_link_inside_the_page_leads_to_a_heading() -> None:
    targets = set(re.findall(r"\]\(#([^)]+)\)", PAGE))
    assert targets <= anchors(r"^### (\w+)$") | anchors(r"^## (.+)$")
    assert "orderview" in targets


def test_every_refusal_is_a_code_of_the_catalogue() -> None:
    codes = {code.lower() for code in every_code()}
    assert set(re.findall(r"errors\.md#(\w+)", PAGE)) <= codes


def test_a_route_tells_its_parameters_answers_refusals_and_an_example() -> None:
    _, _, after = PAGE.partition("### GET /v1/orders/{id}\n")
    section = after.partition("### ")[0]
    assert "| `id` | path | hash, 64 hex digits |" in section
    assert "Answers 200: [OrderView](#orderview)." in section
    assert "404 [OrderUnknown](errors.md#orderunknown)" in section
    assert 'curl "$NODE/v1/orders/$ID"' in section


def test_no_record_stands_twice() -> None:
    headings = re.findall(r"^### (\w+)$", PAGE, re.MULTILINE)
    assert len(headings) == len(set(headings))


def test_no_two_models_share_a_name_which_would_name_them_by_chance() -> None:
    assert not [name for name in re.findall(r"^### (\w+)$", PAGE, re.MULTILINE) if "__" in name]
