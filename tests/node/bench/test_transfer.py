"""The workload `transfer`."""

from collections import Counter

import pytest

from chain.transaction import read_transaction
from commerce.registry import Registry
from node.bench.workloads import chains
from tests.chain.world import account
from tests.node.bench.market import ROLES, keys, plan

NOW_MS = 1_767_225_600_000


def paths(count: int, first: int = 0) -> list[tuple[bytes, bytes]]:
    """(payer, payee) of each."""
    found = []
    for chain in chains(plan("transfer", count, first=first), keys(), NOW_MS):
        (step,) = chain.steps
        received = read_transaction(step.raw, Registry())
        found.append((received.transaction.sender, received.payloads[0].to))  # type: ignore[attr-defined]
    return found


def test_transfers_pay_round_a_ring_so_that_nobody_runs_dry() -> None:
    ring = paths(2 * len(ROLES))
    accounts = [account(role) for role in ROLES]
    assert Counter(payer for payer, _ in ring) == Counter(payee for _, payee in ring)
    assert [payer for payer, _ in ring] == accounts * 2
    assert all(payer != payee for payer, payee in ring)


@pytest.mark.parametrize("first", [1, 4])
def test_plans_that_are_signed_side_by_side_begin_with_different_senders(first: int) -> None:
    assert paths(1, first) == [paths(first + 1)[first]]
