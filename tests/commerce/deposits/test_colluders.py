"""Colluders in any order of steps: they end with what they began with, less what they gave away.

One buyer and one merchant trade, pledge, don't ship, claim, settle, repay and move the deposit; the
full check runs after every block.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block import OK
from commerce.deposits.claim import CLAIMS, ClaimState, Kind
from commerce.deposits.debts import owed_by
from commerce.deposits.deposits import DepositAdd, DepositWithdrawExecute, DepositWithdrawRequest
from commerce.deposits.fund import FundContribute, fund_minor
from commerce.deposits.holding import deposit_of
from commerce.deposits.recourse import RecourseRepay
from commerce.orders import ORDERS
from tests.commerce.deposits.counter import CLAIM, Counter, claiming
from tests.commerce.deposits.inside import MERCHANT, contribute, deposit, fund_merchant
from tests.commerce.shop import create
from tests.commerce.world import DAY_MS, HOUR_MS

FUND_MINOR = 100_000
START_MINOR = 60_000

KINDS = st.sampled_from([kind.value for kind in Kind])
WAITS_MS = (HOUR_MS, 73 * HOUR_MS, 31 * DAY_MS, 91 * DAY_MS)
# What is done, a number (which bait, order or wait; an amount; a share), the kind of a claim.
Step = tuple[str, int, str]
TRADE = ("buy", "buy and ship", "wait", "claim")
MOVE = ("add", "ask", "leave", "repay", "give", "to merchant", "to buyer")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(TRADE), st.integers(0, 3), KINDS),
        st.tuples(st.sampled_from(TRADE), st.integers(0, 3), KINDS),
        st.tuples(st.just("settle"), st.integers(0, 1_000), KINDS),
        st.tuples(st.sampled_from(MOVE), st.integers(1, 40_000), KINDS),
    ),
    max_size=30,
)


class Colluders:
    """A shop, what the two have ordered, and what they gave to the fund."""

    def __init__(self) -> None:
        self.shop = Counter()
        deposit(self.shop, START_MINOR // 2)
        fund_merchant(self.shop, START_MINOR // 2)
        contribute(self.shop, FUND_MINOR)
        self.baits = [self.shop.pledging(price) for price in (7, 1_000, 9_999, 250_000)]
        self.orders: list[bytes] = []
        self.given_minor = 0
        self.start_minor = self.worth_minor()

    def worth_minor(self) -> int:
        """All that is theirs: balances, deposit, and what their orders hold."""
        held = sum(line.held_minor for _, o in ORDERS.items(self.shop.state) for line in o.lines)
        kept = deposit_of(self.shop.state, MERCHANT, "CNY").held_minor
        return self.shop.money("buyer") + self.shop.money("merchant") + kept + held

    def step(self, step: Step) -> None:
        """One attempt, refused or not."""
        name, number, kind = step
        match name:
            case "buy":
                self._buy(number)
            case "buy and ship":
                if self._buy(number):
                    self.shop.ship(self.orders[-1])
            case "wait":
                self.shop.wait(WAITS_MS[number])
            case "claim":
                self._claim(number, kind)
            case "settle":
                self._settle(number)
            case _:
                self._send(name, number)

    def _buy(self, pick: int) -> bool:
        receipt = self.shop.send("buyer", ("order.create", create((self.baits[pick], 1))))
        if receipt.status != OK:
            return False
        self.orders.append(receipt.events[0].data["order_id"])
        self.shop.pay(self.orders[-1])
        return True

    def _claim(self, pick: int, kind: str) -> None:
        if self.orders:
            order_id = self.orders[-1 - pick % len(self.orders)]
            self.shop.send("buyer", (CLAIM, claiming(order_id, kind)))

    def _settle(self, permille: int) -> None:
        filed = [k for k, c in CLAIMS.items(self.shop.state) if c.state == ClaimState.FILED]
        for claim_id in filed[:1]:
            self.shop.settle(claim_id, permille)

    def _send(self, name: str, amount_minor: int) -> None:
        sends: dict[str, tuple[str, tuple[str, object]]] = {
            "add": ("merchant", ("deposit.add", DepositAdd("CNY", amount_minor))),
            "ask": (
                "merchant",
                ("deposit.withdraw.request", DepositWithdrawRequest("CNY", amount_minor)),
            ),
            "leave": ("merchant", ("deposit.withdraw.execute", DepositWithdrawExecute("CNY"))),
            "repay": ("merchant", ("recourse.repay", RecourseRepay("CNY", amount_minor))),
            "give": ("buyer", ("fund.contribute", FundContribute("CNY", amount_minor))),
            "to merchant": ("buyer", self.shop.transfer_to("merchant", amount_minor)),
            "to buyer": ("merchant", self.shop.transfer_to("buyer", amount_minor)),
        }
        sender, sent = sends[name]
        if self.shop.send(sender, sent).status == OK and name == "give":
            self.given_minor += amount_minor


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_no_order_of_steps_makes_colluders_richer_to_the_fen(steps: list[Step]) -> None:
    they = Colluders()
    for step in steps:
        they.step(step)
        assert they.worth_minor() == they.start_minor - they.given_minor
        assert fund_minor(they.shop.state, "CNY") == FUND_MINOR + they.given_minor
        assert owed_by(they.shop.state, MERCHANT, "CNY").fund_minor == 0
        reserved = deposit_of(they.shop.state, MERCHANT, "CNY").reserved_minor
        assert reserved == sum(o.reserved_minor for _, o in ORDERS.items(they.shop.state))
