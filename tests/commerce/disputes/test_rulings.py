"""What votes come to: the lower median, line by line, and never more than was asked for."""

from itertools import product

import pytest

from commerce.aftersale.answers import RefundReject
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.deposits.fund import FundContribute
from commerce.disputes.dispute import Seat
from commerce.disputes.rulings import lower_median, ruling_of
from commerce.payments import PayTransfer
from commerce.records import altered
from tests.commerce.disputes.court import Court
from tests.commerce.world import DAY_MS, FUNDS_MINOR, account


@pytest.mark.parametrize(
    ("votes", "median"),
    [
        ((5,), 5),
        ((9, 1), 1),
        ((3, 1, 2), 2),
        ((1_000, 0, 0), 0),
        ((4, 1, 3, 2), 2),
        ((0, 0, 0, 1_000, 1_000), 0),
    ],
)
def test_the_median_is_the_middle_vote_and_the_lower_of_two(
    votes: tuple[int, ...], median: int
) -> None:
    assert lower_median(votes) == median


def test_no_minority_moves_a_median_beyond_the_votes_of_the_others() -> None:
    honest = (400, 500, 600)
    for bribed in product((0, 1_000), repeat=2):
        assert min(honest) <= lower_median((*honest, *bribed)) <= max(honest)


def test_each_line_has_its_own_median() -> None:
    court = Court()
    order_id = court.paid((court.tea, 2), (court.bike, 2))
    parcel_id = court.ship(order_id)
    dispute_id = court.case(court.done("merchant", court.opening(parcel_id, (0, 0), 80)))
    court.drawn(dispute_id)
    had_minor = court.money("buyer")
    court.vote(dispute_id, (0, 1_000), (250, 600), (1_000, 0))
    assert court.dispute(dispute_id).rulings[0].shares == (250, 600)
    court.pass_phase(dispute_id)
    assert court.money("buyer") - had_minor == 500 + 1_200


@pytest.mark.parametrize(
    ("by", "asked", "votes", "ruled"),
    [
        ("buyer", 600, (1_000, 900, 800), 600),
        ("buyer", 600, (1_000, 300, 0), 300),
        ("merchant", 600, (0, 100, 200), 600),
        ("merchant", 600, (1_000, 700, 0), 700),
    ],
)
def test_nobody_gets_more_than_it_asked_for(
    by: str, asked: int, votes: tuple[int, ...], ruled: int
) -> None:
    court = Court()
    dispute_id = court.take(court.rejected(), asked, by=by, bond_minor=60)
    court.drawn(dispute_id)
    court.vote(dispute_id, *[(vote,) for vote in votes])
    assert court.dispute(dispute_id).rulings[0].shares == (ruled,)


def test_only_revealed_votes_count() -> None:
    court = Court()
    dispute = court.dispute(court.seated())
    seats = (
        Seat(account("arbiter0"), bytes(32), (300,)),
        Seat(account("arbiter1"), bytes(32), None),
        Seat(account("arbiter2"), bytes(32), (900,)),
    )
    ruling = ruling_of(altered(dispute, panel=altered(dispute.panel, seats=seats)))
    assert ruling.shares == (300,)
    assert ruling.arbiters == (account("arbiter0"), account("arbiter2"))


def test_the_cap_ends_a_dispute_with_the_last_ruling() -> None:
    timers = {"dispute_cap_ms": 15 * DAY_MS, "evidence_ms": 6 * DAY_MS}
    court = Court(15, arbiters=15, timers=timers)
    dispute_id = court.seated()
    court.vote(dispute_id, (400,), (500,), (600,))
    court.wait(2 * DAY_MS)
    court.appeal(dispute_id, "buyer", 120)
    court.drawn(dispute_id)
    had_minor = court.money("buyer")
    while court.dispute(dispute_id).due_ms is not None:
        court.pass_phase(dispute_id)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert court.time_ms == ended.cap_ms
    assert (ended.ending.how, ended.ending.shares) == ("ruling", (500,))
    # Half of ¥30, and the appeal's bond: no panel heard it.
    assert court.money("buyer") - had_minor == 1_500 + 120


def test_the_cap_without_a_ruling_is_the_default_rule_and_costs_no_arbiter_anything() -> None:
    court = Court(
        timers={
            "dispute_cap_ms": 15 * DAY_MS,
            "evidence_ms": 7 * DAY_MS,
            "commit_ms": 7 * DAY_MS,
            "reveal_ms": 7 * DAY_MS,
        }
    )
    dispute_id = court.seated()
    while court.dispute(dispute_id).due_ms is not None:
        court.pass_phase(dispute_id)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert (court.time_ms, ended.ending.how) == (ended.cap_ms, "default")
    assert court.in_fund() == 0
    assert court.money("buyer") == FUNDS_MINOR - 3_000


def test_a_case_shows_that_there_is_a_ruling_and_that_it_is_appealed_against() -> None:
    court = Court()
    dispute_id = court.seated()
    assert court.case_state(dispute_id) == "DISPUTED"
    court.vote(dispute_id, (500,), (500,), (500,))
    assert court.case_state(dispute_id) == "DECIDED"
    court.appeal(dispute_id, "buyer", 120)
    assert court.case_state(dispute_id) == "DISPUTED"
    court.settle(dispute_id, 500)
    assert court.case_state(dispute_id) == "SPLIT"


def penniless(court: Court) -> bytes:
    """A dispute about ¥30 that the seller had and has given away; the fund has ¥50."""
    order_id = court.paid((court.tea, 3))
    parcel_id = court.ship(order_id)
    court.confirm(parcel_id)
    line = RequestedLine(0, 3, None)
    asked = RefundRequest(order_id, parcel_id, "quality", (line,), "broken", None)
    case_id = court.case(court.done("buyer", ("refund.request", asked)))
    court.done("merchant", ("refund.reject", RefundReject(case_id, "it was whole", None)))
    court.done("friend", ("fund.contribute", FundContribute("CNY", 5_000)))
    away = PayTransfer(account("rival"), "CNY", court.money("merchant"), None)
    court.done("merchant", ("pay.transfer", away))
    dispute_id = court.take(case_id, 1_000)
    court.drawn(dispute_id)
    return dispute_id


# The fund lends a merchant so much; nothing by default.
LENDS = {"fund_debt_max": 1_000_000}


def test_the_fund_pays_what_a_panel_ruled_and_nothing_that_the_parties_agreed() -> None:
    court = Court(limits=LENDS)
    had_minor = court.money("buyer")
    dispute_id = penniless(court)
    court.settle(dispute_id, 1_000)
    assert (court.money("buyer"), court.in_fund()) == (had_minor - 3_000, 5_000)
    court = Court(limits=LENDS)
    dispute_id = penniless(court)
    court.vote(dispute_id, *[(1_000,)] * 3)
    court.pass_phase(dispute_id)
    assert (court.money("buyer"), court.in_fund()) == (had_minor, 2_000)
