"""Against a penalty: who may contest it, when, and what a panel's ruling makes of it."""

import pytest

from commerce.delegations import Delegate
from commerce.devices.contest import PenaltyContest
from commerce.devices.penalty import penalty_id
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.deposits.inside import fund_merchant
from tests.commerce.devices.cold import WARM, Chain
from tests.commerce.disputes.court import Court
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, key

CONTEST = "penalty.contest"
# Two per mille of ten are at least one: a seller's bond for a penalty of 500 is 10 fen.
BOND_MINOR = 10


def contesting(shop: Shop) -> list[Row]:
    """Attempts against a penalty of 500 fen, and one against the next."""
    chain = Chain(shop)
    chain.report(0, 90, WARM)
    known = penalty_id(chain.parcel_id, 0)

    def against(*shares: int, bond_minor: int = BOND_MINOR, of: bytes = known) -> PenaltyContest:
        return PenaltyContest(of, shares, bond_minor, bytes(32))

    return [
        Attempt("carrier", CONTEST, against(0, of=bytes(32)), (), "PenaltyUnknown"),
        Attempt("buyer", CONTEST, against(0), (), "NotAParty"),
        Attempt("haulier", CONTEST, against(0), (), "NotAParty"),
        # It loses nothing by this penalty, and would take the carrier's word away.
        Attempt("merchant", CONTEST, against(999), (), "NotAParty"),
        Attempt("carrier", CONTEST, against(0, 0), (), "SharesMismatch"),
        Attempt("carrier", CONTEST, against(1_000), (), "ClaimEmpty"),
        Attempt("carrier", CONTEST, against(0, bond_minor=BOND_MINOR - 1), (), "BondTooSmall"),
        Attempt("carrier", CONTEST, against(0), (), "InsufficientFunds"),
        Wait(2 * DAY_MS),
        Attempt("carrier", CONTEST, against(0), (), "StateForbids"),
    ]


def scoped(shop: Shop) -> list[Row]:
    """By a delegated key with too small a cap."""
    chain = Chain(shop)
    chain.report(0, 90, WARM)
    fund_merchant(shop, 1_000, "carrier")
    delegate = Delegate(key("erp"), (CONTEST,), BOND_MINOR - 1, shop.time_ms + DAY_MS)
    known = penalty_id(chain.parcel_id, 0)
    against = PenaltyContest(known, (0,), BOND_MINOR, bytes(32))
    return [
        Attempt("carrier", "delegate", delegate, (), "ok"),
        Attempt("carrier/erp", CONTEST, against, (), "DelegationExceeded"),
        Attempt("carrier", CONTEST, against, (), "ok"),
        Attempt("carrier", CONTEST, against, (), "StateForbids"),
    ]


def test_attempts_to_contest() -> None:
    for table in (contesting, scoped):
        shop = Shop()
        play(shop, table(shop))


@pytest.mark.parametrize(("permille", "stands_minor"), [(1_000, 500), (400, 200), (0, 0)])
def test_a_panel_decides_what_of_a_penalty_stands(permille: int, stands_minor: int) -> None:
    court = Court()
    court.fund("carrier", 1_000)
    chain = Chain(court)
    before = court.money("buyer"), court.money("merchant")
    chain.report(0, 90, WARM)
    known = penalty_id(chain.parcel_id, 0)
    contest = PenaltyContest(known, (0,), BOND_MINOR, bytes(32))
    court.done("carrier", (CONTEST, contest))
    assert chain.penalty().state == "DISPUTED"
    court.drawn(known)
    court.vote(known, *([[permille]] * 3))
    court.pass_phase(known)
    penalty = chain.penalty()
    assert (penalty.state, penalty.amount_minor) == ("SETTLED", stands_minor)
    assert (penalty.charged_minor, penalty.refunded_minor) == (stands_minor, stands_minor)
    assert court.money("buyer") == before[0] + stands_minor
    assert court.money("merchant") == before[1] + stands_minor


def test_what_is_reported_after_a_contest_is_another_penalty() -> None:
    court = Court()
    court.fund("carrier", 1_000)
    chain = Chain(court)
    chain.report(0, 90, WARM)
    contest = PenaltyContest(penalty_id(chain.parcel_id, 0), (0,), BOND_MINOR, bytes(32))
    court.done("carrier", (CONTEST, contest))
    chain.report(90, 150, WARM)
    assert chain.amounts() == [("carrier", 500), ("carrier", 500)]
    assert (chain.penalty(0).state, chain.penalty(1).state) == ("DISPUTED", "PENDING")
    assert (chain.watch.penalties, chain.watch.pending) == (2, 2)


def test_without_a_panel_a_penalty_stands_as_it_was_measured() -> None:
    court = Court(0, arbiters=0)
    court.fund("carrier", 1_000)
    chain = Chain(court)
    chain.report(0, 90, WARM)
    known = penalty_id(chain.parcel_id, 0)
    court.done("carrier", (CONTEST, PenaltyContest(known, (0,), BOND_MINOR, bytes(32))))
    while chain.penalty().state == "DISPUTED":
        court.pass_phase(known)
    assert chain.penalty().charged_minor == 500
    assert court.money("buyer") == FUNDS_MINOR - 10_000 + 500


def test_a_seller_contests_what_it_bears_alone() -> None:
    court = Court()
    chain = Chain(court, named=False)
    chain.bind("logger", None, watches=True)
    chain.report(0, 90, WARM)
    known = penalty_id(chain.parcel_id, 0)
    court.done("merchant", (CONTEST, PenaltyContest(known, (0,), BOND_MINOR, bytes(32))))
    court.drawn(known)
    court.vote(known, *([[0]] * 3))
    court.pass_phase(known)
    assert chain.penalty().refunded_minor == 0
    assert court.money("buyer") == FUNDS_MINOR - 10_000


def test_a_ruling_waits_for_units_that_are_under_a_request() -> None:
    court = Court()
    court.fund("carrier", 1_000)
    chain = Chain(court)
    chain.report(0, 90, WARM)
    known = penalty_id(chain.parcel_id, 0)
    court.done("carrier", (CONTEST, PenaltyContest(known, (0,), BOND_MINOR, bytes(32))))
    chain.arrive(90)
    court.drawn(known)
    court.vote(known, *([[400]] * 3))
    case_id = court.allowance(chain.parcel_id, 100)
    court.pass_phase(known)
    assert (chain.penalty().state, chain.penalty().amount_minor) == ("RULED", 200)
    assert chain.penalty().due_ms is not None
    court.silence(case_id)
    court.wait(2 * DAY_MS)
    penalty = chain.penalty()
    assert (penalty.state, penalty.amount_minor, penalty.refunded_minor) == ("SETTLED", 200, 200)
