"""A signing process: `python -m node.bench.signer` signs its part of what will be offered.

Protocol on its standard streams: a `SigningTask` in, on one line; then one line for each file that
it has written, with the steps in it and its CPU seconds so far. It ends by itself when it is done,
or when the process that asked is gone.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from chain.crypto import PrivateKey
from node.bench.crowd import Crowd, WithCrowd
from node.bench.opening import OPENING, openings
from node.bench.plan import Load, LoadPlan, Sender
from node.bench.stock import StockWriter
from node.bench.workloads import Chain, chains


@dataclass(frozen=True, slots=True)
class Part:
    """What one process signs for one stretch of the run: valid from about `now_ms` on."""

    number: int
    run: int
    first: int
    count: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class SigningTask:
    """A plan whose senders and accounts are the known ones, the seeds of their keys, and a crowd.

    Seeds travel from the bench to its own child by a pipe, never by a file.
    """

    plan: LoadPlan
    seeds: tuple[bytes, ...]
    crowd: Crowd
    directory: Path
    writer: int
    parts: tuple[Part, ...]

    def whole_plan(self, part: Part) -> LoadPlan:
        """The plan of one part, with the crowd among its senders and accounts."""
        crowd = self.crowd
        return replace(
            self.plan,
            senders=WithCrowd(self.plan.senders, crowd.count, crowd.sender),
            accounts=WithCrowd(self.plan.accounts, crowd.count, crowd.account),
            run=part.run,
            first=part.first,
            count=part.count,
            setup_ms=self.parts[0].now_ms,
        )

    def keys(self) -> Sequence[PrivateKey]:
        """The keys of the senders, in their order."""
        known = [PrivateKey(seed) for seed in self.seeds]
        return WithCrowd(known, self.crowd.count, self.crowd.key)


def task_text(task: SigningTask) -> str:
    """One line for the signing process."""
    plan = asdict(replace(task.plan, senders=(), accounts=())) | {
        "genesis_hash": task.plan.genesis_hash.hex(),
        "senders": [[one.account.hex(), one.role] for one in task.plan.senders],
        "accounts": [account.hex() for account in task.plan.accounts],
    }
    record = {
        "plan": plan,
        "seeds": [seed.hex() for seed in task.seeds],
        "crowd": [task.crowd.seed.hex(), task.crowd.count],
        "directory": str(task.directory),
        "writer": task.writer,
        "parts": [asdict(part) for part in task.parts],
    }
    return json.dumps(record)


def read_task(text: str) -> SigningTask:
    """The task of a line that `task_text` wrote."""
    record: dict[str, Any] = json.loads(text)
    plan = record["plan"]
    senders = [Sender(bytes.fromhex(account), Path(), role) for account, role in plan["senders"]]
    changes = {
        "load": Load(**plan["load"]),
        "genesis_hash": bytes.fromhex(plan["genesis_hash"]),
        "senders": tuple(senders),
        "accounts": tuple(bytes.fromhex(account) for account in plan["accounts"]),
    }
    seed, count = record["crowd"]
    return SigningTask(
        plan=LoadPlan(**(plan | changes)),
        seeds=tuple(bytes.fromhex(text) for text in record["seeds"]),
        crowd=Crowd(bytes.fromhex(seed), count),
        directory=Path(record["directory"]),
        writer=record["writer"],
        parts=tuple(Part(**part) for part in record["parts"]),
    )


def chains_of(plan: LoadPlan, keys: Sequence[PrivateKey], valid_from_ms: int) -> Iterator[Chain]:
    """The chains of a plan, of a workload or of the opening of accounts."""
    if plan.load.workload == OPENING:
        return islice(openings(plan, keys, valid_from_ms), plan.count)
    return chains(plan, keys, valid_from_ms)


def main() -> None:
    """Follow the protocol of this file's head."""
    # Signals to the whole group are for the bench, which ends this process.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    parent = os.getppid()
    task = read_task(sys.stdin.readline())
    keys = task.keys()
    for part in task.parts:
        plan = task.whole_plan(part)
        made = chains_of(plan, keys, part.now_ms)
        for steps in StockWriter(task.directory, part.number, task.writer).write(made):
            if os.getppid() != parent:
                return
            sys.stdout.write(f"{steps} {time.process_time():.3f}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
