"""One thread that runs jobs in the order they were asked for, and answers on the event loop.

`run_in_executor` with what a ledger and a journal need besides: a job's error that nobody awaits
any more is told, one that raises `StopIteration` answers too, and after the end nothing runs.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any, TypeVar

logger = logging.getLogger(__name__)


def _go_on() -> None:
    """It ends soon by itself."""


T = TypeVar("T")


async def ended(job: "asyncio.Future[T]", stop: Callable[[], None] = _go_on) -> T:
    """The outcome of a job on a thread, which is over on return, also if its asker is cancelled.

    A store that is closed while a thread reads of it takes the process down with it. `stop` is to
    have the job end sooner.
    """
    try:
        return await asyncio.shield(job)
    finally:
        if not job.done():
            stop()
            await asyncio.wait((job,))
        if not job.cancelled():
            # Whoever was cancelled while it ran asks for no outcome.
            job.exception()


class Worker:
    """A thread of its own, from the first job until `close`."""

    __slots__ = ("_executor", "_is_closed")

    def __init__(self, name: str) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
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
        running = self._executor.submit(self._run, job, future)
        running.add_done_callback(lambda done: loop.call_soon_threadsafe(_settle, future, done))
        return future

    def close(self) -> None:
        """Wait for the job under way and end the thread; the jobs behind it are cancelled."""
        self._is_closed = True
        self._executor.shutdown(cancel_futures=True)

    def _run(self, job: Callable[[], T], future: "asyncio.Future[T]") -> T:
        """On the thread. What comes of a job that nobody awaits any more is nothing, and none
        begins after `close`: the one under way may end while those behind it are taken out."""
        if future.cancelled() or self._is_closed:
            raise CancelledError
        # What the job raises leads to this frame, and the future will hold it: no circle.
        del future
        return job()


def _settle(future: "asyncio.Future[Any]", done: "Future[Any]") -> None:
    error = CancelledError() if done.cancelled() else done.exception()
    if isinstance(error, CancelledError):
        future.cancel()
    elif error is None:
        if not future.done():
            future.set_result(done.result())
    elif future.done():
        # Nobody awaits it any more. A failed write is the last one anyhow: store and journal
        # refuse all after it; what failed is told here.
        logger.error("a job that nobody waits for failed", exc_info=error)
    elif isinstance(error, StopIteration):
        # The one that no future takes (PEP 479): it would leave its caller waiting.
        stopped = RuntimeError("a job raised StopIteration")
        stopped.__cause__ = error
        future.set_exception(stopped)
    else:
        future.set_exception(error)
