"""What people might ask next: mostly what makes sense in the books' present state, some nonsense.

Everything is drawn from a stream of hashes, so that a seed is a history.
"""

from collections.abc import Callable, Mapping, Sequence

from tests.commerce.double_entry.chainside import BUYERS, COUPONS, OFFERS, PARTIES
from tests.commerce.double_entry.clocks import clocks
from tests.commerce.double_entry.goods import KINDS, Case, Parcel, Trade
from tests.commerce.double_entry.market import DAY_MS, HOUR_MS, Market
from tests.commerce.double_entry.purses import choose_money
from tests.commerce.double_entry.steps import Block, Step
from tests.commerce.double_entry.stream import Stream

GTINS = sorted({offer.gtin for offer in OFFERS.values()})
# States that a recall would hit by rare chance only.
SELDOM_RECALLED = ("rejected", "countered", "returning", "sent", "back", "exchanging")
ENDED = ("refunded", "closed", "released", "split")
LIVE_MAX = 12
# How likely each thing is, where the books are in a state for it.
ORDER_WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "unpaid": {"order.pay": 20, "order.cancel": 1, "order.reprice": 2},
    "held": {"shipment.create": 10, "order.cancel": 2, "refund.request": 2},
    "late": {"shipment.create": 4, "order.cancel": 2, "refund.request": 2},
}
PARCEL_WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "transit": {
        "shipment.delivered": 9,
        "shipment.lost": 1,
        "order.confirm": 3,
        "order.extend": 1,
        "refund.request": 2,
        "dispute.open": 1,
    },
    "delivered": {"order.confirm": 4, "order.extend": 1, "refund.request": 8},
    "released": {"refund.request": 6},
}
CASE_WEIGHTS: Mapping[str, Mapping[str, int]] = {
    "pending": {
        "refund.agree": 5,
        "refund.reject": 3,
        "refund.counter": 4,
        "refund.withdraw": 1,
    },
    "rejected": {"dispute.open": 4, "refund.withdraw": 1},
    "countered": {"refund.accept_counter": 5, "dispute.open": 2, "refund.withdraw": 1},
    "returning": {"return.ship": 8, "refund.withdraw": 1},
    "sent": {"return.delivered": 6, "return.receive": 2, "return.contest": 1},
    "back": {"return.receive": 6, "return.contest": 2},
    "exchanging": {"exchange.ship": 5},
    "recalled": {"order.keep": 6},
    "disputed": {"dispute.settle": 4},
}
WAITS_MS = (0, 0, 1, HOUR_MS // 4, HOUR_MS, 5 * HOUR_MS, DAY_MS, DAY_MS, 3 * DAY_MS, 9 * DAY_MS)


class Chooser:
    """Draws blocks for a market."""

    def __init__(self, market: Market, seed: str) -> None:
        self.market, self.draw = market, Stream(seed)
        self.labels = 0

    def block(self) -> Block:
        """The next one. Half of them are about one order, so that their order matters."""
        wait_ms = self._wait_ms()
        count = 1 + self.draw.below(6)
        trade = self._trade() if self.draw.chance(50) else None
        steps: list[Step] = []
        unpaid = [t for t in self._live() if t.lines[0].state == "unpaid"]
        if unpaid and self.draw.chance(75):
            # Before the two hours are over.
            wait_ms = min(wait_ms, self.market.lasting(HOUR_MS // 4))
            steps += [self._build("order.pay", one, None) for one in unpaid if self.draw.chance(60)]
        for _ in range(count):
            step = self._step(trade)
            # What was just asked for is rarely asked for again.
            same = any((s.type, s.trade) == (step.type, step.trade) for s in steps)
            steps.append(self._step(trade) if same else step)
        steps += self._beside(steps)
        return Block(wait_ms, tuple(sorted(steps, key=lambda step: step.rank)))

    def _beside(self, steps: Sequence[Step]) -> list[Step]:
        """One seller leaves no money where buyers could get it; recalls come in twos."""
        beside = []
        rich = self.market.ledger.accounts["rival"]
        if rich and self.draw.chance(40):
            beside.append(Step("pay.transfer", "rival", data=("aunt", rich)))
        if any(step.type == "recall.open" for step in steps) and self.draw.chance(50):
            beside.append(Step("recall.open", "regulator", data=(self.draw.pick(GTINS), 2)))
        beside += [
            Step("recall.open", "regulator", data=(case.lines[0].line.gtin, 2))
            for trade in self._live()
            for case in trade.cases
            if case.state in SELDOM_RECALLED and self.draw.chance(3)
        ]
        return beside

    def _wait_ms(self) -> int:
        market, draw = self.market, self.draw
        if draw.chance(12):
            due_ms = min((clock[0] for clock in clocks(market)), default=market.now_ms)
            return max(0, due_ms - market.now_ms - draw.below(2))
        if draw.chance(1):
            return market.days(draw.pick((20, 40, 100)))
        return market.lasting(draw.pick(WAITS_MS))

    def _live(self) -> list[Trade]:
        """The newest orders that can go on."""
        return list(self.market.active.values())[-LIVE_MAX:]

    def _trade(self) -> Trade | None:
        live = self._live()
        if self.draw.chance(4):
            live = list(self.market.trades.values())
        return self.draw.pick(live) if live else None

    def _step(self, trade: Trade | None) -> Step:
        draw = self.draw
        if trade is None and (draw.chance(11) or not self.market.trades):
            return self._create()
        if draw.chance(10):
            return choose_money(self.market, draw, self._label())
        trade = trade or self._trade()
        if trade is None:
            return self._create()
        step = self._about(trade)
        # Now and then somebody asks who has no say in it.
        if draw.chance(3):
            step = Step(step.type, draw.pick(PARTIES), step.trade, step.number, step.data)
        return step

    def _about(self, trade: Trade) -> Step:
        draw = self.draw
        if draw.chance(15):
            return self._build(draw.pick(list(BUILDERS)), trade, None)
        options = self._options(trade)
        if not options:
            return self._build(draw.pick(list(BUILDERS)), trade, None)
        name, known = draw.weighed(options)
        return self._build(name, trade, known)

    @staticmethod
    def _options(trade: Trade) -> dict[tuple[str, Parcel | Case | None], int]:
        """What the states of an order's goods let people do, weighed."""
        options: dict[tuple[str, Parcel | Case | None], int] = {}
        for line in trade.lines:
            for name, weight in ORDER_WEIGHTS[line.state].items() if line.waiting() else ():
                options[name, None] = weight
        for parcel in trade.parcels:
            for name, weight in PARCEL_WEIGHTS.get(parcel.state, {}).items():
                options[name, parcel] = weight
        for case in trade.cases:
            for name, weight in CASE_WEIGHTS.get(case.state, {}).items():
                options[name, case] = weight
        return options

    def _build(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        return BUILDERS[name](self, name, trade, known)

    def _label(self) -> int:
        self.labels += 1
        return self.labels

    # Orders

    def _create(self) -> Step:
        draw = self.draw
        owes = self.market.ledger.owed("rival") > 0
        seller = "merchant" if draw.chance(90 if owes else 50) else "rival"
        own = [name for name, offer in OFFERS.items() if offer.seller == seller]
        allowed = [name for name in own if OFFERS[name].gtin not in self.market.recalls]
        own = own if draw.chance(10) else allowed or own
        names = list(OFFERS) if draw.chance(2) else own
        wanted: dict[str, tuple[str, int, bool]] = {}
        for _ in range(1 + draw.below(3)):
            name = draw.pick(names)
            exempt = OFFERS[name].exempt and draw.chance(50)
            wanted[name] = (name, 1 + draw.below(5), exempt)
        coupons = tuple(name for name in COUPONS if draw.chance(20))
        data = (tuple(wanted.values()), coupons)
        return Step("order.create", draw.pick(BUYERS), self._label(), None, data)

    def pay(self, name: str, trade: Trade, _: Parcel | Case | None) -> Step:
        """By the buyer or somebody else."""
        payer = trade.buyer if self.draw.chance(70) else self.draw.pick((*BUYERS, "rival"))
        amount = trade.payable + self.draw.chance(3)
        return Step(name, payer, trade.label, None, (amount,))

    def cancel(self, name: str, trade: Trade, _: Parcel | Case | None) -> Step:
        """Alone or together."""
        both = (trade.buyer, trade.seller)
        sender = self.draw.pick(both)
        with_ = tuple(party for party in both if party != sender and self.draw.chance(40))
        lines: tuple[int, ...] = ()
        if self.draw.chance(30):
            lines = tuple(line.index for line in trade.lines if self.draw.chance(50))
        return Step(name, sender, trade.label, None, (lines,), with_)

    def reprice(self, name: str, trade: Trade, _: Parcel | Case | None) -> Step:
        """Any lower price, now and then a higher one."""
        lines = [line for line in trade.lines if self.draw.chance(60)] or trade.lines[:1]
        data = tuple((line.index, 1 + self.draw.below(line.total)) for line in lines)
        return Step(name, trade.seller, trade.label, None, data)

    def ship(self, name: str, trade: Trade, _: Parcel | Case | None) -> Step:
        """Some of what waits."""
        data = []
        for line in trade.lines:
            count = len(line.waiting())
            if self.draw.chance(80):
                some = count if self.draw.chance(50) else 1 + self.draw.below(count + 1)
                data.append((line.index, max(1, some)))
        data = data or [(0, 1)]
        return Step(name, trade.seller, trade.label, None, tuple(data), ("carrier",))

    def _parcel(self, trade: Trade, known: Parcel | Case | None) -> int:
        if isinstance(known, Parcel):
            return known.number
        # The next one may come to be in this block.
        return self.draw.below(len(trade.parcels) + 1)

    def carry(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """The carrier tells of a parcel."""
        return Step(name, "carrier", trade.label, self._parcel(trade, known))

    def extend(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """By either."""
        sender, days = self.draw.pick(
            ((trade.buyer, 2), (trade.buyer, 3), (trade.seller, 5), (trade.seller, 10))
        )
        return Step(name, sender, trade.label, self._parcel(trade, known), (days,))

    def _units(self, trade: Trade, number: int | None) -> list[tuple[int, int]]:
        counts = []
        for line in trade.lines:
            units = line.waiting()
            if number is not None:
                units = [u for u in line.units if u.parcel and u.parcel.number == number]
            if units and self.draw.chance(70):
                counts.append((line.index, 1 + self.draw.below(len(units) + self.draw.chance(5))))
        return counts or [(0, 1)]

    def confirm(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """All or some."""
        number = self._parcel(trade, known)
        data = tuple(self._units(trade, number)) if self.draw.chance(60) else ()
        return Step(name, trade.buyer, trade.label, number, data)

    # After the sale

    def request(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """Of a kind that fits, mostly."""
        draw = self.draw
        number = known.number if isinstance(known, Parcel) else None
        fit = ["unshipped"]
        if isinstance(known, Parcel):
            fit = ["not_received"] if known.state == "transit" else list(KINDS)[2:]
        kind = draw.pick(list(KINDS)) if draw.chance(5) else draw.pick(fit)
        data = []
        for index, count in self._units(trade, number):
            amount = 1 + draw.below(count * 300) if kind == "allowance" else None
            data.append((index, count, amount))
        return Step(name, trade.buyer, trade.label, number, (kind, tuple(data)))

    def _case(self, trade: Trade, known: Parcel | Case | None) -> Case | None:
        if isinstance(known, Case):
            return known
        open_cases = [case for case in trade.cases if case.state not in ENDED]
        return self.draw.pick(open_cases) if open_cases else None

    def _number(self, trade: Trade, case: Case | None) -> int:
        return len(trade.cases) if case is None else case.number

    def buyers(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """A word of the buyer about a case."""
        return Step(name, trade.buyer, trade.label, self._number(trade, self._case(trade, known)))

    def sellers(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """A word of the seller about a case."""
        return Step(name, trade.seller, trade.label, self._number(trade, self._case(trade, known)))

    def counter(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """Another amount, or the goods back."""
        case, draw = self._case(trade, known), self.draw
        asked = [0] if case is None else [entry.asked for entry in case.lines]
        amounts = tuple(amount if draw.chance(30) else draw.below(amount + 2) for amount in asked)
        data = (amounts, draw.chance(40))
        return Step(name, trade.seller, trade.label, self._number(trade, case), data)

    def send(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """With freight."""
        case = self._case(trade, known)
        most = 0 if case is None else case.asked // 5
        data = (self.draw.below(most + 1 + self.draw.chance(10)),)
        with_ = ("carrier",)
        return Step(name, trade.buyer, trade.label, self._number(trade, case), data, with_)

    def bring(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """The carrier tells of a return."""
        return Step(name, "carrier", trade.label, self._number(trade, self._case(trade, known)))

    def exchange(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """Other goods."""
        number = self._number(trade, self._case(trade, known))
        return Step(name, trade.seller, trade.label, number, (), ("carrier",))

    def keep(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """Or not."""
        number = self._number(trade, self._case(trade, known))
        return Step(name, trade.buyer, trade.label, number, (self.draw.chance(60),))

    def _shares(self, count: int) -> tuple[int, ...]:
        return tuple(self.draw.pick((0, 333, 500, 1_000)) for _ in range(count))

    def dispute(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """About a case or a parcel."""
        if isinstance(known, Parcel):
            lines = {unit.line.index for unit in trade.inside(known, "parcel")}
            data = (True, self._shares(len(lines) or 1), self.draw.pick((0, 50, 500)))
            return Step(name, trade.seller, trade.label, known.number, data)
        case = self._case(trade, known)
        sender = trade.seller if self.draw.chance(20) else trade.buyer
        shares = self._shares(1 if case is None else len(case.lines))
        data = (False, shares, self.draw.pick((0, 50, 500)))
        return Step(name, sender, trade.label, self._number(trade, case), data)

    def contest(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """About what came back."""
        case = self._case(trade, known)
        data = (self._shares(1 if case is None else len(case.lines)), self.draw.pick((50, 500)))
        return Step(name, trade.seller, trade.label, self._number(trade, case), data)

    def settle(self, name: str, trade: Trade, known: Parcel | Case | None) -> Step:
        """By both, mostly."""
        case = self._case(trade, known)
        data = (self._shares(1 if case is None else len(case.lines)),)
        with_ = () if self.draw.chance(10) else (trade.seller,)
        return Step(name, trade.buyer, trade.label, self._number(trade, case), data, with_)


Builder = Callable[[Chooser, str, Trade, Parcel | Case | None], Step]
BUILDERS: Mapping[str, Builder] = {
    "order.pay": Chooser.pay,
    "order.cancel": Chooser.cancel,
    "order.reprice": Chooser.reprice,
    "shipment.create": Chooser.ship,
    "shipment.delivered": Chooser.carry,
    "shipment.lost": Chooser.carry,
    "order.extend": Chooser.extend,
    "order.confirm": Chooser.confirm,
    "refund.request": Chooser.request,
    "refund.withdraw": Chooser.buyers,
    "refund.agree": Chooser.sellers,
    "refund.reject": Chooser.sellers,
    "refund.counter": Chooser.counter,
    "refund.accept_counter": Chooser.buyers,
    "return.ship": Chooser.send,
    "return.delivered": Chooser.bring,
    "return.receive": Chooser.sellers,
    "return.contest": Chooser.contest,
    "exchange.ship": Chooser.exchange,
    "order.keep": Chooser.keep,
    "dispute.open": Chooser.dispute,
    "dispute.settle": Chooser.settle,
}
