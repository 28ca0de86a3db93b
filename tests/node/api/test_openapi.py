"""The OpenAPI document against the routes; every GET route against it and against wild input."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel

from chain.bech32m import encode_account
from commerce.rights import LocationRegister
from node.api.epcis.authority import TokenRefused
from node.api.epcis.query_parameters import QUERY
from node.api.label_path import is_label
from node.api.openapi import openapi
from node.api.routes import ROUTES
from node.api.routing import Route
from tests.chain.world import account
from tests.commerce.codes.atelier import serial_of
from tests.node.api.aftersale_story import quarrel, recalled, stood_behind
from tests.node.api.cards import opened
from tests.node.api.code_story import committed, copied, labelled, reported
from tests.node.api.cold_story import DEVICE_ID, warmed
from tests.node.api.custody_story import accredited, certified, offered
from tests.node.api.market import GTIN, ITEM, PLACE, Market, done, granted, reviewed, trade
from tests.node.api.service import Served, served

DIALECT = jsonschema.Draft202012Validator

GLN = "6901234000016"
WILD = (
    *("", "0", "-1", "latest", "99999999999999999999", "１２", "null", "true", "1e9"),  # noqa: RUF001
    *("hs1", encode_account(bytes(32)), "00" * 32, "AB" * 32, "%00", "%ff", "%2e%2e", "..%2F.."),
    *("%F0%9F%92%B0", "a" * 4000, "'\"<script>", "{id}", "%7Bid%7D", "*", "CNY", GTIN, ITEM),
)


def document() -> dict[str, Any]:
    return openapi(ROUTES, "1.0.0")


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for entry in value.values():
            yield from references(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from references(entry)


def test_every_route_stands_in_the_document_once() -> None:
    told = {
        (method.upper(), path)
        for path, operations in document()["paths"].items()
        for method in operations
    }
    assert told == {(route.method, route.path) for route in ROUTES}
    assert len(told) == len(ROUTES)
    names = [
        operation["operationId"]
        for operations in document()["paths"].values()
        for operation in operations.values()
    ]
    assert len(set(names)) == len(names)


def test_every_schema_is_one_and_every_reference_leads_to_one() -> None:
    told = document()
    for schema in told["components"]["schemas"].values():
        DIALECT.check_schema(schema)
    known = {f"#/components/schemas/{name}" for name in told["components"]["schemas"]}
    assert set(references(told["paths"])) <= known
    assert set(references(told["components"])) <= known


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_a_routes_path_names_its_path_parameters_and_says_what_it_does(route: Route) -> None:
    named = re.findall(r"{(\w+)}", route.path)
    assert named == [entry.name for entry in route.parameters if entry.place == "path"]
    assert route.summary
    assert (route.read is None) != (route.handle is None)
    assert all(entry.description for entry in route.parameters)


def queries_of(holder: str) -> dict[str, str]:
    """By path, a query that has an answer."""
    merchant, carrier = (encode_account(account(name)) for name in ("merchant", "carrier"))
    return {
        "/v1/cases": f"?account={holder}",
        "/v1/claims": f"?account={holder}",
        "/v1/disputes": f"?account={holder}",
        "/v1/products": f"?holder={merchant}",
        "/v1/listings": f"?gtin={GTIN}",
        "/v1/orders": f"?account={holder}",
        "/v1/parcels": f"?carrier={carrier}",
        "/v1/trace": f"?epc={ITEM}",
        "/v1/trace/cause": f"?epc={ITEM}&epc={ITEM}0",
        "/v1/things": f"?epc={ITEM}",
        "/v1/certificates": f"?gtin={GTIN}",
        "/v1/codes": f"?gtin={GTIN}",
        "/v1/code-batches": f"?gtin={GTIN}",
        "/v1/code-reports": f"?brand={merchant}",
        "/v1/reviews": f"?gtin={GTIN}",
        "/v1/fees": "?types=pay.transfer,order.create",
        "/v1/licences": f"?merchant={holder}",
        "/v1/coupons": f"?funder={merchant}",
        "/v1/blocks/{height}": "?full",
    }


def example(route: Route, market: Market, made: Mapping[str, bytes]) -> str:
    """A path with a query that has an answer; `made` are ids by path."""
    values = {
        "account": encode_account(account("buyer")),
        "symbol": "CNY",
        "gtin": GTIN,
        "height": "3",
        "name": "pay.transfer",
        "key": market.event_keys[0].hex(),
        "operation": "0",
        "epoch": "0",
        "order": market.order_id.hex(),
        "line": "0",
        "serial": serial_of(0),
        "version": "1",
        "eventType": "ObjectEvent",
        "epc": ITEM,
        "bizStep": "shipping",
        "disposition": "in_transit",
        "bizLocation": PLACE,
        "readPoint": PLACE,
        "eventID": market.event_keys[0].hex(),
        "queryName": "tea",
        "digits": GLN,
        "gln": GLN,
    }
    ids = {
        "/v1/listings/{id}": market.listing_id,
        "/v1/orders/{id}": market.order_id,
        "/v1/parcels/{id}": market.parcel_id,
        "/v1/listings/{id}/versions/{version}": market.listing_id,
        **made,
    }
    values["id"] = ids.get(route.path, market.capture_id).hex()
    if route.path == "/v1/arbiters/{account}":
        values["account"] = encode_account(account("carrier"))
    return route.path.format(**values) + queries_of(values["account"]).get(route.path, "")


@pytest.mark.asyncio
async def test_every_answer_has_exactly_the_documented_form() -> None:
    async with served() as node:
        market = await trade(node.service)
        await reviewed(node.service, market.order_id)
        made = {
            "/v1/coupons/{id}": await granted(node.service),
            "/v1/cards/{id}": await opened(node.service),
        }
        story = await quarrel(node.service, market)
        await stood_behind(node.service)
        made |= {"/v1/cases/{id}": story.case_id, "/v1/disputes/{id}": story.case_id}
        made["/v1/claims/{id}"] = story.claim_id
        cold = await warmed(node.service, market)
        made |= {"/v1/devices/{id}": DEVICE_ID, "/v1/devices/{id}/reports": DEVICE_ID}
        made |= {"/v1/orders/{id}/slas": cold.order_id, "/v1/parcels/{id}/watch": cold.parcel_id}
        made["/v1/penalties/{id}"] = cold.penalty_id
        recall_id = await recalled(node.service)
        for part in ("", "/marks", "/products", "/notices"):
            made[f"/v1/recalls/{{id}}{part}"] = recall_id
        await accredited(node.service)
        place = LocationRegister(GLN, account("merchant"), None)
        await done(node.service, "m2", "location.register", place, "merchant")
        made["/v1/code-batches/{id}"] = await labelled(node.service)
        made["/v1/code-reports/{id}"] = await reported(node.service, 0)
        await copied(node.service, 0)
        await committed(node.service, 1)
        made["/v1/certificates/{id}"] = await certified(node.service)
        made["/v1/custody/{id}"] = await offered(node.service, "buyer", "carrier", ITEM)
        named = b'{"name": "tea", "query": {"EQ_bizStep": ["shipping"]}}'
        assert (await node.post("/v1/epcis/queries", named, "application/json"))[0] == 201
        told = (await node.get("/v1/openapi.json"))[1]
        for route in ROUTES:
            # Those that need a token have tests of their own.
            if TokenRefused in route.problems:
                continue
            if route.method == "GET" and not isinstance(route.answers[200], str):
                path = example(route, market, made)
                await check_answer(node, route, path, told)


async def check_answer(node: Served, route: Route, path: str, told: dict[str, Any]) -> None:
    status, body = await node.get(path)
    assert status == 200, (path, body)
    model = route.answers[200]
    assert isinstance(model, type)
    assert issubclass(model, BaseModel)
    answer = told["paths"][route.path]["get"]["responses"]["200"]
    schema = answer["content"]["application/json"]["schema"]
    resolved = {**schema, "components": told["components"]}
    jsonschema.validate(body, resolved, cls=DIALECT)


@pytest.mark.asyncio
async def test_whatever_a_parameter_holds_the_answer_is_no_failure_of_ours() -> None:
    async with served() as node:
        await node.service.fund("buyer", 5)
        await node.service.decide()
        for route in ROUTES:
            if route.method != "GET":
                continue
            for wild in WILD:
                path = re.sub(r"{\w+}", wild.replace("\\", ""), route.path)
                await check_wild(node, path)
                for entry in () if route.open_query else route.parameters:
                    await check_wild(node, f"{path}?{entry.name}={wild}")


@pytest.mark.asyncio
async def test_whatever_a_parameter_of_a_query_holds_the_answer_is_no_failure_of_ours() -> None:
    async with served() as node:
        await trade(node.service)
        for number, entry in enumerate(QUERY):
            for step in range(3):
                wild = WILD[(5 * number + 7 * step) % len(WILD)]
                await check_wild(node, f"/v1/epcis/events?{entry.name}={wild}")


async def check_wild(node: Served, path: str) -> None:
    async with node.http.get(node.url(path)) as response:
        assert response.status < 500, path
        # Whoever scanned a label sees a page; of what is no HTTP at all nobody knows what it is.
        if response.content_type == "text/html" and response.status >= 400:
            assert is_label(path.partition("?")[0]), path
        elif response.status >= 400:
            assert response.content_type == "application/problem+json", path
            problem = await response.json(content_type=None)
            assert problem["status"] == response.status
            assert problem["code"]
