"""A feed that listens: pushed events need no page, and no stream is needed for them to come."""

import json
import random
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeVar

import pytest

from node.clients import hearing
from node.clients.errors import BrokeOff
from node.clients.feed import AsyncFeed
from node.clients.feeds import PageSource, Wanted
from node.clients.hearing import Hearing
from node.clients.wire import Steps
from tests.node.clients.scenes import PLACES, Driver
from tests.node.clients.test_feeds import HEIGHTS, Ledger, event

T = TypeVar("T")

QUIET = b'{"events": [], "next": "7.0.0", "height": 6, "complete": true}'


def said(*heights: int) -> bytes:
    """A message with an event of each of these heights."""
    end = f"{heights[-1] + 1}.0.0"
    page = {"events": [event(height) for height in heights], "next": end, "complete": True}
    return json.dumps(page).encode()


def feed_of(driver: Driver, cursor: str = "0.0.0") -> AsyncFeed:
    async def run(steps: Steps[T]) -> T:
        return driver.run(steps)

    wanted = Wanted(("pay",), "hs1me")
    source = PageSource(PLACES, wanted, 1.0, lambda: driver.now_ms / 1000)
    return AsyncFeed(run, source, cursor)


async def take(feed: AsyncFeed, count: int) -> list[int]:
    return [(await anext(feed)).height for _ in range(count)]


def saying(driver: Driver, *words: bytes | Exception) -> None:
    told = iter(words)
    driver.says += [partial(next, told)] * len(words)


@pytest.mark.asyncio
async def test_what_a_stream_says_comes_without_a_page_in_between() -> None:
    driver = Driver(Ledger().answer)
    feed = feed_of(driver)
    assert await take(feed, HEIGHTS) == [1, 2, 3, 4, 5, 6]
    pages = len(driver.asked)
    saying(driver, said(7, 8), said(9), said(12))
    assert await take(feed, 4) == [7, 8, 9, 12]
    assert len(driver.asked) == pages
    assert driver.listened[0] == (
        "node-1",
        "/v1/events?cursor=7.0.0&types=pay&account=hs1me",
    )
    assert feed.cursor == "9.0.1"


@pytest.mark.asyncio
async def test_what_was_told_already_is_left_out_of_what_a_stream_says() -> None:
    driver = Driver(Ledger().answer)
    feed = feed_of(driver, "4.0.0")
    saying(driver, said(3, 4, 5), said(6, 7), said(7, 8))
    assert await take(feed, 5) == [4, 5, 6, 7, 8]


NONSENSE: Sequence[bytes | Exception] = [
    b"{",
    b"[]",
    said(9, 8),
    b'{"events": [{}], "next": "9.0.0", "complete": true}',
    BrokeOff("it ended"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize("trouble", NONSENSE)
async def test_a_stream_that_ends_or_makes_no_sense_loses_nothing(
    trouble: bytes | Exception,
) -> None:
    ledger = Ledger()
    driver = Driver(ledger.answer)
    feed = feed_of(driver, "6.0.0")
    saying(driver, said(7), trouble)
    assert await take(feed, 2) == [6, 7]
    # Pages tell what happened meanwhile; whichever node answers is listened to then.
    ledger.tips = dict.fromkeys(ledger.tips, 9)
    assert await take(feed, 2) == [8, 9]


@pytest.mark.asyncio
async def test_whatever_streams_do_each_event_comes_once_and_in_order() -> None:
    for seed in range(100):
        draw = random.Random(seed)
        ledger = Ledger()
        driver = Driver(ledger.answer)
        feed = feed_of(driver)

        def say(draw: random.Random = draw, ledger: Ledger = ledger) -> bytes | Exception:
            at = max(ledger.tips.values())
            for name in draw.sample(sorted(ledger.tips), draw.randrange(3)):
                ledger.tips[name] = at + draw.randrange(3)
            kind = draw.randrange(5)
            if kind < 2:
                # From wherever the stream began to where its node is, without a gap.
                grown = max(ledger.tips.values())
                return said(*range(draw.randrange(1, HEIGHTS + 1), grown + 1))
            return (QUIET, b"nonsense", BrokeOff("it ended"))[kind - 2]

        driver.says = [say] * 1000
        assert await take(feed, 30) == list(range(1, 31)), f"seed {seed}"


@pytest.mark.asyncio
async def test_a_node_that_stands_still_is_left_for_one_that_knows_more() -> None:
    ledger = Ledger()
    driver = Driver(ledger.answer)
    feed = feed_of(driver, "6.0.0")
    assert await take(feed, 1) == [6]
    ledger.tips["node-2"] = 7
    saying(driver, QUIET, said(8))
    assert await take(feed, 2) == [7, 8]
    assert [host for host, _ in driver.listened] == ["node-1", "node-2"]


@pytest.mark.asyncio
async def test_where_no_stream_can_be_had_pages_are_read_and_it_is_tried_ever_less() -> None:
    ledger = Ledger()
    driver = Driver(ledger.answer)
    feed = feed_of(driver, "6.0.0")
    driver.says = [lambda: BrokeOff("HTTP status 200")] * 1000
    assert await take(feed, 1) == [6]
    began_ms = driver.now_ms
    pages = 0

    def answer(*asked: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 1000:
            ledger.tips = dict.fromkeys(ledger.tips, 7)
        return ledger.answer(*asked)

    driver.answer = answer
    assert await take(feed, 1) == [7]
    waited_s = (driver.now_ms - began_ms) / 1000
    # As often as by a client that doesn't listen at all.
    assert waited_s == pytest.approx(1000 * hearing.QUIET_S, rel=0.05)
    tries = len(driver.listened)
    assert 5 < tries < 25


def test_only_news_or_nobody_else_make_a_node_the_one_that_is_listened_to() -> None:
    one, other = PLACES
    whose = Hearing(lambda: 0.0)
    whose.answered(one, news=False)
    whose.answered(other, news=False)
    assert whose.place == one
    whose.answered(other, news=True)
    whose.leave(one)
    assert whose.place == other
    whose.leave(other)
    assert whose.place is None


def test_a_hearing_without_a_node_pauses() -> None:
    driver = Driver(Ledger().answer)
    before_ms = driver.now_ms
    assert driver.run(Hearing().hear("/v1/events", json.loads)) is None
    assert driver.now_ms - before_ms == int(hearing.QUIET_S * 1000)
