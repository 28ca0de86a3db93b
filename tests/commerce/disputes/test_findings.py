"""Tricks around disputes that a stranger found, each to the fen."""

from dataclasses import replace

import pytest

from commerce.aftersale.cases import cases_of
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.deposits.claims import ClaimFile
from commerce.deposits.debts import owed_by
from commerce.deposits.deposits import DepositAdd
from commerce.deposits.fund import FundContribute
from commerce.deposits.holding import deposit_of
from commerce.payments import PayTransfer
from commerce.recalls.recalls import RecallOpen
from tests.commerce.disputes.court import DOCUMENT, Court
from tests.commerce.shop import TEA, TERMS
from tests.commerce.world import account


def ruled(court: Court, case_id: bytes, share: int) -> None:
    """The panel's vote, and no appeal."""
    court.drawn(case_id)
    court.vote(case_id, (share,), (share,), (share,))
    court.pass_phase(case_id)


def test_a_contested_return_that_the_buyer_wins_pays_its_way_back_too() -> None:
    court = Court()
    case_id = court.requested(3, "quality")
    court.agree(case_id)
    court.send_back(case_id, 500)
    court.bring_back(case_id)
    before = court.money("buyer")
    court.done("merchant", court.contesting(case_id, (0,), 1_000))
    ruled(court, case_id, 1_000)
    assert court.money("buyer") - before == 3_000 + 500


def test_goods_recalled_on_their_way_back_pay_it_too() -> None:
    court = Court()
    case_id = court.requested(3, "quality")
    court.agree(case_id)
    court.send_back(case_id, 500)
    before = court.money("buyer")
    court.done("merchant", ("recall.open", RecallOpen(TEA, 1, DOCUMENT, None)))
    assert court.case_state(case_id) == "RECALLED"
    court.silence(case_id)
    assert court.money("buyer") - before == 3_000 + 500


def test_a_panel_that_finds_a_parcel_delivered_takes_no_right_to_return() -> None:
    court = Court()
    parcel = court.ship(court.paid((court.tea, 1)))
    case_id = court.case(court.done("merchant", court.opening(parcel, (0,), 1_000)))
    ruled(court, case_id, 0)
    order_id = court.parcel(parcel).order_id
    assert court.load(order_id).lines[0].released_minor == 1_000
    lines = (RequestedLine(0, 1, None),)
    asked = RefundRequest(order_id, parcel, "no_reason", lines, "", None)
    court.done("buyer", ("refund.request", asked))


def test_a_dispute_about_an_allowance_is_about_what_was_asked() -> None:
    court = Court()
    order_id = court.paid((court.tea, 3))
    parcel = court.ship(order_id)
    court.deliver(parcel)
    case_id = court.allowance(parcel, 200, quantity=3)
    court.reject(case_id)
    before = court.money("buyer")
    court.take(case_id, 1_000)
    assert court.dispute(case_id).subject.worth_minor == (200,)
    ruled(court, case_id, 500)
    assert court.money("buyer") - before == 100
    # Nothing else about the goods was judged: they may go back still, for what is left.
    assert court.load(order_id).lines[0].held_minor == 2_900
    again = RefundRequest(order_id, parcel, "quality", (RequestedLine(0, 3, None),), "", None)
    court.done("buyer", ("refund.request", again))
    running = list(cases_of(court.state, order_id, court.load(order_id)))[-1][1]
    assert running.asked_minor == 2_900


def test_goods_that_went_back_for_a_part_of_their_price_dont_come_back_from_a_dispute() -> None:
    """Found by tests/commerce/shop_runs.py: an allowance that the seller answered by an offer for
    the goods. They are the seller's again, so what isn't ruled the buyer's is the seller's too.
    """
    court = Court()
    order_id = court.paid((court.tea, 1))
    parcel = court.ship(order_id)
    court.deliver(parcel)
    case_id = court.allowance(parcel, 700)
    court.counter(case_id, 600, gives_back=True)
    court.accept(case_id)
    court.send_back(case_id)
    court.bring_back(case_id)
    before = court.money("buyer")
    court.done("merchant", court.contesting(case_id, (0,), 1_000))
    ruled(court, case_id, 500)
    assert court.money("buyer") - before == 300
    (line,) = court.load(order_id).lines
    assert (line.held_minor, line.released_minor, line.refunded_minor) == (0, 700, 300)


@pytest.mark.parametrize("lends_minor", [None, 30_000])
def test_colluders_before_an_honest_panel_gain_no_more_than_the_fund_lends(
    lends_minor: int | None,
) -> None:
    limits = {} if lends_minor is None else {"fund_debt_max": lends_minor}
    court = Court(limits=limits)
    court.fund("friend", 500_000)
    court.done("friend", ("fund.contribute", FundContribute("CNY", 500_000)))
    before = court.money("buyer") + court.money("merchant") + court.money("rival")
    dear = court.publish(TEA, terms=replace(TERMS, price_minor=100_000))
    parcel = court.ship(court.paid((dear, 1)))
    court.deliver(parcel)
    court.confirm(parcel)
    away = PayTransfer(account("rival"), "CNY", court.money("merchant"), None)
    court.done("merchant", ("pay.transfer", away))
    case_id = court.complain(parcel, "quality")
    court.reject(case_id)
    court.take(case_id, 1_000)
    ruled(court, case_id, 1_000)
    after = court.money("buyer") + court.money("merchant") + court.money("rival")
    gained = lends_minor or 0
    assert (after - before, court.in_fund()) == (gained, 500_000 - gained)
    # What the fund lent is owed to it, the rest to the buyer; nothing is sold until it is paid.
    owed = owed_by(court.state, account("merchant"), "CNY")
    assert (owed.fund_minor, owed.total_minor) == (gained, 100_000)


def test_a_loss_that_is_only_said_locks_up_no_deposit() -> None:
    court = Court()
    court.done("merchant", ("deposit.add", DepositAdd("CNY", 50_000)))
    court.fund("merchant", 10_000_000)
    court.done("merchant", ("deposit.add", DepositAdd("CNY", 10_000_000)))
    order_id = court.paid((court.tea, 1))
    filing = ClaimFile(order_id, "food", (0,), 10**12, DOCUMENT)
    court.done("buyer", ("claim.file", filing))
    # CNY 1,000 are the least that the law gives (食品安全法 art. 148); ten times CNY 10 is less.
    assert deposit_of(court.state, account("merchant"), "CNY").claimed_minor == 100_000
