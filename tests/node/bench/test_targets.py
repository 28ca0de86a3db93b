"""Offers until each has an outcome: again, elsewhere, or never."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from chain.block import OK
from chain.codec import unpack
from node.bench import targets
from node.bench.tally import Tally
from node.bench.targets import UNREACHABLE, Offer, Offering
from node.bench.workloads import Chain, Step
from node.testnet_genesis import free_ports

ID = "ab" * 32
# The raw bytes of a request to a JSON answer and its status.
Answer = Callable[[Sequence[bytes]], tuple[int, Any]]


def offers(*lengths: int) -> list[Offer]:
    steps = [tuple(Step(b"%d" % at, 1, "pay") for at in range(length)) for length in lengths]
    return [Offer(Chain(one), 0, 0.0) for one in steps]


def decided(raws: Sequence[bytes], status: str = OK) -> tuple[int, Any]:
    return 200, {
        "results": [{"id": ID, "state": "decided", "receipt": {"status": status}} for _ in raws]
    }


def refused(raws: Sequence[bytes]) -> tuple[int, Any]:
    problem = {"code": "PoolFull", "retry_after_ms": 7}
    return 200, {"results": [{"id": None, "state": "refused", "problem": problem} for _ in raws]}


def pending(raws: Sequence[bytes]) -> tuple[int, Any]:
    return 202, {"results": [{"id": ID, "state": "pending"} for _ in raws]}


def busy(_: Sequence[bytes]) -> tuple[int, Any]:
    return 429, {"code": "Busy"}


class Script:
    """Answers one after the other, the last for ever; remembers what it was sent."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.sent: list[Sequence[bytes]] = []

    async def handle(self, request: web.Request) -> web.Response:
        raws: Any = unpack(await request.read(), size_max=1 << 20)
        self.sent.append(raws)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, body = answer(raws)
        headers = {"Retry-After": "2"} if status == 429 else {}
        return web.Response(body=json.dumps(body).encode(), status=status, headers=headers)


@asynccontextmanager
async def offering_to(
    script: Script, *, patient: bool = False, before: Sequence[str] = ()
) -> AsyncIterator[Offering]:
    """An offering to a node that follows the script, and to those URLs before it."""
    app = web.Application()
    app.router.add_post("/v1/transactions/batch", script.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        urls = [*before, str(server.make_url("")).rstrip("/")]
        acknowledged: list[bytes] = []
        made = Offering(session, urls, Tally(), lambda: 1.0, acknowledged.append, patient=patient)
        yield made
        assert len(acknowledged) == made.tally.decided


async def carry(offering: Offering, given: Sequence[Offer]) -> list[Offer]:
    for offer in given:
        offering.tally.offer(offer.due_s, 0.5)
    return await offering.carry(offering.targets[0], given)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "PAUSE_S", 0.0)


@pytest.mark.asyncio
async def test_what_is_decided_counts_from_when_it_was_due() -> None:
    async with offering_to(Script(decided)) as offering:
        assert await carry(offering, offers(1, 1)) == []
        assert (offering.tally.decided, offering.tally.waiting) == (2, 0)
        assert offering.tally.by_kind["pay"].max_ms == 1_000.0


@pytest.mark.asyncio
async def test_the_next_step_is_due_when_the_one_before_is_decided() -> None:
    async with offering_to(Script(decided)) as offering:
        (following,) = await carry(offering, offers(3, 1))
        assert (following.at, following.due_s) == (1, 1.0)
        assert offering.tally.broken_chains == 0


@pytest.mark.asyncio
async def test_nothing_follows_a_step_that_broke_a_rule() -> None:
    script = Script(lambda raws: decided(raws, "InsufficientFunds"))
    async with offering_to(script) as offering:
        assert await carry(offering, offers(3)) == []
        assert offering.tally.failed == {"InsufficientFunds": 1}
        assert offering.tally.broken_chains == 1


@pytest.mark.asyncio
async def test_what_is_pending_is_asked_for_again_with_the_same_bytes() -> None:
    script = Script(pending, decided)
    async with offering_to(script) as offering:
        await carry(offering, offers(1))
        assert script.sent == [(b"0",), (b"0",)]
        assert offering.tally.decided == 1


@pytest.mark.asyncio
async def test_an_open_loop_drops_what_is_refused_and_says_why() -> None:
    async with offering_to(Script(refused)) as offering:
        assert await carry(offering, offers(2)) == []
        tally = offering.tally
        assert (tally.refused, tally.retry_after_ms) == ({"PoolFull": 1}, {"PoolFull": 7})
        assert (tally.broken_chains, tally.waiting) == (1, 0)


@pytest.mark.asyncio
async def test_a_closed_loop_waits_as_told() -> None:
    async with offering_to(Script(refused, decided), patient=True) as offering:
        await carry(offering, offers(1))
        tally = offering.tally
        assert (tally.refused, tally.retried, tally.decided) == ({}, {"PoolFull": 1}, 1)


@pytest.mark.asyncio
async def test_a_node_that_is_busy_refuses_the_whole_request() -> None:
    async with offering_to(Script(busy)) as offering:
        await carry(offering, offers(1, 1))
        assert offering.tally.refused == {"Busy": 2}
        assert offering.tally.retry_after_ms == {"Busy": 2_000}


@pytest.mark.asyncio
async def test_what_one_node_does_not_answer_goes_to_another() -> None:
    gone = f"http://127.0.0.1:{free_ports(1)[0]}"
    async with offering_to(Script(decided), before=[gone]) as offering:
        await carry(offering, offers(1))
        assert (offering.tally.decided, offering.tally.retried) == (1, {UNREACHABLE: 1})
        # It is left alone for a while.
        assert {offering.free_target() for _ in range(4)} == {offering.targets[1]}
