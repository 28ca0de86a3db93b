"""What an expert will try on a panel: bribery, a biased draw, silence of everybody. To the fen."""

from itertools import combinations

import pytest

from commerce.disputes.draws import draw_id_of
from tests.commerce.disputes.court import BOND_MINOR, SLASH_MINOR, Court, arbiter
from tests.commerce.world import FUNDS_MINOR

SELLER_MINOR = 50_000


def everything(court: Court) -> int:
    """All fen that there are: with people, in bonds and in the fund."""
    people = [court.money(name) for name in court.names.values()]
    bonds = [court.arbiter(name).held_minor for name in court.names.values()]
    return sum(people) + sum(bonds) + court.in_fund()


def test_arbiter_collusion_of_a_minority_moves_a_ruling_nowhere() -> None:
    for bribed in range(3):
        court = Court()
        dispute_id = court.seated(by="merchant", bond_minor=60)
        votes = [(200,) if seat == bribed else (1_000,) for seat in range(3)]
        court.vote(dispute_id, *votes)
        assert court.dispute(dispute_id).rulings[0].shares == (1_000,)


def test_arbiter_collusion_of_a_majority_is_corrected_by_an_appeal_and_costs_the_seller() -> None:
    court = Court(15, arbiters=15)
    total = everything(court)
    dispute_id = court.seated()
    bribed = court.panel(dispute_id)
    court.vote(dispute_id, (0,), (0,), (1_000,))
    assert court.dispute(dispute_id).rulings[0].shares == (0,)
    # The buyer appeals; five others judge, of whom no bribed one can be.
    court.appeal(dispute_id, "buyer", 120)
    honest = court.drawn(dispute_id)
    assert not set(bribed) & set(honest)
    court.vote(dispute_id, *[(1_000,)] * 5)
    # The seller appeals too, loses, and pays seven arbiters: 240 = 7 · 34 + 2.
    court.appeal(dispute_id, "merchant", 240)
    last = court.drawn(dispute_id)
    court.vote(dispute_id, *[(1_000,)] * 7)
    assert court.dispute(dispute_id).phase == "SPLIT"
    assert court.money("buyer") == FUNDS_MINOR
    assert court.money("merchant") == SELLER_MINOR - 240
    assert [court.money(name) for name in last] == [34] * 7
    assert court.in_fund() == 2
    assert everything(court) == total


def test_arbiter_collusion_by_silence_costs_each_its_slash_and_stops_nothing() -> None:
    court = Court()
    total = everything(court)
    dispute_id = court.seated()
    silent = court.panel(dispute_id)
    for _ in range(3):
        court.pass_phase(dispute_id)
    others = court.panel(dispute_id)
    assert court.dispute(dispute_id).phase == "COMMIT_AGAIN"
    court.ballot(dispute_id, *[(1_000,)] * 3)
    court.pass_phase(dispute_id)
    assert court.money("buyer") == FUNDS_MINOR
    assert [court.arbiter(name).bond_minor for name in silent] == [BOND_MINOR - SLASH_MINOR] * 3
    assert [court.arbiter(name).bond_minor for name in others] == [BOND_MINOR] * 3
    assert court.in_fund() == 3 * SLASH_MINOR
    assert everything(court) == total


@pytest.mark.parametrize("revealing", list(combinations(range(4), 2)))
def test_a_member_biasing_the_draw_by_withholding_gets_the_same_panel(
    revealing: tuple[int, ...],
) -> None:
    court, reference = Court(), Court()
    dispute_id = court.disputed()
    assert reference.disputed() == dispute_id
    assert court.drawn(dispute_id, revealing) == reference.drawn(dispute_id, (0, 1))


def with_one_member_down(court: Court) -> None:
    """m3's node never deals, acknowledges or reveals; the three others do."""
    up = (0, 1, 2)
    for dealer in up:
        assert court.nodes.deal(dealer, court.stocked).status == "ok"
    for seat in up:
        others = [dealer for dealer in up if dealer != seat]
        assert court.nodes.acknowledge(seat, *others, number=court.stocked).status == "ok"
    court.stocked += 1


def test_both_and_the_arbiters_vanish_while_f_members_are_down() -> None:
    court = Court(15, arbiters=15, stocked=False)
    with_one_member_down(court)
    total = everything(court)
    dispute_id = court.disputed(by="merchant", bond_minor=60)
    draw_id = draw_id_of(dispute_id, 0)
    # Three of four nodes are up; two shares of each secret make the seed.
    assert court.nodes.seed((1, 2), draw_id) is not None
    first = court.panel(dispute_id)
    opened_ms = court.time_ms
    steps = []
    while court.dispute(dispute_id).clock() is not None:
        steps.append(court.dispute(dispute_id).phase)
        court.pass_phase(dispute_id)
    assert steps == ["EVIDENCE", "COMMIT", "REVEAL", "COMMIT_AGAIN", "REVEAL_AGAIN"]
    assert court.time_ms - opened_ms == (3 + 2 + 1 + 1 + 1) * 86_400_000
    # Nobody ruled: the goods are with the buyer, so the seller has the price, and its bond.
    assert court.money("buyer") == FUNDS_MINOR - 3_000
    assert court.money("merchant") == SELLER_MINOR + 3_000
    # Six arbiters owed a vote and lost half of a bond each; the fund has it.
    bonds = sorted(court.arbiter(arbiter(number)).bond_minor for number in range(15))
    assert bonds == [BOND_MINOR - SLASH_MINOR] * 6 + [BOND_MINOR] * 9
    assert all(court.arbiter(name).bond_minor == BOND_MINOR - SLASH_MINOR for name in first)
    assert court.in_fund() == 6 * SLASH_MINOR
    assert everything(court) == total


def test_more_than_f_members_down_delay_a_dispute_by_three_days_and_change_nobodys_money() -> None:
    court = Court()
    total = everything(court)
    dispute_id = court.disputed(by="merchant", bond_minor=60)
    # One share of each secret comes to light, and no second one.
    assert court.nodes.seed((0,), draw_id_of(dispute_id, 0)) is None
    (*_, last) = court.pass_phase(dispute_id)
    assert last.events[0].data["how"] == "default"
    assert court.money("merchant") == SELLER_MINOR + 3_000
    assert court.in_fund() == 0
    assert everything(court) == total
