"""The resources of the binding: what is listed, what is below it, and OPTIONS on each."""

from collections.abc import Mapping

import pytest

from node.api.epcis import resources
from node.api.epcis.routes import EPCIS
from node.api.routing import Route
from tests.commerce.epcis.statements import case, data, document, harvest, lot, packing, serial
from tests.node.api.epcis.captured import Answer, ask, capture, in_path
from tests.node.api.market import found
from tests.node.api.service import Served, served

BASE = "/v1/epcis"
GTIN = "https://id.gs1.org/01/06901234123456"
PLACE = "https://id.gs1.org/414/6901234000016"


async def some(node: Served) -> None:
    """A few captured events, by one who holds their company prefix."""
    await found(node.service)
    quantity = [{"epcClass": lot("L1"), "quantity": 5, "uom": "KGM"}]
    event = harvest(quantityList=quantity, bizLocation={"id": "tea:hall"}, disposition="tea:odd")
    await capture(node.service, document(event, packing(bizStep="cbv:BizStep-packing")))


async def members(node: Served, path: str) -> list[str]:
    answer = await ask(node, f"{BASE}{path}")
    assert answer.status == 200, answer.json
    assert answer.json["type"] == "Collection"
    listed = answer.json["member"]
    assert isinstance(listed, list)
    return listed


@pytest.mark.asyncio
async def test_what_captured_events_name_is_listed() -> None:
    async with served() as node:
        await some(node)
        assert len(await members(node, "/")) == 9
        assert await members(node, "/eventTypes") == sorted(
            f"{kind}Event"
            for kind in ("Aggregation", "Association", "Object", "Transaction", "Transformation")
        )
        assert await members(node, "/bizSteps") == ["commissioning", "packing"]
        assert await members(node, "/dispositions") == ["https://tea.example/epcis/odd"]
        assert await members(node, "/bizLocations") == ["https://tea.example/epcis/hall"]
        assert await members(node, "/readPoints") == [PLACE]
        # Lots and products are classes, and not listed one by one.
        things = await members(node, "/epcs")
        assert things == [
            "https://id.gs1.org/00/169012340000000075",
            f"{GTIN}/21/1",
            f"{GTIN}/21/2",
        ]


@pytest.mark.asyncio
async def test_things_are_spelt_as_urns_if_asked() -> None:
    async with served() as node:
        await some(node)
        answer = await ask(node, f"{BASE}/epcs", GS1_EPC_Format="Always_EPC_URN")
        assert answer.json["member"] == [case(7), serial(1), serial(2)]


@pytest.mark.parametrize("path", ["/epcs", "/readPoints", "/bizSteps"])
@pytest.mark.asyncio
async def test_a_list_comes_in_pages(path: str) -> None:
    async with served() as node:
        await some(node)
        for n in range(3):
            place = {"id": f"urn:epc:id:sgln:6901234.0000{n}.0"}
            step = f"https://tea.example/step-{n}"
            await capture(node.service, document(harvest(readPoint=place, bizStep=step)))
        whole, told = await members(node, path), list[str]()
        answer: Answer | None = await ask(node, f"{BASE}{path}", ("perPage", "2"))
        while answer is not None:
            assert len(answer.json["member"]) <= 2
            told += answer.json["member"]
            answer = None if answer.next is None else await ask(node, answer.next)
        assert told == whole
        assert len(whole) >= 3


@pytest.mark.asyncio
async def test_a_page_of_things_ends_where_its_work_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resources, "NAMES_LOOKED_AT_MAX", 2)
    async with served() as node:
        await some(node)
        told, path = list[str](), f"{BASE}/epcs"
        for _ in range(9):
            answer = await ask(node, path)
            told += answer.json["member"]
            if answer.next is None:
                break
            path = answer.next
        assert len(told) == len(set(told)) == 3


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/eventTypes/ObjectEvent", 1),
        (f"/epcs/{in_path(serial(1))}", 2),
        (f"/epcs/{in_path(f'{GTIN}/21/1')}", 2),
        (f"/epcs/{in_path(lot('L1'))}", 1),
        ("/bizSteps/packing", 1),
        (f"/bizSteps/{in_path('https://ref.gs1.org/cbv/BizStep-packing')}", 1),
        (f"/bizSteps/{in_path('urn:epcglobal:cbv:bizstep:commissioning')}", 1),
        (f"/dispositions/{in_path('https://tea.example/epcis/odd')}", 1),
        (f"/bizLocations/{in_path('https://tea.example/epcis/hall')}", 1),
        (f"/readPoints/{in_path('urn:epc:id:sgln:6901234.00001.0')}", 1),
    ],
)
@pytest.mark.asyncio
async def test_a_resource_has_its_events(path: str, count: int) -> None:
    async with served() as node:
        await some(node)
        assert await members(node, path) == ["events"]
        answer = await ask(node, f"{BASE}{path}/events")
        assert len(answer.events) == count
        narrowed = await ask(node, f"{BASE}{path}/events", ("EQ_action", "DELETE"))
        assert narrowed.events == []


@pytest.mark.parametrize(
    "path",
    [
        *("/eventTypes/QuantityEvent", "/epcs/urn%3Ax%3A1", "/bizSteps/shipping"),
        *("/dispositions/active", "/bizLocations/urn%3Ax%3A1", "/readPoints/urn%3Ax%3A1"),
    ],
)
@pytest.mark.asyncio
async def test_what_no_event_says_is_not_there(path: str) -> None:
    async with served() as node:
        await some(node)
        for below in ("", "/events"):
            answer = await ask(node, f"{BASE}{path}{below}")
            assert (answer.status, answer.json["code"]) == (404, "ResourceUnknown")
            assert answer.json["type"] == "epcisException:NoSuchNameException"


# A name of each kind of resource that `some` captured.
CAPTURED = {
    "{eventType}": "ObjectEvent",
    "{epc}": in_path(f"{GTIN}/21/1"),
    "{bizStep}": "packing",
    "{bizLocation}": in_path("https://tea.example/epcis/hall"),
    "{readPoint}": in_path(PLACE),
    "{disposition}": in_path("https://tea.example/epcis/odd"),
}
# Of these no GET tells everybody whether they are there.
UNTOLD = ("{captureID}", "{token}")


def paths(names: Mapping[str, str]) -> list[tuple[Route, str]]:
    """Every path of the binding whose parameter has a name here, or that has none."""
    found = []
    for route in EPCIS:
        path = route.path
        for parameter, name in names.items():
            path = path.replace(parameter, name)
        if "{" not in path:
            found.append((route, path))
    return found


@pytest.mark.asyncio
async def test_every_path_answers_options_with_versions_and_methods() -> None:
    async with served() as node:
        await some(node)
        asked = paths({**CAPTURED, **dict.fromkeys(UNTOLD, "a" * 64)})
        assert len(asked) > len(paths({})) + 2 * len(CAPTURED)
        for route, path in asked:
            async with node.http.options(node.url(path)) as response:
                assert response.status == 204, path
                assert route.method in response.headers["Allow"]
                assert response.headers["GS1-EPCIS-Max"] == "2.0.0"
                assert response.headers["GS1-CBV-Version"] == "2.0.0"


@pytest.mark.asyncio
async def test_what_is_not_there_has_no_options() -> None:
    absent = ("{eventType}", "{epc}", "{bizStep}", "{eventID}", "{queryName}")
    async with served() as node:
        await some(node)
        everywhere = {path for _, path in paths({})}
        asked = {path for _, path in paths(dict.fromkeys(absent, "nothing"))} - everywhere
        assert len(asked) >= 2 * 3 + 1 + 3
        for path in sorted(asked):
            async with node.http.options(node.url(path)) as response:
                told = await response.json(content_type=None)
                assert (response.status, told["type"]) == (
                    404,
                    "epcisException:NoSuchNameException",
                ), path


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Accept": "application/xml"}, 406),
        ({"Accept": "application/xml, */*;q=0.1"}, 200),
        ({"Accept": "application/json;q=0, application/ld+json"}, 200),
        ({"GS1-EPCIS-Min": "2.0", "GS1-EPCIS-Max": "2"}, 200),
        ({"GS1-EPCIS-Max": "1.2.0"}, 406),
        ({"GS1-CBV-Min": "2.1"}, 406),
        ({"GS1-EPCIS-Min": "new"}, 400),
        ({"GS1-CBV-XML-Format": "Always_URN"}, 200),
        ({"GS1-CBV-XML-Format": "Never"}, 400),
    ],
)
@pytest.mark.asyncio
async def test_form_and_version_are_negotiated(headers: dict[str, str], status: int) -> None:
    async with served() as node, node.http.get(f"{BASE}/events", headers=headers) as response:
        assert response.status == status
        told = await response.json(content_type=None)
        if status == 406:
            assert told["type"] == "epcisException:NotAcceptableException"
        if "ld+json" in headers.get("Accept", ""):
            assert response.content_type == "application/ld+json"


@pytest.mark.asyncio
async def test_refusals_of_the_router_are_the_standards_too() -> None:
    async with served() as node:
        answer = await ask(node, f"{BASE}/nothing")
        assert (answer.status, answer.json["type"]) == (
            404,
            "epcisException:NoSuchNameException",
        )
        async with node.http.put(f"{BASE}/events", data=data(document())) as response:
            assert response.status == 405
            assert (await response.json(content_type=None))["type"].startswith("epcisException:")
