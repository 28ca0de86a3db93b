"""Money and clocks of banking that a handler's slip would lose are noticed from the bytes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain import deadlines
from chain.deadlines import DEADLINES
from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.assets import AssetIssue
from commerce.audit import full_check
from commerce.banking.cards import CARDS
from commerce.banking.fees import POOLS, Fee, FeePool, FeeSchedule
from commerce.banking.freezes import AssetFreeze
from commerce.banking.parameter_change import ParameterChange
from commerce.banking.prepaid import PrepaidOpen
from commerce.banking.requests import (
    DEPOSIT_COUNTS,
    WITHDRAW_COUNTS,
    WITHDRAW_REQUESTS,
    OpenRequests,
)
from commerce.banking.withdrawals import AssetWithdrawRequest
from commerce.invariants import check_all_money, check_conservation
from commerce.money import asset_part
from commerce.payments import PayTransfer
from tests.commerce.world import DAY_MS, QUORUM, World, account

BUYER, HASH = account("buyer"), bytes(32)


@pytest.fixture(scope="module")
def bank() -> World:
    """A world with money in each place, and each clock running."""
    world = World()
    later_ms = world.time_ms + 8 * DAY_MS
    change = ParameterChange((), (1,), later_ms + DAY_MS)
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 1_000, "r")))
    fees = FeeSchedule((Fee("pay.transfer", "CNY", 5),), later_ms)
    world.done("m0", ("fee.schedule", fees), ("parameter.change", change), with_=QUORUM)
    world.wait(8 * DAY_MS)
    world.done("buyer", ("pay.transfer", PayTransfer(account("friend"), "CNY", 1, None)))
    request = AssetWithdrawRequest("CNY", 100, "bank", HASH, DAY_MS)
    world.done("buyer", ("asset.withdraw.request", request))
    card = PrepaidOpen(account("merchant"), "CNY", 100, 120, HASH, 30 * DAY_MS)
    world.done("buyer", ("prepaid.open", card))
    freeze = AssetFreeze(BUYER, "CNY", 2_000, HASH, DAY_MS, None)
    world.done("regulator", ("asset.freeze", freeze), with_=("issuer",))
    return world


def request_off(overlay: Overlay) -> None:
    ((key, request),) = WITHDRAW_REQUESTS.items(overlay)
    WITHDRAW_REQUESTS.store(overlay, replace(request, amount_minor=99), key)


def request_gone(overlay: Overlay) -> None:
    ((key, _),) = WITHDRAW_REQUESTS.items(overlay)
    WITHDRAW_REQUESTS.remove(overlay, key)


def card_off(overlay: Overlay) -> None:
    ((key, card),) = CARDS.items(overlay)
    CARDS.store(overlay, replace(card, consumed_minor=60), key)


def card_gone(overlay: Overlay) -> None:
    ((key, _),) = CARDS.items(overlay)
    CARDS.remove(overlay, key)


def pool_off(overlay: Overlay) -> None:
    POOLS.store(overlay, FeePool(4), asset_part("CNY"))


SLIPS = [request_off, request_gone, card_off, card_gone, pool_off]


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.__name__)
def test_money_that_is_lost_in_banking_is_noticed(
    bank: World, slip: Callable[[Overlay], None]
) -> None:
    overlay = Overlay(bank.state)
    check_all_money(overlay)
    slip(overlay)
    with pytest.raises(InvariantBreach, match="CNY out of nothing"):
        check_conservation(bank.state, overlay)
    with pytest.raises(InvariantBreach, match="CNY out of nothing"):
        check_all_money(overlay)


def test_each_clock_of_banking_is_missed_if_it_is_lost(bank: World) -> None:
    kinds = set()
    for _, deadline in list(DEADLINES.items(bank.state)):
        overlay = Overlay(bank.state)
        deadlines.cancel(overlay, deadline)
        kinds.add(deadline.kind)
        with pytest.raises(InvariantBreach, match="live objects have their deadline"):
            full_check(overlay)
    assert kinds == {
        "sys.asset.unfreeze",
        "sys.asset.withdraw",
        "sys.parameter.change",
        "sys.prepaid.expire",
    }


def test_miscounted_requests_are_noticed(bank: World) -> None:
    for counts in (WITHDRAW_COUNTS, DEPOSIT_COUNTS):
        overlay = Overlay(bank.state)
        counts.store(overlay, OpenRequests(2), BUYER)
        with pytest.raises(InvariantBreach, match="requests are counted"):
            full_check(overlay)
