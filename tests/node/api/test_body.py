"""Bodies that drip, stop or are too large, without a socket."""

import asyncio
from unittest.mock import Mock

import pytest
from aiohttp import StreamReader, web
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from node.api.body import STRETCH_SIZE_MIN, ByteBudget, body_of
from node.api.problems import BodyTimeout

SIZE_MAX = 10 * STRETCH_SIZE_MIN


def posted(reader: StreamReader) -> web.BaseRequest:
    return make_mocked_request("POST", "/", {"Content-Length": str(SIZE_MAX)}, payload=reader)


def new_reader() -> StreamReader:
    return StreamReader(Mock(BaseProtocol), 2**16, loop=asyncio.get_running_loop())


@pytest.mark.asyncio
async def test_a_body_that_brings_too_little_in_a_stretch_is_refused_long_before_its_deadline() -> (
    None
):
    reader, budget = new_reader(), ByteBudget(SIZE_MAX)
    reader.feed_data(bytes(STRETCH_SIZE_MIN - 1))
    with pytest.raises(BodyTimeout, match=r"in 0\.01 s"):
        async with body_of(posted(reader), budget, SIZE_MAX, 3_600.0, stretch_s=0.01):
            pass
    assert budget.left == SIZE_MAX


@pytest.mark.asyncio
async def test_a_body_of_many_stretches_is_read_whole() -> None:
    reader, budget = new_reader(), ByteBudget(SIZE_MAX)

    reader.feed_data(bytes(SIZE_MAX))
    reader.feed_eof()
    async with body_of(posted(reader), budget, SIZE_MAX, 3_600.0, stretch_s=60.0) as body:
        assert len(body) == SIZE_MAX
        assert budget.left == 0


@pytest.mark.asyncio
async def test_the_deadline_of_a_whole_body_holds_however_much_comes() -> None:
    reader, budget = new_reader(), ByteBudget(SIZE_MAX)
    reader.feed_data(bytes(3 * STRETCH_SIZE_MIN))
    with pytest.raises(BodyTimeout, match=r"longer than 0\.01 s"):
        async with body_of(posted(reader), budget, SIZE_MAX, 0.01, stretch_s=60.0):
            pass
