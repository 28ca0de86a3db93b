"""Finding the row of a request and reading its parameters."""

import pytest

from node.api.parameters import account_in_query, number, text_in_path
from node.api.problems import (
    ApiProblem,
    MethodNotAllowed,
    ParameterInvalid,
    ParameterUnknown,
    RouteUnknown,
)
from node.api.replies import Reply
from node.api.routing import Call, Route, Router, read_parameters

NAME = text_in_path("name", "[a-z]+", "a name")
LIMIT = number("limit", 1, 9, 3, "how many")
OWNER = account_in_query("owner", "whose")


def nothing(_call: Call) -> Reply:
    return Reply(b"")


def row(method: str, path: str) -> Route:
    return Route(method, path, "…", {200: "text/plain"}, read=nothing)


ROWS = (
    row("GET", "/a"),
    row("GET", "/a/{name}"),
    row("GET", "/a/fixed"),
    row("POST", "/a/fixed"),
    row("DELETE", "/a/{name}"),
    row("GET", "/a/{name}/{other}"),
)


@pytest.mark.parametrize(
    ("method", "path", "found", "texts"),
    [
        ("GET", "/a", 0, {}),
        ("GET", "/a/x", 1, {"name": "x"}),
        ("GET", "/a/fixed", 2, {}),
        ("HEAD", "/a/fixed", 2, {}),
        ("POST", "/a/fixed", 3, {}),
        ("DELETE", "/a/x", 4, {"name": "x"}),
        ("GET", "/a/x%2Fy", 1, {"name": "x/y"}),
        ("GET", "/a/%E8%8C%B6", 1, {"name": "茶"}),
        ("GET", "/a/x/y", 5, {"name": "x", "other": "y"}),
    ],
)
def test_the_most_literal_row_is_found(
    method: str, path: str, found: int, texts: dict[str, str]
) -> None:
    assert Router(ROWS).find(method, path) == (ROWS[found], texts)


@pytest.mark.parametrize("path", ["/", "", "/b", "/a/", "/a//x", "/a/x/y/z", "/A"])
def test_a_path_without_a_row_is_unknown(path: str) -> None:
    with pytest.raises(RouteUnknown):
        Router(ROWS).find("GET", path)


def test_a_method_without_a_row_names_those_that_have_one() -> None:
    with pytest.raises(MethodNotAllowed) as refusal:
        Router(ROWS).find("PATCH", "/a/fixed")
    assert refusal.value.allowed == ["GET", "POST"]


ROUTE = Route("GET", "/a/{name}", "…", {}, read=nothing, parameters=(NAME, LIMIT, OWNER))


def test_parameters_are_read_and_absent_ones_have_their_defaults() -> None:
    assert read_parameters(ROUTE, {"name": "tea"}, [("limit", "5")]) == {
        "name": "tea",
        "limit": 5,
        "owner": None,
    }
    assert read_parameters(ROUTE, {"name": "tea"}, [])["limit"] == 3


@pytest.mark.parametrize(
    ("query", "refusal", "where"),
    [
        ([("limit", "0")], ParameterInvalid, "query.limit"),
        ([("limit", "1"), ("limit", "1")], ParameterInvalid, "query.limit"),
        ([("limti", "1")], ParameterUnknown, "query.limti"),
        ([("name", "x")], ParameterUnknown, "query.name"),
        ([("owner", "hs1")], ParameterInvalid, "query.owner"),
        ([("x", "y")] * 40, ParameterUnknown, None),
    ],
)
def test_what_is_wrong_with_a_query_is_said_with_its_place(
    query: list[tuple[str, str]], refusal: type[ApiProblem], where: str | None
) -> None:
    with pytest.raises(refusal) as told:
        read_parameters(ROUTE, {"name": "tea"}, query)
    assert told.value.where == where


def test_a_misspelt_parameter_is_answered_with_the_likely_one() -> None:
    with pytest.raises(ParameterUnknown, match="did you mean limit"):
        read_parameters(ROUTE, {"name": "tea"}, [("limti", "1")])
