"""What panels rule, with real panels: the fund lends for the price up to its bound, and no more."""

from commerce.aftersale.answers import RefundReject
from commerce.aftersale.requests import RefundRequest, RequestedLine
from commerce.deposits.claim import load_claim
from commerce.deposits.debts import Owed, owed_by
from commerce.deposits.fund import fund_minor
from commerce.deposits.recourse import RecourseRepay
from commerce.payments import PayTransfer
from tests.commerce.deposits.counter import CLAIM, claiming
from tests.commerce.deposits.inside import MERCHANT, contribute
from tests.commerce.disputes.court import Court
from tests.commerce.shop import create
from tests.commerce.world import FUNDS_MINOR, account

FUND_MINOR = 100_000
LENT_MAX_MINOR = 5_000
ALL = ((1_000,),) * 3


class Fairground(Court):
    """A court whose fund lends a merchant 50.00 yuan; it sells and empties its pockets."""

    def __init__(self) -> None:
        super().__init__(limits={"fund_debt_max": LENT_MAX_MINOR})
        contribute(self, FUND_MINOR)

    def sold(self) -> tuple[bytes, bytes]:
        """Three units for 30.00 yuan, delivered and confirmed; the order and the parcel."""
        order_id = self.paid((self.tea, 3))
        parcel_id = self.ship(order_id)
        self.confirm(parcel_id)
        return order_id, parcel_id

    def flee(self) -> None:
        """The merchant's balance goes to a friend."""
        payment = PayTransfer(account("friend"), "CNY", self.money("merchant"), None)
        self.done("merchant", ("pay.transfer", payment))

    def lose(self, order_id: bytes, parcel_id: bytes) -> None:
        """The buyer wants its money back, the merchant refuses, a panel gives it all of it."""
        lines = (RequestedLine(0, 3, None),)
        asked = RefundRequest(order_id, parcel_id, "quality", lines, "mouldy", None)
        case_id = self.case(self.done("buyer", ("refund.request", asked)))
        self.done("merchant", ("refund.reject", RefundReject(case_id, "it was not", None)))
        self.judge(self.take(case_id, 1_000))

    def judge(self, dispute_id: bytes) -> None:
        """A panel rules for the buyer, and nobody appeals."""
        self.drawn(dispute_id)
        self.vote(dispute_id, *ALL)
        self.pass_phase(dispute_id)
        self.restock()


def test_the_fund_lends_for_many_small_rulings_no_more_than_its_bound() -> None:
    ground = Fairground()
    sales = [ground.sold() for _ in range(3)]
    ground.flee()
    before = ground.money("buyer")
    ground.lose(*sales[0])
    assert ground.money("buyer") == before + 3_000
    assert owed_by(ground.state, MERCHANT, "CNY") == Owed(3_000, 3_000)
    ground.lose(*sales[1])
    assert ground.money("buyer") == before + LENT_MAX_MINOR
    assert owed_by(ground.state, MERCHANT, "CNY") == Owed(6_000, LENT_MAX_MINOR)
    ground.lose(*sales[2])
    assert ground.money("buyer") == before + LENT_MAX_MINOR
    assert owed_by(ground.state, MERCHANT, "CNY") == Owed(9_000, LENT_MAX_MINOR)
    assert fund_minor(ground.state, "CNY") == FUND_MINOR - LENT_MAX_MINOR
    order = create((ground.tea, 1))
    assert ground.send("buyer", ("order.create", order)).status == "MerchantInDebt"
    # What was lent and what was owed comes back, and the merchant sells again.
    ground.fund("merchant", 9_000)
    ground.done("merchant", ("recourse.repay", RecourseRepay("CNY", 9_000)))
    assert fund_minor(ground.state, "CNY") == FUND_MINOR
    assert ground.money("buyer") == before + 9_000
    ground.order((ground.tea, 1))


def test_a_punitive_claim_that_a_panel_grants_costs_the_merchant_alone() -> None:
    ground = Fairground()
    order_id, _ = ground.sold()
    ground.flee()
    made = ground.done("buyer", (CLAIM, claiming(order_id, "food")))
    claim_id = made[0].data["claim_id"]
    ground.judge(claim_id)
    claim = load_claim(ground.state, claim_id)
    assert (claim.awarded_minor, claim.paid_minor, claim.owed_minor) == (100_000, 0, 100_000)
    assert fund_minor(ground.state, "CNY") == FUND_MINOR
    assert ground.money("buyer") == FUNDS_MINOR - 3_000
    assert owed_by(ground.state, MERCHANT, "CNY") == Owed(100_000, 0)
