"""One thread's jobs: in their order, their outcome where they are awaited, none after the end."""

import asyncio
import threading

import pytest

from node.worker import Worker, ended
from tests.let_go import let_go


@pytest.mark.asyncio
async def test_jobs_run_in_the_order_they_were_asked_for_on_one_thread_of_that_name() -> None:
    worker, seen = Worker("tester"), list[tuple[int, str]]()

    def job(number: int) -> int:
        seen.append((number, threading.current_thread().name))
        return number * 2

    answers = [worker.submit(lambda n=number: job(n)) for number in range(20)]  # type: ignore[misc]
    assert await asyncio.gather(*answers) == [number * 2 for number in range(20)]
    assert seen == [(number, "tester_0") for number in range(20)]
    worker.close()


@pytest.mark.asyncio
async def test_what_a_job_raises_is_raised_where_it_is_awaited_and_the_next_runs() -> None:
    worker = Worker("tester")

    def broken() -> int:
        raise ZeroDivisionError("a job's own")

    with pytest.raises(ZeroDivisionError, match="own"):
        await worker.submit(broken)
    assert await worker.submit(lambda: 7) == 7
    worker.close()


@pytest.mark.asyncio
async def test_what_a_job_raises_is_let_go_once_it_was_dealt_with() -> None:
    worker = Worker("tester")

    def broken() -> int:
        raise ZeroDivisionError("a job's own")

    async def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            await worker.submit(broken)

    async with let_go(ZeroDivisionError):
        await ask()
    worker.close()


@pytest.mark.asyncio
async def test_a_job_that_was_cancelled_before_its_turn_does_not_run() -> None:
    worker, gate, seen = Worker("tester"), threading.Event(), list[str]()
    first = worker.submit(gate.wait)
    second = worker.submit(lambda: seen.append("second"))
    third = worker.submit(lambda: seen.append("third"))
    second.cancel()
    gate.set()
    await third
    assert await first
    assert seen == ["third"]
    worker.close()


@pytest.mark.asyncio
async def test_a_job_under_way_goes_on_when_nobody_waits_for_it_any_more() -> None:
    worker, begun, gate, seen = Worker("tester"), threading.Event(), threading.Event(), list[str]()

    def job() -> None:
        begun.set()
        gate.wait()
        seen.append("done")

    waiting = worker.submit(job)
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    gate.set()
    await worker.submit(lambda: None)
    assert seen == ["done"]
    worker.close()


@pytest.mark.asyncio
async def test_the_end_waits_for_the_job_under_way_and_cancels_those_behind_it() -> None:
    worker, begun, seen = Worker("tester"), threading.Event(), list[str]()

    def job() -> None:
        begun.set()
        while not worker._is_closed:  # whether or not those behind it are taken out by then
            pass
        seen.append("under way")

    def after() -> None:
        seen.append("behind")

    worker.submit(job)
    await asyncio.to_thread(begun.wait)
    behind = [worker.submit(after), worker.submit(after)]
    worker.close()
    assert seen == ["under way"]
    await asyncio.wait(behind)
    assert all(one.cancelled() for one in behind)
    assert worker.submit(after).cancelled()
    assert seen == ["under way"]
    Worker("never used").close()


@pytest.mark.asyncio
async def test_a_job_that_raises_what_no_future_takes_still_answers() -> None:
    worker = Worker("tester")
    with pytest.raises(RuntimeError, match="StopIteration"):
        await worker.submit(lambda: next(iter(())))
    worker.close()


@pytest.mark.asyncio
async def test_the_error_of_a_job_that_nobody_waits_for_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker, begun, gate = Worker("tester"), threading.Event(), threading.Event()

    def job() -> None:
        begun.set()
        gate.wait()
        raise ZeroDivisionError("a job's own")

    waiting = worker.submit(job)
    await asyncio.to_thread(begun.wait)
    waiting.cancel()
    gate.set()
    await worker.submit(lambda: None)
    assert "nobody waits for" in caplog.text
    assert "a job's own" in caplog.text
    worker.close()


@pytest.mark.asyncio
async def test_a_job_is_over_when_whoever_asked_is_cancelled_and_it_hears_of_that() -> None:
    began, stop, seen = asyncio.Event(), threading.Event(), list[str]()
    loop = asyncio.get_running_loop()

    def job() -> None:
        loop.call_soon_threadsafe(began.set)
        stop.wait()
        seen.append("over")

    asking = asyncio.ensure_future(ended(loop.run_in_executor(None, job), stop.set))
    await began.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert seen == ["over"]


@pytest.mark.asyncio
async def test_a_job_that_is_waited_for_is_not_stopped_and_its_error_is_raised() -> None:
    loop, stop = asyncio.get_running_loop(), threading.Event()
    assert await ended(loop.run_in_executor(None, lambda: 7), stop.set) == 7
    with pytest.raises(ZeroDivisionError):
        await ended(loop.run_in_executor(None, lambda: 1 // 0), stop.set)
    assert not stop.is_set()
