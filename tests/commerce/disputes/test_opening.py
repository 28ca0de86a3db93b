"""Rules of dispute.appeal, and how a draw begins, is tried again and is given up."""

import pytest

from commerce.delegations import Delegate
from commerce.disputes.draws import QUEUE, WAITING
from commerce.disputes.limits import DRAW_TRIES_MAX
from commerce.disputes.opening import DisputeAppeal, can_gain
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.disputes.court import BOND_MINOR, Court, arbiter
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, HOUR_MS, account, key

APPEAL = "dispute.appeal"
NOWHERE = bytes(32)


def appealing(court: Court) -> list[Row]:
    """The rows: ¥30 are at stake; the buyer wanted all, and got all in one case, half in one."""
    won = court.seated()
    court.restock()
    half = court.seated()
    court.restock()
    open_one = court.disputed()
    court.heard(won)
    court.ballot(won, (1_000,), (1_000,), (0,))
    court.ballot(half, (500,), (1_000,), (0,))
    court.restock()

    def appeal(dispute_id: bytes, bond_minor: int = 120) -> DisputeAppeal:
        return DisputeAppeal(dispute_id, bond_minor)

    scope = Delegate(key("tool"), (APPEAL,), 119, GENESIS_MS + 90 * DAY_MS)
    # fmt: off
    return [
        #       sender        type        payload                     with outcome
        Attempt("buyer",      APPEAL,     appeal(NOWHERE),            (), "DisputeUnknown"),
        Attempt("friend",     APPEAL,     appeal(half),               (), "NotAParty"),
        Attempt("buyer",      APPEAL,     appeal(open_one),           (), "PhaseForbids"),
        Attempt("buyer",      APPEAL,     appeal(won),                (), "NothingToAppeal"),
        Attempt("buyer",      APPEAL,     appeal(half, 119),          (), "BondTooSmall"),
        Attempt("merchant",   APPEAL,     appeal(half, 119),          (), "BondTooSmall"),
        Attempt("buyer",      APPEAL,     appeal(half, FUNDS_MINOR),  (), "InsufficientFunds"),
        Attempt("buyer",      "delegate", scope,                      (), "ok"),
        Attempt("buyer/tool", APPEAL,     appeal(half),               (), "DelegationExceeded"),
        Attempt("buyer",      APPEAL,     appeal(half),               (), "ok"),
        Attempt("merchant",   APPEAL,     appeal(half),               (), "PhaseForbids"),
    ]
    # fmt: on


def test_who_may_appeal_and_with_which_bond() -> None:
    court = Court()
    play(court, appealing(court))


def test_an_appeal_after_three_days_is_too_late() -> None:
    court = Court()
    dispute_id = court.seated()
    court.vote(dispute_id, (500,), (500,), (500,))
    court.wait(3 * DAY_MS - 1)
    assert court.dispute(dispute_id).phase == "DECIDED"
    court.time_ms += 1
    # The block fires no deadline by itself: the appeal meets its dispute as the deadline left it.
    court.limit_deadlines(0)
    refused = court.send("buyer", (APPEAL, DisputeAppeal(dispute_id, 120)))
    assert refused.status == "PhaseForbids"
    assert court.dispute(dispute_id).phase == "SPLIT"


def test_two_appeals_lead_to_five_and_then_seven_other_arbiters_and_no_further() -> None:
    court = Court(15, arbiters=15)
    dispute_id = court.seated()
    seen = set(court.panel(dispute_id))
    court.vote(dispute_id, (500,), (500,), (500,))
    court.appeal(dispute_id, "buyer", 120)
    assert len(court.drawn(dispute_id)) == 5
    assert not seen & set(court.panel(dispute_id))
    seen |= set(court.panel(dispute_id))
    court.vote(dispute_id, *[(600,)] * 5)
    court.appeal(dispute_id, "merchant", 240)
    assert len(court.drawn(dispute_id)) == 7
    assert not seen & set(court.panel(dispute_id))
    court.vote(dispute_id, *[(700,)] * 7)
    ended = court.dispute(dispute_id)
    assert (ended.phase, ended.ending and ended.ending.shares) == ("SPLIT", (700,))
    assert [ruling.shares for ruling in ended.rulings] == [(500,), (600,), (700,)]


def test_an_appeal_that_no_panel_can_hear_leaves_the_ruling_and_returns_its_bond() -> None:
    court = Court(4, arbiters=4)
    dispute_id = court.seated()
    court.vote(dispute_id, (400,), (400,), (400,))
    had_minor = court.money("buyer")
    court.appeal(dispute_id, "buyer", 120)
    court.drawn(dispute_id)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert (ended.phase, ended.ending.how, ended.ending.shares) == ("SPLIT", "ruling", (400,))
    assert court.money("buyer") == had_minor + 1_200


@pytest.mark.parametrize(
    ("by", "shares", "buyer", "seller"),
    [
        ("buyer", (1_000,), False, True),
        ("buyer", (999,), True, True),
        ("buyer", (0,), True, False),
        ("merchant", (0,), True, False),
        ("merchant", (1,), True, True),
        ("merchant", (1_000,), False, True),
    ],
)
def test_the_loser_is_who_could_still_gain(
    by: str,
    shares: tuple[int, ...],
    buyer: bool,  # noqa: FBT001 (a table)
    seller: bool,  # noqa: FBT001 (a table)
) -> None:
    court = Court()
    dispute_id = court.seated(by=by, bond_minor=60)
    court.vote(dispute_id, shares, shares, shares)
    dispute = court.dispute(dispute_id)
    gains = [can_gain(dispute, account(party)) for party in ("buyer", "merchant")]
    assert gains == [buyer, seller]


def test_a_draw_without_ready_secrets_is_tried_again_and_begins_as_soon_as_there_are_some() -> None:
    court = Court()
    first = court.disputed()
    # The nodes' only secrets are reserved for the first dispute.
    second = court.disputed()
    assert not court.dispute(second).is_drawing
    assert court.dispute(second).tries == DRAW_TRIES_MAX - 1
    court.wait(9 * HOUR_MS)
    assert court.dispute(second).tries == DRAW_TRIES_MAX - 2
    court.restock()
    court.wait(9 * HOUR_MS)
    assert court.dispute(second).is_drawing
    assert len(court.drawn(second)) == 3
    assert len(court.drawn(first)) == 3


def test_without_any_secret_for_three_days_the_default_rule_decides() -> None:
    court = Court()
    court.disputed()
    had_minor = court.money("merchant")
    dispute_id = court.disputed(by="merchant", bond_minor=60)
    assert court.money("merchant") == had_minor - 60
    court.wait(3 * DAY_MS - 1)
    assert court.dispute(dispute_id).phase == "DRAWING"
    court.wait(1)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    # The goods are with the buyer; the dispute before, whose seed didn't come, ended so too.
    assert (ended.ending.how, ended.ending.shares) == ("default", (0,))
    assert court.money("merchant") == had_minor + 2 * 3_000


def test_a_seed_that_comes_too_late_seats_nobody_and_the_draw_is_not_begun_again() -> None:
    court = Court()
    dispute_id = court.disputed()
    court.restock()
    assert court.dispute(dispute_id).is_drawing
    court.wait(3 * DAY_MS)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert (ended.phase, ended.ending.how) == ("SPLIT", "default")
    assert list(WAITING.items(court.state)) == []
    assert all(court.arbiter(arbiter(number)).bond_minor == BOND_MINOR for number in range(8))


def test_a_second_appeal_takes_four_times_a_sellers_bond_of_either_party() -> None:
    court = Court(15, arbiters=15)
    dispute_id = court.seated()
    court.vote(dispute_id, *[(500,)] * 3)
    court.appeal(dispute_id, "buyer", 120)
    court.drawn(dispute_id)
    court.vote(dispute_id, *[(600,)] * 5)
    for party in ("buyer", "merchant"):
        refused = court.send(party, (APPEAL, DisputeAppeal(dispute_id, 239)))
        assert refused.status == "BondTooSmall"
    court.appeal(dispute_id, "merchant", 240)


def test_a_crowd_of_disputes_keeps_nobody_from_a_panel() -> None:
    court = Court()
    # The stock goes into the first; the others wait, the victim's behind all of them.
    crowd = []
    for _ in range(4):
        crowd.append(court.disputed())
        court.time_ms += 1
    victim = court.disputed()
    # The longest open come first, whatever their ids.
    waiting = [queued.dispute_id for _, queued in QUEUE.items(court.state)]
    assert waiting == [*crowd[1:], victim]
    for _ in range(4):
        court.restock()
    assert not list(QUEUE.items(court.state))
    assert len(court.drawn(victim)) == 3


def test_a_dispute_that_ends_while_it_waits_for_secrets_waits_no_more() -> None:
    court = Court()
    court.disputed()
    second = court.disputed()
    court.settle(second, 500)
    assert not list(QUEUE.items(court.state))
    court.restock()
    assert not list(WAITING.items(court.state))[1:]
