"""Rules of asset.deposit.request, settle and cancel."""

from collections.abc import Callable

import pytest

from chain.block import Receipt
from commerce.assets import AssetIssue
from commerce.banking import requests
from commerce.banking.bank_deposits import AssetDepositRequest, AssetDepositSettle
from commerce.banking.requests import DEPOSITS, AssetRequestCancel
from commerce.delegations import Delegate
from commerce.money import balance_of
from commerce.roles import RoleRevoke
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.world import DAY_MS, GENESIS_MS, HOUR_MS, QUORUM, World, account, key

BUYER, NOBODY = account("buyer"), bytes(32)
REQUEST, SETTLE, CANCEL = "asset.deposit.request", "asset.deposit.settle", "asset.deposit.cancel"
WALLET = bytes([7]) * 32
MOST = 2**63 - 1


def ask(
    minor: int, symbol: str = "CNY", channel: str = "bank", within_ms: int = DAY_MS
) -> AssetDepositRequest:
    return AssetDepositRequest(symbol, minor, channel, WALLET, within_ms)


def requested(world: World, sender: str, minor: int) -> bytes:
    made = world.done(sender, (REQUEST, ask(minor)))[0].data["request_id"]
    assert isinstance(made, bytes)
    return made


def settling(world: World) -> list[Row]:
    """Open requests of 100 and of all that can be issued, and what may be done with them."""
    first, huge, third = (requested(world, "buyer", minor) for minor in (100, MOST, 50))
    erp = Delegate(key("erp"), (SETTLE,), 49, GENESIS_MS + DAY_MS)
    # fmt: off
    return [
        #       sender    type     payload                          with    outcome
        Attempt("buyer",  REQUEST, ask(1, channel="cash"),          (),     "ChannelUnknown"),
        Attempt("buyer",  REQUEST, ask(1, symbol="EUR"),            (),     "AssetUnknown"),
        Attempt("buyer",  REQUEST, ask(1, channel="ecny"),          (),     "ok"),
        Attempt("issuer", SETTLE,  AssetDepositSettle(NOBODY, "b1"), (),    "RequestUnknown"),
        Attempt("buyer",  SETTLE,  AssetDepositSettle(first, "b1"), (),     "NotTheIssuer"),
        Attempt("issuer", SETTLE,  AssetDepositSettle(first, "b1"), (),     "ok"),
        # A second settlement of the request, and of the transfer for another request.
        Attempt("issuer", SETTLE,  AssetDepositSettle(first, "b2"), (),     "RequestUnknown"),
        Attempt("issuer", SETTLE,  AssetDepositSettle(third, "b1"), (),     "ReferenceUsed"),
        Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, 100, "b1"), (), "ReferenceUsed"),
        Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, 1, "b3"), (), "ok"),
        Attempt("issuer", SETTLE,  AssetDepositSettle(third, "b3"), (),     "ReferenceUsed"),
        Attempt("issuer", "delegate", erp,                          (),     "ok"),
        Attempt("issuer/erp", SETTLE, AssetDepositSettle(third, "b4"), (),  "DelegationExceeded"),
        Attempt("issuer", SETTLE,  AssetDepositSettle(huge, "b4"),  (),     "AmountTooLarge"),
        Attempt("issuer", CANCEL,  AssetRequestCancel(NOBODY, ""),  (),     "RequestUnknown"),
        Attempt("friend", CANCEL,  AssetRequestCancel(huge, ""),    (),     "NotAParty"),
        Attempt("issuer", CANCEL,  AssetRequestCancel(huge, "no such wallet"), (), "ok"),
        Attempt("issuer", CANCEL,  AssetRequestCancel(huge, ""),    (),     "RequestUnknown"),
        Attempt("m0", "role.revoke", RoleRevoke(account("issuer"), "issuer", ""), QUORUM, "ok"),
        Attempt("issuer", SETTLE,  AssetDepositSettle(third, "b4"), (),     "RoleMissing"),
        Attempt("buyer",  CANCEL,  AssetRequestCancel(third, "changed my mind"), (), "ok"),
    ]
    # fmt: on


FULL: list[Row] = [
    Attempt("buyer", REQUEST, ask(1), (), "ok"),
    Attempt("buyer", REQUEST, ask(1), (), "ok"),
    Attempt("buyer", REQUEST, ask(1), (), "TooManyRequests"),
    Attempt("friend", REQUEST, ask(1), (), "ok"),
    Wait(DAY_MS),
    Attempt("buyer", REQUEST, ask(1), (), "ok"),
]


def test_a_transfer_is_issued_once() -> None:
    world = World()
    play(world, settling(world))
    assert balance_of(world.state, BUYER, "CNY").available_minor == 101


def test_open_requests_are_limited_per_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "REQUESTS_MAX", 2)
    play(World(), FULL)


def test_a_request_that_nobody_settles_ends_without_money() -> None:
    world = World()
    request_id = requested(world, "buyer", 100)
    assert world.wait(DAY_MS - 1) == ()
    (receipt,) = world.wait(1)
    assert [event.type for event in receipt.events] == ["asset.deposit.expired"]
    late = world.send("issuer", (SETTLE, AssetDepositSettle(request_id, "b")))
    assert late.status == "RequestUnknown"
    assert balance_of(world.state, BUYER, "CNY").available_minor == 0
    assert list(DEPOSITS.counts.items(world.state)) == []


def test_whoever_settles_an_overdue_request_is_too_late_even_if_it_waits_its_turn() -> None:
    world = World()
    request_id = requested(world, "buyer", 100)
    world.limit_deadlines(0)
    world.wait(DAY_MS)
    late = world.send("issuer", (SETTLE, AssetDepositSettle(request_id, "b")))
    assert late.status == "RequestUnknown"


@pytest.mark.parametrize("within_ms", [HOUR_MS - 1, 30 * DAY_MS + 1])
def test_a_request_is_open_for_an_hour_to_30_days(within_ms: int) -> None:
    with pytest.raises(Exception, match="within_ms"):
        World().send("buyer", (REQUEST, ask(1, within_ms=within_ms)))


def test_both_learn_of_each_others_steps_by_their_activity() -> None:
    world = World()
    request_id = requested(world, "buyer", 100)
    announced = world.receipts[-1]
    assert _concerns(world, announced)(account("issuer"))
    world.done("issuer", (CANCEL, AssetRequestCancel(request_id, "")))
    assert _concerns(world, world.receipts[-1])(BUYER)


def _concerns(world: World, receipt: Receipt) -> Callable[[bytes], bool]:
    def asked(party: bytes) -> bool:
        return any(
            key.startswith(b"account-activity/" + party) and key.endswith(receipt.id)
            for key in world.indexes
        )

    return asked
