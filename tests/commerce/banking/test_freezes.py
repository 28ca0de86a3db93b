"""Rules of asset.freeze, asset.unfreeze and asset.clawback, and what no court's order changes."""

# ruff: noqa: E501 (the rule table is aligned)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.context import Context
from chain.errors import InvariantBreach
from chain.state import Overlay
from commerce.assets import AssetIssue
from commerce.banking import freezes as freezes_module
from commerce.banking.freezes import AssetClawback, AssetFreeze, AssetUnfreeze
from commerce.banking.frozen import (
    FREEZES,
    Freeze,
    check_freezes,
    covered,
    freezes_id,
    load_freezes,
)
from commerce.checkout import OrderPay
from commerce.money import (
    BALANCES,
    Balance,
    asset_part,
    balance_of,
    credit,
    debit,
    frozen_first,
)
from commerce.payments import PayTransfer
from commerce.roles import RoleGrant
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, QUORUM, World, account

ISSUER, BUYER, FRIEND, NOBODY = (account(n) for n in ("issuer", "buyer", "friend", "nobody"))
COURT, LATER, RULING = bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32
FREEZE, UNFREEZE, CLAW = "asset.freeze", "asset.unfreeze", "asset.clawback"
I = ("issuer",)  # noqa: E741 (the letter of docs/transactions.md)
MOST = 2**63 - 1


def freeze(
    minor: int,
    doc: bytes = COURT,
    symbol: str = "CNY",
    who: bytes = BUYER,
    days: int = 30,
    renews: bytes | None = None,
) -> AssetFreeze:
    return AssetFreeze(who, symbol, minor, doc, days * DAY_MS, renews)


def lift(minor: int, doc: bytes = COURT, symbol: str = "CNY", who: bytes = BUYER) -> AssetUnfreeze:
    return AssetUnfreeze(who, symbol, minor, doc, RULING)


def claw(minor: int, doc: bytes = COURT, symbol: str = "CNY", to: bytes = FRIEND) -> AssetClawback:
    return AssetClawback(BUYER, symbol, minor, doc, to, RULING)


# fmt: off
TABLE: list[Row] = [
    #       sender       type      payload                         with   outcome
    Attempt("issuer",    "asset.issue", AssetIssue("CNY", BUYER, 100, "r"), (), "ok"),
    Attempt("issuer",    FREEZE,   freeze(10),                     (),    "RoleMissing"),
    Attempt("regulator", FREEZE,   freeze(10, symbol="EUR"),       I,     "AssetUnknown"),
    Attempt("regulator", FREEZE,   freeze(10),                     (),    "CosignerMissing"),
    Attempt("regulator", FREEZE,   freeze(10, who=NOBODY),         I,     "AccountUnknown"),
    Attempt("regulator", FREEZE,   freeze(10),                     I,     "ok"),
    Attempt("regulator", FREEZE,   freeze(10),                     I,     "FreezeExists"),
    Attempt("regulator", FREEZE,   freeze(MOST, LATER),            I,     "AmountTooLarge"),
    Attempt("regulator", FREEZE,   freeze(10, LATER, renews=RULING), I,   "FreezeUnknown"),
    Attempt("regulator", FREEZE,   freeze(11, LATER, renews=COURT), I,    "FreezeExceeded"),
    Attempt("regulator", FREEZE,   freeze(10, LATER, renews=COURT), I,    "ok"),
    Attempt("regulator", FREEZE,   freeze(10, COURT, renews=LATER), I,    "ok"),
    Attempt("buyer",     "pay.transfer", PayTransfer(FRIEND, "CNY", 91, None), (), "InsufficientFunds"),
    Attempt("buyer",     UNFREEZE, lift(10),                       I,     "RoleMissing"),
    Attempt("regulator", UNFREEZE, lift(10, symbol="EUR"),         I,     "AssetUnknown"),
    Attempt("regulator", UNFREEZE, lift(10),                       (),    "CosignerMissing"),
    Attempt("regulator", UNFREEZE, lift(10, LATER),                I,     "FreezeUnknown"),
    Attempt("regulator", UNFREEZE, lift(10, who=FRIEND),           I,     "FreezeUnknown"),
    Attempt("regulator", UNFREEZE, lift(11),                       I,     "FreezeExceeded"),
    Attempt("regulator", UNFREEZE, lift(4),                        I,     "ok"),
    Attempt("regulator", UNFREEZE, lift(7),                        I,     "FreezeExceeded"),
    Attempt("issuer",    CLAW,     claw(6),                        (),    "RoleMissing"),
    Attempt("regulator", CLAW,     claw(6, to=BUYER),              I,     "SelfPayment"),
    Attempt("regulator", CLAW,     claw(6, symbol="EUR"),          I,     "AssetUnknown"),
    Attempt("regulator", CLAW,     claw(6),                        (),    "CosignerMissing"),
    Attempt("regulator", CLAW,     claw(6, to=NOBODY),             I,     "AccountUnknown"),
    Attempt("regulator", CLAW,     claw(6, LATER),                 I,     "FreezeUnknown"),
    Attempt("regulator", CLAW,     claw(7),                        I,     "FreezeExceeded"),
    Attempt("regulator", CLAW,     claw(5),                        I,     "ok"),
    Attempt("regulator", CLAW,     claw(1),                        I,     "ok"),
    Attempt("regulator", CLAW,     claw(1),                        I,     "FreezeUnknown"),
    # Whoever is both is one person.
    Attempt("m0", "role.grant",    RoleGrant(ISSUER, "regulator", "", None), QUORUM, "ok"),
    Attempt("issuer",    FREEZE,   freeze(10),                     (),    "SharedController"),
    Attempt("regulator", FREEZE,   freeze(10),                     I,     "ok"),
    Attempt("issuer",    UNFREEZE, lift(10),                       (),    "SharedController"),
    Attempt("issuer",    CLAW,     claw(10),                       (),    "SharedController"),
]
FULL: list[Row] = [
    Attempt("regulator", FREEZE,   freeze(1, COURT),               I,     "ok"),
    Attempt("regulator", FREEZE,   freeze(1, LATER),               I,     "ok"),
    Attempt("regulator", FREEZE,   freeze(1, RULING),              I,     "TooManyFreezes"),
    Attempt("regulator", FREEZE,   freeze(1, RULING, who=FRIEND),  I,     "ok"),
    Attempt("regulator", UNFREEZE, lift(1, COURT),                 I,     "ok"),
    Attempt("regulator", FREEZE,   freeze(1, RULING),              I,     "ok"),
]
# fmt: on


def test_a_court_freezes_lifts_and_takes_what_it_has_frozen() -> None:
    world = World()
    play(world, TABLE)
    assert balance_of(world.state, BUYER, "CNY") == Balance(84, 10)
    assert balance_of(world.state, FRIEND, "CNY") == Balance(6, 0)


def test_the_number_of_freezes_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freezes_module, "FREEZES_MAX", 2)
    play(World(), FULL)


def ordered(
    shop: World, minor: int, document: bytes = COURT, days: int = 30, who: bytes = BUYER
) -> None:
    shop.done("regulator", (FREEZE, freeze(minor, document, who=who, days=days)), with_=I)


def buyers(shop: World) -> Balance:
    return balance_of(shop.state, BUYER, "CNY")


def test_more_than_is_there_freezes_what_comes_in_and_no_more_than_was_ordered() -> None:
    shop = Shop()
    ordered(shop, FUNDS_MINOR + 50)
    assert buyers(shop) == Balance(0, FUNDS_MINOR, 50)
    shop.done("friend", ("pay.transfer", PayTransfer(BUYER, "CNY", 30, None)))
    assert buyers(shop) == Balance(0, FUNDS_MINOR + 30, 20)
    shop.done("friend", ("pay.transfer", PayTransfer(BUYER, "CNY", 30, None)))
    assert buyers(shop) == Balance(10, FUNDS_MINOR + 50, 0)
    shop.done("friend", ("pay.transfer", PayTransfer(BUYER, "CNY", 30, None)))
    assert buyers(shop) == Balance(40, FUNDS_MINOR + 50, 0)


def test_an_account_without_money_keeps_its_mark() -> None:
    world = World()
    ordered(world, 50)
    assert buyers(world) == Balance(0, 0, 50)
    # Nothing paid or received, as where a coupon pays all, changes nothing.
    context = Context(Overlay(world.state), world.chain, 1, world.time_ms)
    debit(context, BUYER, "CNY", 0)
    credit(context, BUYER, "CNY", 0)
    assert balance_of(context.state, BUYER, "CNY") == Balance(0, 0, 50)
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 80, "r")))
    assert buyers(world) == Balance(30, 50, 0)


def test_lifting_lifts_first_what_is_not_there_yet() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 30, "r")))
    ordered(world, 100)
    world.done("regulator", (UNFREEZE, lift(60)), with_=I)
    assert buyers(world) == Balance(0, 30, 10)
    world.done("regulator", (UNFREEZE, lift(25)), with_=I)
    assert buyers(world) == Balance(15, 15, 0)
    world.done("regulator", (UNFREEZE, lift(15)), with_=I)
    assert buyers(world) == Balance(30, 0, 0)
    assert load_freezes(world.state, BUYER, "CNY") is None


def test_a_later_court_waits_behind_an_earlier_one() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 80, COURT)
    ordered(world, 80, LATER)
    assert buyers(world) == Balance(0, 100, 60)
    tries: list[Row] = [
        Attempt("regulator", CLAW, claw(21, LATER), I, "FreezeExceeded"),
        Attempt("regulator", CLAW, claw(20, LATER), I, "ok"),
        Attempt("regulator", CLAW, claw(80, COURT), I, "ok"),
    ]
    play(world, tries)
    assert buyers(world) == Balance(0, 0, 60)


def test_what_an_earlier_court_lifts_serves_the_later_one() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 100, COURT)
    ordered(world, 70, LATER)
    world.done("regulator", (UNFREEZE, lift(100)), with_=I)
    assert buyers(world) == Balance(30, 70, 0)
    world.done("regulator", (CLAW, claw(70, LATER)), with_=I)
    assert buyers(world) == Balance(30, 0, 0)


def test_a_freeze_that_is_prolonged_keeps_its_place_and_takes_no_more() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 60, COURT, days=2)
    ordered(world, 60, LATER, days=30)
    world.wait(DAY_MS)
    longer = freeze(50, RULING, renews=COURT)
    events = world.done("regulator", (FREEZE, longer), with_=I)
    assert (events[0].data["renews"], events[0].data["document"]) == (COURT, RULING)
    assert buyers(world) == Balance(0, 100, 10)
    # Its old end has gone.
    assert world.wait(DAY_MS) == ()
    rows: list[Row] = [
        Attempt("regulator", CLAW, claw(1, COURT), I, "FreezeUnknown"),
        Attempt("regulator", CLAW, claw(51, LATER), I, "FreezeExceeded"),
        Attempt("regulator", CLAW, claw(50, LATER), I, "ok"),
        Attempt("regulator", CLAW, claw(50, RULING), I, "ok"),
    ]
    play(world, rows)
    assert buyers(world) == Balance(0, 0, 10)


def test_a_freeze_ends_by_itself_each_at_its_time() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 60, COURT, days=2)
    ordered(world, 90, LATER, days=1)
    (receipt,) = world.wait(DAY_MS)
    assert [event.type for event in receipt.events] == ["asset.unfrozen"]
    assert receipt.events[0].data["freeze_document"] == LATER
    assert buyers(world) == Balance(40, 60, 0)
    world.wait(DAY_MS)
    assert buyers(world) == Balance(100, 0, 0)
    assert world.wait(400 * DAY_MS) == ()


def test_a_freeze_lasts_an_hour_to_a_year() -> None:
    world = World()
    for within_ms in (HOUR_MS - 1, 365 * DAY_MS + 1):
        bad = AssetFreeze(BUYER, "CNY", 1, COURT, within_ms, None)
        with pytest.raises(Exception, match="within_ms"):
            world.send("regulator", (FREEZE, bad), with_=I)
    ordered(world, 1, days=365)
    assert len(world.wait(365 * DAY_MS)) == 1


def test_an_overdue_freeze_has_ended_before_a_court_uses_it() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 60, COURT, days=1)
    world.limit_deadlines(0)
    rows: list[Row] = [Wait(DAY_MS), Attempt("regulator", CLAW, claw(1), I, "FreezeUnknown")]
    play(world, rows)
    assert buyers(world) == Balance(100, 0, 0)


def test_clawed_back_money_for_a_frozen_account_is_frozen_there() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 100)
    ordered(world, 40, who=FRIEND)
    world.done("regulator", (CLAW, claw(100)), with_=I)
    assert balance_of(world.state, FRIEND, "CNY") == Balance(60, 40, 0)


# The scenarios an expert will try.


def test_freezing_does_not_stop_an_order_that_is_paid_and_its_refund_is_frozen() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    ordered(shop, FUNDS_MINOR)
    assert buyers(shop) == Balance(0, FUNDS_MINOR - 2_000, 2_000)
    shop.cancel(order_id, with_=("merchant",))
    assert buyers(shop) == Balance(0, FUNDS_MINOR, 0)


def test_a_frozen_account_can_pay_no_order_and_loses_no_stock_by_it() -> None:
    shop = Shop()
    order_id = shop.order((shop.tea, 1))
    ordered(shop, FUNDS_MINOR)
    receipt = shop.send("buyer", ("order.pay", OrderPay(order_id, 1_000)))
    assert receipt.status == "InsufficientFunds"
    # Somebody else may pay; its refund goes to who paid and isn't frozen.
    shop.pay(order_id, payer="friend")
    shop.cancel(order_id, with_=("merchant",))
    assert shop.money("friend") == FUNDS_MINOR


def test_nothing_in_escrow_can_be_clawed_back() -> None:
    shop = Shop()
    shop.paid((shop.tea, 2))
    ordered(shop, FUNDS_MINOR)
    tries: list[Row] = [
        Attempt("regulator", CLAW, claw(FUNDS_MINOR - 1_999), I, "FreezeExceeded"),
        Attempt("regulator", CLAW, claw(FUNDS_MINOR - 2_000), I, "ok"),
    ]
    play(shop, tries)


def test_a_merchant_that_is_frozen_is_paid_into_the_frozen_part() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    ordered(shop, 1_500, who=account("merchant"))
    parcel_id = shop.ship(order_id)
    shop.deliver(parcel_id)
    shop.confirm(parcel_id)
    assert balance_of(shop.state, account("merchant"), "CNY") == Balance(500, 1_500, 0)


def test_the_whole_check_notices_money_frozen_for_no_court() -> None:
    world = World()
    world.done("issuer", ("asset.issue", AssetIssue("CNY", BUYER, 100, "r")))
    ordered(world, 60)
    check_freezes(world.state)
    cases = [(41, 59, 0), (40, 60, 1), (1, 0, 60)]
    for amounts in cases:
        overlay = Overlay(world.state)
        BALANCES.store(overlay, Balance(*amounts), BUYER, asset_part("CNY"))
        with pytest.raises(InvariantBreach):
            check_freezes(overlay)
    overlay = Overlay(world.state)
    BALANCES.remove(overlay, BUYER, asset_part("CNY"))
    with pytest.raises(InvariantBreach):
        check_freezes(overlay)
    overlay = Overlay(world.state)
    FREEZES.remove(overlay, freezes_id(BUYER, "CNY"))
    with pytest.raises(InvariantBreach):
        check_freezes(overlay)


@given(st.lists(st.integers(1, 100), max_size=6), st.integers(0, 700))
def test_what_is_frozen_is_shared_out_earliest_first(amounts: list[int], frozen: int) -> None:
    shares = covered([Freeze(bytes([n]) * 32, a, 1) for n, a in enumerate(amounts)], frozen)
    assert sum(shares) == min(frozen, sum(amounts))
    for n, share in enumerate(shares):
        assert share == max(0, min(amounts[n], frozen - sum(amounts[:n])))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 100))
def test_what_comes_in_is_frozen_until_the_order_is_met(
    frozen: int, wanted: int, more: int
) -> None:
    after = frozen_first(Balance(0, frozen, wanted), more)
    assert after.available_minor + after.frozen_minor == frozen + more
    assert after.frozen_minor + after.to_freeze_minor == frozen + wanted
    assert after.available_minor == 0 or after.to_freeze_minor == 0
