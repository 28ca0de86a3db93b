"""The standard's own OpenAPI document against the routes: paths, methods, parameters, answers.

Skipped where the document is missing; nothing of it is copied.
"""

import json
from functools import cache
from typing import Any

import jsonschema
import pytest

from node.api.epcis.routes import EPCIS
from node.api.epcis.rows import BASE
from tests.commerce.epcis.statements import OUTSIDE, document, harvest, needs_outside_data, packing
from tests.node.api.epcis.captured import EVENTS, ask, capture, find, in_path
from tests.node.api.service import Served, served

# This node's subscribers have no lists of the kind, and its captures need a token: told elsewhere.
NAMES = {
    "eventID": "urn:uuid:7",
    "eventType": "ObjectEvent",
    "epc": "urn:epc:id:sgtin:6901234.012345.1",
    "bizStep": "packing",
    "disposition": "active",
    "bizLocation": "urn:epc:id:sgln:6901234.00001.0",
    "readPoint": "urn:epc:id:sgln:6901234.00001.0",
    "queryName": "tea",
}
WITH_TOKENS = ("/capture", "/subscriptions")


@cache
def standard() -> dict[str, Any]:
    told = json.loads((OUTSIDE / "epcis" / "rest-openapi.json").read_text("utf-8"))
    assert isinstance(told, dict)
    return told


def resolved(entry: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to."""
    while "$ref" in entry:
        found: Any = standard()
        for part in entry["$ref"].removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/")]
        entry = found
    return entry


FORMATS = jsonschema.FormatChecker(formats=())


def is_uri(value: object) -> bool:
    """Without it an event of the standard were also one of somebody's own type."""
    return not isinstance(value, str) or ":" in value


FORMATS.checks("uri")(is_uri)


def validated(value: object, schema: dict[str, Any]) -> None:
    whole = {**schema, "components": standard()["components"]}
    jsonschema.Draft7Validator(whole, format_checker=FORMATS).validate(value)


async def some(node: Served) -> None:
    place = {"id": NAMES["bizLocation"]}
    events = (harvest(eventID="urn:uuid:7", bizLocation=place), packing())
    await capture(node.service, document(*events), by="buyer")
    body = b'{"name": "tea", "query": {"EQ_bizStep": ["packing"]}}'
    assert (await node.post(f"{BASE}/queries", body, "application/json"))[0] == 201


@needs_outside_data
def test_every_path_and_method_of_the_standard_has_a_row() -> None:
    rows = {(route.method, route.path.removeprefix(BASE)) for route in EPCIS}
    methods = {"get", "post", "delete", "options"}
    wanted = {
        (method.upper(), path)
        for path, item in standard()["paths"].items()
        for method in methods.intersection(item)
    }
    assert wanted - rows == set()


@needs_outside_data
@pytest.mark.asyncio
async def test_every_query_parameter_of_the_standard_is_taken_with_its_example() -> None:
    entries = [resolved(one) for one in standard()["paths"]["/events"]["get"]["parameters"]]
    assert len(entries) > 50
    async with served() as node:
        for entry in entries:
            if entry["in"] != "query" or entry["name"] in {"nextPageToken", "perPage"}:
                continue
            example = entry.get("example", EXAMPLES.get(entry["name"], "urn:uuid:1"))
            more = {"orderBy": "eventTime"} if entry["name"] == "eventCountLimit" else {}
            answer = await find(node, **{entry["name"]: str(example), **more})
            assert answer.status == 200, (entry["name"], answer.json)


EXAMPLES = {
    **dict.fromkeys((f"{sign}_quantity" for sign in ("EQ", "GT", "GE", "LT", "LE")), "5"),
    **dict.fromkeys(("EXISTS_errorDeclaration", "EQ_booleanValue"), "true"),
    **dict.fromkeys(("eventCountLimit", "maxEventCount"), "9"),
    "orderBy": "recordTime",
    "orderDirection": "ASC",
    "EQ_errorReason": "did_not_occur",
}


@needs_outside_data
@pytest.mark.asyncio
async def test_every_answer_has_the_form_and_the_headers_that_the_standard_gives_it() -> None:
    async with served() as node:
        await some(node)
        for path, item in standard()["paths"].items():
            if "get" not in item or path.startswith(WITH_TOKENS) or path.endswith(WITH_TOKENS):
                continue
            if "subscriptionID" in path:
                continue
            await check_answer(node, path, resolved(item["get"]["responses"]["200"]))


async def check_answer(node: Served, path: str, told: dict[str, Any]) -> None:
    for name, value in NAMES.items():
        path = path.replace(f"{{{name}}}", in_path(value))
    answer = await ask(node, f"{BASE}{path}")
    assert answer.status == 200, (path, answer.json)
    plain = json.loads(json.dumps(answer.json, default=float))
    schema = told["content"]["application/json"]["schema"]
    # The standard's example of one query is an object, its schema an array of such.
    validated([plain] if path == "/queries/tea" else plain, schema)
    later = {"Link", "GS1-Next-Page-Token-Expires"}
    assert set(told.get("headers", {})) - later - set(answer.headers) == set(), path


@needs_outside_data
@pytest.mark.parametrize(
    ("path", "headers", "response"),
    [
        ("/events?EQ_action=PUT", {}, "400QueryIssues"),
        ("/events?colour=red", {}, "400QueryIssues"),
        ("/events/urn%3Auuid%3A8", {}, "404ResourceNotFound"),
        ("/queries/coffee", {}, "404ResourceNotFound"),
        ("/bizSteps/sipping", {}, "404ResourceNotFound"),
        ("/events", {"Accept": "application/xml"}, "406NotAcceptable"),
        ("/events?maxEventCount=1", {}, "413QueryScopeOrSize"),
        (f"/events?EQ_stringValue={'x' * 7_990}", {}, "414URLTooLong"),
    ],
)
@pytest.mark.asyncio
async def test_every_problem_is_one_of_the_standards(
    path: str, headers: dict[str, str], response: str
) -> None:
    told = standard()["components"]["responses"][response]
    async with served() as node:
        await some(node)
        answer = await ask(node, f"{BASE}{path}", **headers)
        assert answer.status == int(response[:3])
        assert answer.headers["Content-Type"] == "application/problem+json"
        plain = json.loads(json.dumps(answer.json, default=int))
        validated(plain, told["content"]["application/problem+json"]["schema"])


@needs_outside_data
@pytest.mark.asyncio
async def test_options_tells_what_the_standard_says_it_tells() -> None:
    wanted = set(standard()["components"]["responses"]["204DefaultDiscoveryResponse"]["headers"])
    async with served() as node, node.http.options(EVENTS) as response:
        assert wanted - set(response.headers) == set()
