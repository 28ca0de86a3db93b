"""Answers on their way: a large body is handed over as it is read, and arrives whole."""

import asyncio
import json

import pytest

from node.api.connections import Connection
from node.api.replies import SLICE_SIZE, Reply
from tests.node.api.service import served
from tests.node.api.wire import request, wire

LARGE = "/v1/openapi.json"


@pytest.mark.asyncio
async def test_a_large_answer_arrives_whole_also_as_a_head() -> None:
    async with served() as node:
        async with node.http.get(LARGE) as response:
            body = await response.read()
        assert len(body) > 4 * SLICE_SIZE
        assert json.loads(body)["openapi"] == "3.1.0"
        async with node.http.head(LARGE) as response:
            assert int(response.headers["Content-Length"]) == len(body)
            assert await response.read() == b""


@pytest.mark.asyncio
async def test_no_transport_holds_a_whole_large_answer_for_who_does_not_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paused, pause, held = asyncio.Event(), Connection.pause_writing, []

    def noticed(connection: Connection) -> None:
        pause(connection)
        assert connection.transport is not None
        held.append(connection.transport.get_write_buffer_size())
        paused.set()

    monkeypatch.setattr(Connection, "pause_writing", noticed)
    async with served() as node, wire(node.port, receive_buffer=4096) as client:
        client.send(request(LARGE) * 8)
        async with asyncio.timeout(10):
            await paused.wait()
    # asyncio asks to wait above 64 KiB, so a slice more is the most.
    assert held
    assert max(held) <= 2 * SLICE_SIZE


def test_a_small_answer_is_sent_in_one_piece() -> None:
    assert Reply(b"{}").response().body == b"{}"
