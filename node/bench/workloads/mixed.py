"""`mixed`: of 100 transactions 60 are transfers, 35 steps of trades, 5 documents of 10 events."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import cycle, islice
from typing import Final

from chain.crypto import PrivateKey
from node.bench.plan import LoadPlan
from node.bench.workloads.chain import Chain
from node.bench.workloads.provenance import documents
from node.bench.workloads.trade import STEPS, trades
from node.bench.workloads.transfer import transfers

EVENTS_PER_DOCUMENT: Final = 10
# Chains of each kind in one round of 100 transactions.
KINDS: Final = {"transfer": 60, "trade": 7, "document": 5}
OPERATIONS_PER_ROUND: Final = 60 + 7 * STEPS + 5 * EVENTS_PER_DOCUMENT
# Each kind as evenly over the round as its number allows.
ROUND: Final = tuple(
    kind
    for _, kind in sorted(
        (Fraction(2 * at + 1, 2 * number), kind)
        for kind, number in KINDS.items()
        for at in range(number)
    )
)


def mixture(plan: LoadPlan, keys: Sequence[PrivateKey], now_ms: int) -> Iterator[Chain]:
    """Round after round, from the plan's first turn on."""
    sources = {
        "transfer": transfers(plan, keys, now_ms),
        "trade": trades(plan, keys, now_ms),
        "document": documents(plan, keys, now_ms, EVENTS_PER_DOCUMENT),
    }
    for kind in islice(cycle(ROUND), plan.first % len(ROUND), None):
        yield next(sources[kind])
