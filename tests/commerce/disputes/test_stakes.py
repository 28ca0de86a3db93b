"""Bonds: who lost pays the arbiters who voted, to the fen; every other bond returns."""

import pytest

from tests.commerce.disputes.court import Court, arbiter

SEVEN = 7


def gains(court: Court, had: dict[str, int]) -> dict[str, int]:
    """What each got or paid since, without those for whom nothing changed."""
    changed = {name: court.money(name) - amount for name, amount in had.items()}
    return {name: amount for name, amount in changed.items() if amount}


def purses(court: Court) -> dict[str, int]:
    """What parties and arbiters have."""
    names = ["buyer", "merchant", *(arbiter(number) for number in range(15))]
    return {name: court.money(name) for name in names if name in court.names.values()}


@pytest.mark.parametrize(
    ("by", "claim", "vote", "lost"),
    [
        # A buyer who asked for all and got less than half has lost.
        ("buyer", 1_000, 500, False),
        ("buyer", 1_000, 499, True),
        ("buyer", 400, 200, False),
        ("buyer", 400, 199, True),
        # So has a seller: it asked to keep all, or a half.
        ("merchant", 0, 500, False),
        ("merchant", 0, 501, True),
        ("merchant", 500, 750, False),
        ("merchant", 500, 751, True),
    ],
)
def test_the_opener_has_lost_with_less_than_half_of_what_it_asked_for(
    by: str,
    claim: int,
    vote: int,
    lost: bool,  # noqa: FBT001 (a table)
) -> None:
    court = Court()
    dispute_id = court.take(court.rejected(), claim, by=by, bond_minor=100)
    panel = court.drawn(dispute_id)
    court.vote(dispute_id, (vote,), (vote,), (vote,))
    had, fund = purses(court), court.in_fund()
    court.pass_phase(dispute_id)
    refund = 3_000 * vote // 1_000
    expected = {"buyer": refund, "merchant": 3_000 - refund}
    if lost:
        # 100 in three parts of 33; what is left over is the fund's.
        expected |= dict.fromkeys(panel, 33)
        assert court.in_fund() == fund + 1
    else:
        expected[by] += 100
        assert court.in_fund() == fund
    assert gains(court, had) == expected


@pytest.mark.parametrize(
    ("first", "second", "lost"),
    [(500, 501, False), (500, 500, True), (500, 499, True), (0, 1_000, False)],
)
def test_an_appellant_has_lost_when_the_last_ruling_is_no_nearer_to_it(
    first: int,
    second: int,
    lost: bool,  # noqa: FBT001 (a table)
) -> None:
    court = Court(15, arbiters=15)
    dispute_id = court.seated()
    court.vote(dispute_id, *[(first,)] * 3)
    court.appeal(dispute_id, "buyer", 123)
    panel = court.drawn(dispute_id)
    court.vote(dispute_id, *[(second,)] * 5)
    had, fund = purses(court), court.in_fund()
    court.pass_phase(dispute_id)
    refund = 3_000 * second // 1_000
    expected = {"buyer": refund, "merchant": 3_000 - refund}
    if lost:
        expected |= dict.fromkeys(panel, 24)
        assert court.in_fund() == fund + 3
    else:
        expected["buyer"] += 123
    assert gains(court, had) == {name: amount for name, amount in expected.items() if amount}


def appealed_twice(court: Court, *rounds: tuple[int, str, int]) -> tuple[bytes, list[list[str]]]:
    """The merchant's dispute before its third panel, and all its panels. Of each round: what all of
    its panel voted, who appealed, with which bond.
    """
    dispute_id = court.seated(by="merchant", bond_minor=90)
    panels = [court.panel(dispute_id)]
    for permille, party, bond_minor in rounds:
        court.vote(dispute_id, *[(permille,)] * len(panels[-1]))
        court.appeal(dispute_id, party, bond_minor)
        panels.append(court.drawn(dispute_id))
    return dispute_id, panels


def test_three_rounds_pay_each_panel_from_the_bond_of_its_own_round() -> None:
    court = Court(15, arbiters=15)
    dispute_id, panels = appealed_twice(court, (1_000, "merchant", 200), (100, "buyer", 350))
    had, fund = purses(court), court.in_fund()
    court.vote(dispute_id, *[(300,)] * SEVEN)
    # ¥30 by 300 ‰. The seller asked for all and got more than half; its appeal moved the ruling
    # from 1,000 to 300; the buyer's moved it from 100 to 300. Nobody lost.
    assert court.dispute(dispute_id).phase == "SPLIT"
    assert gains(court, had) == {"buyer": 900 + 350, "merchant": 2_100 + 90 + 200}
    assert court.in_fund() == fund
    assert [len(panel) for panel in panels] == [3, 5, SEVEN]


def test_three_rounds_that_all_go_against_one_party_cost_it_all_its_bonds() -> None:
    court = Court(15, arbiters=15)
    dispute_id, panels = appealed_twice(court, (1_000, "merchant", 200), (1_000, "merchant", 351))
    had, fund = purses(court), court.in_fund()
    court.vote(dispute_id, *[(1_000,)] * SEVEN)
    expected = {"buyer": 3_000}
    for panel, each in zip(panels, (30, 40, 50), strict=True):
        expected |= dict.fromkeys(panel, each)
    assert gains(court, had) == expected
    assert court.in_fund() == fund + 351 - 7 * 50


def test_only_those_who_revealed_a_vote_are_paid() -> None:
    court = Court(3, arbiters=3)
    dispute_id = court.seated(by="merchant", bond_minor=100)
    one, two, _ = court.panel(dispute_id)
    court.heard(dispute_id)
    for name in (one, two):
        court.commit(dispute_id, name, 1_000)
    court.pass_phase(dispute_id)
    for name in (one, two):
        court.reveal(dispute_id, name, 1_000)
    had = purses(court)
    court.pass_phase(dispute_id)
    court.pass_phase(dispute_id)
    assert gains(court, had) == {"buyer": 3_000, one: 50, two: 50}


def test_a_bond_smaller_than_its_panel_goes_to_the_fund() -> None:
    court = Court(limits={"dispute_bond_permille": 0})
    dispute_id = court.seated(by="merchant", bond_minor=2)
    court.vote(dispute_id, *[(1_000,)] * 3)
    had, fund = purses(court), court.in_fund()
    court.pass_phase(dispute_id)
    assert gains(court, had) == {"buyer": 3_000}
    assert court.in_fund() == fund + 2


def test_a_buyer_may_open_without_a_bond_and_then_has_none_to_lose() -> None:
    court = Court()
    dispute_id = court.seated()
    assert court.dispute(dispute_id).stakes == ()
    court.vote(dispute_id, *[(0,)] * 3)
    had = purses(court)
    court.pass_phase(dispute_id)
    assert gains(court, had) == {"merchant": 3_000}
