"""Tests of couriers with a real chain, real receivers and a clock of the test's own."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from node.record_log import RecordLog
from node.webhooks.addresses import AllowedPlaces
from node.webhooks.book import LOG_NAME, Progress, ScheduleField, Subscription, SubscriptionBook
from node.webhooks.courier import NOTES_EVERY_S, Courier, CourierParts
from node.webhooks.sender import Sender
from tests.chain.world import account
from tests.node.api.market import found
from tests.node.api.service import FakeService
from tests.node.api.test_pruned import prune
from tests.node.webhooks.chains import Clock, StepQuery, capture, item_of
from tests.node.webhooks.receiver import Receiver, Told, receiving

pytestmark = pytest.mark.asyncio

START = Progress(1, 0, 0)
HOURLY = (ScheduleField("minute", "0"),)
# 2026-03-01 10:30:00 UTC.
HALF_PAST_MS = 1_772_361_000_000


def subscription(receiver: Receiver, name: str = "one", **changed: Any) -> Subscription:
    """A stream of what is stored."""
    values: dict[str, Any] = {
        "id": name,
        "query": "stored",
        "account": account("merchant"),
        "dest": receiver.url,
        "secret": None,
        "schedule": (),
        "report_if_empty": False,
        "initial_ms": 0,
        "created_ms": HALF_PAST_MS,
    }
    return Subscription(**{**values, **changed})


async def no_rest(_: float) -> None:
    """Nobody else needs the cores."""


class Office:
    """A chain, a book in a file, and couriers that come and go."""

    def __init__(self, folder: Path) -> None:
        self.service = FakeService()
        self.path = folder / "subscriptions"
        self.clock = Clock(HALF_PAST_MS)
        self.queries = {"stored": StepQuery()}
        self.book = self.open()
        self.rest: Callable[[float], Awaitable[None]] = no_rest

    def open(self) -> SubscriptionBook:
        """The book as a start finds it."""
        log = RecordLog(self.path, LOG_NAME, self.service.chain.genesis_hash)
        return SubscriptionBook(log)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Courier]:
        """A courier that is started anew from the file."""
        self.book = self.open()
        courier = Courier(
            CourierParts(
                book=self.book,
                chain=self.service,
                sender=Sender(AllowedPlaces(("127.0.0.0/8",))),
                find=self.queries.get,
                headers={"Content-Type": "application/json"},
                clock_ms=self.clock.read,
                jitter=lambda: 0.0,
                pause=self.clock.pause,
                rest=self.rest,
            )
        )
        async with asyncio.TaskGroup() as group:
            task = group.create_task(courier.run())
            yield courier
            task.cancel()


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[tuple[Office, Receiver]]:
    """An office whose merchant may capture, and a receiver."""
    made = Office(folder)
    await found(made.service)
    async with receiving() as receiver:
        yield made, receiver


def items(told: Told) -> list[int]:
    """The items that a message tells of."""
    return [item_of(event) for event in json.loads(told.body)["events"]]


async def test_each_new_match_is_told_once_and_in_order(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        async with made.running():
            await capture(made.service, 1, 2)
            assert items(await receiver.next()) == [1, 2]
            await capture(made.service, 3, step="shipping")
            # Known events are no news.
            await capture(made.service, 2, 5)
            await capture(made.service, 4)
            told = [await receiver.next(), await receiver.next()]
        assert [items(one) for one in told] == [[5], [4]]
        keys = [one.headers["Idempotency-Key"] for one in told]
        assert len(set(keys)) == 2
        assert receiver.arrived.empty()


async def test_after_a_restart_nothing_is_lost_and_nothing_told_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        async with made.running():
            await capture(made.service, 1)
            assert items(await receiver.next()) == [1]
            receiver.may_answer.clear()
            await capture(made.service, 2)
            # On its way when the node stops: nobody knows whether it was taken.
            unsure = await receiver.next()
        receiver.may_answer.set()
        await capture(made.service, 3)
        async with made.running():
            again = await receiver.next()
            assert items(await receiver.next()) == [3]
        assert again.headers["Idempotency-Key"] == unsure.headers["Idempotency-Key"]
        assert again.body == unsure.body
        assert receiver.arrived.empty()


async def test_what_was_taken_before_a_stop_is_not_told_again(tmp_path: Path) -> None:
    async def rest(seconds: float) -> None:
        if seconds >= NOTES_EVERY_S:
            # After its first note the courier writes no other for ever.
            await asyncio.Future()

    async with office(tmp_path) as (made, receiver):
        made.rest = rest
        made.book.add(subscription(receiver), START)
        async with made.running():
            for number in (1, 2, 3):
                await capture(made.service, number)
                assert items(await receiver.next()) == [number]
        async with made.running():
            await capture(made.service, 4)
            # The answer to 3 may not have arrived before the stop.
            assert items(await receiver.next()) in ([3], [4])


async def test_what_is_not_taken_is_sent_again_after_growing_pauses(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        await capture(made.service, 1)
        await capture(made.service, 2)
        receiver.statuses = [500, 404, 302]
        async with made.running() as courier:
            tries = [await receiver.next()]
            for pause_s in (1, 2, 4):
                await made.clock.move(pause_s / 2)
                tries.append(await receiver.next())
            assert items(await receiver.next()) == [2]
            assert courier.troubles == {}
        assert made.clock.asked == [0.5, 1.0, 2.0]
        assert {one.body for one in tries} == {tries[0].body}
        assert {one.headers["Idempotency-Key"] for one in tries} == {
            tries[0].headers["Idempotency-Key"]
        }


async def test_trouble_is_told_while_it_lasts(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        await capture(made.service, 1)
        receiver.statuses = [503, 503]
        async with made.running() as courier:
            await receiver.next()
            await made.clock.move(0.5)
            await receiver.next()
            await made.clock.paused()
            assert courier.troubles["one"].tries == 2
            assert courier.troubles["one"].words == "HTTP status 503"
            await made.clock.move(1)
            await receiver.next()


async def test_a_receiver_that_wants_less_at_once_gets_less(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        await capture(made.service, 1, 2, 3, 4)
        receiver.statuses = [413, 413]
        async with made.running():
            sizes = [items(await receiver.next()) for _ in range(6)]
        assert sizes == [[1, 2, 3, 4], [1, 2], [1], [2], [3], [4]]


async def test_a_block_of_many_events_makes_several_messages(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), replace(START, batch_max=3))
        await capture(made.service, *range(1, 8))
        async with made.running():
            assert [items(await receiver.next()) for _ in range(3)] == [[1, 2, 3], [4, 5, 6], [7]]


async def test_a_dead_receiver_delays_nobody_else(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, dead), receiving() as alive:
        dead.may_answer.clear()
        made.book.add(subscription(dead, "dead"), START)
        made.book.add(subscription(alive, "alive"), START)
        async with made.running():
            for number in (1, 2, 3):
                await capture(made.service, number)
                assert items(await alive.next()) == [number]
            assert items(await dead.next()) == [1]
            assert dead.arrived.empty()


async def test_only_what_is_captured_after_the_first_time_is_told(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        await capture(made.service, 1)
        since_ms = made.service.clock_ms() + 1
        await capture(made.service, 2)
        made.book.add(subscription(receiver, initial_ms=since_ms), START)
        async with made.running():
            assert items(await receiver.next()) == [2]


async def test_a_removed_subscription_is_told_no_more_and_a_new_one_begins(
    tmp_path: Path,
) -> None:
    async with office(tmp_path) as (made, receiver), receiving() as other:
        made.book.add(subscription(receiver), START)
        async with made.running() as courier:
            await capture(made.service, 1)
            await receiver.next()
            made.book.remove("one")
            made.book.add(subscription(other, "two"), START)
            courier.changed()
            assert items(await other.next()) == [1]
            await capture(made.service, 2)
            assert items(await other.next()) == [2]
            assert receiver.arrived.empty()


async def test_a_subscription_ends_with_its_query(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        async with made.running():
            await capture(made.service, 1)
            await receiver.next()
            made.queries.clear()
            await capture(made.service, 2)
            # Told by the book's file, which the courier writes after that block.
            while made.book.all():
                await made.service.decide()
                await asyncio.sleep(0)
        assert not made.open().all()
        assert receiver.arrived.empty()


async def test_events_that_the_node_has_dropped_are_told_as_a_problem(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        made.book.add(subscription(receiver), START)
        await capture(made.service, 1)
        dropped = made.service.ledger.tip.height
        await capture(made.service, 2)
        prune(made.service, dropped)
        async with made.running():
            gap = await receiver.next()
            assert items(await receiver.next()) == [2]
        problem = json.loads(gap.body)
        assert (problem["status"], problem["code"]) == (410, "HistoryPruned")
        assert gap.headers["Content-Type"] == "application/problem+json"
        assert receiver.arrived.empty()


async def test_a_schedule_tells_all_since_its_last_run_at_once(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        progress = replace(START, run_ms=HALF_PAST_MS)
        made.book.add(subscription(receiver, schedule=HOURLY), progress)
        async with made.running():
            await capture(made.service, 1)
            await capture(made.service, 2)
            await pass_time(made, 30 * 60)
            assert items(await receiver.next()) == [1, 2]
            # An hour without news says nothing, the next one says what is new.
            await pass_time(made, 3600)
            await capture(made.service, 3)
            await pass_time(made, 3600)
            assert items(await receiver.next()) == [3]
            assert receiver.arrived.empty()


async def test_a_schedule_says_that_there_is_nothing_if_asked_to(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        progress = replace(START, run_ms=HALF_PAST_MS)
        made.book.add(subscription(receiver, schedule=HOURLY, report_if_empty=True), progress)
        async with made.running():
            await pass_time(made, 30 * 60)
            first = await receiver.next()
            await pass_time(made, 3600)
            second = await receiver.next()
        assert (items(first), items(second)) == ([], [])
        assert first.headers["Idempotency-Key"] != second.headers["Idempotency-Key"]


async def test_runs_that_were_missed_are_made_up_once(tmp_path: Path) -> None:
    async with office(tmp_path) as (made, receiver):
        progress = replace(START, run_ms=HALF_PAST_MS)
        made.book.add(subscription(receiver, schedule=HOURLY), progress)
        await capture(made.service, 1)
        made.clock.now_ms += 5 * 3_600_000
        async with made.running():
            assert items(await receiver.next()) == [1]
            await pass_time(made, 1)
            assert receiver.arrived.empty()


async def pass_time(made: Office, seconds: int) -> None:
    """Let the courier's pauses pass, one after the other, until so much time is over."""
    while seconds > 0:
        step = min(seconds, 60)
        await made.clock.move(step)
        seconds -= step
