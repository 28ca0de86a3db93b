"""Rules of pay.transfer."""

# ruff: noqa: E501 (the rule table is aligned)

from commerce.assets import AssetIssue
from commerce.money import balance_of
from commerce.payments import PayTransfer
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.world import World, account

BUYER, FRIEND, NOBODY = account("buyer"), account("friend"), account("nobody")
PAY = "pay.transfer"

# fmt: off
TABLE: list[Row] = [
    #       sender    type           payload                                 outcome
    Attempt("issuer", "asset.issue", AssetIssue("CNY", BUYER, 100, "r"),     (), "ok"),
    Attempt("buyer",  PAY,           PayTransfer(BUYER, "CNY", 1, None),     (), "SelfPayment"),
    Attempt("buyer",  PAY,           PayTransfer(FRIEND, "EUR", 1, None),    (), "AssetUnknown"),
    Attempt("buyer",  PAY,           PayTransfer(NOBODY, "CNY", 1, None),    (), "AccountUnknown"),
    Attempt("buyer",  PAY,           PayTransfer(FRIEND, "CNY", 101, None),  (), "InsufficientFunds"),
    Attempt("friend", PAY,           PayTransfer(BUYER, "CNY", 1, None),     (), "InsufficientFunds"),
    Attempt("buyer",  PAY,           PayTransfer(FRIEND, "CNY", 40, None),   (), "ok"),
    Attempt("buyer",  PAY,           PayTransfer(FRIEND, "CNY", 60, None),   (), "ok"),
    Attempt("buyer",  PAY,           PayTransfer(FRIEND, "CNY", 1, None),    (), "InsufficientFunds"),
]
# fmt: on


def test_a_payment_moves_what_is_there_and_no_more() -> None:
    world = World()
    play(world, TABLE)
    assert balance_of(world.state, BUYER, "CNY").available_minor == 0
    assert balance_of(world.state, FRIEND, "CNY").available_minor == 100
