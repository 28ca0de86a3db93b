"""What a bench offers to whom, and what its load process answers: JSON between two processes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from chain.errors import HushangError

# Transactions are signed before the run and must still be valid at its end; the chain allows them
# ten minutes.
SECONDS_MAX: Final = 300.0
# A second, or in flight.
OFFERED_MAX: Final = 100_000
# As many as one request may carry.
BATCH_MAX: Final = 1_000


class BenchRefused(HushangError):
    """The bench asks for something that can't be measured."""


@dataclass(frozen=True, slots=True)
class Sender:
    """An account whose key the load process reads itself: it never travels.

    `role` is its name in a test network (`merchant`, `buyer`, …), elsewhere empty.
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
    if not 0 < load.seconds <= SECONDS_MAX:
        raise BenchRefused(f"--seconds: more than 0, at most {SECONDS_MAX:g}")
    if not 1 <= load.batch <= BATCH_MAX:
        raise BenchRefused(f"--batch: 1 to {BATCH_MAX}")


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """A load, and what the load process needs to make and offer it.

    `accounts` are paid in turn; the senders are among them. `run` tells this run's goods from those
    of other runs. `signed_max`: how many are signed for a closed loop, which ends with them at the
    latest. Turns are numbered from `first`, so that plans that are signed side by side use different
    senders.
    """

    load: Load
    urls: tuple[str, ...]
    genesis_hash: bytes
    senders: tuple[Sender, ...]
    accounts: tuple[bytes, ...]
    symbol: str
    run: int
    signed_max: int
    first: int = 0

    @property
    def count(self) -> int:
        """How many transactions are signed before the run."""
        if self.load.rate_per_s is None:
            return self.signed_max
        return max(1, int(self.load.rate_per_s * self.load.seconds))


def plan_text(plan: LoadPlan) -> str:
    """One line for the load process."""
    record = asdict(plan)
    record["genesis_hash"] = plan.genesis_hash.hex()
    record["accounts"] = [account.hex() for account in plan.accounts]
    record["senders"] = [[one.account.hex(), str(one.key_file), one.role] for one in plan.senders]
    return json.dumps(record)


def read_plan(text: str) -> LoadPlan:
    """The plan of a line that `plan_text` wrote."""
    record: dict[str, Any] = json.loads(text)
    record["load"] = Load(**record["load"])
    record["urls"] = tuple(record["urls"])
    record["genesis_hash"] = bytes.fromhex(record["genesis_hash"])
    record["accounts"] = tuple(bytes.fromhex(account) for account in record["accounts"])
    record["senders"] = tuple(
        Sender(bytes.fromhex(account), Path(file), role)
        for account, file, role in record["senders"]
    )
    return LoadPlan(**record)


@dataclass(frozen=True, slots=True)
class Sample:
    """One offered transaction: when it was due and answered, in seconds from the run's begin.

    `outcome` is the receipt's status, the code of the refusal, or `OutcomeUnknown`; `id` is known
    of what was acknowledged as decided.
    """

    due_s: float
    answered_s: float
    outcome: str
    id: str

    @property
    def is_decided(self) -> bool:
        """Was it acknowledged with a receipt?"""
        return bool(self.id)

    @property
    def latency_ms(self) -> float:
        """From the moment when it was due, whatever held it up, until its receipt was here."""
        return (self.answered_s - self.due_s) * 1000


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the load process saw. `late_ms` is how far it fell behind its own schedule at worst."""

    samples: Sequence[Sample]
    operations_per_transaction: int
    # The load process's own share of the machine.
    cpu_s: float
    signing_s: float
    verify_us: float
    late_ms: float

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "LoadResult":
        """From the load process's last line."""
        samples = [Sample(*entry) for entry in record["samples"]]
        return cls(**(dict(record) | {"samples": samples}))

    def text(self) -> str:
        """One line for the process that asked."""
        record = {name: getattr(self, name) for name in self.__slots__}
        samples = [(s.due_s, s.answered_s, s.outcome, s.id) for s in self.samples]
        return json.dumps(record | {"samples": samples})
