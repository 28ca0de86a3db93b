"""Tests of subscriptions over real sockets: made, shown, told, ended; and refused."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from node.api.epcis.subscriptions import SubscriptionView
from node.webhooks.book import PER_QUERY_MAX
from tests.node.api.epcis.gateway import Gateway, document, make_token, observed, opened
from tests.node.webhooks.chains import StepQuery, item_of
from tests.node.webhooks.receiver import receiving

pytestmark = pytest.mark.asyncio

QUERIES = {"stored": StepQuery(), "运输 all": StepQuery("shipping")}
SECRET = "0123456789abcdef"
PATH = "/queries/stored/subscriptions"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
EXAMPLE: dict[str, Any] = {"@context": [CONTEXT, {"ex": "https://example.com/"}]}
NO_ID = "00000000-0000-4000-8000-000000000000"


@asynccontextmanager
async def telling(folder: Path) -> AsyncIterator[Gateway]:
    """A served node whose couriers run."""
    async with (
        opened(folder, hurried=True, find_query=QUERIES.get) as gateway,
        asyncio.TaskGroup() as group,
    ):
        task = group.create_task(gateway.node.desk.courier.run())
        yield gateway
        task.cancel()


def asked(dest: str, **members: Any) -> bytes:
    """A form."""
    return json.dumps({"dest": dest, "signatureToken": SECRET, **members}).encode()


async def test_a_stream_is_told_what_is_captured_signed(tmp_path: Path) -> None:
    async with telling(tmp_path) as gateway, receiving() as receiver:
        await gateway.ask("POST", "/capture", document(observed(1)))
        status, headers, made = await gateway.ask("POST", PATH, asked(receiver.url, stream=True))
        assert status == 201
        assert headers["Location"] == f"/v1/epcis{PATH}/{made['subscriptionID']}"
        assert (made["stream"], made["queryName"], made["dest"]) == (True, "stored", receiver.url)
        assert SECRET not in json.dumps(made)
        SubscriptionView.model_validate(made)

        await gateway.ask("POST", "/capture", document(observed(2), observed(3)))
        told = await receiver.next()
        body = json.loads(told.body)
        assert body["subscriptionID"] == made["subscriptionID"]
        assert [item_of(event) for event in body["events"]] == [2, 3]
        time_ms, _, digest = told.headers["GS1-Signature"].partition(",v1=")
        signed = time_ms.removeprefix("t=").encode() + b"." + told.body
        assert digest == hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert told.headers["GS1-EPCIS-Version"].startswith("2.0")
        assert told.headers["Idempotency-Key"].startswith(made["subscriptionID"])

        place = headers["Location"].removeprefix("/v1/epcis")
        _, _, listed = await gateway.ask("GET", PATH)
        assert [one["subscriptionID"] for one in listed] == [made["subscriptionID"]]
        status, _, _ = await gateway.ask("DELETE", place)
        assert status == 204
        assert (await gateway.ask("GET", place))[0] == 404
        assert (await gateway.ask("DELETE", place))[0] == 404
        await gateway.ask("POST", "/capture", document(observed(4)))
        assert receiver.arrived.empty()


async def test_what_was_captured_since_a_time_is_told_too(tmp_path: Path) -> None:
    async with telling(tmp_path) as gateway, receiving() as receiver:
        await gateway.ask("POST", "/capture", document(observed(1)))
        since = "2020-01-01T00:00:00+08:00"
        form = asked(receiver.url, stream=True, initialRecordTime=since)
        _, _, made = await gateway.ask("POST", PATH, form)
        assert made["initialRecordTime"] == "2019-12-31T16:00:00.000Z"
        body = json.loads((await receiver.next()).body)
        assert [item_of(event) for event in body["events"]] == [1]


async def test_a_schedule_is_shown_as_it_was_given(tmp_path: Path) -> None:
    async with telling(tmp_path) as gateway:
        schedule = {"hour": "1,[5-9]", "minute": "5"}
        dest = "https://shop.example/hook"
        status, headers, made = await gateway.ask(
            "POST", PATH, asked(dest, schedule=schedule, reportIfEmpty=True)
        )
        assert status == 201
        place = headers["Location"].removeprefix("/v1/epcis")
        _, _, shown = await gateway.ask("GET", place)
        assert shown == made
        assert (shown["schedule"], shown["reportIfEmpty"]) == (schedule, True)
        assert "stream" not in shown
        SubscriptionView.model_validate(shown)


async def test_subscriptions_are_there_after_a_restart(tmp_path: Path) -> None:
    async with telling(tmp_path) as gateway:
        form = asked("https://shop.example/hook", stream=True)
        _, _, made = await gateway.ask("POST", PATH, form)
        token = gateway.token
    async with telling(tmp_path) as gateway:
        gateway.token = token
        _, _, listed = await gateway.ask("GET", PATH)
        assert [one["subscriptionID"] for one in listed] == [made["subscriptionID"]]


async def test_a_subscription_is_its_accounts_own(tmp_path: Path) -> None:
    async with telling(tmp_path) as gateway:
        form = asked("https://shop.example/hook", stream=True)
        _, headers, _ = await gateway.ask("POST", PATH, form)
        place = headers["Location"].removeprefix("/v1/epcis")
        gateway.token = make_token(tmp_path, "other", "carrier")
        assert (await gateway.ask("GET", PATH))[2] == []
        assert (await gateway.ask("GET", place))[0] == 404
        assert (await gateway.ask("DELETE", place))[0] == 404
        gateway.token = "hct_" + "a" * 52
        for method, path in (("POST", PATH), ("GET", PATH), ("GET", place), ("DELETE", place)):
            data = form if method == "POST" else None
            status, _, told = await gateway.ask(method, path, data)
            assert (status, told["code"]) == (403, "TokenRefused")


REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "body#stream"),
    ({"stream": True, "schedule": {"hour": "1"}}, "body#stream"),
    ({"stream": False}, "body#stream"),
    ({"stream": True, "reportIfEmpty": True}, "body#reportIfEmpty"),
    ({"schedule": {}}, "body#schedule"),
    ({"schedule": {"hour": "24"}}, "body#schedule"),
    ({"schedule": {"day": "1"}}, "body#schedule.day"),
    ({"stream": True, "initialRecordTime": "yesterday"}, "body#initialRecordTime"),
    ({"stream": True, "initialRecordTime": "1969-01-01T00:00:00Z"}, "body#initialRecordTime"),
    ({"stream": True, "signatureToken": "short"}, "body#signatureToken"),
    ({"stream": True, "dest": "http://10.0.0.1/"}, "body#dest"),
    ({"stream": True, "dest": "http://[::1]/"}, "body#dest"),
    ({"stream": True, "dest": "ftp://shop.example/"}, "body#dest"),
    ({"stream": True, "colour": "red"}, "body#colour"),
)


async def test_a_subscription_that_makes_no_sense_is_refused(tmp_path: Path) -> None:
    kinds = {"SubscriptionControlsException", "ValidationException"}
    async with opened(tmp_path, find_query=QUERIES.get) as gateway:
        for form, where in REFUSED:
            members = {"dest": "https://shop.example/hook", **form}
            status, _, told = await gateway.ask("POST", PATH, asked(**members))
            assert (status, told["where"]) == (400, where)
            assert told["type"].removeprefix("epcisException:") in kinds
        assert not gateway.node.desk.subscriptions.all()


async def test_a_query_that_nobody_named_has_no_subscriptions(tmp_path: Path) -> None:
    async with opened(tmp_path, find_query=QUERIES.get) as gateway:
        form = asked("https://shop.example/hook", stream=True)
        for method, path in (
            ("POST", "/queries/none/subscriptions"),
            ("GET", "/queries/none/subscriptions"),
            ("GET", f"/queries/none/subscriptions/{NO_ID}"),
            ("DELETE", f"/queries/none/subscriptions/{NO_ID}"),
        ):
            data = form if method == "POST" else None
            status, _, told = await gateway.ask(method, path, data)
            assert (status, told["type"]) == (404, "epcisException:NoSuchNameException")


async def test_a_query_has_so_many_subscriptions_and_no_more(tmp_path: Path) -> None:
    async with opened(tmp_path, find_query=QUERIES.get) as gateway:
        path = "/queries/%E8%BF%90%E8%BE%93%20all/subscriptions"
        form = asked("https://shop.example/hook", stream=True)
        made = [await gateway.ask("POST", path, form) for _ in range(PER_QUERY_MAX)]
        assert {status for status, _, _ in made} == {201}
        status, _, told = await gateway.ask("POST", path, form)
        assert (status, told["code"]) == (409, "SubscriptionLimit")
        place = made[0][1]["Location"].removeprefix("/v1/epcis")
        assert place.startswith(path)
        assert (await gateway.ask("DELETE", place))[0] == 204
        assert (await gateway.ask("POST", path, form))[0] == 201


async def test_a_named_query_tells_what_it_finds_as_a_query_document(tmp_path: Path) -> None:
    async with (
        opened(tmp_path, hurried=True) as gateway,
        receiving() as receiver,
        asyncio.TaskGroup() as group,
    ):
        couriers = group.create_task(gateway.node.desk.courier.run())
        query = {"name": "stored", "query": {"EQ_bizStep": ["storing"]}}
        status, _, _ = await gateway.ask("POST", "/queries", json.dumps(query).encode())
        assert status == 201
        _, _, made = await gateway.ask("POST", PATH, asked(receiver.url, stream=True))
        shipped = observed(2, bizStep="shipping")
        data = document(observed(1, **{"ex:weight": 1.50}), shipped, **EXAMPLE)
        await gateway.ask("POST", "/capture", data.replace(b"1.5", b"1.50"))
        body = json.loads((await receiver.next()).body)
        assert body["type"] == "EPCISQueryDocument"
        results = body["epcisBody"]["queryResults"]
        assert results["queryName"] == "stored"
        assert results["subscriptionID"] == made["subscriptionID"]
        (event,) = results["resultsBody"]["eventList"]
        assert (item_of(event), event["bizStep"]) == (1, "storing")
        assert event["recordTime"].endswith("Z")

        # The query ends, and its subscriptions with it.
        assert (await gateway.ask("DELETE", "/queries/stored"))[0] == 204
        await gateway.ask("POST", "/capture", document(observed(3)))
        assert (await gateway.ask("GET", PATH))[0] == 404
        assert not gateway.node.desk.subscriptions.all()
        assert receiver.arrived.empty()
        couriers.cancel()
