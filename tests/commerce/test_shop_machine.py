"""Random shops against the independent model: same refusals, same money, same dates, same end."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from typing_extensions import override

from chain.block import OK
from chain.deadlines import DEADLINES
from commerce.cancellation import OrderCancel
from commerce.checkout import OrderPay
from commerce.confirmation import ConfirmedLine, OrderConfirm
from commerce.listings import load_listing
from commerce.parcels import parcel_id
from commerce.shipments import ShipmentCreate, ShipmentLost, ShippedLine
from tests.commerce.shop import BIKE, CAKE, TEA, TERMS, Shop, create
from tests.commerce.shop_model import DAY_MS, HOUR_MS, Model, Trade
from tests.commerce.world import FUNDS_MINOR, account, genesis

PRICES = {"tea": (1, 7), "cake": (250, 0), "bike": (1_999, 777)}
PROMISES_MS = {"tea": 72 * HOUR_MS, "cake": 20 * DAY_MS, "bike": 72 * HOUR_MS}
STOCK = 12
PARTIES = ("buyer", "friend", "merchant")
# No life is longer: presale, lateness, lost or the longest confirmation, and the way in between.
LIFE_MAX_MS = 400 * DAY_MS

names = st.sampled_from(sorted(PRICES))
buyers = st.sampled_from(("buyer", "friend"))
quantities = st.dictionaries(st.integers(0, 2), st.integers(1, 4), min_size=1, max_size=2)
wants = st.dictionaries(names, st.integers(1, 5), min_size=1)
# The newest is 0: what just began is more often continued.
picks = st.integers(0, 5)
waits_ms = st.sampled_from([0, 1, HOUR_MS, 3 * HOUR_MS, DAY_MS, 4 * DAY_MS, 16 * DAY_MS])


class ShopMachine(RuleBasedStateMachine):
    """Every rule makes one attempt in the shop and in the model; both must agree on all of it."""

    @initialize(scale=st.sampled_from([1, 1_000, 86_400]))
    def open_shop(self, scale: int) -> None:
        self.shop = Shop(genesis(time_scale=scale))
        self.listings = {
            name: self.shop.publish(
                {"tea": TEA, "cake": CAKE, "bike": BIKE}[name],
                STOCK,
                terms=replace(
                    TERMS,
                    price_minor=price,
                    freight_minor=freight,
                    ship_within_ms=PROMISES_MS[name] if name == "cake" else None,
                    exempt=name == "cake",
                ),
            )
            for name, (price, freight) in PRICES.items()
        }
        drift_ms = self.shop.genesis.consensus.clock_drift_max_ms
        self.model = Model(self.shop.time_ms, scale, drift_ms, PROMISES_MS)
        self.model.stock.update(dict.fromkeys(PRICES, STOCK))
        self.model.balances.update({"buyer": FUNDS_MINOR, "friend": FUNDS_MINOR})
        self.ids: list[bytes] = []

    @rule(buyer=buyers, wanted=wants)
    def place(self, buyer: str, wanted: dict[str, int]) -> None:
        lines = [
            (name, count, PRICES[name][0] * count + PRICES[name][1])
            for name, count in wanted.items()
        ]
        # An even number of cakes is bought without the right to return them.
        exempt = {i for i, (name, count, _) in enumerate(lines) if name == "cake" and not count % 2}
        order = create(*((self.listings[name], count) for name, count in wanted.items()))
        confirmed = tuple(
            replace(line, exemption_confirmed=i in exempt) for i, line in enumerate(order.lines)
        )
        receipt = self.shop.send(buyer, ("order.create", replace(order, lines=confirmed)))
        allowed = self.model.create(buyer, lines, frozenset(exempt))
        assert (receipt.status == OK) == allowed, receipt
        if allowed:
            self.ids.append(receipt.events[0].data["order_id"])
        self.compare()

    @rule(buyer=buyers, wanted=wants, shipped=st.sampled_from(["", "whole", "in part"]))
    def sell(self, buyer: str, wanted: dict[str, int], shipped: str) -> None:
        """Straight to escrow or on the way: depth for the other rules."""
        placed = len(self.ids)
        self.place(buyer, wanted)
        if len(self.ids) == placed:
            return
        self.pay(0, buyer)
        if shipped == "whole":
            self.ship(0, dict(enumerate(wanted.values())))
        if shipped == "in part":
            self.ship(0, {0: max(1, next(iter(wanted.values())) - 1)})

    @precondition(lambda self: self.ids)
    @rule(pick=picks, payer=buyers)
    def pay(self, pick: int, payer: str) -> None:
        trade, order_id = self.picked(pick)
        total = sum(unit.share for unit in trade.units)
        allowed = self.model.pay(trade, payer)
        self.attempt(payer, "order.pay", OrderPay(order_id, total), allowed=allowed)

    @precondition(lambda self: self.ids)
    @rule(
        pick=picks,
        lines=st.sets(st.integers(0, 2), max_size=2),
        agreeing=st.sampled_from([("buyer",), ("merchant",), ("buyer", "merchant")]),
    )
    def cancel(self, pick: int, lines: set[int], agreeing: Sequence[str]) -> None:
        trade, order_id = self.picked(pick)
        signers = [trade.buyer if name == "buyer" else name for name in agreeing]
        parts = frozenset("seller" if name == "merchant" else "buyer" for name in agreeing)
        allowed = self.model.cancel(trade, lines, parts)
        op = OrderCancel(order_id, tuple(sorted(lines)), "")
        self.attempt(signers[0], "order.cancel", op, *signers[1:], allowed=allowed)

    @precondition(lambda self: self.ids)
    @rule(pick=picks, early_ms=st.integers(0, 1))
    def cancel_when_late(self, pick: int, early_ms: int) -> None:
        trade, _ = self.picked(pick)
        held = [unit.due_ms for unit in trade.of("held") if unit.due_ms is not None]
        if held:
            self.pass_time(max(held) - early_ms)
            self.cancel(pick, set(), ("buyer",))

    @precondition(lambda self: self.ids)
    @rule(pick=picks, taken=quantities)
    def ship(self, pick: int, taken: dict[int, int]) -> None:
        trade, order_id = self.picked(pick)
        allowed = self.model.ship(trade, taken)
        lines = tuple(ShippedLine(*entry) for entry in taken.items())
        op = ShipmentCreate(order_id, account("carrier"), lines, None, (), None)
        self.attempt("merchant", "shipment.create", op, "carrier", allowed=allowed)

    @precondition(lambda self: any(trade.parcels for trade in self.model.trades))
    @rule(pick=picks, lost=st.booleans())
    def arrive(self, pick: int, lost: bool) -> None:  # noqa: FBT001 (drawn by hypothesis)
        trade, parcel, known_id = self.picked_parcel(pick)
        if lost:
            allowed = self.model.lose(trade, parcel)
            self.attempt("carrier", "shipment.lost", ShipmentLost(known_id), allowed=allowed)
        else:
            allowed = self.model.deliver(trade, parcel)
            op = self.shop.proof(known_id)
            self.attempt("carrier", "shipment.delivered", op, allowed=allowed)

    @precondition(lambda self: any(trade.parcels for trade in self.model.trades))
    @rule(pick=picks, some=st.one_of(st.just({}), quantities))
    def confirm(self, pick: int, some: dict[int, int]) -> None:
        trade, parcel, known_id = self.picked_parcel(pick)
        allowed = self.model.confirm(trade, parcel, some)
        lines = tuple(ConfirmedLine(*entry) for entry in some.items())
        self.attempt(trade.buyer, "order.confirm", OrderConfirm(known_id, lines), allowed=allowed)

    @rule(wait_ms=waits_ms)
    def wait(self, wait_ms: int) -> None:
        self.pass_time(self.shop.time_ms + self.model.lasting(wait_ms))

    @precondition(lambda self: any(True for _ in DEADLINES.items(self.shop.state)))
    @rule(early_ms=st.integers(0, 1))
    def wait_for_the_next_clock(self, early_ms: int) -> None:
        _, deadline = next(iter(DEADLINES.items(self.shop.state)))
        self.pass_time(max(self.shop.time_ms, deadline.time_ms - early_ms))

    @override
    def teardown(self) -> None:
        """Then everybody is silent for ever, and the money ends where the table says."""
        if not hasattr(self, "shop"):
            return
        self.pass_time(self.shop.time_ms + self.model.lasting(LIFE_MAX_MS))
        assert list(DEADLINES.items(self.shop.state)) == []
        ends = ("released", "refunded", "closed")
        assert all(trade.of(*ends) == trade.units for trade in self.model.trades)
        assert sum(self.model.balances[name] for name in PARTIES) == 2 * FUNDS_MINOR

    def pass_time(self, time_ms: int) -> None:
        self.model.advance(time_ms)
        receipts = self.shop.wait(time_ms - self.shop.time_ms)
        assert all(receipt.status == OK for receipt in receipts)
        self.compare()

    def attempt(self, sender: str, name: str, op: object, *with_: str, allowed: bool) -> None:
        receipt = self.shop.send(sender, (name, op), with_=with_)
        assert (receipt.status == OK) == allowed, receipt
        self.compare()

    def picked(self, pick: int) -> tuple[Trade, bytes]:
        index = -1 - pick % len(self.ids)
        return self.model.trades[index], self.ids[index]

    def picked_parcel(self, pick: int) -> tuple[Trade, int, bytes]:
        known = [
            (trade, parcel, parcel_id(order_id, parcel))
            for trade, order_id in zip(self.model.trades, self.ids, strict=True)
            for parcel in trade.parcels
        ]
        return known[-1 - pick % len(known)]

    def compare(self) -> None:
        """Balances, stocks, each line's units and money, each object's date."""
        for name in PARTIES:
            assert self.shop.money(name) == self.model.balances[name], name
        for name, listing_id in self.listings.items():
            assert load_listing(self.shop.state, listing_id).stock == self.model.stock[name]
        due: set[tuple[Any, Any]] = set()
        for trade, order_id in zip(self.model.trades, self.ids, strict=True):
            self.compare_order(trade, order_id)
            due |= self.clocks_of(trade, order_id)
        found = {(entry.time_ms, entry.object_id) for _, entry in DEADLINES.items(self.shop.state)}
        assert found == due

    def compare_order(self, trade: Trade, order_id: bytes) -> None:
        for index, line in enumerate(self.shop.load(order_id).lines):
            units = [unit for unit in trade.units if unit.line == index]
            money = {
                state: sum(unit.share for unit in units if unit.state == state)
                for state in ("held", "late", "transit", "delivered", "released", "refunded")
            }
            held = sum(money[state] for state in ("held", "late", "transit", "delivered"))
            assert line.held_minor == held
            assert line.released_minor == money["released"]
            assert line.refunded_minor == money["refunded"]
            states = {unit.state for unit in units}
            if states <= {"released", "refunded", "closed"}:
                ended = "released" if "released" in states else states.pop()
                assert line.state == ended.upper()

    def clocks_of(self, trade: Trade, order_id: bytes) -> set[tuple[Any, Any]]:
        unshipped = [(u.due_ms or 0, order_id) for u in trade.of("unpaid", "held", "late")]
        clocks: set[tuple[Any, Any]] = {min(unshipped)} if unshipped else set()
        for parcel in trade.parcels:
            clocks |= {(u.due_ms, parcel_id(order_id, parcel)) for u in trade.in_parcel(parcel)}
        closing = trade.closing.items()
        return clocks | {(due_ms, parcel_id(order_id, parcel)) for parcel, due_ms in closing}


TestShop = ShopMachine.TestCase
TestShop.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
