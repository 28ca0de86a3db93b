"""Rules of claim.file: pledges computed from the records, compensations that a panel judges."""

# ruff: noqa: E501 (the rule table is aligned)

from dataclasses import replace

from commerce.deposits.claim import Claim, ClaimLine, load_claim
from commerce.deposits.claims import FILING_MS
from commerce.deposits.debts import Owed, owed_by
from commerce.deposits.fund import fund_minor
from commerce.deposits.holding import deposit_of
from commerce.disputes.dispute import load_dispute
from tests.commerce.attempts import Attempt, Do, Row, Wait, play
from tests.commerce.deposits.counter import CLAIM, Counter, claiming
from tests.commerce.deposits.inside import (
    MERCHANT,
    contribute,
    deposit,
    fund_merchant,
    reserved,
)
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, account

NOWHERE = bytes(32)
SHIP_MS = 72 * HOUR_MS


def claims(shop: Counter) -> list[Row]:
    """An order of two pledged units and one plain, never shipped; one unpaid, one ended."""
    unpaid = shop.order((shop.pledged, 1))
    paid = shop.paid((shop.pledged, 2), (shop.tea, 1))
    sold = shop.paid((shop.pledged, 1))
    shop.confirm(shop.ship(sold))
    late, lost, fraud = (claiming(paid, kind) for kind in ("late", "lost", "fraud"))
    # fmt: off
    return [
        Do(lambda world: fund_merchant(world, 10_000)),
        #       sender      type   payload                                     with  outcome
        Attempt("buyer",    CLAIM, claiming(paid, "slow"),                     (),   "ClaimKindUnknown"),
        Attempt("buyer",    CLAIM, replace(fraud, loss_minor=1),               (),   "LossNotClaimable"),
        Attempt("buyer",    CLAIM, replace(fraud, evidence=None),              (),   "EvidenceMissing"),
        Attempt("buyer",    CLAIM, claiming(paid, "late", 0, 0),               (),   "LineRepeated"),
        Attempt("buyer",    CLAIM, claiming(NOWHERE, "late"),                  (),   "OrderUnknown"),
        Attempt("merchant", CLAIM, late,                                       (),   "NotTheBuyer"),
        Attempt("friend",   CLAIM, late,                                       (),   "NotTheBuyer"),
        Attempt("buyer",    CLAIM, claiming(paid, "late", 2),                  (),   "LineUnknown"),
        Attempt("buyer",    CLAIM, claiming(unpaid, "late"),                   (),   "OrderUnpaid"),
        Attempt("buyer",    CLAIM, claiming(paid, "late", 0, 1),               (),   "PledgeMissing"),
        Attempt("buyer",    CLAIM, late,                                       (),   "NothingClaimable"),
        Attempt("buyer",    CLAIM, lost,                                       (),   "NothingClaimable"),
        Wait(SHIP_MS - 1),
        Attempt("buyer",    CLAIM, late,                                       (),   "NothingClaimable"),
        Wait(1),
        Attempt("buyer",    CLAIM, replace(late, evidence=None),               (),   "ok"),
        Attempt("buyer",    CLAIM, late,                                       (),   "ClaimExists"),
        Attempt("buyer",    CLAIM, claiming(paid, "food", loss_minor=2**62),   (),   "AmountTooLarge"),
        Attempt("buyer",    CLAIM, fraud,                                      (),   "ok"),
        Attempt("buyer",    CLAIM, claiming(paid, "fraud", 1, 0),              (),   "ClaimExists"),
        # The least of 500 yuan is claimed already, for all that was bought in these days.
        Attempt("buyer",    CLAIM, claiming(paid, "fraud", 1),                 (),   "NothingClaimable"),
        Wait(FILING_MS - SHIP_MS),
        Attempt("buyer",    CLAIM, claiming(sold, "food", loss_minor=5),       (),   "ok"),
        Wait(1),
        Attempt("buyer",    CLAIM, claiming(sold, "authentic"),                (),   "ClaimTooLate"),
    ]
    # fmt: on


def test_a_claim_is_filed_once_in_time_and_for_something() -> None:
    shop = Counter()
    play(shop, claims(shop))


def test_a_late_seller_pays_its_pledge_at_once_and_not_out_of_the_escrow() -> None:
    shop = Counter()
    fund_merchant(shop, 700)
    order_id = shop.paid((shop.pledged, 2), (shop.pledging(999), 1))
    shop.wait(SHIP_MS)
    filed, ended = shop.events_of(order_id, "late", 1, 0)
    # 300 per mille of 20.00 and of 9.99 yuan: 6.00 and 2.99 (rounded down).
    assert filed.data["lines"] == (
        {"amount_minor": 600, "line": 0},
        {"amount_minor": 299, "line": 1},
    )
    assert ended.data["awarded_minor"] == 899
    assert ended.data["from_balance_minor"] == 700
    assert ended.data["owed_minor"] == 199
    assert shop.money("buyer") == FUNDS_MINOR - 2_999 + 700
    assert shop.money("merchant") == 0
    assert shop.load(order_id).lines[0].held_minor == 2_000
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(199, 0)
    shop.cancel(order_id)
    assert shop.money("buyer") == FUNDS_MINOR + 700


def test_units_shipped_late_are_late_and_those_shipped_in_time_are_not() -> None:
    shop = Counter()
    fund_merchant(shop, 10_000)
    order_id = shop.paid((shop.pledged, 3))
    shop.ship(order_id, (0, 1))
    shop.wait(SHIP_MS)
    shop.ship(order_id, (0, 1))
    claim = shop.load_claim(shop.claim(order_id, "late"))
    assert claim.lines == (ClaimLine(0, 2_000, 600, 600),)
    assert (claim.paid_minor, claim.owed_minor, claim.state) == (600, 0, "ENDED")


def test_shipping_in_the_moment_of_the_deadline_is_late() -> None:
    shop = Counter()
    fund_merchant(shop, 10_000)
    order_id = shop.paid((shop.pledged, 1))
    shop.time_ms += SHIP_MS
    shop.ship(order_id)
    assert shop.load_claim(shop.claim(order_id, "late")).awarded_minor == 300


def test_a_parcel_that_is_overdue_counts_as_lost_when_it_is_claimed_for() -> None:
    shop = Counter()
    fund_merchant(shop, 10_000)
    order_id = shop.paid((shop.pledged, 2))
    shop.ship(order_id, (0, 1))
    shop.ship(order_id, (0, 1))
    shop.limit_deadlines(0)
    shop.time_ms += 30 * DAY_MS
    claim = shop.load_claim(shop.claim(order_id, "lost"))
    assert claim.lines == (ClaimLine(0, 2_000, 500, 500),)
    assert shop.money("buyer") == FUNDS_MINOR + 500


def test_a_deposit_pays_what_the_balance_cannot_but_not_what_is_reserved() -> None:
    shop = Counter()
    deposit(shop, 200)
    order_id = shop.paid((shop.pledged, 1))
    assert reserved(shop, 150)
    contribute(shop, 5_000)
    shop.wait(SHIP_MS)
    claim = shop.load_claim(shop.claim(order_id, "late"))
    assert (claim.paid_minor, claim.owed_minor) == (50, 250)
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 150
    assert fund_minor(shop.state, "CNY") == 5_000


def test_what_has_to_be_judged_becomes_a_dispute_and_moves_no_money() -> None:
    shop = Counter()
    fund_merchant(shop, 10_000)
    order_id = shop.paid((shop.pledged, 2))
    claim_id = shop.claim(order_id, "authentic")
    claim = load_claim(shop.state, claim_id)
    assert isinstance(claim, Claim)
    assert (claim.state, claim.asked_minor, claim.awarded_minor) == ("FILED", 200, 0)
    assert shop.money("merchant") == 10_000
    subject = load_dispute(shop.state, claim_id).subject
    assert (subject.kind, subject.worth_minor) == ("claim", (200,))
    assert (subject.buyer, subject.seller) == (account("buyer"), MERCHANT)


def test_fraud_is_three_prices_and_500_yuan_at_least() -> None:
    shop = Counter()
    dear = shop.paid((shop.pledging(40_000), 1))
    cheap = shop.paid((shop.pledged, 1), buyer="friend")
    assert shop.load_claim(shop.claim(dear, "fraud")).asked_minor == 120_000
    (filed, _) = shop.done("friend", (CLAIM, claiming(cheap, "fraud")))
    assert filed.data["amount_minor"] == 50_000


def test_unsafe_food_is_ten_prices_or_three_losses_and_1000_yuan_at_least() -> None:
    shop = Counter()
    dear = shop.pledging(20_000)
    assert shop.load_claim(shop.claim(shop.paid((dear, 1)), "food")).asked_minor == 200_000
    shop.wait(61 * DAY_MS)
    harmed = shop.paid((dear, 1))
    claim_id = shop.claim(harmed, "food", loss_minor=70_000)
    assert shop.load_claim(claim_id).asked_minor == 210_000
    shop.wait(61 * DAY_MS)
    cheap = shop.paid((shop.pledged, 1))
    assert shop.load_claim(shop.claim(cheap, "food")).asked_minor == 100_000


def test_lines_share_a_punitive_claim_by_their_prices() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledging(100), 1), (shop.pledging(200), 1), (shop.tea, 1))
    claim = shop.load_claim(shop.claim(order_id, "food", 1, 0))
    assert [(entry.line, entry.price_minor) for entry in claim.lines] == [(0, 100), (1, 200)]
    assert [entry.asked_minor for entry in claim.lines] == [33_333, 66_667]


def test_units_that_were_cancelled_unshipped_were_not_bought() -> None:
    shop = Counter()
    order_id = shop.paid((shop.pledging(40_000), 3))
    shop.ship(order_id, (0, 1))
    shop.cancel(order_id, with_=("merchant",))
    assert shop.load_claim(shop.claim(order_id, "fraud")).asked_minor == 120_000
