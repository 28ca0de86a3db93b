"""What is offered: each workload yields chains of signed transactions, made before the run.

A further one is a function and a line in `WORKLOADS`. Every transaction differs from all others of
the run, so that nothing is a repetition that a node could answer without work.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from chain.crypto import PrivateKey
from node.bench.plan import BenchRefused, LoadPlan
from node.bench.workloads.chain import Chain, Setup, Step, Workload
from node.bench.workloads.mixed import OPERATIONS_PER_ROUND, mixture
from node.bench.workloads.provenance import EVENTS_PER_TRANSACTION, captures
from node.bench.workloads.trade import check_parties, shop, trades
from node.bench.workloads.transfer import transfers

__all__ = [
    "WORKLOADS",
    "Chain",
    "Setup",
    "Step",
    "Workload",
    "chains",
    "setups",
    "workload_of",
]

WORKLOADS: Final[Mapping[str, Workload]] = {
    "transfer": Workload("one payment a transaction", transfers),
    "trade": Workload(
        "create, pay, ship, deliver, confirm, a transaction each",
        trades,
        check=check_parties,
        setups=shop,
    ),
    "provenance": Workload(
        f"{EVENTS_PER_TRANSACTION} EPCIS events a transaction",
        captures,
        operations_per_transaction=EVENTS_PER_TRANSACTION,
    ),
    "mixed": Workload(
        "60 % transfers, 35 % steps of trades, 5 % documents of 10 events",
        mixture,
        operations_per_transaction=OPERATIONS_PER_ROUND // 100,
        check=check_parties,
        setups=shop,
    ),
}


def workload_of(name: str) -> Workload:
    """The workload of a name, or `BenchRefused`."""
    if name not in WORKLOADS:
        raise BenchRefused(f"no workload {name}; there are {', '.join(WORKLOADS)}")
    return WORKLOADS[name]


def setups(plan: LoadPlan, keys: Sequence[PrivateKey]) -> Iterator[Setup]:
    """What must be decided before the run, one after the other."""
    return workload_of(plan.load.workload).setups(plan, keys)


def chains(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """Chains of `plan.count` steps in all; the last one is whole, so there may be a few more.

    `keys` are those of the plan's senders; they are valid from `now_ms` on.
    """
    steps = 0
    for chain in workload_of(plan.load.workload).chains(plan, keys, now_ms):
        yield chain
        steps += len(chain.steps)
        if steps >= plan.count:
            return
