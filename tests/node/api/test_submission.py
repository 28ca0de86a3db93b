"""Submitting over a real socket: outcomes, waiting, batches, and what is refused at the door."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from io import BytesIO

import pytest

from chain.codec import encode, pack
from chain.transaction import SignedTransaction, sign_transaction
from node.api.settings import ApiSettings
from tests.chain.world import account, key
from tests.node.api.service import FakeService, served
from tests.node.api.wire import request, until, wire

JSON = "application/json"


@pytest.mark.asyncio
async def test_a_payment_is_answered_with_its_receipt_once_its_block_is_synced() -> None:
    async with served(hurried=True) as node:
        await node.service.fund("buyer", 1000)
        payment = node.service.pay("buyer", "merchant", 400)
        status, told = await node.post("/v1/transactions", payment.raw)
        assert status == 200
        assert told["id"] == payment.id.hex()
        assert told["state"] == "decided"
        assert told["receipt"]["status"] == "ok"
        assert told["receipt"]["height"] == 2
        assert told["receipt"]["events"][0]["data"]["amount_minor"] == "400"


@pytest.mark.asyncio
async def test_json_hex_octets_and_msgpack_name_the_same_transaction() -> None:
    async with served(hurried=True) as node:
        raw = node.service.issue("buyer", 5, "bank 1").raw
        text = json.dumps({"transaction": raw.hex()}).encode()
        answers = [
            await node.post("/v1/transactions", raw),
            await node.post("/v1/transactions", raw, "application/octet-stream"),
            await node.post("/v1/transactions", text, JSON),
            await node.post("/v1/transactions", text, "application/json; charset=utf-8"),
        ]
        assert [status for status, _ in answers] == [200] * 4
        assert all(told["receipt"] == answers[0][1]["receipt"] for _, told in answers)


@pytest.mark.asyncio
async def test_a_broken_rule_of_commerce_is_an_outcome_with_the_rules_name() -> None:
    async with served(hurried=True) as node:
        status, told = await node.post(
            "/v1/transactions", node.service.pay("buyer", "merchant", 1).raw
        )
        assert status == 200
        assert told["receipt"]["status"] == "InsufficientFunds"
        assert told["receipt"]["failed_operation"] == 0
        assert told["receipt"]["rule"]["type"] == "urn:hushang:problem:InsufficientFunds"
        assert told["receipt"]["rule"]["title"]
        assert told["receipt"]["events"] == []


@pytest.mark.asyncio
async def test_accepted_is_answered_before_the_decision_and_where_to_ask() -> None:
    async with served() as node:
        sent = node.service.issue("buyer", 5, "bank 1")
        async with node.http.post(
            "/v1/transactions?wait=accepted",
            data=sent.raw,
            headers={"Content-Type": "application/msgpack"},
        ) as response:
            assert response.status == 202
            assert (await response.json())["state"] == "pending"
            place = response.headers["Location"]
        assert await node.get(place) == (202, (await node.get(place))[1])
        await node.service.decide()
        status, told = await node.get(place)
        assert (status, told["state"], told["sender"][:3]) == (200, "decided", "hs1")


@pytest.mark.asyncio
async def test_the_wait_ends_with_the_block_or_with_its_time() -> None:
    async with served() as node:
        sent = node.service.issue("buyer", 5, "bank 1")
        status, told = await node.post("/v1/transactions?timeout_ms=0", sent.raw)
        assert (status, told["state"]) == (202, "pending")
        node.service.waited_for.clear()
        waiting = asyncio.ensure_future(node.post("/v1/transactions", sent.raw))
        await node.service.waited_for.wait()
        await node.service.decide()
        status, told = await waiting
        assert (status, told["state"]) == (200, "decided")


@pytest.mark.asyncio
async def test_without_a_free_place_nobody_waits() -> None:
    async with served(ApiSettings(waits_max=0)) as node:
        sent = node.service.issue("buyer", 5, "bank 1")
        status, told = await node.post("/v1/transactions?timeout_ms=60000", sent.raw)
        assert (status, told["state"]) == (202, "pending")


@dataclass(frozen=True, slots=True)
class BadInput:
    """What is sent, and the status and rule of the refusal."""

    name: str
    raw: Callable[[FakeService], bytes]
    status: int
    code: str


def _wrong_signature(service: FakeService) -> bytes:
    good = service.issue("buyer", 5, "bank")
    entry = replace(good.signatures[0], signature=bytes(64))
    return encode(SignedTransaction(service.content_of(good), (entry,)))


def _other_key(service: FakeService) -> bytes:
    transaction = service.issue("buyer", 5, "bank").transaction
    return encode(sign_transaction(transaction, [(account("issuer"), key("buyer"))]))


def _changed(**changes: object) -> Callable[[FakeService], bytes]:
    def raw(service: FakeService) -> bytes:
        transaction = service.issue("buyer", 5, "bank").transaction
        changed = replace(transaction, **changes)  # type: ignore[arg-type]
        return encode(sign_transaction(changed, [(account("issuer"), key("issuer"))]))

    return raw


def _stranger(service: FakeService) -> bytes:
    transaction = service.issue("buyer", 5, "bank").transaction
    changed = replace(transaction, sender=account("stranger"))
    return encode(sign_transaction(changed, [(account("stranger"), key("stranger"))]))


def _operation(name: str, payload: object) -> Callable[[FakeService], bytes]:
    def raw(service: FakeService) -> bytes:
        transaction = service.issue("buyer", 5, "bank").transaction
        changed = replace(transaction.operations[0], type=name, payload=payload)
        bad = replace(transaction, operations=(changed,))
        return encode(sign_transaction(bad, [(account("issuer"), key("issuer"))]))

    return raw


BAD_INPUT = (
    BadInput("nothing", lambda _: b"", 400, "EncodingInvalid"),
    BadInput("garbage", lambda _: b"\xc1" * 40, 400, "EncodingInvalid"),
    BadInput("a tail", lambda s: s.issue("buyer", 5, "b").raw + b"\x00", 400, "EncodingInvalid"),
    BadInput("too large", lambda _: bytes(1024 * 1024 + 1), 413, "TooLarge"),
    BadInput("wrong signature", _wrong_signature, 403, "SignatureInvalid"),
    BadInput("another's key", _other_key, 403, "PolicyNotSatisfied"),
    BadInput("a stranger", _stranger, 403, "SenderUnknown"),
    BadInput("other chain", _changed(genesis_hash=bytes(32)), 422, "WrongChain"),
    BadInput("expired", _changed(valid_until_ms=1), 422, "TransactionExpired"),
    BadInput("too long", _changed(valid_until_ms=2**52), 422, "LifetimeTooLong"),
    BadInput("version", _changed(version=9), 400, "VersionUnknown"),
    BadInput("unknown type", _operation("pay.nobody", ()), 400, "OperationUnknown"),
    BadInput("wrong payload", _operation("pay.transfer", ("x",)), 400, "OperationMalformed"),
)


@pytest.mark.parametrize("bad", BAD_INPUT, ids=lambda bad: bad.name)
@pytest.mark.asyncio
async def test_what_the_door_refuses_is_a_problem_named_after_the_rule(bad: BadInput) -> None:
    async with served(hurried=True) as node:
        async with node.http.post(
            "/v1/transactions",
            data=BytesIO(bad.raw(node.service)),
            headers={"Content-Type": "application/msgpack"},
        ) as response:
            told = await response.json(content_type=None)
            assert response.content_type == "application/problem+json"
        assert (told["status"], told["code"]) == (bad.status, bad.code)
        assert response.status == bad.status
        assert told["type"] == f"urn:hushang:problem:{bad.code}"
        assert node.service.ledger.tip.height == 0, "what the door refuses leaves no receipt"


@pytest.mark.asyncio
async def test_a_full_pool_says_when_to_come_back() -> None:
    async with served() as node:
        node.service.pool_max = 0
        async with node.http.post(
            "/v1/transactions",
            data=node.service.issue("buyer", 5, "bank").raw,
            headers={"Content-Type": "application/msgpack"},
        ) as response:
            told = await response.json(content_type=None)
            assert response.status == 429
            assert response.headers["Retry-After"] == "2"
        assert (told["code"], told["retry_after_ms"]) == ("PoolFull", 1500)


@pytest.mark.asyncio
async def test_a_bad_item_of_a_batch_leaves_the_others_alone() -> None:
    async with served() as node:
        good = [node.service.issue("buyer", 5, f"bank {i}") for i in range(3)]
        raws = (good[0].raw, b"\xc1", good[1].raw, _wrong_signature(node.service), good[2].raw)
        sending = asyncio.ensure_future(node.post("/v1/transactions/batch", pack(raws)))
        await node.service.waited_for.wait()
        await node.service.decide()
        status, told = await sending
        assert status == 200
        results = told["results"]
        assert [item["index"] for item in results] == [0, 1, 2, 3, 4]
        states = [item["state"] for item in results]
        assert states == ["decided", "refused", "decided", "refused", "decided"]
        assert [results[i]["id"] for i in (0, 2, 4)] == [sent.id.hex() for sent in good]
        assert [results[i]["problem"]["code"] for i in (1, 3)] == [
            "EncodingInvalid",
            "SignatureInvalid",
        ]


@pytest.mark.asyncio
async def test_what_of_a_batch_has_no_room_says_when_to_come_back_and_the_rest_is_decided() -> None:
    async with served() as node:
        node.service.pool_max = 2
        sent = [node.service.issue("buyer", 5, f"bank {i}") for i in range(4)]
        body = pack(tuple(one.raw for one in sent))
        sending = asyncio.ensure_future(node.post("/v1/transactions/batch", body))
        await node.service.waited_for.wait()
        await node.service.decide()
        status, told = await sending
        assert status == 200
        states = [item["state"] for item in told["results"]]
        assert states == ["decided", "decided", "refused", "refused"]
        for item in told["results"][2:]:
            problem = item["problem"]
            assert (problem["code"], problem["status"]) == ("PoolFull", 429)
            assert problem["retry_after_ms"] == 1500


@pytest.mark.asyncio
async def test_a_batch_whose_time_is_over_tells_which_are_decided() -> None:
    async with served() as node:
        early, late = (node.service.issue("buyer", 5, f"bank {i}") for i in range(2))
        await node.service.submit(early.raw)
        await node.service.decide()
        body = pack((early.raw, late.raw, early.raw))
        status, told = await node.post("/v1/transactions/batch?timeout_ms=1", body)
        assert status == 202
        states = [item["state"] for item in told["results"]]
        assert states == ["decided", "pending", "decided"]


@pytest.mark.asyncio
async def test_a_client_that_leaves_while_its_batch_waits_leaves_nothing_behind() -> None:
    async with served() as node:
        sent = [node.service.issue("buyer", 5, f"bank {i}") for i in range(50)]
        body = pack(tuple(one.raw for one in sent))
        head = request(
            "/v1/transactions/batch",
            "Content-Type: application/msgpack",
            f"Content-Length: {len(body)}",
            method="POST",
        )
        waiters = node.service.waiters
        async with wire(node.port) as client:
            client.send(head + body)
            await node.service.waited_for.wait()
            await until(lambda: waiters._count == 50)
        await until(lambda: waiters._count == 0)
        assert waiters._waits == {}
        assert node.server._edge.waits.taken == 0


@pytest.mark.asyncio
async def test_a_batch_in_json_gives_the_same_results_in_the_same_order() -> None:
    async with served(hurried=True) as node:
        sent = [node.service.issue("buyer", 5, f"bank {i}") for i in range(3)]
        body = json.dumps({"transactions": [one.raw.hex() for one in sent]}).encode()
        status, told = await node.post("/v1/transactions/batch", body, JSON)
        assert status == 200
        assert [item["id"] for item in told["results"]] == [one.id.hex() for one in sent]
        assert {item["receipt"]["status"] for item in told["results"]} == {"ok"}


BAD_BATCHES = (
    ("no items", pack(()), "application/msgpack", 400, "BodyInvalid"),
    ("too many", pack((b"",) * 1001), "application/msgpack", 400, "BodyInvalid"),
    ("not bytes", pack(("text",)), "application/msgpack", 400, "BodyInvalid"),
    ("a map", pack({"a": b""}), "application/msgpack", 400, "BodyInvalid"),
    ("not canonical", b"\xdc\x00\x01\xc4\x00", "application/msgpack", 400, "EncodingInvalid"),
    ("no items in JSON", b'{"transactions":[]}', JSON, 400, "BodyInvalid"),
    ("no hex", b'{"transactions":["0g"]}', JSON, 400, "BodyInvalid"),
    ("spaces in hex", b'{"transactions":["00 00"]}', JSON, 400, "BodyInvalid"),
    ("capitals in hex", b'{"transactions":["AB"]}', JSON, 400, "BodyInvalid"),
)


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [row[1:] for row in BAD_BATCHES],
    ids=[row[0] for row in BAD_BATCHES],
)
@pytest.mark.asyncio
async def test_a_malformed_batch_is_refused_as_a_whole(
    body: bytes, kind: str, status: int, code: str
) -> None:
    async with served() as node:
        answer, told = await node.post("/v1/transactions/batch", body, kind)
        assert (answer, told["code"]) == (status, code)
        assert node.service.pool == {}


BAD_JSON = (
    ("a key twice", b'{"transaction":"00","transaction":"00"}', "JsonRefused"),
    ("not a number", b'{"transaction":NaN}', "JsonRefused"),
    ("a fraction", b'{"transaction":1.5}', "JsonRefused"),
    ("a lone surrogate", b'{"transaction":"\\ud800"}', "JsonRefused"),
    ("depth", b'{"transaction":' + b"[" * 4000, "JsonRefused"),
    ("a wide digit", '{"transaction":１}'.encode(), "JsonRefused"),  # noqa: RUF001
    ("not UTF-8", b'{"transaction":"\xff"}', "JsonRefused"),
    ("a number", b'{"transaction":12}', "BodyInvalid"),
    ("another key", b'{"transaction":"00","sender":"x"}', "BodyInvalid"),
    ("no key", b"{}", "BodyInvalid"),
    ("an array", b"[]", "BodyInvalid"),
    ("a flood of values", b"[" + b"[]," * 20_000 + b"[]]", "BodyInvalid"),
    ("half", b'{"transaction":"00', "JsonRefused"),
)


@pytest.mark.parametrize(
    ("body", "code"), [row[1:] for row in BAD_JSON], ids=[row[0] for row in BAD_JSON]
)
@pytest.mark.asyncio
async def test_json_with_two_readings_is_refused_and_the_place_named(
    body: bytes, code: str
) -> None:
    async with served() as node:
        status, told = await node.post("/v1/transactions", body, JSON)
        assert (status, told["code"]) == (400, code)
        assert "body#" in told.get("where", "") or code == "BodyInvalid"
