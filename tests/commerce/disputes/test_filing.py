"""Rules of dispute.open and return.contest: who takes what to a panel, and with which bond."""

from dataclasses import replace

from chain.state import Overlay
from commerce.aftersale.answers import RefundAgree
from commerce.aftersale.cases import CASES_MAX, load_case
from commerce.aftersale.returns import ReturnDelivered, ReturnShip
from commerce.delegations import Delegate
from commerce.disputes.dispute import Shares
from commerce.disputes.filing import DisputeOpen, ReturnContest
from commerce.orders import ORDERS
from tests.commerce.attempts import Attempt, Do, Row, play
from tests.commerce.disputes.court import DOCUMENT, Court
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, GENESIS_MS, World, account, key

OPEN, CONTEST = "dispute.open", "return.contest"
NOWHERE = bytes(32)


def op(subject_id: bytes, shares: Shares = (1_000,), bond_minor: int = 0) -> DisputeOpen:
    """An opening, by default of a buyer who wants everything."""
    return DisputeOpen(subject_id, shares, bond_minor, DOCUMENT)


def opening(court: Court) -> list[Row]:
    """The rows: a case is about ¥30, so that a seller's bond is ¥0.60 at least."""
    case, pending = court.rejected(), court.requested(1)
    parcel = court.ship(court.paid((court.bike, 2)))
    scope = Delegate(key("tool"), (OPEN,), 99, GENESIS_MS + DAY_MS)
    # fmt: off
    return [
        #       sender        type        payload                        with outcome
        Attempt("buyer",      OPEN,       op(NOWHERE),                   (), "CaseUnknown"),
        Attempt("friend",     OPEN,       op(case),                      (), "NotAParty"),
        Attempt("carrier",    OPEN,       op(case),                      (), "NotAParty"),
        Attempt("buyer",      OPEN,       op(parcel),                    (), "NotTheSeller"),
        Attempt("buyer",      OPEN,       op(pending),                   (), "StateForbids"),
        Attempt("buyer",      OPEN,       op(case, (1_000, 1_000)),      (), "SharesMismatch"),
        Attempt("buyer",      OPEN,       op(case, (0,)),                (), "ClaimEmpty"),
        Attempt("merchant",   OPEN,       op(case, (1_000,), 60),        (), "ClaimEmpty"),
        Attempt("merchant",   OPEN,       op(case, (0,), 59),            (), "BondTooSmall"),
        Attempt("buyer",      OPEN,       op(case, (1,), FUNDS_MINOR),   (), "InsufficientFunds"),
        Attempt("buyer",      "delegate", scope,                         (), "ok"),
        Attempt("buyer/tool", OPEN,       op(case, (1_000,), 100),       (), "DelegationExceeded"),
        Attempt("buyer",      OPEN,       op(case),                      (), "ok"),
        Attempt("buyer",      OPEN,       op(case),                      (), "StateForbids"),
        Attempt("merchant",   OPEN,       op(case, (0,), 60),            (), "StateForbids"),
        Attempt("merchant",   OPEN,       op(parcel, (0,), 39),          (), "BondTooSmall"),
        Attempt("merchant",   OPEN,       op(parcel, (0,), 40),          (), "ok"),
        Attempt("merchant",   OPEN,       op(parcel, (0,), 40),          (), "StateForbids"),
    ]
    # fmt: on


def crowded(shop: Shop) -> list[Row]:
    """The rows of a parcel whose order has had all the cases that an order may have."""
    parcel = shop.ship(shop.paid((shop.tea, 1)))

    def fill(world: World) -> None:
        order_id = shop.parcel(parcel).order_id
        overlay = Overlay(world.state)
        ORDERS.store(overlay, replace(shop.load(order_id), cases=CASES_MAX), order_id)
        world.state.write(overlay.changes)
        world.audited = False

    return [Do(fill), Attempt("merchant", OPEN, op(parcel, (0,), 20), (), "TooManyCases")]


def returned(court: Court) -> bytes:
    """A case whose goods are back at the seller's."""
    case_id = court.requested()
    court.done("merchant", ("refund.agree", RefundAgree(case_id, None)))
    shipped = ReturnShip(case_id, account("carrier"), 0, None)
    court.done("buyer", ("return.ship", shipped), with_=("carrier",))
    court.done("carrier", ("return.delivered", ReturnDelivered(case_id)))
    return case_id


def contesting(court: Court) -> list[Row]:
    """The rows of a return that the seller doesn't want to refund."""
    case, refused = returned(court), court.rejected(1)

    def contest(case_id: bytes, shares: Shares = (0,), bond_minor: int = 60) -> ReturnContest:
        return ReturnContest(case_id, shares, bond_minor, DOCUMENT)

    poor = contest(case, (0,), 10**9)
    scope = Delegate(key("tool"), (CONTEST,), 59, GENESIS_MS + DAY_MS)
    # fmt: off
    return [
        #       sender           type        payload                  with outcome
        Attempt("merchant",      CONTEST,    contest(NOWHERE),        (), "CaseUnknown"),
        Attempt("buyer",         CONTEST,    contest(case),           (), "NotTheSeller"),
        Attempt("merchant",      CONTEST,    contest(refused),        (), "StateForbids"),
        Attempt("merchant",      CONTEST,    contest(case, (0, 0)),   (), "SharesMismatch"),
        Attempt("merchant",      CONTEST,    contest(case, (1_000,)), (), "ClaimEmpty"),
        Attempt("merchant",      CONTEST,    contest(case, (0,), 59), (), "BondTooSmall"),
        Attempt("merchant",      CONTEST,    poor,                    (), "InsufficientFunds"),
        Attempt("merchant",      "delegate", scope,                   (), "ok"),
        Attempt("merchant/tool", CONTEST,    contest(case),           (), "DelegationExceeded"),
        Attempt("merchant",      CONTEST,    contest(case),           (), "ok"),
        Attempt("merchant",      CONTEST,    contest(case),           (), "StateForbids"),
    ]
    # fmt: on


def test_who_may_open_a_dispute_about_what_and_with_which_bond() -> None:
    court = Court()
    play(court, opening(court))


def test_an_order_with_all_its_cases_has_no_other_dispute() -> None:
    court = Court()
    play(court, crowded(court))


def test_who_may_contest_a_return() -> None:
    court = Court()
    play(court, contesting(court))


def test_two_disputes_at_once_on_one_case_are_impossible() -> None:
    court = Court()
    dispute_id = court.disputed()
    for sender, shares, bond_minor in (("buyer", (1_000,), 0), ("merchant", (0,), 60)):
        again = op(dispute_id, shares, bond_minor)
        assert court.send(sender, (OPEN, again)).status == "StateForbids"
    court.settle(dispute_id, 500)
    # Nor afterwards: an ended case stays ended.
    assert court.send("buyer", (OPEN, op(dispute_id))).status == "StateForbids"


def test_a_dispute_takes_the_place_of_its_cases_clock() -> None:
    court = Court()
    case_id = court.rejected()
    before = load_case(court.state, case_id)
    assert before.due_ms is not None
    court.take(case_id, 1_000)
    disputed = load_case(court.state, case_id)
    assert (disputed.state, disputed.due_ms) == ("DISPUTED", None)
    # The case would have closed by now; the draw under way has the clock.
    assert court.wait(before.due_ms - court.time_ms - 1) == ()
    clock = court.dispute(case_id).clock()
    assert clock is not None
    assert clock[1] == "sys.dispute.draw"


def test_who_paid_for_another_is_no_stranger_to_the_dispute() -> None:
    court = Court()
    order_id = court.order((court.tea, 1))
    court.pay(order_id, "friend")
    parcel_id = court.ship(order_id)
    made = court.done("merchant", (OPEN, op(parcel_id, (0,), 20)))
    subject = court.dispute(court.case(made)).subject
    assert subject.interested == (account("friend"),)
    assert (subject.buyer, subject.seller) == (account("buyer"), account("merchant"))
    assert subject.worth_minor == (1_000,)


def test_a_delivery_proof_that_convinces_the_panel_pays_the_seller() -> None:
    court = Court()
    parcel_id = court.ship(court.paid((court.tea, 3)))
    opened = court.done("merchant", (OPEN, op(parcel_id, (0,), 60)))
    dispute_id = court.case(opened)
    court.drawn(dispute_id)
    had_minor = court.money("merchant")
    court.vote(dispute_id, (0,), (0,), (1_000,))
    court.pass_phase(dispute_id)
    assert court.money("merchant") - had_minor == 3_000 + 60


def test_a_buyer_who_sent_back_an_empty_parcel_ends_no_richer() -> None:
    court = Court()
    case_id = returned(court)
    had_minor = court.money("buyer"), court.money("merchant")
    court.done("merchant", (CONTEST, ReturnContest(case_id, (0,), 60, DOCUMENT)))
    court.drawn(case_id)
    court.vote(case_id, (0,), (0,), (0,))
    court.pass_phase(case_id)
    assert (court.money("buyer"), court.money("merchant")) == (had_minor[0], had_minor[1] + 3_000)


def test_when_nobody_rules_on_goods_that_a_carrier_brought_back_the_buyer_has_its_money() -> None:
    court = Court()
    case_id = returned(court)
    had_minor = court.money("buyer"), court.money("merchant")
    court.done("merchant", (CONTEST, ReturnContest(case_id, (0,), 60, DOCUMENT)))
    court.wait(60 * DAY_MS)
    assert court.dispute(case_id).phase == "SPLIT"
    assert (court.money("buyer"), court.money("merchant")) == (had_minor[0] + 3_000, had_minor[1])
