"""What a consortium may choose about disputes, and what follows from it."""

import pytest

from chain.errors import GenesisInvalid
from commerce.disputes.limits import (
    LIMITS,
    PANEL_MAX,
    RESERVES_MAX,
    LimitRule,
    check_dispute_limits,
    is_dispute_limit,
    least_bond_minor,
    limit,
    slash_minor,
)
from commerce.founding import check_commerce_genesis
from tests.commerce.world import genesis


@pytest.mark.parametrize("rule", LIMITS, ids=lambda rule: rule.name)
def test_an_entry_has_a_default_in_its_range_and_nothing_beyond_it(rule: LimitRule) -> None:
    name = rule.name
    assert is_dispute_limit(name)
    assert limit(genesis(), name) == rule.default
    assert limit(genesis(limits={name: rule.max}), name) == rule.max
    check_dispute_limits({name: rule.min})
    check_dispute_limits({name: rule.default})
    for beyond in (rule.min - 1, rule.max + 1):
        with pytest.raises(GenesisInvalid, match=name):
            check_dispute_limits({name: beyond})


def test_a_genesis_with_an_impossible_limit_founds_nothing() -> None:
    with pytest.raises(GenesisInvalid, match="dispute_bond_permille"):
        check_commerce_genesis(genesis(limits={"dispute_bond_permille": 1_001}))


def test_a_limit_of_others_is_not_ours() -> None:
    assert not is_dispute_limit("fund_debt_max")
    check_dispute_limits({"fund_debt_max": 0})


def test_a_slash_is_a_share_of_the_least_bond() -> None:
    assert slash_minor(genesis()) == 50_000
    assert slash_minor(genesis(limits={"arbiter_slash_permille": 0})) == 0
    assert slash_minor(genesis(limits={"arbiter_bond_min_minor": 999})) == 499


@pytest.mark.parametrize(
    ("stake_minor", "round_", "least_minor"),
    [(3_000, 0, 60), (3_000, 1, 120), (3_000, 2, 240), (1, 0, 1), (51, 1, 4), (0, 2, 0)],
)
def test_a_bond_is_a_share_of_the_stake_rounded_up_and_doubles_by_the_round(
    stake_minor: int, round_: int, least_minor: int
) -> None:
    assert least_bond_minor(genesis(), stake_minor, round_) == least_minor


def test_every_seat_can_be_given_up_once_and_challenged_by_both() -> None:
    assert RESERVES_MAX >= 2 * PANEL_MAX + 2
