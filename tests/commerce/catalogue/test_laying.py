"""Coupons through an order's whole life: every part that goes back goes to who had paid it."""

from commerce.aftersale.outcomes import begin_dispute, split_case
from commerce.catalogue.laying import with_coupons
from commerce.deposits.debts import DEBTS
from commerce.deposits.fund import fund_minor
from commerce.payments import PayTransfer
from tests.commerce.catalogue.coupon_terms import issue
from tests.commerce.catalogue.test_drawing import bought, place
from tests.commerce.deposits.inside import contribute, inside
from tests.commerce.shop import Shop
from tests.commerce.world import FUNDS_MINOR, account, genesis

# What the mutual fund lends a merchant; nothing by default.
LENDS = {"fund_debt_max": 1_000_000}


class Funded(Shop):
    """Three teas, 3,000 in all: 2,900 from the buyer, 100 from the friend."""

    def __init__(self) -> None:
        super().__init__(genesis(limits=LENDS))
        self.coupon = issue(self, amount_minor=100)
        self.order_id = bought(self, (self.tea, 3), coupons=(self.coupon,))

    def delivered(self) -> bytes:
        """All of it at the buyer's door."""
        parcel_id = self.ship(self.order_id)
        self.deliver(parcel_id)
        return parcel_id

    def costs(self) -> tuple[int, int, int]:
        """What buyer and friend have less, what the merchant has more than at first."""
        buyer, friend = (FUNDS_MINOR - self.money(name) for name in ("buyer", "friend"))
        return buyer, friend, self.money("merchant")


def test_an_allowance_is_paid_back_in_proportion() -> None:
    shop = Funded()
    parcel_id = shop.delivered()
    # The first 300 of 3,000: ⌊100 · 300 / 3,000⌋ = 10 of them are the friend's.
    shop.agree(shop.allowance(parcel_id, 300))
    assert shop.costs() == (2_900 - 290, 100 - 10, 0)
    shop.confirm(parcel_id)
    assert shop.costs() == (2_610, 90, 2_700)


def test_a_return_after_the_seller_was_paid_comes_back_from_the_seller_to_both() -> None:
    shop = Funded()
    parcel_id = shop.delivered()
    shop.confirm(parcel_id)
    assert shop.costs() == (2_900, 100, 3_000)
    case_id = shop.complain(parcel_id, "quality", (0, 1))
    shop.sent_back(case_id)
    shop.receive(case_id)
    # Unit 0 is [0, 1,000): ⌊100 · 1,000 / 3,000⌋ = 33 to the friend.
    assert shop.costs() == (2_900 - 967, 100 - 33, 2_000)


def test_what_the_seller_cannot_pay_back_it_owes_to_both() -> None:
    shop = Funded()
    parcel_id = shop.delivered()
    shop.confirm(parcel_id)
    everything = PayTransfer(account("rival"), "CNY", 3_000, None)
    shop.done("merchant", ("pay.transfer", everything))
    case_id = shop.complain(parcel_id, "quality", (0, 3))
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert shop.costs() == (2_900, 100, 0)
    owed = sorted(debt.amount_minor for _, debt in DEBTS.items(shop.state))
    assert owed == [100, 2_900]


class SelfFunded(Shop):
    """One tea at 1,000: 900 from the merchant's own coupon. It was paid out, and all is gone."""

    def __init__(self) -> None:
        super().__init__(genesis(limits=LENDS))
        self.done("friend", ("pay.transfer", PayTransfer(account("merchant"), "CNY", 900, None)))
        coupon = issue(self, "merchant", amount_minor=900)
        order_id = bought(self, (self.tea, 1), coupons=(coupon,))
        self.parcel_id = self.ship(order_id)
        self.deliver(self.parcel_id)
        self.confirm(self.parcel_id)
        gone = PayTransfer(account("rival"), "CNY", 1_000, None)
        self.done("merchant", ("pay.transfer", gone))
        self.case_id = self.complain(self.parcel_id, "quality", (0, 1))


def test_a_seller_owes_itself_nothing() -> None:
    shop = SelfFunded()
    shop.sent_back(shop.case_id)
    shop.receive(shop.case_id)
    debts = [(debt.creditor, debt.amount_minor) for _, debt in DEBTS.items(shop.state)]
    assert debts == [(account("buyer"), 100)]


def test_the_mutual_fund_pays_no_seller_for_its_own_coupon() -> None:
    """Else a merchant with an empty purse would draw its own discounts out of the fund."""
    shop = SelfFunded()
    contribute(shop, 5_000)
    shop.reject(shop.case_id)
    with inside(shop) as context:
        case = begin_dispute(context, shop.case_id, shop.case_of(shop.case_id))
        split_case(context, shop.case_id, case, [1_000], ruled=True)
    assert shop.money("merchant") == 0
    assert shop.money("buyer") == FUNDS_MINOR
    assert fund_minor(shop.state, "CNY") == 5_000 - 100


def test_the_mutual_fund_answers_for_the_payer_and_not_for_who_funds_coupons() -> None:
    """Else a merchant and its other account would insure their own discounts."""
    shop = Funded()
    contribute(shop, 5_000)
    parcel_id = shop.delivered()
    shop.confirm(parcel_id)
    everything = PayTransfer(account("rival"), "CNY", 3_000, None)
    shop.done("merchant", ("pay.transfer", everything))
    case_id = shop.complain(parcel_id, "quality", (0, 3))
    shop.reject(case_id)
    with inside(shop) as context:
        case = begin_dispute(context, case_id, shop.case_of(case_id))
        split_case(context, case_id, case, [1_000], ruled=True)
    assert shop.money("buyer") == FUNDS_MINOR
    assert fund_minor(shop.state, "CNY") == 5_000 - 2_900
    debts = [(debt.creditor, debt.amount_minor) for _, debt in DEBTS.items(shop.state)]
    assert debts == [(None, 2_900), (account("friend"), 100)]


def test_a_payer_and_a_funder_share_what_the_seller_still_has_the_payer_first() -> None:
    shop = Funded()
    parcel_id = shop.delivered()
    shop.confirm(parcel_id)
    shop.done("merchant", ("pay.transfer", PayTransfer(account("rival"), "CNY", 50, None)))
    case_id = shop.complain(parcel_id, "quality", (0, 3))
    shop.sent_back(case_id)
    shop.receive(case_id)
    assert shop.costs() == (0, 50, 0)
    debts = [(debt.creditor, debt.amount_minor) for _, debt in DEBTS.items(shop.state)]
    assert debts == [(account("friend"), 50)]


def test_a_lost_parcel_gives_each_its_own_back() -> None:
    shop = Funded()
    shop.ship(shop.order_id, (0, 1))
    shop.wait(45 * 24 * 3_600_000)
    shop.wait(45 * 24 * 3_600_000)
    assert shop.load(shop.order_id).state == "REFUNDED"
    assert shop.costs() == (0, 0, 0)


def test_several_coupons_are_laid_on_anew_as_they_were_laid_on_first() -> None:
    shop = Shop()
    coupons = [issue(shop, amount_minor=333), issue(shop, amount_minor=None, permille=77)]
    order = shop.load(place(shop, (shop.tea, 3), (shop.bike, 2), coupons=coupons))
    assert with_coupons(shop.state, order) == order
    # 5,000 − 333 = 4,667, and ⌊4,667 · 77 / 1000⌋ = 359.
    assert order.payable_minor == 5_000 - 333 - 359
