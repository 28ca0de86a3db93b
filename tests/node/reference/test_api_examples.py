"""The examples of docs/api.md: a node takes each as it stands."""

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pytest

from node.api import routes
from node.api.body import json_form
from node.reference import api_examples as examples
from node.reference.api_page import listed, render_api
from tests.node.api.epcis.gateway import opened
from tests.node.api.service import Served, served

PAGE = render_api()
# Bodies are read by the models; and the EPCIS ones, which have none, by a node.
FORMS = {route.path: route.bodies for route in routes.ROUTES if route.bodies}


@dataclass(frozen=True, slots=True)
class Request:
    """What an example sends."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str | None


def shell_blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)


def requests(**own: str) -> Iterator[Request]:
    """Every example as the shell would read it after the page's first block."""
    first, *others = shell_blocks()
    given = dict(shlex.split(line)[0].split("=", 1) for line in first.splitlines())
    for text in others:
        words = shlex.split(Template(text.replace("\\\n", " ")).substitute(given | own))
        assert words.pop(0) == "curl"
        options: dict[str, list[str]] = {}
        while words[0].startswith("-"):
            options.setdefault(words.pop(0), []).append(words.pop(0))
        target = words.pop(0).removeprefix((given | own)["NODE"])
        for name, value in zip(words[::2], words[1::2], strict=True):
            options.setdefault(name, []).append(value)
        body = options.get("--data", [None])[0]
        method = options.get("-X", ["GET" if body is None else "POST"])[0]
        headers = dict(line.split(": ", 1) for line in options.get("-H", []))
        yield Request(method, target, headers, body)


async def status_of(node: Served, request: Request) -> tuple[int, str]:
    async with node.http.request(
        request.method, node.url(request.target), headers=request.headers, data=request.body
    ) as response:
        return response.status, await response.text()


def test_every_route_has_an_example_of_its_method() -> None:
    wanted = [route.method for route in listed(routes.ROUTES)]
    assert sorted(request.method for request in requests()) == sorted(wanted)


def test_what_is_named_by_hand_belongs_to_a_route() -> None:
    paths = {route.path for route in routes.ROUTES}
    assert set(examples.NEEDED) <= paths
    assert set(examples.BODIES) == set(FORMS)
    used = set(re.findall(r"\$([A-Z]+)", "\n".join(shell_blocks())))
    assert used == set(examples.VARIABLES)


@pytest.mark.asyncio
async def test_a_node_finds_no_fault_with_the_form_of_any_question() -> None:
    async with served() as node:
        asked = [request for request in requests() if request.method == "GET"]
        answers = {request.target: await status_of(node, request) for request in asked}
    wrong = {target: told for target, told in answers.items() if told[0] in (400, 405, 414, 500)}
    assert not wrong
    assert sum(status == 200 for status, _ in answers.values()) > len(answers) // 3


def test_every_body_with_a_model_is_of_that_model() -> None:
    read = 0
    for request in requests():
        model = FORMS.get(request.target, {}).get("application/json")
        if model is not None:
            assert request.body is not None
            json_form(request.body.encode(), model)
            read += 1
    assert read == 3


@pytest.mark.asyncio
async def test_epcis_bodies_are_taken(tmp_path: Path) -> None:
    async with opened(tmp_path, hurried=True) as gateway:
        taken = [
            (request.target, *await status_of(gateway.node, request))
            for request in requests(BEARER=gateway.token)
            if request.method == "POST" and request.target.startswith("/v1/epcis")
        ]
    assert [status // 100 for _, status, _ in taken] == [2] * len(taken), taken
