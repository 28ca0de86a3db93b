"""Random steps after the sale: no fen and no unit is lost, no clock fails, silence ends it all.

Many steps are not allowed in the state they meet; refusing leaves nothing behind. The full check of
commerce runs after every block.
"""

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from typing_extensions import override

from chain.block import OK
from chain.deadlines import DEADLINES
from commerce.aftersale.answers import (
    RefundAcceptCounter,
    RefundAgree,
    RefundCounter,
    RefundReject,
)
from commerce.aftersale.cases import ENDED, cases_of
from commerce.aftersale.exchanges import ExchangeShip
from commerce.aftersale.kinds import KINDS
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.aftersale.returns import (
    FREIGHT_PERMILLE_MAX,
    ReturnDelivered,
    ReturnReceive,
    ReturnShip,
)
from commerce.cancellation import OrderCancel
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.deposits.debts import owed_by
from commerce.deposits.holding import deposit_of
from commerce.disputes.dispute import DISPUTES
from commerce.disputes.filing import DisputeOpen, ReturnContest
from commerce.disputes.hearing import DisputeSettle
from commerce.escrow import State
from commerce.life import LIFE_MAX_MS
from commerce.parcels import parcel_id
from commerce.payments import PayTransfer
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.aftersale.test_outcomes import with_coupon
from tests.commerce.deposits.inside import deposit, fund_merchant
from tests.commerce.shop import CAKE, TEA, TERMS, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, account

HASH = bytes(32)
BOND = 40
PARTIES = ("buyer", "friend", "merchant", "rival")
# Tea in odd fen, and cakes of a fen each.
TEAS, CAKES = 4, 3
BACKING_MINOR = 700

picks = st.integers(0, 2)
units = st.dictionaries(st.integers(0, 1), st.integers(1, 3), min_size=1)
arrived_kinds = st.sampled_from(["no_reason", "quality", "allowance", "exchange", "exchange"])
kinds = st.sampled_from([kind.name for kind in KINDS])
waits_ms = st.sampled_from([1, HOUR_MS, DAY_MS, 3 * DAY_MS, 5 * DAY_MS, 8 * DAY_MS])
permille = st.sampled_from([0, 1, 250, 999, 1_000])

# What may come next, by the state of a case; the names are those of `step`.
NEXT = {
    "REFUND_PENDING": ("agree", "reject", "counter", "withdraw", "silence"),
    "REJECTED": ("open", "withdraw", "silence"),
    "COUNTERED": ("accept", "accept", "open", "withdraw", "silence"),
    "RETURNING": ("send_back", "send_back", "withdraw", "silence"),
    "RETURN_IN_TRANSIT": ("bring_back", "receive", "contest", "silence"),
    "RETURN_DELIVERED": ("receive", "contest", "silence"),
    "EXCHANGING": ("exchange", "exchange", "silence"),
    "DISPUTED": ("settle", "silence"),
}


class AfterSale(RuleBasedStateMachine):
    """One order of two lines, of which a coupon pays a part; a small deposit stands behind it."""

    @initialize(shipped=st.sampled_from(["nothing", "a part", "all", "delivered", "paid out"]))
    def buy(self, shipped: str) -> None:
        self.shop = shop = Shop()
        deposit(shop, BACKING_MINOR)
        fund_merchant(shop, BACKING_MINOR)
        tea = shop.publish(TEA, terms=replace(TERMS, price_minor=333, freight_minor=1))
        cake = shop.publish(CAKE, terms=replace(TERMS, price_minor=1))
        self.order_id = with_coupon(shop, 100, (tea, TEAS), (cake, CAKES))
        self.total_minor = shop.load(self.order_id).total_minor
        if shipped == "a part":
            shop.ship(self.order_id, (0, 2), (1, 1))
        elif shipped != "nothing":
            parcel = shop.ship(self.order_id)
            if shipped != "all":
                shop.deliver(parcel)
            if shipped == "paid out":
                shop.confirm(parcel)

    def attempt(self, sender: str, name: str, op: object, *with_: str) -> None:
        self.shop.send(sender, (name, op), with_=with_)
        self.check()

    @rule(wanted=units)
    def ship(self, wanted: dict[int, int]) -> None:
        lines = tuple(ShippedLine(*entry) for entry in wanted.items())
        op = ShipmentCreate(self.order_id, account("carrier"), lines, None, (), None)
        self.attempt("merchant", "shipment.create", op, "carrier")

    @rule(pick=picks, lost=st.booleans())
    def arrive(self, pick: int, lost: bool) -> None:  # noqa: FBT001 (drawn by hypothesis)
        known_id = self.parcel(pick)
        if known_id is None:
            return
        if lost:
            self.attempt("carrier", "shipment.lost", ShipmentLost(known_id))
        else:
            self.attempt("carrier", "shipment.delivered", self.shop.proof(known_id))

    @rule(pick=picks, some=st.one_of(st.just({}), units))
    def confirm(self, pick: int, some: dict[int, int]) -> None:
        known_id = self.parcel(pick)
        if known_id is not None:
            lines = tuple(ConfirmedLine(*entry) for entry in some.items())
            self.attempt("buyer", "order.confirm", OrderConfirm(known_id, lines))

    @rule(pick=st.integers(0, 1), kind=arrived_kinds, wanted=units, amount=st.integers(1, 900))
    def complain(self, pick: int, kind: str, wanted: dict[int, int], amount: int) -> None:
        """As `request`, of goods that have arrived."""
        known_id = self.parcel(pick)
        if known_id is not None and self.shop.parcel(known_id).state == "IN_TRANSIT":
            self.attempt("carrier", "shipment.delivered", self.shop.proof(known_id))
        self.request(pick, kind, wanted, amount)

    @rule()
    def cancel(self) -> None:
        self.attempt("buyer", "order.cancel", OrderCancel(self.order_id, (), ""), "merchant")

    @rule(pick=st.integers(-1, 2), kind=kinds, wanted=units, amount=st.integers(0, 900))
    def request(self, pick: int, kind: str, wanted: dict[int, int], amount: int) -> None:
        asked = (amount or None) if kind == "allowance" else None
        lines = tuple(RequestedLine(*entry, asked) for entry in wanted.items())
        known_id = None if pick < 0 else self.parcel(pick)
        op = RefundRequest(self.order_id, known_id, kind, lines, "", None)
        self.attempt("buyer", "refund.request", op)

    @rule(pick=picks, choice=st.integers(0, 4), share=permille, back=st.booleans(), again=picks)
    def go_on(  # drawn by hypothesis
        self,
        pick: int,
        choice: int,
        share: int,
        back: bool,  # noqa: FBT001
        again: int,
    ) -> None:
        """One to three steps of a case that runs, each a possible one."""
        for _ in range(again + 1):
            case_id = self.running(pick)
            if case_id is None:
                return
            steps = NEXT[self.shop.case_of(case_id).state]
            self.step(case_id, steps[choice % len(steps)], share, back=back)

    def step(self, case_id: bytes, name: str, share: int, *, back: bool) -> None:
        """A step of the case; `share` in per mille of what it names."""
        case = self.shop.case_of(case_id)
        shares = (share,) * len(case.lines)
        offer = tuple(entry.amount_minor * share // 1_000 for entry in case.lines)
        carrier = account("carrier")
        freight = case.asked_minor * FREIGHT_PERMILLE_MAX // 1_000 * share // 1_000
        if name == "silence":
            self.wait(max(0, self.due_ms(case_id) - self.shop.time_ms))
            return
        steps: dict[str, tuple[str, str, object, tuple[str, ...]]] = {
            "agree": ("merchant", "refund.agree", RefundAgree(case_id, None), ()),
            "reject": ("merchant", "refund.reject", RefundReject(case_id, "", None), ()),
            "counter": (
                *("merchant", "refund.counter"),
                *(RefundCounter(case_id, offer, back, None, ""), ()),
            ),
            "withdraw": ("buyer", "refund.withdraw", RefundWithdraw(case_id), ()),
            "accept": ("buyer", "refund.accept_counter", RefundAcceptCounter(case_id), ()),
            "send_back": (
                *("buyer", "return.ship"),
                *(ReturnShip(case_id, carrier, freight, None), ("carrier",)),
            ),
            "bring_back": ("carrier", "return.delivered", ReturnDelivered(case_id), ()),
            "receive": ("merchant", "return.receive", ReturnReceive(case_id), ()),
            "exchange": (
                *("merchant", "exchange.ship"),
                *(ExchangeShip(case_id, carrier, None, (), None), ("carrier",)),
            ),
            "open": ("buyer", "dispute.open", DisputeOpen(case_id, shares, BOND, HASH), ()),
            "contest": (
                "merchant",
                "return.contest",
                ReturnContest(case_id, shares, BOND, HASH),
                (),
            ),
            "settle": ("buyer", "dispute.settle", DisputeSettle(case_id, shares), ("merchant",)),
        }
        sender, kind, op, with_ = steps[name]
        self.attempt(sender, kind, op, *with_)

    @rule(pick=picks, share=permille)
    def prove_delivery(self, pick: int, share: int) -> None:
        known_id = self.parcel(pick)
        if known_id is not None:
            shares = (share,) * len(self.shop.parcel(known_id).lines)
            op = DisputeOpen(known_id, shares, BOND, HASH)
            self.attempt("merchant", "dispute.open", op)

    @rule()
    def spend(self) -> None:
        """The merchant brings what it has to safety."""
        had_minor = self.shop.money("merchant")
        if had_minor:
            away = PayTransfer(account("rival"), "CNY", had_minor, None)
            self.attempt("merchant", "pay.transfer", away)

    @rule(wait_ms=waits_ms)
    def wait(self, wait_ms: int) -> None:
        receipts = self.shop.wait(wait_ms)
        assert all(receipt.status == OK for receipt in receipts)
        self.check()

    @override
    def teardown(self) -> None:
        if not hasattr(self, "order_id"):
            return
        receipts = self.shop.wait(LIFE_MAX_MS)
        assert all(receipt.status == OK for receipt in receipts)
        assert list(DEADLINES.items(self.shop.state)) == []
        lines = self.shop.load(self.order_id).lines
        assert all(line.held_minor == 0 and line.settled == line.quantity for line in lines)
        self.check()
        deposited = deposit_of(self.shop.state, account("merchant"), "CNY")
        assert deposited.reserved_minor == 0
        everybody = sum(self.shop.money(name) for name in PARTIES)
        assert everybody + deposited.held_minor == 2 * (FUNDS_MINOR + BACKING_MINOR)

    def parcel(self, pick: int) -> bytes | None:
        """One of the order's parcels, the newest first."""
        count = self.shop.load(self.order_id).parcels
        return parcel_id(self.order_id, count - 1 - pick % count) if count else None

    def running(self, pick: int) -> bytes | None:
        """One of its cases that haven't ended."""
        found = cases_of(self.shop.state, self.order_id, self.shop.load(self.order_id))
        running = [case_id for case_id, case in found if State(case.state) not in ENDED]
        return running[-1 - pick % len(running)] if running else None

    def due_ms(self, case_id: bytes) -> int:
        """When a case goes on by itself, or the dispute about it."""
        clock = self.shop.case_of(case_id).clock()
        dispute = DISPUTES.load(self.shop.state, case_id)
        if clock is None and dispute is not None:
            clock = dispute.clock()
        assert clock is not None
        return clock[0]

    def check(self) -> None:
        """Nobody is richer than it should be: what was refunded is what the lines say."""
        order = self.shop.load(self.order_id)
        for line in order.lines:
            assert line.held_minor + line.released_minor + line.refunded_minor == line.total_minor
            assert min(line.held_minor, line.released_minor, line.refunded_minor) >= 0
            assert line.settled <= line.quantity
        refunded_minor = sum(line.refunded_minor for line in order.lines)
        bonds_minor = BOND * order.cases
        freight_minor = self.total_minor * FREIGHT_PERMILLE_MAX // 1_000 * order.cases
        buyers = self.shop.money("buyer") + self.shop.money("friend") - 2 * FUNDS_MINOR
        assert -self.total_minor - bonds_minor <= buyers - refunded_minor
        assert buyers - refunded_minor <= freight_minor - self.total_minor
        owed_minor = owed_by(self.shop.state, account("merchant"), "CNY").total_minor
        assert owed_minor <= self.total_minor + freight_minor


TestAfterSale = AfterSale.TestCase
TestAfterSale.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
