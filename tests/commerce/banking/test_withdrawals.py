"""Rules of asset.redeem and of asset.withdraw.request, settle and cancel."""

# ruff: noqa: E501 (the rule table is aligned)

from itertools import permutations

import pytest

from chain.block import OK
from commerce.assets import AssetIssue, AssetRedeem
from commerce.banking import requests
from commerce.banking.freezes import AssetFreeze
from commerce.banking.requests import WITHDRAWALS, AssetRequestCancel
from commerce.banking.withdrawals import AssetWithdrawRequest, AssetWithdrawSettle
from commerce.delegations import Delegate
from commerce.money import Balance, balance_of, load_asset
from commerce.registry import operation
from commerce.roles import RoleRevoke
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import DAY_MS, GENESIS_MS, QUORUM, Sent, World, account, key

BUYER, NOBODY = account("buyer"), bytes(32)
REQUEST, SETTLE, CANCEL = "asset.withdraw.request", "asset.withdraw.settle", "asset.withdraw.cancel"
REDEEM, WALLET = "asset.redeem", bytes([7]) * 32
I = ("issuer",)  # noqa: E741 (the letter of docs/transactions.md)
END_MS = GENESIS_MS + DAY_MS


def ask(minor: int, symbol: str = "CNY", channel: str = "bank") -> AssetWithdrawRequest:
    return AssetWithdrawRequest(symbol, minor, channel, WALLET, DAY_MS)


def requested(world: World, minor: int) -> bytes:
    made = world.done("buyer", (REQUEST, ask(minor)))[0].data["request_id"]
    assert isinstance(made, bytes)
    return made


def funded() -> World:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 1_000, "r")))
    return world


# fmt: off
REDEEMING: list[Row] = [
    #       sender    type         payload                                 with  outcome
    Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, 100, "r"),   (),   "ok"),
    Attempt("buyer",  REDEEM,      AssetRedeem("EUR", 10, "p1"),           I,    "AssetUnknown"),
    Attempt("buyer",  REDEEM,      AssetRedeem("CNY", 10, "p1"),           (),   "CosignerMissing"),
    Attempt("issuer", REDEEM,      AssetRedeem("CNY", 10, "p1"),           (),   "InsufficientFunds"),
    Attempt("buyer",  REDEEM,      AssetRedeem("CNY", 101, "p1"),          I,    "InsufficientFunds"),
    # What names a transfer in names none out.
    Attempt("buyer",  REDEEM,      AssetRedeem("CNY", 10, "r"),            I,    "ok"),
    Attempt("buyer",  REDEEM,      AssetRedeem("CNY", 10, "r"),            I,    "ReferenceUsed"),
    Attempt("buyer",  "delegate",  Delegate(key("erp"), (REDEEM,), 19, END_MS), (), "ok"),
    Attempt("buyer/erp", REDEEM,   AssetRedeem("CNY", 20, "p2"),           I,    "DelegationExceeded"),
    Attempt("buyer",  REDEEM,      AssetRedeem("CNY", 90, "p2"),           I,    "ok"),
]
# fmt: on


def withdrawing(world: World) -> list[Row]:
    """The buyer has 1,000, and 600 of it in three requests."""
    first, second, third = (requested(world, minor) for minor in (100, 200, 300))
    erp = Delegate(key("erp"), (REQUEST, SETTLE), 199, END_MS)
    # fmt: off
    return [
        #       sender    type     payload                           with  outcome
        Attempt("buyer",  REQUEST, ask(1, channel="cash"),           (),   "ChannelUnknown"),
        Attempt("buyer",  REQUEST, ask(1, symbol="EUR"),             (),   "AssetUnknown"),
        Attempt("buyer",  REQUEST, ask(401),                         (),   "InsufficientFunds"),
        Attempt("buyer",  "delegate", erp,                           (),   "ok"),
        Attempt("buyer/erp", REQUEST, ask(200),                      (),   "DelegationExceeded"),
        Attempt("issuer", SETTLE,  AssetWithdrawSettle(NOBODY, "p1"), (),  "RequestUnknown"),
        Attempt("buyer",  SETTLE,  AssetWithdrawSettle(first, "p1"), (),   "NotTheIssuer"),
        Attempt("issuer", SETTLE,  AssetWithdrawSettle(first, "p1"), (),   "ok"),
        # Neither the request nor the transfer can be used twice, nor what is settled cancelled.
        Attempt("issuer", SETTLE,  AssetWithdrawSettle(first, "p2"), (),   "RequestUnknown"),
        Attempt("issuer", SETTLE,  AssetWithdrawSettle(second, "p1"), (),  "ReferenceUsed"),
        Attempt("buyer",  REDEEM,  AssetRedeem("CNY", 1, "p1"),      I,    "ReferenceUsed"),
        Attempt("buyer",  CANCEL,  AssetRequestCancel(first, ""),    (),   "RequestUnknown"),
        Attempt("issuer", "delegate", erp,                           (),   "ok"),
        Attempt("issuer/erp", SETTLE, AssetWithdrawSettle(second, "p2"), (), "DelegationExceeded"),
        Attempt("friend", CANCEL,  AssetRequestCancel(second, ""),   (),   "NotAParty"),
        Attempt("buyer",  CANCEL,  AssetRequestCancel(second, ""),   (),   "ok"),
        Attempt("issuer", SETTLE,  AssetWithdrawSettle(second, "p2"), (),  "RequestUnknown"),
        # An issuer without its role still pays out what it issued.
        Attempt("m0", "role.revoke", RoleRevoke(account("issuer"), "issuer", ""), QUORUM, "ok"),
        Attempt("issuer", SETTLE,  AssetWithdrawSettle(third, "p2"), (),   "ok"),
    ]
    # fmt: on


FULL: list[Row] = [
    Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, 100, "r"), (), "ok"),
    Attempt("buyer", REQUEST, ask(1), (), "ok"),
    Attempt("buyer", REQUEST, ask(1), (), "TooManyRequests"),
]


def supply(world: World) -> int:
    asset = load_asset(world.state, "CNY")
    return asset.issued_minor - asset.redeemed_minor


def test_money_ends_once_per_reference_by_holder_and_issuer() -> None:
    world = World()
    play(world, REDEEMING)
    assert supply(world) == 0


def test_a_withdrawal_holds_the_money_until_it_is_paid_out_or_back() -> None:
    world = funded()
    play(world, withdrawing(world))
    assert balance_of(world.state, BUYER, "CNY") == Balance(600, 0)
    assert supply(world) == 600


def test_open_requests_are_limited_per_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "REQUESTS_MAX", 1)
    world = World()
    play(world, FULL)
    assert balance_of(world.state, BUYER, "CNY") == Balance(99, 0)


def test_a_silent_issuer_costs_time_and_no_money() -> None:
    world = funded()
    request_id = requested(world, 1_000)
    assert balance_of(world.state, BUYER, "CNY") == Balance(0, 0)
    (receipt,) = world.wait(DAY_MS)
    assert [event.type for event in receipt.events] == ["asset.withdraw.expired"]
    assert balance_of(world.state, BUYER, "CNY") == Balance(1_000, 0)
    late = world.send("issuer", (SETTLE, AssetWithdrawSettle(request_id, "p")))
    assert late.status == "RequestUnknown"
    assert list(WITHDRAWALS.counts.items(world.state)) == []


def test_whoever_settles_an_overdue_withdrawal_is_too_late_even_if_it_waits_its_turn() -> None:
    world = funded()
    request_id = requested(world, 1_000)
    world.limit_deadlines(0)
    world.wait(DAY_MS)
    late = world.send("issuer", (SETTLE, AssetWithdrawSettle(request_id, "p")))
    assert late.status == "RequestUnknown"
    assert balance_of(world.state, BUYER, "CNY") == Balance(1_000, 0)


def test_money_that_comes_back_to_a_frozen_holder_is_frozen() -> None:
    world = funded()
    requested(world, 400)
    freeze = AssetFreeze(BUYER, "CNY", 900, bytes(32), 30 * DAY_MS, None)
    world.done("regulator", ("asset.freeze", freeze), with_=I)
    assert balance_of(world.state, BUYER, "CNY") == Balance(0, 600, 300)
    world.wait(DAY_MS)
    assert balance_of(world.state, BUYER, "CNY") == Balance(100, 900, 0)


def test_in_one_block_a_cancellation_comes_before_the_settlement() -> None:
    """Whoever pays at the bank first and settles after that would lose: so settle first."""
    ends = set()
    for order in permutations((0, 1)):
        world = funded()
        request_id = requested(world, 400)
        cancel = operation(CANCEL, AssetRequestCancel(request_id, ""))
        settle = operation(SETTLE, AssetWithdrawSettle(request_id, "p"))
        made = [
            world.transaction(Sent("buyer", (cancel,))),
            world.transaction(Sent("issuer", (settle,))),
        ]
        arrived = [made[index] for index in order]
        arrived.sort(key=lambda received: world.rules.rank(received.types))
        receipts = {receipt.id: receipt.status for receipt in world.block(*arrived).receipts}
        ends.add((receipts[made[0].id], receipts[made[1].id], supply(world)))
    assert ends == {(OK, "RequestUnknown", 1_000)}
