"""Waiting for outcomes and heights: told with the news, bounded, never forgotten in memory."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace

import pytest

from chain.block import Event, Receipt
from chain.codec import encode
from chain.execution import BlockResult
from chain.stored_chain import ReceiptPlace, Tip
from node import waiters as waiters_module
from node.service import Decided
from node.waiters import Waiters
from tests.chain.world import World

LONG_MS = 60_000


def receipt(name: bytes) -> Receipt:
    return Receipt(name, "ok", None, (Event("pay.transferred", {"amount_minor": 5}),))


class Node:
    """Waiters with the pool and the ledger that they ask; `write` makes the next block."""

    def __init__(self) -> None:
        self.tip: Tip = World().ledger.tip
        self.pool: set[bytes] = set()
        self.ledger: dict[bytes, Decided] = {}
        self.looked: list[bytes] = []
        self.waiters = Waiters(self.pool.__contains__, self._look)

    def _look(self, name: bytes) -> Decided | None:
        self.looked.append(name)
        return self.ledger.get(name)

    def write(self, *names: bytes) -> None:
        """Sync a block of these, tell it."""
        header = replace(self.tip.header, height=self.tip.height + 1)
        self.tip = replace(self.tip, header=header, digest=header.digest())
        self.pool.difference_update(names)
        for index, name in enumerate(names):
            self.ledger[name] = self.decided(name, index)
        receipts = tuple(receipt(name) for name in names)
        rows = tuple(encode(made) for made in receipts)
        result = BlockResult({}, receipts, rows, bytes(32), (), (), (), 0)
        self.waiters.written(self.tip, result)

    def decided(self, name: bytes, index: int) -> Decided:
        """What the newest block decided at a place."""
        place = ReceiptPlace(self.tip.height, index)
        made = receipt(name)
        return Decided(place, made, encode(made), self.tip.digest, self.tip.header.time_ms)

    def ask(self, *names: bytes) -> asyncio.Future[dict[bytes, Decided]]:
        """A client that waits for these from the loop's next step on."""
        return asyncio.ensure_future(self.waiters.outcomes(names, LONG_MS))

    def assert_nothing_left(self) -> None:
        """Nobody waits, and nothing is kept of those who did."""
        waiters = self.waiters
        assert (waiters._waits, waiters._count) == ({}, 0)
        assert not any(waiters._expiring.values())


@pytest.mark.asyncio
async def test_all_who_wait_for_an_id_are_told_its_outcome_and_nobody_else() -> None:
    node = Node()
    both = [node.ask(b"a") for _ in range(2)]
    other = node.ask(b"b")
    await asyncio.sleep(0)
    node.write(b"c", b"a")
    expected = {b"a": node.decided(b"a", 1)}
    assert await asyncio.gather(*both) == [expected, expected]
    assert not other.done()
    node.write(b"b")
    assert await other == {b"b": node.decided(b"b", 0)}
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_a_batch_is_told_once_its_last_block_is_synced() -> None:
    node = Node()
    waiting = node.ask(b"a", b"b", b"c", b"a")
    await asyncio.sleep(0)
    node.write(b"b")
    node.write(b"x", b"a")
    await asyncio.sleep(0)
    assert not waiting.done()
    node.write(b"c")
    found = await waiting
    assert found == {name: node.ledger[name] for name in (b"a", b"b", b"c")}
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_the_ledger_is_read_only_for_what_does_not_wait_in_the_pool() -> None:
    node = Node()
    node.pool.update((b"a", b"b"))
    node.write(b"old")
    waiting = node.ask(b"a", b"old", b"b")
    await asyncio.sleep(0)
    assert node.looked == [b"old"]
    node.write(b"a", b"b")
    assert list(await waiting) == [b"old", b"a", b"b"]
    assert node.looked == [b"old"]


@pytest.mark.asyncio
async def test_what_is_known_is_answered_at_once() -> None:
    node = Node()
    node.write(b"a", b"b")
    assert await node.waiters.outcomes((b"b", b"a"), LONG_MS) == {
        b"a": node.decided(b"a", 0),
        b"b": node.decided(b"b", 1),
    }


@pytest.mark.asyncio
async def test_waiting_ends_with_its_time_tells_what_is_known_and_leaves_nothing_behind() -> None:
    node = Node()
    waiting = asyncio.ensure_future(node.waiters.outcomes((b"a", b"b"), 1))
    await asyncio.sleep(0)
    node.write(b"b")
    assert list(await waiting) == [b"b"]
    node.assert_nothing_left()
    await node.waiters.block(1)
    node.write(b"a")
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_waits_that_end_together_share_a_timer_and_none_ends_early() -> None:
    node, loop = Node(), asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.TaskGroup() as group:
        for number in range(100):
            group.create_task(node.waiters.outcomes((bytes([number]),), 40))
        await asyncio.sleep(0)
        assert 1 <= len(node.waiters._expiring) <= 10
    assert loop.time() - began >= 0.040
    assert node.waiters._expiring == {}
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_a_client_that_leaves_is_forgotten_and_takes_nothing_from_the_others() -> None:
    node = Node()
    leaving, staying = node.ask(b"a", b"b"), node.ask(b"b", b"a")
    await asyncio.sleep(0)
    node.write(b"a")
    leaving.cancel()
    await asyncio.wait([leaving])
    assert node.waiters._count == 1
    node.write(b"b")
    assert set(await staying) == {b"a", b"b"}
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_a_client_that_leaves_in_the_moment_of_the_news_is_forgotten_too() -> None:
    node = Node()
    waiting = node.ask(b"a")
    await asyncio.sleep(0)
    node.write(b"a")
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_beyond_the_limit_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiters_module, "WAITERS_MAX", 3)
    node = Node()
    first, second = node.ask(b"a", b"b"), node.ask(b"c", b"d", b"e")
    await asyncio.sleep(0)
    # Returns at once, as if the time were over.
    assert await node.waiters.outcomes((b"f",), LONG_MS) == {}
    assert node.waiters._count == 3
    # Of a batch, those wait that have a place.
    node.write(b"a", b"b", b"c", b"d")
    assert (set(await first), set(await second)) == ({b"a", b"b"}, {b"c"})
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_after_many_waits_of_every_kind_nothing_is_left() -> None:
    node = Node()
    names = [bytes([number]) for number in range(200)]

    async def client(wanted: Collection[bytes], timeout_ms: int) -> Mapping[bytes, Decided]:
        return await node.waiters.outcomes(wanted, timeout_ms)

    clients = [
        asyncio.ensure_future(client(names[at : at + at % 7 + 1], (1, LONG_MS)[at % 2]))
        for at in range(190)
    ]
    await asyncio.sleep(0)
    for at in range(0, 190, 3):
        clients[at].cancel()
    for at in range(0, 200, 20):
        node.write(*names[at : at + 20])
    await asyncio.wait(clients)
    node.assert_nothing_left()


@pytest.mark.asyncio
async def test_a_height_is_told_to_those_who_waited_before_it() -> None:
    node = Node()
    waiting = asyncio.ensure_future(node.waiters.block(LONG_MS))
    await asyncio.sleep(0)
    node.write()
    await waiting
    # The next block is another one.
    later = asyncio.ensure_future(node.waiters.block(LONG_MS))
    await asyncio.sleep(0)
    assert not later.done()
    node.write()
    await later


@pytest.mark.asyncio
async def test_a_node_that_stops_answers_everybody_and_keeps_nobody_waiting() -> None:
    node = Node()
    node.pool.update((b"a" * 32, b"b" * 32))
    waiting = node.ask(b"a" * 32, b"b" * 32)
    height = asyncio.ensure_future(node.waiters.block(LONG_MS))
    await asyncio.sleep(0)
    node.waiters.end()
    async with asyncio.timeout(10):
        assert await waiting == {}
        await height
        assert await node.ask(b"b" * 32) == {}
        others = asyncio.ensure_future(asyncio.sleep(0, "ran"))
        for _ in range(2):
            await node.waiters.block(LONG_MS)
        assert others.done()
