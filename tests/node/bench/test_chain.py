"""Chains and their signing: what is signed, by whom, and that it can be signed again."""

import pytest

from chain.block import OK
from chain.transaction import read_transaction
from commerce.payments import PayTransfer
from commerce.registry import Registry, operation
from node.bench.plan import BenchRefused
from node.bench.workloads import WORKLOADS, chains, setups, workload_of
from node.bench.workloads.chain import Signer, object_id, place_of, require_place
from tests.chain.world import account
from tests.node.bench.market import ROLES, RUN, Market, keys, plan, run

NOW_MS = 1_767_225_600_000


def test_the_first_signer_sends_and_every_entry_holds_in_order() -> None:
    market = Market()
    signer = Signer(plan("transfer", 1), keys(), market.now_ms)
    payment = operation("pay.transfer", PayTransfer(account("carrier"), "CNY", 1, None))
    step, made = signer.step(payment, ROLES.index("merchant"), ROLES.index("buyer"))
    assert (step.kind, step.operations, step.signatures) == ("pay.transfer", 1, 2)
    received = read_transaction(step.raw, Registry())
    assert received.transaction.sender == account("merchant")
    assert {entry.account for entry in received.signatures} == {
        account("merchant"),
        account("buyer"),
    }
    (receipt,) = market.decide(step.raw)
    assert (receipt.status, receipt.id) == (OK, made)


def test_nothing_of_a_run_is_a_repetition() -> None:
    signer = Signer(plan("transfer", 1), keys(), NOW_MS)
    payment = operation("pay.transfer", PayTransfer(account("carrier"), "CNY", 1, None))
    assert len({signer.sign([payment], 0)[1] for _ in range(20)}) == 20


@pytest.mark.parametrize("name", WORKLOADS)
def test_one_plan_at_one_moment_is_signed_to_the_same_bytes(name: str) -> None:
    wanted = plan(name, 12)
    once, again = (list(chains(wanted, keys(), NOW_MS)) for _ in range(2))
    assert once == again
    assert list(setups(wanted, keys())) == list(setups(wanted, keys()))
    other = list(chains(plan(name, 12, run=7), keys(), NOW_MS))
    assert not {chain.steps[0].raw for chain in once} & {chain.steps[0].raw for chain in other}


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_step_of_every_workload_is_decided_with_effect(name: str) -> None:
    decided = run(plan(name, 60 if name != "provenance" else 2))
    assert {receipt.status for _, receipt in decided} == {OK}
    assert len({receipt.id for _, receipt in decided}) == len(decided)
    for step, receipt in decided:
        assert step.kind != "epcis.capture" or len(receipt.events) == step.operations


def test_chains_end_once_there_are_steps_enough() -> None:
    lengths = [len(chain.steps) for chain in chains(plan("trade", 11), keys(), NOW_MS)]
    assert lengths == [5, 5, 5]


def test_an_object_s_id_is_the_one_that_its_operation_makes() -> None:
    decided = run(plan("trade", 5))
    (_, created), *_ = decided
    assert created.events[0].data["order_id"] == object_id("order", created.id)


def test_a_role_has_a_place_or_is_asked_for() -> None:
    wanted = plan("trade", 5)
    assert wanted.senders[require_place(wanted, "carrier")].account == account("carrier")
    assert place_of(wanted, "") is None
    with pytest.raises(BenchRefused, match="workload trade needs the key of a beekeeper"):
        require_place(wanted, "beekeeper")


def test_an_unknown_workload_is_told_the_known_ones() -> None:
    with pytest.raises(BenchRefused, match="transfer, trade, provenance, mixed"):
        workload_of("transfers")


def test_a_run_s_number_fits_its_place() -> None:
    assert RUN.bit_length() == 32
