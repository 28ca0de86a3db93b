"""Tricks that would get money out of a merchant's guarantees: each ends no richer, to the fen.

A purse is what colluders have together, a merchant's deposit included.
"""

from commerce.aftersale.returns import ReturnDelivered, ReturnShip
from commerce.deposits.debts import Owed, owed_by
from commerce.deposits.deposits import DepositWithdrawExecute, DepositWithdrawRequest
from commerce.deposits.fund import FundContribute, fund_minor
from commerce.deposits.holding import deposit_of
from commerce.deposits.recourse import RecourseRepay
from commerce.disputes.hearing import DisputeSettle
from tests.commerce.deposits.counter import CLAIM, Counter, claiming
from tests.commerce.deposits.inside import MERCHANT, contribute, deposit, fund_merchant
from tests.commerce.shop import create
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, account

ASK, EXECUTE = "deposit.withdraw.request", "deposit.withdraw.execute"
SHIP_MS = 72 * HOUR_MS
FUND_MINOR = 500_000


def purse(shop: Counter) -> int:
    """What the buyer and the merchant have together."""
    held = deposit_of(shop.state, MERCHANT, "CNY").held_minor
    return shop.money("buyer") + shop.money("merchant") + held


def test_colluders_that_pledge_300_per_mille_and_never_ship_end_no_richer() -> None:
    shop = Counter()
    deposit(shop, 300_000)
    contribute(shop, FUND_MINOR)
    # Somebody else has bought for 1,000.00 yuan, and the merchant's deposit stands for that.
    honest = shop.paid((shop.pledging(100_000), 1), buyer="friend")
    shop.ship(honest)
    assert deposit_of(shop.state, MERCHANT, "CNY").reserved_minor == 100_000
    before = purse(shop)
    bait = shop.pledging(1_000_000)
    order_id = shop.paid((bait, 1))
    shop.wait(SHIP_MS)
    # 3,000.00 yuan are pledged; 2,000.00 are free, the rest is a debt between the two.
    claim = shop.load_claim(shop.claim(order_id, "late"))
    assert (claim.paid_minor, claim.owed_minor) == (200_000, 100_000)
    shop.cancel(order_id)
    assert purse(shop) == before
    assert fund_minor(shop.state, "CNY") == FUND_MINOR
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 100_000
    # And that was the last time.
    again = shop.send("buyer", ("order.create", create((bait, 1))))
    assert again.status == "MerchantInDebt"


def test_colluders_that_settle_at_ten_times_the_price_end_no_richer() -> None:
    shop = Counter()
    contribute(shop, FUND_MINOR)
    fund_merchant(shop, 30_000)
    before = purse(shop)
    order_id = shop.paid((shop.pledging(50_000), 1))
    shop.confirm(shop.ship(order_id))
    claim_id = shop.claim(order_id, "food")
    assert shop.load_claim(claim_id).asked_minor == 500_000
    shop.settle(claim_id, 1_000)
    claim = shop.load_claim(claim_id)
    assert (claim.paid_minor, claim.owed_minor) == (80_000, 420_000)
    assert fund_minor(shop.state, "CNY") == FUND_MINOR
    assert purse(shop) == before
    # The money may go round as often as they like: it is their own.
    fund_merchant(shop, 1)
    for _ in range(3):
        shop.done("buyer", shop.transfer_to("merchant", 100_000))
        shop.done("merchant", ("recourse.repay", RecourseRepay("CNY", 100_000)))
    assert purse(shop) == before + 1
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(120_000, 0)


def test_what_is_kept_for_an_honest_claim_does_not_leave_through_a_friends() -> None:
    shop = Counter()
    deposit(shop, 80_000)
    mine, theirs = shop.paid((shop.pledged, 1), buyer="friend"), shop.paid((shop.pledged, 1))
    (filed, _) = shop.done("friend", (CLAIM, claiming(mine, "fraud")))
    honest = filed.data["claim_id"]
    assert shop.load_claim(honest).kept_minor == 50_000
    # The merchant and the buyer are friends: they settle at once, for what isn't kept.
    shop.settle(shop.claim(theirs, "fraud"), 1_000)
    held = deposit_of(shop.state, MERCHANT, "CNY")
    assert (held.held_minor, held.claimed_minor, held.reserved_minor) == (52_000, 50_000, 2_000)
    shop.done("friend", ("dispute.settle", DisputeSettle(honest, (1_000,))), with_=("merchant",))
    assert shop.money("friend") == FUNDS_MINOR - 1_000 + 50_000
    assert shop.load_claim(honest).owed_minor == 0


def test_one_deposit_covers_no_more_orders_than_it_is_worth() -> None:
    shop = Counter()
    shop.audited = False
    deposit(shop, 10_500)
    orders = [shop.paid((shop.tea, 1)) for _ in range(40)]
    covered = [shop.load(order_id).reserved_minor for order_id in orders]
    assert covered == [1_000] * 10 + [0] * 30
    held = deposit_of(shop.state, MERCHANT, "CNY")
    assert (held.reserved_minor, held.free_minor) == (10_000, 500)


def test_a_deposit_does_not_leave_while_an_order_is_open() -> None:
    shop = Counter()
    deposit(shop, 1_500)
    order_id = shop.paid((shop.tea, 1))
    all_of_it = (ASK, DepositWithdrawRequest("CNY", 1_500))
    assert shop.send("merchant", all_of_it).status == "DepositReserved"
    shop.confirm(shop.ship(order_id))
    # Confirmed and paid, but what the buyer may still ask for is not over.
    assert shop.send("merchant", all_of_it).status == "DepositReserved"
    shop.wait(20 * DAY_MS)
    assert shop.load(order_id).reserved_minor == 0
    ended_ms = deposit_of(shop.state, MERCHANT, "CNY").obligation_ms
    assert ended_ms is not None
    assert ended_ms < shop.time_ms
    shop.done("merchant", all_of_it)
    shop.wait(90 * DAY_MS - 1)
    early = shop.send("merchant", (EXECUTE, DepositWithdrawExecute("CNY")))
    assert early.status == "DepositLocked"
    shop.wait(1)
    shop.done("merchant", (EXECUTE, DepositWithdrawExecute("CNY")))
    assert shop.money("merchant") == 1_000 + 1_500


def test_a_merchant_who_took_the_money_and_left_pays_from_what_is_reserved_for_the_order() -> None:
    shop = Counter()
    deposit(shop, 1_500)
    order_id = shop.paid((shop.tea, 1))
    parcel_id = shop.ship(order_id)
    shop.confirm(parcel_id)
    shop.done("merchant", shop.transfer_to("friend", 1_000))
    case_id = shop.ask(order_id, parcel_id, "quality", 1)
    shop.wait(5 * DAY_MS)
    shop.done("buyer", returned(case_id), with_=("carrier",))
    shop.done("carrier", ("return.delivered", ReturnDelivered(case_id)))
    shop.wait(7 * DAY_MS)
    assert shop.money("buyer") == FUNDS_MINOR
    assert deposit_of(shop.state, MERCHANT, "CNY").held_minor == 500
    assert owed_by(shop.state, MERCHANT, "CNY") == Owed(0, 0)


def returned(case_id: bytes) -> tuple[str, object]:
    """The goods go back, at no cost."""
    return "return.ship", ReturnShip(case_id, account("carrier"), 0, None)


def test_what_is_contributed_to_the_fund_cannot_be_claimed_back() -> None:
    shop = Counter()
    before = purse(shop)
    shop.done("buyer", ("fund.contribute", FundContribute("CNY", 100_000)))
    order_id = shop.paid((shop.pledging(50_000), 1))
    shop.confirm(shop.ship(order_id))
    shop.done("merchant", shop.transfer_to("buyer", shop.money("merchant")))
    claim_id = shop.claim(order_id, "fraud")
    shop.settle(claim_id, 1_000)
    assert purse(shop) == before - 100_000
    assert fund_minor(shop.state, "CNY") == 100_000


def test_a_hundred_small_purchases_are_one_least_compensation() -> None:
    shop = Counter()
    shop.audited = False
    fund_merchant(shop, 1_000_000)
    penny = shop.pledging(150)
    asked = []
    for _ in range(100):
        order_id = shop.paid((penny, 1))
        receipt = shop.send("buyer", (CLAIM, claiming(order_id, "food")))
        found = [told.data["amount_minor"] for told in receipt.events if told.type == "claim.filed"]
        asked.append(sum(found))
    # 1,000 yuan for the first; ten times the price of any two together is less than that.
    assert asked == [100_000] + [0] * 99


def test_refused_claims_cost_the_others_nothing() -> None:
    shop = Counter()
    before = shop.money("buyer")
    first, second = (shop.paid((shop.pledging(200), 1)) for _ in range(2))
    nothing = shop.claim(first, "food")
    assert shop.send("buyer", (CLAIM, claiming(second, "food"))).status == "NothingClaimable"
    shop.settle(nothing, 0)
    assert shop.load_claim(shop.claim(second, "food")).asked_minor == 100_000
    assert shop.money("buyer") == before - 400
    assert before == FUNDS_MINOR
