"""A purse counts by hand what nodes must say, and tells the sum in one line."""

from node.demo.purse import Purse, balances_claims
from tests.node.demo.people import somebody


def test_a_purse_tells_its_whole_sum() -> None:
    purse = Purse(somebody("buyer"))
    purse.move(100_000, "had")
    purse.move(-30_350, "paid into escrow")
    purse.move(487, "refunded")
    assert purse.available_minor == 70_137
    assert purse.words() == (
        "had CNY 1000.00 − paid into escrow CNY 303.50 + refunded CNY 4.87 = CNY 701.37"
    )


def test_its_claims_are_the_balance_and_the_deposit() -> None:
    purse = Purse(somebody("seller"))
    purse.move(30_000, "had")
    told = {(claim.pointer, claim.value) for claim in purse.claims()}
    assert ("/balances/0/available_minor", "30000") in told
    assert not any("deposit" in claim.path for claim in purse.claims())
    purse.deposit_minor = 5
    assert ("/deposits/0/held_minor", "5") in {(c.pointer, c.value) for c in purse.claims()}


def test_who_has_nothing_left_has_no_entry() -> None:
    purse = Purse(somebody("seller"))
    purse.move(30_000, "had")
    purse.move(-30_000, "put up as a deposit")
    assert [(claim.pointer, claim.value) for claim in balances_claims([purse])] == [
        ("/balances", [])
    ]
