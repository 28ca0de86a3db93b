"""The load process: `python -m node.bench.load` offers what was signed, and reports.

Protocol on its standard streams, a line each: an `OfferTask` in, `ready` out; `go` in, `began`,
then `progress N` (decided so far) now and then, and the result out. A further line in, or the end
of the input, stops the offering early. It signs nothing, and leaves the ids of everything that was
acknowledged as decided in a file, 32 bytes each.
"""

import asyncio
import gc
import json
import signal
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Final

import aiohttp

from node.bench.loops import Schedule, offer_at_rate, offer_in_flight
from node.bench.measured import LoadResult
from node.bench.plan import Load
from node.bench.stock import read_stock
from node.bench.tally import Tally, result_text
from node.bench.targets import ANSWER_S, REQUESTS_MAX, WAIT_MS, Offering

# How long after the end answers are still waited for; shorter when it was stopped.
GRACE_S: Final = 20.0
GRACE_STOPPED_S: Final = 5.0
PROGRESS_EVERY_S: Final = 1.0
POLL_S: Final = 0.1
ACKNOWLEDGED: Final = "acknowledged"


@dataclass(frozen=True, slots=True)
class OfferTask:
    """What to offer to which nodes; the directory holds the signed steps.

    `grace_s` is how long after the end answers are still waited for.
    """

    load: Load
    urls: tuple[str, ...]
    directory: Path
    grace_s: float = GRACE_S

    def text(self) -> str:
        """One line for the load process."""
        return json.dumps(asdict(self) | {"directory": str(self.directory)})

    @classmethod
    def read(cls, text: str) -> "OfferTask":
        """The task of a line that `text` wrote."""
        record: dict[str, Any] = json.loads(text)
        load, directory = Load(**record["load"]), Path(record["directory"])
        return cls(load, tuple(record["urls"]), directory, record["grace_s"])


async def offer_all(task: OfferTask, acknowledged: IO[bytes]) -> LoadResult:
    """The run itself."""
    load, tally = task.load, Tally()
    chains = read_stock(task.directory)
    limits = aiohttp.TCPConnector(limit=0, limit_per_host=REQUESTS_MAX)
    timeout = aiohttp.ClientTimeout(total=WAIT_MS / 1000 + ANSWER_S)
    async with (
        aiohttp.ClientSession(
            connector=limits,
            timeout=timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
        ) as session,
        asyncio.TaskGroup() as group,
    ):
        cpu_began_s, began = time.process_time(), time.monotonic()
        _answer("began")

        def clock() -> float:
            return time.monotonic() - began

        offering = Offering(
            session,
            task.urls,
            tally,
            clock,
            acknowledged.write,
            patient=load.rate_per_s is None,
        )
        if load.rate_per_s is not None:
            schedule = Schedule(chains, load.rate_per_s, load.seconds)
            offers = offer_at_rate(offering, schedule, load.batch)
        else:
            assert load.in_flight is not None
            offers = offer_in_flight(offering, chains, load.in_flight, load.batch)
        early = await _until_end(group.create_task(offers), offering, task)
        ran_out = early and load.rate_per_s is None
        return tally.result(clock(), time.process_time() - cpu_began_s, ran_out=ran_out)


async def _until_end(offers: "asyncio.Task[None]", offering: Offering, task: OfferTask) -> bool:
    """Let it run its time, then wait for the last answers; both are cut short by a stop.

    True if everything was offered and answered before the time was over.
    """
    seconds, stopped = task.load.seconds, asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(sys.stdin.fileno(), stopped.set)
    told_s = 0.0
    while not (offers.done() or stopped.is_set() or offering.clock() >= seconds):
        await asyncio.wait({offers}, timeout=min(POLL_S, max(0.0, seconds - offering.clock())))
        if offering.clock() - told_s >= PROGRESS_EVERY_S:
            told_s = offering.clock()
            _answer(f"progress {offering.tally.decided}")
    early = offers.done()
    offering.ended = True
    loop.remove_reader(sys.stdin.fileno())
    grace_s = min(GRACE_STOPPED_S, task.grace_s) if stopped.is_set() else task.grace_s
    await asyncio.wait({offers}, timeout=grace_s)
    if not offers.done():
        # What is not answered by now is unknown.
        offers.cancel()
        await asyncio.wait({offers})
        return False
    offers.result()
    return early


def main() -> None:
    """Follow the protocol of this file's head."""
    # Signals to the whole group are for the bench, which stops this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    task = OfferTask.read(sys.stdin.readline())
    loops = import_module("uvloop").new_event_loop if find_spec("uvloop") else None
    gc.collect()
    gc.freeze()
    _answer("ready")
    if not sys.stdin.readline():
        return
    with (
        (task.directory / ACKNOWLEDGED).open("wb") as acknowledged,
        asyncio.Runner(loop_factory=loops) as runner,
    ):
        result = runner.run(offer_all(task, acknowledged))
    _answer(result_text(result))


def _answer(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
