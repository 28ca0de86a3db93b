"""Tells subscribers what they subscribed to: one task each, so that nobody waits for another.

At least once and in order: a subscription's progress is on disk soon after its receiver took a
message (a crash in that moment tells it again, under the same key), and a message that was not
taken is sent again, with a growing pause, before the next. A receiver that is dead costs a try
every five minutes and delays nobody: the node never waits for a courier.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, Protocol, TypeVar

from chain.errors import HistoryPruned
from chain.ledger import Ledger
from node.api.cursors import Cursor
from node.webhooks.batches import Batch, Pages, Span, StandingQuery, first_kept, next_batch
from node.webhooks.book import Kept, Progress, Subscription, SubscriptionBook
from node.webhooks.sender import Answer, Message, Sender

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Between two looks at a chain at rest.
QUIET_MS: Final = 60_000
PAUSE_FIRST_S: Final = 1.0
PAUSE_MAX_S: Final = 300.0
# A look for news that found none is noted on disk after so many blocks.
UNNOTED_HEIGHTS_MAX: Final = 1_000
THREADS: Final = 1
NOTES_EVERY_S: Final = 0.2
# After each look for news, so many times as long without one: the node itself has the cores.
RESTS: Final = 2


class Chain(Protocol):
    """What a courier asks of the node."""

    @property
    def ledger(self) -> Ledger:
        """The ledger; its readers may be called freely."""
        ...

    async def wait_height(self, height: int, timeout_ms: int) -> int:
        """The newest height, as soon as it is at least `height` or the time is over."""
        ...


@dataclass(frozen=True, slots=True)
class CourierParts:
    """What a courier works with.

    `find` is the standing query of a name, None for one that is no more. `jitter` draws from
    [0, 1). `pause` and `rest` sleep for so many seconds: for others, and to leave others time.
    """

    book: SubscriptionBook
    chain: Chain
    sender: Sender
    find: Callable[[str], StandingQuery | None]
    headers: Mapping[str, str]
    clock_ms: Callable[[], int]
    jitter: Callable[[], float]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(slots=True)
class Trouble:
    """Why a receiver has not taken its message, and how often that was tried."""

    tries: int
    words: str


class Courier:
    """`run` once; `changed` whenever a subscription was made or removed."""

    def __init__(self, parts: CourierParts) -> None:
        self._parts = parts
        self._changed = asyncio.Event()
        self._noted = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._threads = ThreadPoolExecutor(THREADS, "webhooks")
        self._looking = asyncio.Lock()
        self._free_at_s = 0.0
        # What is new is read once, for WebSockets too.
        self.pages = Pages()
        # Of subscriptions whose last message was not taken.
        self.troubles: dict[str, Trouble] = {}
        # Messages since the start: that were taken, and that were not and are tried again.
        self.sent = 0
        self.failed = 0

    def changed(self) -> None:
        """Look at the book again: subscriptions were made or removed."""
        self._changed.set()

    async def run(self) -> None:
        """Tell until cancelled."""
        try:
            async with self._parts.sender, asyncio.TaskGroup() as group:
                group.create_task(self._keep_notes(), name="webhook notes")
                while True:
                    self._changed.clear()
                    self._match_tasks(group)
                    await self._changed.wait()
        finally:
            self._threads.shutdown(cancel_futures=True)
            self._parts.book.flush()

    async def _keep_notes(self) -> None:
        """One write for all that moved meanwhile, however many subscribers there are."""
        while True:
            await self._noted.wait()
            self._noted.clear()
            await self._off_loop(self._parts.book.flush)
            await self._parts.rest(NOTES_EVERY_S)

    def _match_tasks(self, group: asyncio.TaskGroup) -> None:
        kept = {one.subscription.id: one for one in self._parts.book.all()}
        for gone in [one for one in self._tasks if one not in kept]:
            self._tasks.pop(gone).cancel()
            self.troubles.pop(gone, None)
        for subscription_id, one in kept.items():
            if subscription_id not in self._tasks:
                name = f"webhook {subscription_id}"
                self._tasks[subscription_id] = group.create_task(self._serve(one), name=name)

    async def _serve(self, kept: Kept) -> None:
        """Tell one subscriber, until its query is no more."""
        subscription, progress = kept.subscription, kept.progress
        timetable = subscription.timetable()
        while (query := self._parts.find(subscription.query)) is not None:
            if timetable is not None and not progress.until:
                due_ms = timetable.next_after(progress.run_ms)
                assert due_ms is not None, "a schedule that never comes was refused"
                await self._wait_until(due_ms)
                progress = self._begun(progress)
                self._note(subscription, progress)
            progress = await self._tell_next(subscription, progress, query)
        logger.warning("subscription %s ends with its query", subscription.id)
        await self._off_loop(self._parts.book.remove, subscription.id)

    def _begun(self, progress: Progress) -> Progress:
        """A run begins: it tells what there is by now. Runs that were missed are this one."""
        until = max(1, self._parts.chain.ledger.tip.height)
        return replace(progress, until=until, told=0, run_ms=self._parts.clock_ms())

    async def _wait_until(self, due_ms: int) -> None:
        while (left_ms := due_ms - self._parts.clock_ms()) > 0:
            # In steps, for a clock may be put right meanwhile.
            await self._parts.pause(min(left_ms, QUIET_MS) / 1000)

    async def _tell_next(
        self, subscription: Subscription, progress: Progress, query: StandingQuery
    ) -> Progress:
        """Tell one batch, or wait for news; the progress then."""
        span = Span(progress.batch_max, progress.until or None, subscription.initial_ms)
        try:
            batch = await self._look(query, progress, span)
        except HistoryPruned as error:
            return await self._skip(subscription, progress, error)
        if batch.events:
            return await self._tell(subscription, progress, query, batch)
        if progress.until:
            return await self._ended(subscription, progress, query, batch)
        return await self._quiet(subscription, progress, batch)

    async def _skip(
        self, subscription: Subscription, progress: Progress, error: HistoryPruned
    ) -> Progress:
        """Events that are no longer here can't be told: that is told instead, as a problem."""
        found = first_kept(self._parts.chain.ledger)
        if found <= progress.cursor:
            found = Cursor(progress.height + 1, 0, 0)
        logger.warning("subscription %s: events before %s are gone", subscription.id, found)
        problem = {
            "type": "epcisException:ImplementationException",
            "title": "Events are no longer kept by this node",
            "status": HTTPStatus.GONE,
            "detail": f"from {progress.cursor} to {found}: {error}",
            "code": error.code,
        }
        body = json.dumps(problem).encode()
        message = self._message(subscription, f"gap-{progress.cursor}-{found}", body)
        headers = {**message.headers, "Content-Type": "application/problem+json"}
        await self._insist(subscription, replace(message, headers=headers))
        further = progress.at(found)
        self._note(subscription, further)
        return further

    async def _look(self, query: StandingQuery, progress: Progress, span: Span) -> Batch:
        """The next batch. Looks share a third of one core, however many subscribers there are."""
        loop, ledger, pages = asyncio.get_running_loop(), self._parts.chain.ledger, self.pages
        async with self._looking:
            if (left_s := self._free_at_s - loop.time()) > 0:
                await self._parts.rest(left_s)
            begun_s = loop.time()
            try:
                start = progress.cursor
                return await self._off_loop(next_batch, ledger, query, start, span, pages)
            finally:
                ended_s = loop.time()
                self._free_at_s = ended_s + RESTS * (ended_s - begun_s)

    async def _quiet(
        self, subscription: Subscription, progress: Progress, batch: Batch
    ) -> Progress:
        """Nothing matched: look further, or wait for the next block."""
        further = progress.at(batch.next)
        kept = self._parts.book.get(subscription.id)
        if kept and further.height - kept.progress.height >= UNNOTED_HEIGHTS_MAX:
            self._note(subscription, further)
        if batch.complete:
            await self._parts.chain.wait_height(batch.height + 1, QUIET_MS)
        return further

    async def _ended(
        self, subscription: Subscription, progress: Progress, query: StandingQuery, batch: Batch
    ) -> Progress:
        """A run has looked at all there is, or goes on with the next page."""
        further = progress.at(batch.next)
        if not batch.complete and batch.next.height <= progress.until:
            return further
        if progress.told == 0 and subscription.report_if_empty:
            body = query.document(subscription.id, (), progress.run_ms)
            message = self._message(subscription, f"empty-{progress.run_ms}", body)
            await self._insist(subscription, message)
            further = replace(further, notified_ms=self._parts.clock_ms())
        further = replace(further, until=0)
        self._note(subscription, further)
        return further

    async def _tell(
        self, subscription: Subscription, progress: Progress, query: StandingQuery, batch: Batch
    ) -> Progress:
        """Send a batch until it is taken, or the receiver asks for smaller ones."""
        body = query.document(subscription.id, batch.events, batch.time_ms)
        message = self._message(subscription, f"{batch.first}-{batch.last}", body)
        if not await self._insist(subscription, message, splits=len(batch.events) > 1):
            further = replace(progress, batch_max=max(1, len(batch.events) // 2))
        else:
            told_ms = self._parts.clock_ms()
            further = replace(progress.at(batch.next), told=progress.told + 1, notified_ms=told_ms)
        self._note(subscription, further)
        return further

    def _message(self, subscription: Subscription, what: str, body: bytes) -> Message:
        key = f"{subscription.id}/{what}"
        headers = self._parts.headers
        return Message(subscription.dest, subscription.secret, key, body, headers)

    async def _insist(
        self, subscription: Subscription, message: Message, *, splits: bool = False
    ) -> bool:
        """Send until it is taken; False if it is too large and can be split."""
        pause_s, tries = PAUSE_FIRST_S, 0
        while True:
            answer = await self._parts.sender.send(message, self._parts.clock_ms())
            if answer.is_taken:
                self.sent += 1
                self.troubles.pop(subscription.id, None)
                return True
            if answer.is_too_large and splits:
                return False
            tries += 1
            self._tell_trouble(subscription, tries, answer)
            await self._parts.pause(pause_s * (1 + self._parts.jitter()) / 2)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    def _tell_trouble(self, subscription: Subscription, tries: int, answer: Answer) -> None:
        self.failed += 1
        self.troubles[subscription.id] = Trouble(tries, answer.words)
        if tries == 1:
            told = {"event": "webhook_failed", "subscription": subscription.id}
            logger.warning("webhook of %s: %s", subscription.id, answer.words, extra=told)

    def _note(self, subscription: Subscription, progress: Progress) -> None:
        self._parts.book.move(subscription.id, progress)
        self._noted.set()

    async def _off_loop(self, function: Callable[..., T], *arguments: object) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, function, *arguments)
