"""While a node joins its probes are answered: alive, not ready and why, what it is, its metrics."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from node.api.joining_server import JoiningServer
from node.api.settings import ApiSettings
from node.metrics import NodeMetrics
from node.service import JoiningView, NodeStatus
from tests.node.api.service import FakeService

WORDS = "joining: fetching 3 of 9 parts of the snapshot at height 5000"


class Newcomer:
    """A node that has a third of what it needs."""

    def __init__(self) -> None:
        self._service = FakeService()
        self.chain = self._service.chain

    def status(self) -> NodeStatus:
        return replace(
            self._service.status(),
            ready=False,
            not_ready_because=(WORDS,),
            joining=JoiningView("fetching", 5_000, 3, 9, ""),
        )


@asynccontextmanager
async def asked() -> AsyncIterator[aiohttp.ClientSession]:
    server = JoiningServer(Newcomer(), NodeMetrics(), ApiSettings())
    port = await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        await server.stop()


async def json_of(session: aiohttp.ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as answer:
        return answer.status, await answer.json(content_type=None)


@pytest.mark.asyncio
async def test_the_four_routes_of_probes_and_operators_answer() -> None:
    async with asked() as session:
        assert (await json_of(session, "/health"))[0] == 200
        code, ready = await json_of(session, "/ready")
        assert (code, ready["ready"], ready["reasons"]) == (503, False, [WORDS])
        joining = {"phase": "fetching", "target": 5_000, "parts_done": 3, "parts": 9, "words": ""}
        assert ready["joining"] == joining
        code, status = await json_of(session, "/v1/status")
        assert (code, status["joining"], status["not_ready_because"]) == (200, joining, [WORDS])
        async with session.get("/metrics") as answer:
            assert "hushang_joining 1.0" in await answer.text()


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/v1/blocks/1", "/", "/v1/events", "/verify"])
async def test_all_else_is_told_to_come_back(path: str) -> None:
    async with asked() as session, session.get(path) as answer:
        problem = await answer.json(content_type=None)
        assert (answer.status, problem["code"]) == (503, "NodeJoining")
        assert problem["detail"] == WORDS
        assert answer.headers["Retry-After"] == "1"


@pytest.mark.asyncio
async def test_the_door_is_the_same_as_ever() -> None:
    async with asked() as session:
        async with session.post("/ready") as answer:
            assert answer.status == 405
        async with session.get("/ready", headers={"Host": "evil.example"}) as answer:
            assert (await answer.json(content_type=None))["code"] == "HostRefused"
        async with session.get("/ready", headers={"Origin": "http://evil.example"}) as answer:
            assert answer.status == 403
