"""The market's books: offers, orders, parcels and the time, and what becomes of units in them.

Every function here changes the books; whether somebody may ask for it is said by operations.py,
requests.py and clocks.py.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from tests.commerce.double_entry.goods import (
    FINAL,
    Case,
    CaseLine,
    Coupon,
    Line,
    Parcel,
    Trade,
    Unit,
    largest_remainder,
)
from tests.commerce.double_entry.ledger import Ledger, Withdrawal, require

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CYCLE_MS = 146_097 * DAY_MS
SHANGHAI = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Requests that a recall overtakes.
STOPPED = ("pending", "rejected", "countered", "returning", "sent", "back", "exchanging")


@dataclass(eq=False)
class Offer:
    """A listing: its price per unit, its freight per line."""

    seller: str
    gtin: str
    price: int
    freight: int
    promise_ms: int
    exempt: bool
    stock: int


@dataclass(eq=False)
class Recall:
    """A product that is blocked; `due_ms` until its goods in flight are stopped."""

    opener: str
    level: int
    due_ms: int | None
    id: bytes = b""


@dataclass(eq=False)
class Market:
    """All books. Times are block time; durations of the specification are divided by `scale`.

    `active` are the orders that have a clock; `stopped` counts what recalls found in which state,
    `swept` says that one had its turn in this block.
    """

    now_ms: int
    scale: int
    drift_ms: int
    ledger: Ledger = field(default_factory=Ledger)
    offers: dict[str, Offer] = field(default_factory=dict)
    coupons: dict[str, Coupon] = field(default_factory=dict)
    trades: dict[int, Trade] = field(default_factory=dict)
    active: dict[int, Trade] = field(default_factory=dict)
    recalls: dict[str, Recall] = field(default_factory=dict)
    withdrawals: dict[int, Withdrawal] = field(default_factory=dict)
    stopped: Counter[str] = field(default_factory=Counter)
    swept: bool = False

    def lasting(self, duration_ms: int) -> int:
        """A commercial duration in block time."""
        return -(-duration_ms // self.scale)

    def days(self, count: int) -> int:
        """So many days."""
        return self.lasting(count * DAY_MS)

    def return_right_ends(self, signed_ms: int) -> int:
        """The end of the seventh day after one in Shanghai, and twice the clocks' drift."""
        # A fast clock leaves the years that datetime knows; the calendar repeats after 400.
        cycles, commercial_ms = divmod(signed_ms * self.scale, CYCLE_MS)
        today = (EPOCH + timedelta(milliseconds=commercial_ms)).astimezone(SHANGHAI)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        end_ms = (midnight + timedelta(days=8) - EPOCH) // timedelta(milliseconds=1)
        return self.lasting(cycles * CYCLE_MS + end_ms) + 2 * self.drift_ms

    def windows_end(self, signed_ms: int) -> int:
        """When nothing can be asked any more."""
        return max(signed_ms + self.days(15), self.return_right_ends(signed_ms))

    def lay_coupons(self, trade: Trade, totals: Sequence[int]) -> None:
        """These are what the lines cost now: each coupon on what those before it left of the lines
        that it is for.
        """
        funding: list[list[tuple[str, str, int]]] = [[] for _ in trade.lines]
        left = list(totals)
        for name in trade.coupons:
            coupon = self.coupons[name]
            everything = not coupon.listings
            weights = [
                rest if everything or line.listing in coupon.listings else 0
                for line, rest in zip(trade.lines, left, strict=True)
            ]
            base = sum(weights)
            discount = coupon.of(base)
            require(discount > 0 and base >= coupon.minimum, "coupon")
            for index, share in enumerate(largest_remainder(discount, weights)):
                if share:
                    funding[index].append((coupon.funder, name, share))
                    left[index] -= share
        for line, total, parts in zip(trade.lines, totals, funding, strict=True):
            line.total, line.funding = total, parts

    def drawn(self, trade: Trade) -> dict[str, int]:
        """What each coupon pays of an order."""
        sums: dict[str, int] = {}
        for line in trade.lines:
            for _, name, amount in line.funding:
                sums[name] = sums.get(name, 0) + amount
        return sums

    def require_undrawn(self, trade: Trade) -> None:
        """Budgets and uses allow it."""
        for name, amount in self.drawn(trade).items():
            coupon = self.coupons[name]
            require(coupon.spent + amount <= coupon.budget, "budget")
            require(coupon.used.get(trade.buyer, 0) < coupon.uses, "uses")

    # What becomes of units

    def payers(self, trade: Trade, line: Line, low: int, high: int) -> dict[str, int]:
        """Who had paid some fen of a line."""
        sums: dict[str, int] = {}
        for funder, amount in line.shares(low, high):
            name = funder or trade.payer
            assert name is not None
            sums[name] = sums.get(name, 0) + amount
        return sums

    def refund(self, trade: Trade, line: Line, low: int, high: int) -> None:
        """Fen that escrow holds go to who had paid them."""
        for name, amount in self.payers(trade, line, low, high).items():
            self.ledger.post(("escrow", trade.label, line.index), name, amount)
        line.refunded += high - low

    def refund_units(self, trade: Trade, units: Iterable[Unit]) -> None:
        """Units end, their money goes back."""
        for unit in units:
            self.refund(trade, unit.line, unit.low, unit.high)
            unit.low, unit.place, unit.held = unit.high, "gone", False

    def release_units(self, trade: Trade, units: Iterable[Unit], *, final: bool) -> None:
        """The seller has the money of these units; those in a parcel can be asked for."""
        for unit in units:
            if unit.held:
                escrow = ("escrow", trade.label, unit.line.index)
                self.ledger.post(escrow, trade.seller, unit.worth)
                unit.line.released += unit.worth
            unit.held = False
            unit.place = "gone" if unit.parcel is None else "paid"
            if final:
                unit.tries = FINAL

    def restock(self, units: Iterable[Unit]) -> None:
        """Units that never left are for sale again."""
        for unit in units:
            self.offers[unit.line.listing].stock += 1

    def rest(self, trade: Trade, parcel: Parcel | None) -> None:
        """Nothing of a parcel is open or asked for: what was paid out waits for its windows."""
        if parcel is None or trade.inside(parcel, "parcel", "case"):
            return
        if not trade.inside(parcel, "paid"):
            parcel.state, parcel.due_ms = "refunded", None
            return
        assert parcel.signed_ms is not None
        parcel.state, parcel.due_ms = "released", self.windows_end(parcel.signed_ms)

    def free_reserve(self, trade: Trade, now_ms: int) -> None:
        """Nothing of an order can be asked back any more: what was reserved for it is free."""
        if not trade.reserved or any(unit.held for unit in trade.units):
            return
        if any(parcel.state == "released" for parcel in trade.parcels):
            return
        if any(unit.place == "case" for unit in trade.units if unit.parcel is not None):
            return
        self.ledger.unreserve(trade.seller, trade.reserved, now_ms, self.now_ms)
        trade.reserved = 0

    def give_up(self, trade: Trade, parcel: Parcel, now_ms: int) -> None:
        """A parcel is lost: what is open in it goes back, and what comes back to it later."""
        self.refund_units(trade, trade.inside(parcel, "parcel"))
        parcel.state, parcel.due_ms = "refunded", None
        self.rest(trade, parcel)
        self.free_reserve(trade, now_ms)

    def pay_out(self, trade: Trade, parcel: Parcel, units: Sequence[Unit], now_ms: int) -> None:
        """Units of a parcel are confirmed, by the buyer or by silence."""
        if parcel.signed_ms is None:
            parcel.signed_ms = now_ms
        self.release_units(trade, units, final=False)
        self.rest(trade, parcel)

    def end_waiting(self, trade: Trade, line: Line, now_ms: int) -> None:
        """Units that wait for a parcel end."""
        units = line.waiting()
        self.restock(units)
        if line.state == "unpaid":
            for unit in units:
                unit.place = "gone"
        else:
            self.refund_units(trade, units)
        line.due_ms = None
        self.free_reserve(trade, now_ms)

    def take(
        self, trade: Trade, parcel: Parcel | None, origin: str, units: Sequence[Unit]
    ) -> list[CaseLine]:
        """Units leave for a case, with the time that their clock has left."""
        lines: dict[int, list[Unit]] = {}
        for unit in units:
            lines.setdefault(unit.line.index, []).append(unit)
        taken = []
        for index, some in lines.items():
            line = trade.lines[index]
            due_ms = line.due_ms if parcel is None else parcel.due_ms
            left_ms = 0 if origin == "released" else max(0, (due_ms or 0) - self.now_ms)
            for unit in some:
                unit.place = "case"
            if parcel is None and not line.waiting():
                line.due_ms = None
            taken.append(CaseLine(line, some, sum(unit.worth for unit in some), left_ms))
        return taken

    def open_case(
        self,
        trade: Trade,
        names: tuple[str, str, str],
        parcel: Parcel | None,
        units: Sequence[Unit],
    ) -> Case:
        """A new case of an order over these units: its kind, state and origin."""
        kind, state, origin = names
        lines = self.take(trade, parcel, origin, units)
        case = Case(len(trade.cases), kind, state, None, origin, parcel, lines)
        trade.cases.append(case)
        return case

    def stop(self, trade: Trade, gtins: Iterable[str]) -> None:
        """Units of recalled products whose money is held wait for the buyer's word."""
        names = set(gtins)
        # Of an order that holds nothing more for them there is nothing to stop.
        held = [unit for unit in trade.units if unit.held and unit.worth]
        if not any(unit.line.gtin in names for unit in held):
            return
        due_ms = self.now_ms + self.lasting(48 * HOUR_MS)
        for case in trade.cases:
            if case.state not in STOPPED or case.origin == "released":
                continue
            if all(entry.line.gtin in names for entry in case.lines):
                self.stopped[case.state] += 1
                case.state, case.due_ms = "recalled", due_ms
        for parcel in (None, *trade.parcels):
            for origin, units in self._in_flight(trade, parcel, names).items():
                self.stopped[origin] += 1
                case = self.open_case(trade, ("recall", "recalled", origin), parcel, units)
                case.due_ms = due_ms

    def _in_flight(
        self, trade: Trade, parcel: Parcel | None, gtins: Iterable[str]
    ) -> dict[str, list[Unit]]:
        """Units of some products that wait, or are open in a parcel, by their state."""
        found: dict[str, list[Unit]] = {}
        for line in trade.lines:
            if line.gtin in gtins:
                units = line.waiting() if parcel is None else self._open(trade, parcel, line)
                state = line.state if parcel is None else parcel.state
                if units and state != "unpaid":
                    found.setdefault(state, []).extend(units)
        return found

    def _open(self, trade: Trade, parcel: Parcel, line: Line) -> list[Unit]:
        return [unit for unit in trade.inside(parcel, "parcel") if unit.line is line]
