"""What a bench offers, to whom, in whose name."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chain.errors import HushangError

# An hour; what is offered later is signed as valid for later.
SECONDS_MAX: Final = 3_600.0
# A second, or in flight.
OFFERED_MAX: Final = 100_000
# As many as one request may carry.
BATCH_MAX: Final = 1_000


class BenchRefused(HushangError):
    """The bench asks for something that can't be measured."""

    hint = "change the option that the message names: hushang bench --help"


@dataclass(frozen=True, slots=True)
class Sender:
    """An account that transactions are signed for, and where its key lies.

    `role` is the test network's name for it, empty elsewhere.
    """

    account: bytes
    key_file: Path
    role: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """What is offered: open loop with `rate_per_s`, closed with `in_flight` (the other is None).

    `batch` is the most transactions that one request carries.
    """

    workload: str
    seconds: float
    batch: int
    rate_per_s: int | None
    in_flight: int | None


def check_load(load: Load) -> None:
    """Raise `BenchRefused` for a load without sense."""
    if load.rate_per_s is not None and load.in_flight is not None:
        raise BenchRefused("--rate offers at a fixed rate, --in-flight as fast as it goes: choose")
    offered = load.in_flight if load.rate_per_s is None else load.rate_per_s
    if offered is None or not 1 <= offered <= OFFERED_MAX:
        raise BenchRefused(f"--rate or --in-flight: 1 to {OFFERED_MAX}")
    # Written so that NaN is refused too.
    if not 0 < load.seconds <= SECONDS_MAX:
        raise BenchRefused(f"--seconds: more than 0, at most {SECONDS_MAX:g}")
    if not 1 <= load.batch <= BATCH_MAX:
        raise BenchRefused(f"--batch: 1 to {BATCH_MAX}")


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What a workload needs to make transactions.

    `accounts` are paid in turn; the senders are among them. `run` tells what is made by this plan
    from everything else. A workload begins with its turn number `first`, so that plans that are
    signed side by side use different senders; it makes `count` steps, or a few more. What must be
    decided before the run is signed as valid from `setup_ms`, when the run begins: the plan may be
    for a later stretch of it.

    `senders` and `accounts` may be long (`--accounts`) and are made as they are asked for: take
    entries by number, never walk them or search in them.
    """

    load: Load
    genesis_hash: bytes
    senders: Sequence[Sender]
    accounts: Sequence[bytes]
    symbol: str
    run: int
    count: int
    first: int = 0
    setup_ms: int = 0
