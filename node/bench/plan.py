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
RATE_MAX: Final = 100_000
IN_FLIGHT_MAX: Final = 100_000
# As many as one request may carry.
BATCH_MAX: Final = 1_000


class BenchRefused(HushangError):
    """The bench asks for something that can't be measured."""


@dataclass(frozen=True, slots=True)
class Sender:
    """An account whose key the load process reads itself: it never travels."""

    account: bytes
    key_file: Path


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """The load. Open loop with `rate_per_s`, closed loop with `in_flight` (the other is None).

    `accounts` are paid in turn; the senders are among them. `batch` is the most that one request
    carries. `run` tells this run's goods from those of other runs.
    """

    urls: tuple[str, ...]
    genesis_hash: bytes
    senders: tuple[Sender, ...]
    accounts: tuple[bytes, ...]
    symbol: str
    workload: str
    run: int
    seconds: float
    batch: int
    rate_per_s: int | None
    in_flight: int | None
    # Closed loop: how many are signed beforehand; the run ends when they are used up.
    signed_max: int

    @property
    def count(self) -> int:
        """How many transactions are signed before the run."""
        if self.rate_per_s is None:
            return self.signed_max
        return max(1, int(self.rate_per_s * self.seconds))


def check_plan(plan: LoadPlan) -> None:
    """Raise `BenchRefused` for a plan without sense."""
    offered = plan.in_flight if plan.rate_per_s is None else plan.rate_per_s
    if plan.rate_per_s is not None and plan.in_flight is not None:
        raise BenchRefused("--rate offers at a fixed rate, --in-flight as fast as it goes: choose")
    if offered is None or not 1 <= offered <= min(RATE_MAX, IN_FLIGHT_MAX):
        raise BenchRefused(f"--rate or --in-flight: 1 to {RATE_MAX}")
    if not 0 < plan.seconds <= SECONDS_MAX:
        raise BenchRefused(f"--seconds: more than 0, at most {SECONDS_MAX:g}")
    if not 1 <= plan.batch <= BATCH_MAX:
        raise BenchRefused(f"--batch: 1 to {BATCH_MAX}")
    if not plan.senders or len(plan.accounts) < 2:  # noqa: PLR2004 - one pays the other
        raise BenchRefused("a load needs a key to sign with and two accounts")


def plan_text(plan: LoadPlan) -> str:
    """One line for the load process."""
    record = asdict(plan)
    record["genesis_hash"] = plan.genesis_hash.hex()
    record["accounts"] = [account.hex() for account in plan.accounts]
    record["senders"] = [[one.account.hex(), str(one.key_file)] for one in plan.senders]
    return json.dumps(record)


def read_plan(text: str) -> LoadPlan:
    """The plan of a line that `plan_text` wrote."""
    record: dict[str, Any] = json.loads(text)
    record["urls"] = tuple(record["urls"])
    record["genesis_hash"] = bytes.fromhex(record["genesis_hash"])
    record["accounts"] = tuple(bytes.fromhex(account) for account in record["accounts"])
    record["senders"] = tuple(
        Sender(bytes.fromhex(account), Path(file)) for account, file in record["senders"]
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
