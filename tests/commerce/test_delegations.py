"""Rules of delegate and delegate.revoke, and what a delegated key may do."""

# ruff: noqa: E501 (the rule table is aligned)

import pytest

from chain.account import DELEGATIONS, Delegation
from chain.state import Overlay
from commerce import delegations
from commerce.accounts import AccountOpen
from commerce.assets import AssetIssue
from commerce.delegations import NEVER_DELEGATED, Delegate, DelegateRevoke
from commerce.payments import PayTransfer
from commerce.registry import TYPES
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.world import GENESIS_MS, HOUR_MS, World, account, key, policy

ERP = key("erp")
FRIEND = account("friend")
PAY = ("pay.transfer",)
END_MS = GENESIS_MS + HOUR_MS
TO_BUYER = AssetIssue("CNY", account("buyer"), 1_000, "bank 1")


def pay(amount_minor: int) -> PayTransfer:
    return PayTransfer(FRIEND, "CNY", amount_minor, None)


# fmt: off
TABLE: list[Row] = [
    #       sender       type               payload                                outcome
    Attempt("issuer",    "asset.issue",     TO_BUYER,                               (), "ok"),
    Attempt("buyer",     "delegate",        Delegate(bytes(32), PAY, 500, END_MS),  (), "KeyRefused"),
    Attempt("buyer",     "delegate",        Delegate(ERP, ("b", "a"), 500, END_MS), (), "TypesUnsorted"),
    Attempt("buyer",     "delegate",        Delegate(ERP, ("delegate",), 500, END_MS), (), "DelegationForbidden"),
    Attempt("m0",        "delegate",        Delegate(ERP, ("account.open",), 0, END_MS), (), "DelegationForbidden"),
    Attempt("buyer",     "delegate",        Delegate(ERP, PAY, 500, GENESIS_MS),    (), "ExpiryPassed"),
    Attempt("buyer",     "delegate.revoke", DelegateRevoke(ERP),                    (), "DelegationUnknown"),
    Attempt("buyer",     "delegate",        Delegate(ERP, PAY, 500, END_MS),        (), "ok"),
    Attempt("buyer/erp", "pay.transfer",    pay(300),                               (), "ok"),
    Attempt("buyer/erp", "pay.transfer",    pay(201),                               (), "DelegationExceeded"),
    Attempt("buyer/erp", "pay.transfer",    pay(200),                               (), "ok"),
    Attempt("buyer/erp", "pay.transfer",    pay(1),                                 (), "DelegationExceeded"),
    Attempt("buyer",     "pay.transfer",    pay(1),                                 (), "ok"),
    Attempt("buyer",     "delegate",        Delegate(ERP, PAY, 100, END_MS),        (), "ok"),
    Attempt("buyer/erp", "pay.transfer",    pay(1),                                 (), "ok"),
    Attempt("buyer",     "delegate.revoke", DelegateRevoke(ERP),                    (), "ok"),
    Attempt("issuer",    "delegate",        Delegate(ERP, ("asset.issue",), 99, END_MS), (), "ok"),
    Attempt("issuer/erp", "asset.issue",    AssetIssue("CNY", FRIEND, 100, "bank 2"), (), "DelegationExceeded"),
    Attempt("issuer/erp", "asset.issue",    AssetIssue("CNY", FRIEND, 99, "bank 2"), (), "ok"),
]
FULL: list[Row] = [
    Attempt("buyer",     "delegate",        Delegate(key("a"), PAY, 1, END_MS),     (), "ok"),
    Attempt("buyer",     "delegate",        Delegate(key("b"), PAY, 1, END_MS),     (), "ok"),
    Attempt("buyer",     "delegate",        Delegate(key("c"), PAY, 1, END_MS),     (), "TooManyDelegations"),
    Attempt("buyer",     "delegate",        Delegate(key("a"), PAY, 2, END_MS),     (), "ok"),
]
# fmt: on


def test_a_delegated_key_acts_within_its_types_amount_and_time() -> None:
    play(World(), TABLE)


def test_the_number_of_delegated_keys_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delegations, "DELEGATIONS_MAX", 2)
    play(World(), FULL)


def test_a_key_speaks_until_its_expiry_and_not_after() -> None:
    world = World()
    grant = Attempt("buyer", "delegate", Delegate(ERP, PAY, 500, END_MS), (), "ok")
    play(world, [Attempt("issuer", "asset.issue", TO_BUYER, (), "ok"), grant])
    play(world, [Wait(HOUR_MS), Attempt("buyer/erp", "pay.transfer", pay(1), (), "ok"), Wait(1)])
    with pytest.raises(Exception, match="PolicyNotSatisfied"):
        play(world, [Attempt("buyer/erp", "pay.transfer", pay(1), (), "ok")])


def test_whatever_a_member_or_a_key_owner_decides_is_never_delegated() -> None:
    member_types = {
        entry.name
        for entry in TYPES
        if entry.signers.startswith(("M", "Q", "R or")) or entry.name.startswith("delegate")
    }
    assert member_types <= NEVER_DELEGATED


def test_a_scope_that_an_older_version_allowed_still_opens_no_account() -> None:
    world = World()

    def old_scope(target: World) -> None:
        overlay = Overlay(target.state)
        scope = Delegation(("account.open",), 0, 0, END_MS)
        DELEGATIONS.store(overlay, scope, account("m0"), ERP)
        target.state.write(overlay.changes)

    play(world, [Do(old_scope)])
    received = world.delegated("m0", "erp", ("account.open", AccountOpen(policy("x"), None)), "x")
    assert received.status == "DelegationForbidden"
