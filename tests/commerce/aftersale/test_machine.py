"""Random steps after the sale: no fen and no unit is lost, no clock fails, silence ends it all.

Half of the steps are not allowed in the state they meet; refusing leaves nothing behind. The full
check of commerce runs after every block.
"""

from collections.abc import Callable, Sequence
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
from commerce.aftersale.cases import case_id_of
from commerce.aftersale.exchanges import ExchangeShip
from commerce.aftersale.kinds import KINDS
from commerce.aftersale.requests import RefundRequest, RefundWithdraw, RequestedLine
from commerce.aftersale.returns import ReturnDelivered, ReturnReceive, ReturnShip
from commerce.cancellation import OrderCancel
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.deposits.debts import owed_by
from commerce.deposits.holding import deposit_of
from commerce.disputes.filing import DisputeOpen, ReturnContest
from commerce.disputes.hearing import DisputeSettle
from commerce.life import LIFE_MAX_MS
from commerce.parcels import parcel_id
from commerce.payments import PayTransfer
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.aftersale.test_outcomes import with_coupon
from tests.commerce.deposits.inside import deposit
from tests.commerce.shop import CAKE, TEA, TERMS, Shop
from tests.commerce.world import DAY_MS, FUNDS_MINOR, HOUR_MS, account

HASH = bytes(32)
PARTIES = ("buyer", "friend", "merchant", "rival")
# Tea in odd fen, and cakes of which most are worth nothing at all.
TEAS, CAKES = 4, 3
TOTAL_MINOR = (4 * 333 + 1) + 2
BACKING_MINOR = 700

picks = st.integers(0, 2)
units = st.dictionaries(st.integers(0, 1), st.integers(1, 3), min_size=1)
kinds = st.sampled_from([kind.name for kind in KINDS])
waits_ms = st.sampled_from([1, HOUR_MS, DAY_MS, 3 * DAY_MS, 5 * DAY_MS, 8 * DAY_MS])
permille = st.sampled_from([0, 1, 250, 999, 1_000])

# Of the seller, or of the buyer, to a case.
ANSWERS: Sequence[Callable[[bytes], tuple[str, str, object]]] = (
    lambda case_id: ("merchant", "refund.agree", RefundAgree(case_id, None)),
    lambda case_id: ("merchant", "refund.reject", RefundReject(case_id, "", None)),
    lambda case_id: ("merchant", "return.receive", ReturnReceive(case_id)),
    lambda case_id: ("carrier", "return.delivered", ReturnDelivered(case_id)),
    lambda case_id: ("buyer", "refund.withdraw", RefundWithdraw(case_id)),
    lambda case_id: ("buyer", "refund.accept_counter", RefundAcceptCounter(case_id)),
)


class AfterSale(RuleBasedStateMachine):
    """One order of two lines, of which a coupon pays a part; a small deposit stands behind it."""

    @initialize(shipped=st.sampled_from(["nothing", "a part", "all", "delivered", "paid out"]))
    def buy(self, shipped: str) -> None:
        self.shop = shop = Shop()
        deposit(shop, BACKING_MINOR)
        tea = shop.publish(TEA, terms=replace(TERMS, price_minor=333, freight_minor=1))
        cake = shop.publish(CAKE, terms=replace(TERMS, price_minor=1))
        self.stock = 100
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

    @rule(pick=picks, answer=st.sampled_from(ANSWERS))
    def answer(self, pick: int, answer: Callable[[bytes], tuple[str, str, object]]) -> None:
        case_id = self.case(pick)
        if case_id is not None:
            self.attempt(*answer(case_id))

    @rule(
        pick=picks,
        amounts=st.lists(st.integers(0, 700), min_size=2, max_size=2),
        back=st.booleans(),
    )
    def counter(self, pick: int, amounts: list[int], back: bool) -> None:  # noqa: FBT001 (drawn)
        case_id = self.case(pick)
        if case_id is not None:
            count = len(self.shop.case_of(case_id).lines)
            op = RefundCounter(case_id, tuple(amounts[:count]), back, None, "")
            self.attempt("merchant", "refund.counter", op)

    @rule(pick=picks, freight=st.integers(0, 150))
    def send_back(self, pick: int, freight: int) -> None:
        case_id = self.case(pick)
        if case_id is not None:
            op = ReturnShip(case_id, account("carrier"), freight, None)
            self.attempt("buyer", "return.ship", op, "carrier")

    @rule(pick=picks)
    def exchange(self, pick: int) -> None:
        case_id = self.case(pick)
        if case_id is not None:
            op = ExchangeShip(case_id, account("carrier"), None, (), None)
            self.attempt("merchant", "exchange.ship", op, "carrier")

    @rule(pick=picks, share=permille, how=st.sampled_from(["buyer", "seller", "contest", "parcel"]))
    def dispute(self, pick: int, share: int, how: str) -> None:
        subject = self.parcel(pick) if how == "parcel" else self.case(pick)
        if subject is None:
            return
        case = None if how == "parcel" else self.shop.case_of(subject)
        shares = (share,) * (2 if case is None else len(case.lines))
        if how == "contest":
            self.attempt("merchant", "return.contest", ReturnContest(subject, shares, 40, HASH))
        else:
            sender = "buyer" if how == "buyer" else "merchant"
            self.attempt(sender, "dispute.open", DisputeOpen(subject, shares, 40, HASH))

    @rule(pick=picks, share=permille)
    def settle(self, pick: int, share: int) -> None:
        case_id = self.case(pick)
        if case_id is not None:
            shares = (share,) * len(self.shop.case_of(case_id).lines)
            self.attempt("buyer", "dispute.settle", DisputeSettle(case_id, shares), "merchant")

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
        assert everybody + deposited.held_minor == 2 * FUNDS_MINOR + BACKING_MINOR

    def parcel(self, pick: int) -> bytes | None:
        """One of the order's parcels, the newest first."""
        count = self.shop.load(self.order_id).parcels
        return parcel_id(self.order_id, count - 1 - pick % count) if count else None

    def case(self, pick: int) -> bytes | None:
        """One of its cases, the newest first."""
        count = self.shop.load(self.order_id).cases
        return case_id_of(self.order_id, count - 1 - pick % count) if count else None

    def check(self) -> None:
        """Nobody is richer than it should be: what was refunded is what the lines say."""
        order = self.shop.load(self.order_id)
        for line in order.lines:
            assert line.held_minor + line.released_minor + line.refunded_minor == line.total_minor
            assert min(line.held_minor, line.released_minor, line.refunded_minor) >= 0
            assert line.settled <= line.quantity
        refunded_minor = sum(line.refunded_minor for line in order.lines)
        bonds_minor = 40 * order.cases
        freight_minor = 150 * order.cases
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
