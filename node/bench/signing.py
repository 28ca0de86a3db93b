"""Signs what a run will offer, in several processes, before it begins; progress as it goes.

A run is cut into stretches of four minutes, each signed as valid from when it will be offered: the
chain takes no transaction that is valid for more than ten minutes.
"""

import os
import secrets
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from chain.crypto import PrivateKey
from node.bench.crowd import Crowd
from node.bench.measured import Signing
from node.bench.plan import BenchRefused, LoadPlan
from node.bench.signer import Part, SigningTask, task_text
from node.bench.workloads.chain import RUN_BITS
from node.client import NodeFailed
from node.clock import now_ms

ROOT: Final = Path(__file__).resolve().parent.parent.parent
# Each is about 400 bytes on the disk and 0.1 ms to sign.
STEPS_MAX: Final = 2_000_000
PROCESSES_MAX: Final = 8
# A process takes as long to start as 5,000 signatures.
STEPS_WORTH_A_PROCESS: Final = 2_000
STRETCH_S: Final = 240.0
PROGRESS_EVERY_S: Final = 2.0

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Signed:
    """A stock that is signed: its tasks, whose setups must be decided, and what it took."""

    tasks: Sequence[SigningTask]
    signing: Signing


def make_tasks(
    plan: LoadPlan, keys: Sequence[PrivateKey], crowd: Crowd, directory: Path
) -> Sequence[SigningTask]:
    """The plan's steps among processes and stretches of time, none with the run of another."""
    if plan.count > STEPS_MAX:
        words = f"{plan.count} transactions would have to be signed before, at most {STEPS_MAX}"
        raise BenchRefused(f"{words}: a shorter run, or a lower rate")
    writers = max(1, min(os.cpu_count() or 1, PROCESSES_MAX, plan.count // STEPS_WORTH_A_PROCESS))
    stretches = max(1, -(-int(plan.load.seconds) // int(STRETCH_S)))
    began_ms = now_ms()
    shares = _shares(plan.count, stretches * writers)
    return [
        SigningTask(
            plan=plan,
            seeds=tuple(key.seed for key in keys),
            crowd=crowd,
            directory=directory,
            writer=writer,
            parts=tuple(
                Part(
                    number=stretch,
                    run=secrets.randbits(RUN_BITS),
                    first=plan.first + sum(shares[: stretch * writers + writer]),
                    count=shares[stretch * writers + writer],
                    now_ms=began_ms + int(stretch * STRETCH_S * 1000),
                )
                for stretch in range(stretches)
                if shares[stretch * writers + writer]
            ),
        )
        for writer in range(writers)
    ]


def _shares(count: int, parts: int) -> list[int]:
    return [count // parts + (at < count % parts) for at in range(parts)]


def sign(
    plan: LoadPlan,
    keys: Sequence[PrivateKey],
    crowd: Crowd,
    directory: Path,
    progress: Progress,
) -> Signed:
    """Sign the plan's steps into a directory of files (`node.bench.stock`)."""
    tasks = make_tasks(plan, keys, crowd, directory)
    progress(f"signing {plan.count} transactions in {len(tasks)} processes")
    began = time.monotonic()
    told = began
    steps, cpu_s = 0, [0.0] * len(tasks)
    with ExitStack() as stack:
        processes = [stack.enter_context(_signing_process(task)) for task in tasks]
        for writer, line in _lines(processes):
            written, taken_s = line.split()
            steps += int(written)
            cpu_s[writer] = float(taken_s)
            if time.monotonic() - told > PROGRESS_EVERY_S:
                told = time.monotonic()
                progress(f"  signed {steps} of {plan.count}")
    if any(process.returncode for process in processes):
        raise NodeFailed("a signing process ended; its error is above")
    took_s = time.monotonic() - began
    return Signed(tasks, Signing(steps, sum(cpu_s), took_s, len(tasks)))


def _lines(processes: Sequence["subprocess.Popen[str]"]) -> Iterator[tuple[int, str]]:
    """(process, line), until all have ended their output.

    What a stream has read ahead comes with its next line, or its end: progress may be late.
    """
    with selectors.DefaultSelector() as selector:
        for at, process in enumerate(processes):
            assert process.stdout is not None
            selector.register(process.stdout, selectors.EVENT_READ, at)
        while selector.get_map():
            for key, _ in selector.select():
                stream: IO[str] = key.fileobj  # type: ignore[assignment]  # registered above
                line = stream.readline()
                if line:
                    yield key.data, line
                else:
                    selector.unregister(stream)


@contextmanager
def _signing_process(task: SigningTask) -> Iterator["subprocess.Popen[str]"]:
    """A process that signs; killed if it doesn't end by itself."""
    command = [sys.executable, *(["-O"] * sys.flags.optimize), "-m", "node.bench.signer"]
    pipe = subprocess.PIPE
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=pipe, stdout=pipe, text=True, bufsize=1, cwd=ROOT
    ) as process:
        try:
            assert process.stdin is not None
            process.stdin.write(task_text(task) + "\n")
            process.stdin.flush()
            yield process
            process.wait()
        finally:
            process.kill()
