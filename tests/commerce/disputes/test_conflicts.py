"""Nobody judges its own hands, its own organisation or whom it trades with."""

import pytest

from chain.account import ACCOUNTS, Account, KeyPolicy, WeightedKey
from chain.context import Context
from chain.state import Overlay
from commerce.disputes.conflicts import TRADE_MS, TRADES, is_independent, note_trade
from tests.commerce.disputes.court import Court, arbiter
from tests.commerce.world import account, key

PARTIES = (account("buyer"), account("merchant"))


def context_of(court: Court) -> Context:
    return Context(Overlay(court.state), court.chain, court.height + 1, court.time_ms)


def test_an_arbiter_of_a_third_organisation_is_independent() -> None:
    court = Court(0)
    assert is_independent(court.state, account(arbiter(0)), PARTIES, court.time_ms)


@pytest.mark.parametrize(
    ("judge", "party", "independent"),
    [
        ("buyer", "buyer", False),
        ("friend", "buyer", False),
        ("carrier", "merchant", False),
        ("m0", "buyer", False),
        ("m1", "buyer", True),
        ("friend", "merchant", True),
    ],
)
def test_a_party_its_organisation_and_its_customers_don_t_judge(
    judge: str,
    party: str,
    independent: bool,  # noqa: FBT001 (a table)
) -> None:
    state = Court(0).state
    assert is_independent(state, account(judge), (account(party),), 0) == independent


def test_whoever_shares_a_key_with_a_party_is_not() -> None:
    court = Court(0)
    keys = sorted([key("buyer"), key("nephew")])
    shared = KeyPolicy(tuple(WeightedKey(entry, 1) for entry in keys), 1)
    overlay = Overlay(court.state)
    nephew = shared.account_id()
    ACCOUNTS.store(overlay, Account(shared, account("m3"), None), nephew)
    assert not is_independent(overlay, nephew, PARTIES, 0)
    assert is_independent(overlay, nephew, (account("merchant"),), 0)


def test_an_account_that_doesn_t_exist_judges_nobody() -> None:
    assert not is_independent(Court(0).state, bytes(32), PARTIES, 0)


def test_a_trade_of_either_side_is_remembered_for_ninety_days() -> None:
    court = Court(0)
    context = context_of(court)
    judge = account(arbiter(0))
    note_trade(context, judge, account("merchant"))
    note_trade(context, account("buyer"), account("merchant"))
    assert [key_part for key_part, _ in TRADES.items(context.state)] == [
        judge + account("merchant")
    ]
    since_ms = court.time_ms
    assert not is_independent(context.state, judge, PARTIES, since_ms)
    assert is_independent(context.state, judge, PARTIES, since_ms + 1)
    assert is_independent(context.state, judge, (account("buyer"),), 0)
    note_trade(context, account("buyer"), judge)
    assert not is_independent(context.state, judge, (account("buyer"),), since_ms)
    assert TRADE_MS == 90 * 86_400_000


def test_paying_an_order_of_an_arbiter_or_for_somebody_at_its_shop_is_a_trade() -> None:
    court = Court(0)
    judge = arbiter(0)
    court.fund(judge, 1_000)
    order_id = court.order((court.tea, 1))
    court.pay(order_id, judge)
    found = [parts for parts, _ in TRADES.items(court.state)]
    assert found == [account(judge) + account("merchant")]
    court.paid((court.tea, 1))
    assert [parts for parts, _ in TRADES.items(court.state)] == found
