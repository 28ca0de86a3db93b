"""The workload `trade`."""

from collections import Counter

import pytest

from chain.block import OK
from chain.transaction import read_transaction
from commerce.checkout import UNPAID_ORDERS_MAX
from commerce.money import balance_of
from commerce.orders import ORDERS
from commerce.registry import Registry
from node.bench.plan import BenchRefused
from node.bench.workloads import chains, workload_of
from node.bench.workloads.trade import PRICE_MINOR, Parties, listings_of
from node.testnet import SYMBOL
from tests.chain.world import account
from tests.node.bench.market import ROLES, Market, keys, plan, run

KINDS = ["order.create", "order.pay", "shipment.create", "shipment.delivered", "order.confirm"]


def test_a_trade_is_five_transactions_of_those_who_have_to_sign_them() -> None:
    (chain,) = chains(plan("trade", 5), keys(), 1_767_225_600_000)
    assert [step.kind for step in chain.steps] == KINDS
    received = [read_transaction(step.raw, Registry()) for step in chain.steps]
    senders = [one.transaction.sender for one in received]
    buyer, merchant, carrier = (account(name) for name in ("buyer", "merchant", "carrier"))
    assert senders == [buyer, buyer, merchant, carrier, buyer]
    assert {entry.account for entry in received[2].signatures} == {merchant, carrier}
    assert [step.signatures for step in chain.steps] == [len(one.signatures) for one in received]
    assert [step.operations for step in chain.steps] == [1] * 5


def test_at_the_end_the_merchant_has_the_money_and_no_order_is_open() -> None:
    market = Market()
    state = market.world.ledger.state
    before = balance_of(state, account("merchant"), SYMBOL).available_minor
    decided = run(plan("trade", 100), market)
    assert Counter(step.kind for step, _ in decided) == dict.fromkeys(KINDS, 20)
    after = balance_of(state, account("merchant"), SYMBOL).available_minor
    assert after - before == 20 * PRICE_MINOR
    assert {order.state for _, order in ORDERS.items(state)} == {"RELEASED"}


def test_no_parcel_of_a_run_has_the_number_of_another() -> None:
    numbers = []
    for run_number in (7, 1_000_007):
        for chain in chains(plan("trade", 5 * 20, run=run_number), keys(), 1_767_225_600_000):
            shipped = read_transaction(chain.steps[2].raw, Registry())
            numbers.append(shipped.payloads[0].sscc)  # type: ignore[attr-defined]
    assert len(set(numbers)) == len(numbers) == 40


def test_buyers_take_turns() -> None:
    wanted = plan("trade", 5 * 8)
    firsts = [chain.steps[0].raw for chain in chains(wanted, keys(), 1_767_225_600_000)]
    buyers = Counter(read_transaction(raw, Registry()).transaction.sender for raw in firsts)
    names = ("buyer", "inspector", "arbiter", "regulator")
    assert buyers == {account(name): 2 for name in names}


def test_nobody_has_too_many_unpaid_orders_even_if_none_is_ever_paid() -> None:
    market = Market()
    wanted, now_ms = plan("trade", 5 * 50, first=3), market.now_ms
    assert listings_of(wanted, 4) * 4 * UNPAID_ORDERS_MAX >= 50
    market.prepare(wanted)
    creating = [chain.steps[0].raw for chain in chains(wanted, keys(), now_ms)]
    assert {receipt.status for receipt in market.decide(*creating)} == {OK}


def test_a_later_stretch_of_a_long_run_is_prepared_at_its_begin() -> None:
    market = Market()
    wanted = plan("trade", 5 * 10)
    market.prepare(wanted)
    later_ms = market.now_ms + 55 * 60_000
    (chain, *_) = chains(wanted, keys(), later_ms)
    create = read_transaction(chain.steps[0].raw, market.world.rules)
    assert create.transaction.valid_until_ms > later_ms
    executed = market.world.execute(create, time_ms=later_ms)
    assert [receipt.status for receipt in executed.result.receipts] == [OK]


def test_a_second_run_finds_the_product_and_makes_listings_of_its_own() -> None:
    market = Market()
    assert market.prepare(plan("trade", 5)) == [OK, OK]
    again = plan("trade", 5, run=7)
    assert market.prepare(again) == ["ProductExists", OK]


def test_a_thousand_listings_need_ten_transactions() -> None:
    wanted = plan("trade", 5 * 4 * UNPAID_ORDERS_MAX * 1_000)
    setups = list(workload_of("trade").setups(wanted, keys()))
    assert len(setups) == 1 + 10


@pytest.mark.parametrize("missing", ["merchant", "carrier", "buyer"])
@pytest.mark.parametrize("workload", ["trade", "mixed"])
def test_a_trade_without_one_of_its_parties_is_refused(workload: str, missing: str) -> None:
    roles = [role for role in ("merchant", "carrier", "buyer") if role != missing]
    with pytest.raises(BenchRefused, match=f"workload {workload} needs the key of a {missing}"):
        workload_of(workload).check(plan(workload, 5, roles))


def test_every_sender_but_merchant_and_carrier_is_a_buyer_in_turn() -> None:
    parties = Parties(merchant=1, carrier=3, senders=6)
    assert [parties.buyer(turn) for turn in range(5)] == [0, 2, 4, 5, 0]
    parties = Parties(merchant=3, carrier=0, senders=4)
    assert [parties.buyer(turn) for turn in range(3)] == [1, 2, 1]
    assert len(ROLES) == 6
