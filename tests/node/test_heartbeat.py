"""The watchdog is fed while loop and ledger thread go on, and by nothing else."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from chain.ledger import Ledger
from node.heartbeat import Pulse, beat, beat_while_joining, status_words
from node.joining_progress import JoiningProgress
from node.notify import Notifier
from node.service import NodeStatus
from node.worker import Worker
from tests.node.api.service import FakeService
from tests.node.test_notify import Manager

T = TypeVar("T")
WATCHDOG_S = 0.03


class Beating:
    """A node whose ledger thread a test can hold."""

    def __init__(self) -> None:
        self.service = FakeService()
        self.worker = Worker("ledger")
        self.looked = 0

    def status(self) -> NodeStatus:
        return self.service.status()

    async def look(self, job: Callable[[Ledger], T]) -> T:
        self.looked += 1
        return await self.worker.submit(lambda: job(self.service.ledger))


async def heard(manager: Manager) -> dict[str, str]:
    return await asyncio.to_thread(manager.heard)


async def until_silent(manager: Manager) -> list[dict[str, str]]:
    """What comes until nothing more does."""
    told: list[dict[str, str]] = []
    while True:
        try:
            told.append(await heard(manager))
        except TimeoutError:
            return told


@pytest.mark.asyncio
async def test_a_hung_ledger_thread_lets_the_watchdog_fire(tmp_path: Path) -> None:
    address = str(tmp_path / "n")
    manager, node = Manager(address), Beating()
    beating = asyncio.ensure_future(beat(node, Notifier(address, WATCHDOG_S), Pulse()))
    assert await heard(manager) == {"WATCHDOG": "1"}
    assert (await heard(manager)).keys() == {"STATUS"}
    assert await heard(manager) == {"WATCHDOG": "1"}
    held = asyncio.Event()
    loop, let_go = asyncio.get_running_loop(), threading.Event()

    def hang() -> None:
        loop.call_soon_threadsafe(held.set)
        let_go.wait()

    stuck = node.worker.submit(hang)
    await held.wait()
    # Whatever was sent before the thread hung is read; then nothing follows, however long.
    manager.socket.settimeout(5 * WATCHDOG_S)
    assert len(await until_silent(manager)) <= 3
    manager.socket.settimeout(30.0)
    let_go.set()
    await stuck
    while "WATCHDOG" not in await heard(manager):
        pass
    beating.cancel()
    await asyncio.wait([beating])
    node.worker.close()
    manager.socket.close()


@pytest.mark.asyncio
async def test_without_a_manager_the_pulse_is_felt_for_who_asks_by_http() -> None:
    node, pulse = Beating(), Pulse()
    assert pulse.silent_s == 0.0
    felt = asyncio.Event()
    pulse.felt = felt.set  # type: ignore[method-assign]
    beating = asyncio.ensure_future(beat(node, Notifier(None), pulse))
    async with asyncio.timeout(30):
        await felt.wait()
    beating.cancel()
    await asyncio.wait([beating])
    await beat_while_joining(JoiningProgress(0), Notifier(None))
    node.worker.close()


@pytest.mark.asyncio
async def test_silence_is_counted_from_the_last_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    pulse, loop = Pulse(), asyncio.get_running_loop()
    pulse.felt()
    now_s = loop.time()
    monkeypatch.setattr(loop, "time", lambda: now_s + 70.0)
    assert pulse.silent_s >= 70.0


@pytest.mark.asyncio
async def test_a_node_that_joins_lives_and_asks_for_more_time(tmp_path: Path) -> None:
    address = str(tmp_path / "n")
    manager, progress = Manager(address), JoiningProgress(0)
    progress.fetches(5_000, lambda: (3, 9))
    beating = asyncio.ensure_future(beat_while_joining(progress, Notifier(address, WATCHDOG_S)))
    assert await heard(manager) == {"WATCHDOG": "1"}
    told = await heard(manager)
    assert told["STATUS"] == "joining: fetching 3 of 9 parts of the snapshot at height 5000"
    assert int(told["EXTEND_TIMEOUT_USEC"]) > 0
    beating.cancel()
    await asyncio.wait([beating])
    manager.socket.close()


def test_one_line_says_why_a_node_is_not_ready_or_does_not_vote() -> None:
    status = FakeService().status()
    assert status_words(status) == f"height {status.height}, view {status.view}, member"
    away = replace(status, ready=False, not_ready_because=("2 of 3 members",))
    assert status_words(away).endswith("; not ready: 2 of 3 members")
    silent = replace(status, withheld="silent up to 7")
    assert status_words(silent).endswith("; doesn't vote: silent up to 7")
