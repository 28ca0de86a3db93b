"""Rules of fee.schedule and fee.collect, and what is charged when."""

# ruff: noqa: E501 (the rule table is aligned)

import pytest

from chain.block import OK
from chain.genesis import GenesisAsset
from commerce.assets import AssetIssue
from commerce.banking.bank_deposits import AssetDepositRequest
from commerce.banking.fees import (
    FREE_FAMILIES,
    FREE_TYPES,
    POOLS,
    Fee,
    FeeCollect,
    FeeSchedule,
    fees_for,
)
from commerce.banking.freezes import AssetFreeze
from commerce.delegations import Delegate
from commerce.money import Balance, asset_part, balance_of
from commerce.payments import PayTransfer
from commerce.registry import TYPES
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.world import DAY_MS, GENESIS_MS, QUORUM, World, account, genesis, key

BUYER, FRIEND, NOBODY = account("buyer"), account("friend"), account("nobody")
SCHEDULE, COLLECT, PAY = "fee.schedule", "fee.collect", "pay.transfer"
WEEK_MS = 7 * DAY_MS
START_MS = GENESIS_MS + WEEK_MS
THREE, SCAN = Fee(PAY, "CNY", 3), Fee("scan.record", "CNY", 1)


def schedule(*fees: Fee, at_ms: int = START_MS) -> FeeSchedule:
    return FeeSchedule(fees, at_ms)


def transfer(minor: int) -> PayTransfer:
    return PayTransfer(FRIEND, "CNY", minor, None)


# fmt: off
TABLE: list[Row] = [
    #       sender  type      payload                                  with    outcome
    Attempt("m0",   SCHEDULE, schedule(SCAN, THREE),                   QUORUM, "FeesUnsorted"),
    Attempt("m0",   SCHEDULE, schedule(THREE, THREE),                  QUORUM, "FeesUnsorted"),
    Attempt("m0",   SCHEDULE, schedule(Fee("refund.request", "CNY", 1)), QUORUM, "FeeForbidden"),
    Attempt("m0",   SCHEDULE, schedule(Fee("prepaid.refund", "CNY", 1)), QUORUM, "FeeForbidden"),
    Attempt("m0",   SCHEDULE, schedule(THREE),                         ("m1",), "CosignerMissing"),
    Attempt("m0",   SCHEDULE, schedule(Fee(PAY, "EUR", 1)),            QUORUM, "AssetUnknown"),
    Attempt("m0",   SCHEDULE, schedule(THREE, at_ms=START_MS - 1),     QUORUM, "NoticeTooShort"),
    Attempt("m0",   SCHEDULE, schedule(THREE, at_ms=GENESIS_MS + 90 * DAY_MS + 1), QUORUM, "NoticeTooLong"),
    Attempt("m0",   SCHEDULE, schedule(THREE, SCAN),                   QUORUM, "ok"),
    Attempt("m0",   COLLECT,  FeeCollect("CNY", FRIEND),               ("m1",), "CosignerMissing"),
    Attempt("m0",   COLLECT,  FeeCollect("EUR", FRIEND),               QUORUM, "AssetUnknown"),
    Attempt("m0",   COLLECT,  FeeCollect("CNY", NOBODY),               QUORUM, "AccountUnknown"),
    Attempt("m0",   COLLECT,  FeeCollect("CNY", FRIEND),               QUORUM, "FeesEmpty"),
    Attempt("m0",   SCHEDULE, schedule(),                              QUORUM, "ok"),
]
COLLECTING: list[Row] = [
    Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, 100, "r"), (),   "ok"),
    Attempt("m0",   SCHEDULE, schedule(THREE),                         QUORUM, "ok"),
    Wait(WEEK_MS),
    Attempt("buyer", PAY,     transfer(10),                            (),     "ok"),
    Attempt("buyer", PAY,     transfer(85),                            (),     "InsufficientFunds"),
    Attempt("m0",   COLLECT,  FeeCollect("CNY", FRIEND),               QUORUM, "ok"),
    Attempt("m0",   COLLECT,  FeeCollect("CNY", FRIEND),               QUORUM, "FeesEmpty"),
]
# fmt: on


def charged(*fees: Fee, funds: int = 1_000) -> World:
    """A chain on which the buyer has money and fees are in force."""
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, funds, "r")))
    world.done("m0", (SCHEDULE, schedule(*fees)), with_=QUORUM)
    world.time_ms = START_MS
    return world


def available(world: World, party: bytes = BUYER) -> int:
    return balance_of(world.state, party, "CNY").available_minor


def test_a_quorum_says_what_operations_will_cost() -> None:
    play(World(), TABLE)
    play(World(), COLLECTING)


def test_a_fee_counts_from_its_time_on_and_goes_to_the_pool() -> None:
    world = charged(THREE)
    world.time_ms = START_MS - 1
    world.done("buyer", (PAY, transfer(100)))
    assert available(world) == 900
    world.time_ms = START_MS
    events = world.done("buyer", (PAY, transfer(100)))
    assert [event.type for event in events] == ["pay.transferred", "fee.charged"]
    assert events[1].data == {"amount_minor": 3, "symbol": "CNY", "type": PAY}
    assert available(world) == 797
    world.done("buyer", (PAY, transfer(100)), (PAY, transfer(100)))
    assert available(world) == 591
    world.done("m0", (COLLECT, FeeCollect("CNY", account("m3"))), with_=QUORUM)
    assert available(world, account("m3")) == 9
    assert list(POOLS.items(world.state)) == []


def test_a_wallet_can_tell_before_what_it_will_cost() -> None:
    world = charged(THREE, SCAN)
    names = [PAY, "order.create", "scan.record", PAY]
    assert fees_for(world.state, names, START_MS - 1) == {}
    assert fees_for(world.state, names, START_MS) == {"CNY": 7}
    assert fees_for(World().state, names, START_MS) == {}


def test_a_type_may_cost_in_several_assets() -> None:
    world = World(genesis(assets=(*genesis().assets, _points())))
    both = (Fee(PAY, "CNY", 3), Fee(PAY, "POINTS", 5))
    world.done("m0", (SCHEDULE, schedule(*both)), with_=QUORUM)
    for symbol in ("CNY", "POINTS"):
        world.done("issuer", ("asset.issue", AssetIssue(symbol, BUYER, 100, "r")))
    world.time_ms = START_MS
    assert fees_for(world.state, [PAY], START_MS) == {"CNY": 3, "POINTS": 5}
    world.done("buyer", (PAY, transfer(10)))
    assert available(world) == 87
    assert balance_of(world.state, BUYER, "POINTS") == Balance(95, 0)


def test_an_operation_whose_fee_can_not_be_paid_does_nothing() -> None:
    world = charged(THREE, funds=100)
    assert world.send("buyer", (PAY, transfer(98))).status == "InsufficientFunds"
    assert available(world) == 100
    assert world.send("buyer", (PAY, transfer(97))).status == OK
    assert available(world) == 0


def test_a_failed_operation_costs_nothing() -> None:
    world = charged(THREE)
    assert (
        world.send("buyer", (PAY, PayTransfer(NOBODY, "CNY", 1, None))).status == "AccountUnknown"
    )
    assert available(world) == 1_000


def test_frozen_money_pays_no_fee() -> None:
    world = charged(Fee("asset.deposit.request", "CNY", 3))
    freeze = AssetFreeze(BUYER, "CNY", 998, bytes(32), 30 * DAY_MS, None)
    world.done("regulator", ("asset.freeze", freeze), with_=("issuer",))
    request = AssetDepositRequest("CNY", 1, "bank", bytes(32), DAY_MS)
    assert world.send("buyer", ("asset.deposit.request", request)).status == "InsufficientFunds"


def test_a_delegated_keys_cap_counts_fees() -> None:
    world = charged(THREE)
    scope = Delegate(key("erp"), (PAY,), 12, START_MS + DAY_MS)
    world.done("buyer", ("delegate", scope))
    assert world.delegated("buyer", "erp", (PAY, transfer(10))).status == "DelegationExceeded"
    assert world.delegated("buyer", "erp", (PAY, transfer(9))).status == OK
    assert world.delegated("buyer", "erp", (PAY, transfer(1))).status == "DelegationExceeded"


def test_a_next_schedule_leaves_the_present_one_in_force_until_its_time() -> None:
    world = charged(THREE)
    cheaper = schedule(Fee(PAY, "CNY", 1), at_ms=START_MS + WEEK_MS)
    world.done("m0", (SCHEDULE, cheaper), with_=QUORUM)
    assert fees_for(world.state, [PAY], START_MS + WEEK_MS - 1) == {"CNY": 3}
    assert fees_for(world.state, [PAY], START_MS + WEEK_MS) == {"CNY": 1}


def test_a_schedule_that_is_not_in_force_yet_is_replaced() -> None:
    world = World()
    world.done("m0", (SCHEDULE, schedule(Fee(PAY, "CNY", 1_000))), with_=QUORUM)
    later_ms = START_MS + DAY_MS
    world.done("m0", (SCHEDULE, schedule(THREE, at_ms=later_ms)), with_=QUORUM)
    assert fees_for(world.state, [PAY], later_ms - 1) == {}
    assert fees_for(world.state, [PAY], later_ms) == {"CNY": 3}


def test_members_without_money_can_always_vote() -> None:
    world = charged(THREE, SCAN)
    later = schedule(at_ms=START_MS + WEEK_MS)
    world.done("m0", (SCHEDULE, later), with_=QUORUM)
    assert available(world, account("m0")) == 0


@pytest.mark.parametrize("entry", TYPES, ids=lambda entry: entry.name)
def test_what_members_and_regulators_sign_is_free(entry: object) -> None:
    (known,) = [found for found in TYPES if found is entry]
    if known.signers.startswith(("M", "Q", "R")):
        assert known.name in FREE_TYPES or known.name.startswith(FREE_FAMILIES)


def test_fees_are_scheduled_with_the_chains_own_notice() -> None:
    slow = World(genesis(timers={"notice_ms": 30 * DAY_MS}))
    assert slow.send("m0", (SCHEDULE, schedule(THREE)), with_=QUORUM).status == "NoticeTooShort"
    late = schedule(THREE, at_ms=GENESIS_MS + 30 * DAY_MS)
    assert slow.send("m0", (SCHEDULE, late), with_=QUORUM).status == OK


def test_the_pool_is_part_of_what_exists() -> None:
    world = charged(THREE)
    world.done("buyer", (PAY, transfer(1)))
    pool = POOLS.load(world.state, asset_part("CNY"))
    assert pool is not None
    assert pool.amount_minor == 3
    assert available(world) + available(world, FRIEND) + 3 == 1_000


def _points() -> GenesisAsset:
    return GenesisAsset("POINTS", 0, "issuer")
