"""One thread that runs jobs in the order they were asked for, and answers on the event loop.

What `run_in_executor` does, without a second future, condition and callback chain for each job: a
node hands several jobs a block to threads, and the way there and back cost more than most of them.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")

_Item = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Worker:
    """A thread of its own, from the first job until `close`."""

    __slots__ = ("_is_closed", "_name", "_queue", "_thread")

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def submit(self, job: Callable[[], T]) -> "asyncio.Future[T]":
        """The job's outcome; cancelled before its turn it is not run, nor after `close`.

        Call it on the loop.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if self._is_closed:
            future.cancel()
            return future
        if self._thread is None:
            # Whoever must not lose a job under way says `close`.
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        self._queue.put((job, future, loop))
        return future

    def close(self) -> None:
        """Wait for the job under way and end the thread; the jobs behind it are cancelled."""
        self._is_closed = True
        if self._thread is None:
            return
        with suppress(Empty):
            while (item := self._queue.get_nowait()) is not None:
                item[1].cancel()
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            job, future, loop = item
            if future.cancelled():
                continue
            try:
                result = job()
            except StopIteration as error:
                # The one that no future takes (PEP 479): it would leave its caller waiting.
                stopped = RuntimeError("a job raised StopIteration")
                stopped.__cause__ = error
                loop.call_soon_threadsafe(_fail, future, stopped)
            except BaseException as error:  # noqa: BLE001 - it is raised where the job is awaited
                loop.call_soon_threadsafe(_fail, future, error)
            else:
                loop.call_soon_threadsafe(_answer, future, result)


def _answer(future: "asyncio.Future[T]", result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[T]", error: BaseException) -> None:
    if future.done():
        # Nobody awaits it any more. A failed write is the last one anyhow: store and journal
        # refuse all after it; what failed is told here.
        logger.error("a job that nobody waits for failed", exc_info=error)
    else:
        future.set_exception(error)
