"""Traces over HTTP: pages that stay the same, as known at a height, and shared causes."""

import json
from typing import Any

import pytest

from chain.bech32m import encode_account
from commerce.epcis.capture import EpcisCapture
from commerce.epcis.identifiers import identity
from tests.chain.world import account
from tests.commerce.epcis.statements import Members, document, lot, serial
from tests.commerce.epcis.test_spread import made, packed, turned
from tests.node.api.market import done, found
from tests.node.api.service import FakeService, Served, served

BAD = lot("BAD")
DECLARED = {"errorDeclaration": {"declarationTime": "2026-01-01T00:00:00Z"}}


async def captured(service: FakeService, *events: Members) -> list[str]:
    """Events in a document of a block of its own; their keys."""
    payload = EpcisCapture(json.dumps(document(*events)).encode(), "public")
    _, told = await done(service, "merchant", "epcis.capture", payload)
    assert not any(event["claim"] for event in told)
    return [event["event_key"].hex() for event in told]


def story() -> list[Members]:
    """A lot of forty bottles in two boxes."""
    bottles = [serial(n, "077777") for n in range(40)]
    box = "urn:epc:id:sscc:6901234.100000000{}"
    return [
        turned(1, [BAD, lot("GOOD")], [lot("MIX")]),
        turned(2, [lot("MIX")], bottles),
        packed(3, box.format(1), *bottles[:20]),
        packed(3, box.format(2), *bottles[20:]),
    ]


async def pages(node: Served, path: str, limit: int) -> list[dict[str, Any]]:
    """Every page of a trace."""
    told: list[dict[str, Any]] = []
    cursor = ""
    while True:
        status, page = await node.get(f"{path}&limit={limit}{cursor}")
        assert status == 200, page
        told.append(page)
        if page["next"] is None:
            return told
        assert len(page["steps"]) + len(page["edges"]) + len(page["things"]) == limit
        cursor = f"&cursor={page['next']}"


@pytest.mark.parametrize("limit", [1, 3, 7, 5000])
@pytest.mark.asyncio
async def test_pages_put_together_are_the_trace(limit: int) -> None:
    async with served() as node:
        await found(node.service)
        keys = await captured(node.service, *story())
        path = f"/v1/trace?epc={BAD}&direction=forward"
        (whole,) = await pages(node, path, 5000)
        assert sorted(step["key"] for step in whole["steps"]) == sorted(keys)
        assert len(whole["things"]) == 42
        assert whole["counts"] == {"roots": 1, "steps": 4, "edges": 4, "things": 42}
        assert whole["things"] == sorted(whole["things"])
        parts = await pages(node, path, limit)
        for name in ("steps", "edges", "things"):
            assert [entry for page in parts for entry in page[name]] == whole[name]
        # Blocks in between change nothing of what the pages tell.
        first = (await node.get(f"{path}&limit=2"))[1]
        await captured(node.service, turned(4, [serial(1, "077777")], [serial(900, "077777")]))
        rest = (await node.get(f"{path}&limit=5000&cursor={first['next']}"))[1]
        assert first["steps"] + rest["steps"] == whole["steps"]
        assert rest["things"] == whole["things"]
        assert rest["height"] == first["height"]
        assert len((await pages(node, path, 5000))[0]["things"]) == 43


@pytest.mark.asyncio
async def test_a_trace_as_known_at_a_height_knows_nothing_of_later_blocks() -> None:
    async with served() as node:
        await found(node.service)
        mixing, *_ = story()
        await captured(node.service, mixing)
        height = node.service.ledger.tip.height
        await captured(node.service, story()[1])
        await captured(node.service, mixing | DECLARED)
        path = f"/v1/trace?epc={BAD}&direction=forward"
        counts = [
            len((await node.get(f"{path}&height={height + more}"))[1]["things"])
            for more in (-1, 0, 1, 2)
        ]
        assert counts == [1, 2, 42, 1]
        assert len((await node.get(path))[1]["things"]) == 1


@pytest.mark.asyncio
async def test_a_step_is_proven_by_the_path_that_the_answer_names() -> None:
    async with served() as node:
        await found(node.service)
        (key, *_) = await captured(node.service, *story())
        _, told = await node.get(f"/v1/trace?epc={serial(1, '077777')}")
        assert told["steps"][0]["key"] == key
        # A proof is of a state that a later header has.
        await node.service.decide()
        path = told["proof"].replace("{key}", key)
        async with node.http.get(path) as response:
            assert response.status == 200
        assert told["possessor"] == told["owner"] == encode_account(account("merchant"))
        _, told = await node.get(f"/v1/trace?epc={BAD}")
        assert (told["possessor"], told["owner"]) == (None, None)


@pytest.mark.asyncio
async def test_a_large_edge_shows_some_names_and_tells_how_many() -> None:
    async with served() as node:
        await found(node.service)
        bottles = [serial(n, "077777") for n in range(150)]
        await captured(node.service, turned(2, [BAD], bottles))
        _, told = await node.get(f"/v1/trace?epc={BAD}&direction=forward")
        (edge,) = told["edges"]
        assert (len(edge["targets"]), edge["targets_count"]) == (100, 150)
        assert (edge["sources"], edge["sources_count"]) == ([identity(BAD)], 1)


@pytest.mark.asyncio
async def test_what_bad_bottles_have_in_common_is_told_nearest_first() -> None:
    async with served() as node:
        await found(node.service)
        await captured(node.service, *story(), made(1, serial(1), lot_number="L1"))
        epcs = "&".join(f"epc={serial(n, '077777')}" for n in (0, 39))
        status, told = await node.get(f"/v1/trace/cause?{epcs}")
        assert status == 200
        lots = [cause["name"] for cause in told["causes"] if cause["kind"] == "lot"]
        assert lots == [identity(lot(name)) for name in ("MIX", "BAD", "GOOD")]
        assert told["complete"]
        height = node.service.ledger.tip.height - 1
        _, before = await node.get(f"/v1/trace/cause?{epcs}&height={height}")
        assert before["causes"] == []


@pytest.mark.asyncio
async def test_what_cannot_be_is_told_with_its_events() -> None:
    async with served() as node:
        await found(node.service)
        bottle = serial(1, "077777")
        keys = await captured(node.service, made(1, bottle), turned(2, [BAD], [bottle]))
        _, told = await node.get(f"/v1/trace?epc={bottle}")
        (doubt,) = told["doubts"]
        assert (doubt["kind"], doubt["thing"]) == ("made_twice", identity(bottle))
        assert doubt["keys"] == keys


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/v1/trace?epc={BAD}&height=999", 404, "BlockUnknown"),
        (f"/v1/trace?epc={BAD}&cursor=999.1", 404, "BlockUnknown"),
        (f"/v1/trace?epc={BAD}&cursor=1.0", 400, "ParameterInvalid"),
        (f"/v1/trace?epc={BAD}&limit=5001", 400, "ParameterInvalid"),
        (f"/v1/trace/cause?epc={BAD}", 400, "ParameterInvalid"),
        (f"/v1/trace/cause?epc={BAD}&epc={BAD}", 400, "ParameterInvalid"),
        (f"/v1/trace/cause?epc={BAD}&epc=a%20b", 400, "ParameterInvalid"),
        (f"/v1/trace/cause?epc={BAD}&epc=a:b&height=x", 400, "ParameterInvalid"),
        (f"/v1/trace/cause?epc={BAD}&epc=a:b&height=99", 404, "BlockUnknown"),
        (f"/v1/trace/cause?epc={BAD}&epc=a:b&gtin=1", 400, "ParameterInvalid"),
        ("/v1/trace/cause?" + "&".join(f"epc=a:{n}" for n in range(21)), 400, "ParameterInvalid"),
    ],
)
@pytest.mark.asyncio
async def test_a_question_that_has_no_answer_is_a_problem(
    path: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.get(path)
        assert (answer, told["code"]) == (status, code)
