"""Waiting for outcomes and heights: woken once it is so, never forgotten in memory."""

import asyncio

import pytest

from node import waiters as waiters_module
from node.waiters import Waiters

LONG_MS = 60_000


@pytest.mark.asyncio
async def test_all_who_wait_for_an_id_are_told_and_nobody_else() -> None:
    waiters = Waiters()
    both = [asyncio.ensure_future(waiters.transaction(b"a", LONG_MS)) for _ in range(2)]
    other = asyncio.ensure_future(waiters.transaction(b"b", LONG_MS))
    await asyncio.sleep(0)
    waiters.written((b"a", b"c"))
    await asyncio.gather(*both)
    assert not other.done()
    waiters.written((b"b",))
    await other


@pytest.mark.asyncio
async def test_waiting_ends_with_its_time_and_leaves_nothing_behind() -> None:
    waiters = Waiters()
    await waiters.transaction(b"a", 1)
    await waiters.block(1)
    waiters.written((b"a",))
    assert waiters._by_id == {}
    assert waiters._count == 0


@pytest.mark.asyncio
async def test_waits_that_end_together_share_a_timer_and_none_ends_early() -> None:
    waiters, loop = Waiters(), asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(waiters.transaction(bytes([number]), 40))
        await asyncio.sleep(0)
        assert 1 <= len(waiters._expiring) <= 10
    assert loop.time() - began >= 0.040
    assert waiters._expiring == {}


@pytest.mark.asyncio
async def test_a_client_that_leaves_is_forgotten() -> None:
    waiters = Waiters()
    waiting = asyncio.ensure_future(waiters.transaction(b"a", LONG_MS))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert (waiters._by_id, waiters._count) == ({}, 0)


@pytest.mark.asyncio
async def test_beyond_the_limit_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiters_module, "WAITERS_MAX", 1)
    waiters = Waiters()
    first = asyncio.ensure_future(waiters.transaction(b"a", LONG_MS))
    await asyncio.sleep(0)
    # Returns at once, as if the time were over.
    await waiters.transaction(b"b", LONG_MS)
    waiters.written((b"a",))
    await first


@pytest.mark.asyncio
async def test_a_height_is_told_to_those_who_waited_before_it() -> None:
    waiters = Waiters()
    waiting = asyncio.ensure_future(waiters.block(LONG_MS))
    await asyncio.sleep(0)
    waiters.written(())
    await waiting
    # The next block is another one.
    later = asyncio.ensure_future(waiters.block(LONG_MS))
    await asyncio.sleep(0)
    assert not later.done()
    waiters.written(())
    await later
