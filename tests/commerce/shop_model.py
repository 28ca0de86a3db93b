"""A second opinion: the shop as plain double-entry bookkeeping, written from the specification.

It shares no code with commerce/ and keeps every single unit as an object, so that it can't repeat a
mistake of the handlers' arithmetic. Money moves only by `post`, from one account to another; what
an order holds is an account of its own. All times are commercial milliseconds since 1970 divided by
`scale`, rounded up.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

SECOND_MS = 1_000
HOUR_MS = 3_600 * SECOND_MS
DAY_MS = 24 * HOUR_MS
CYCLE_MS = 146_097 * DAY_MS
SHANGHAI = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNSHIPPED = ("unpaid", "held", "late")


@dataclass(eq=False)
class Unit:
    """One thing that was bought; `share` is its price, `due_ms` what its clock shows."""

    line: int
    share: int
    state: str = "unpaid"
    due_ms: int | None = None
    parcel: int | None = None


@dataclass(eq=False)
class Trade:
    """An order: who pays whom for which units.

    `parcels` are the times of shipping; `signed` when a parcel's windows began, and `closing` when
    those of one that is paid out end.
    """

    buyer: str
    listings: Sequence[str]
    units: list[Unit]
    exempt: frozenset[int]
    payer: str | None = None
    parcels: dict[int, int] = field(default_factory=dict)
    signed: dict[int, int] = field(default_factory=dict)
    closing: dict[int, int] = field(default_factory=dict)

    def of(self, *states: str) -> list[Unit]:
        """Units in these states."""
        return [unit for unit in self.units if unit.state in states]

    def in_parcel(self, parcel: int) -> list[Unit]:
        """Units of a parcel whose money is still held."""
        return [u for u in self.units if u.parcel == parcel and u.state in ("transit", "delivered")]


class Model:
    """Balances, stocks and trades. An operation returns whether the specification allows it."""

    def __init__(self, now_ms: int, scale: int, drift_ms: int, promises_ms: dict[str, int]) -> None:
        self.now_ms = now_ms
        self.scale = scale
        self.drift_ms = drift_ms
        self.promises_ms = promises_ms
        self.balances: Counter[str] = Counter()
        self.stock: Counter[str] = Counter()
        self.trades: list[Trade] = []

    def lasting(self, duration_ms: int) -> int:
        """A commercial duration in block time."""
        return -(-duration_ms // self.scale)

    def post(self, debit: str, credit: str, amount: int) -> None:
        """One booking: what one account loses the other gains."""
        assert self.balances[debit] >= amount >= 0
        self.balances[debit] -= amount
        self.balances[credit] += amount

    def escrow(self, trade: Trade) -> str:
        """The account that holds a trade's money."""
        return f"escrow {self.trades.index(trade)}"

    def create(
        self, buyer: str, wanted: Sequence[tuple[str, int, int]], exempt: frozenset[int]
    ) -> bool:
        """`wanted` are (listing, quantity, total price) of distinct listings."""
        for listing, quantity, _ in wanted:
            if self.stock[listing] < quantity or self.unpaid(buyer, listing) >= 3:
                return False
        units = []
        for line, (listing, quantity, total) in enumerate(wanted):
            self.stock[listing] -= quantity
            due_ms = self.now_ms + self.lasting(2 * HOUR_MS)
            units += [Unit(line, s, due_ms=due_ms) for s in shares(total, quantity)]
        self.trades.append(Trade(buyer, [entry[0] for entry in wanted], units, exempt))
        return True

    def unpaid(self, buyer: str, listing: str) -> int:
        """How many unpaid orders a buyer has of a listing."""
        return sum(
            trade.buyer == buyer and listing in trade.listings and bool(trade.of("unpaid"))
            for trade in self.trades
        )

    def pay(self, trade: Trade, payer: str) -> bool:
        total = sum(unit.share for unit in trade.units)
        if trade.of("unpaid") != trade.units or self.balances[payer] < total:
            return False
        self.post(payer, self.escrow(trade), total)
        trade.payer = payer
        for unit in trade.units:
            promise_ms = self.promises_ms[trade.listings[unit.line]]
            unit.state, unit.due_ms = "held", self.now_ms + self.lasting(promise_ms)
        return True

    def cancel(self, trade: Trade, lines: Iterable[int], agreeing: frozenset[str]) -> bool:
        """`agreeing` are of "buyer" and "seller"; no lines: all that is not shipped."""
        chosen = set(lines)
        units = [u for u in trade.of(*UNSHIPPED) if not chosen or u.line in chosen]
        if not units or chosen - {unit.line for unit in units}:
            return False
        if units[0].state == "unpaid":
            agreed = units == trade.units
        else:
            on_time = any(unit.state == "held" for unit in units)
            agreed = "buyer" in agreeing and ("seller" in agreeing or not on_time)
        if agreed:
            self.give_back(trade, units)
        return agreed

    def give_back(self, trade: Trade, units: Iterable[Unit]) -> None:
        """Units that never left: the money to the payer, the units to the stock."""
        for unit in units:
            self.stock[trade.listings[unit.line]] += 1
            if unit.state == "unpaid":
                unit.state, unit.due_ms = "closed", None
            else:
                self.refund(trade, unit)

    def refund(self, trade: Trade, unit: Unit) -> None:
        assert trade.payer is not None
        self.post(self.escrow(trade), trade.payer, unit.share)
        unit.state, unit.due_ms = "refunded", None

    def release(self, trade: Trade, unit: Unit) -> None:
        self.post(self.escrow(trade), "merchant", unit.share)
        unit.state, unit.due_ms = "released", None

    def ship(self, trade: Trade, quantities: dict[int, int]) -> bool:
        """`quantities` by line; the first units of a line travel first."""
        taken: list[Unit] = []
        for line, quantity in quantities.items():
            ready = [unit for unit in trade.of("held", "late") if unit.line == line]
            if len(ready) < quantity:
                return False
            taken += ready[:quantity]
        parcel = len(trade.parcels)
        trade.parcels[parcel] = self.now_ms
        for unit in taken:
            unit.state, unit.parcel = "transit", parcel
            unit.due_ms = self.now_ms + self.lasting(30 * DAY_MS)
        return True

    def deliver(self, trade: Trade, parcel: int) -> bool:
        units = trade.in_parcel(parcel)
        if not units or units[0].state != "transit":
            return False
        due_ms = max(
            trade.parcels[parcel] + self.lasting(10 * DAY_MS),
            self.now_ms + self.lasting(3 * DAY_MS),
        )
        everything = {unit.line for unit in trade.units if unit.parcel == parcel}
        if not everything <= trade.exempt:
            due_ms = max(due_ms, self.window_end_ms(self.now_ms))
        for unit in units:
            unit.state, unit.due_ms = "delivered", due_ms
        trade.signed[parcel] = self.now_ms
        return True

    def rest(self, trade: Trade, parcel: int) -> None:
        """Nothing of a parcel is held any more: what was paid out can be asked back for a while."""
        paid_out = [u for u in trade.of("released") if u.parcel == parcel]
        if trade.in_parcel(parcel) or not paid_out:
            return
        signed_ms = trade.signed[parcel]
        quality_ms = signed_ms + self.lasting(15 * DAY_MS)
        trade.closing[parcel] = max(quality_ms, self.window_end_ms(signed_ms))

    def window_end_ms(self, signed_ms: int) -> int:
        """The end of the seventh day after one in Shanghai, and twice the clocks' drift."""
        # A fast clock leaves the years that datetime knows; the calendar repeats after 400.
        cycles, commercial_ms = divmod(signed_ms * self.scale, CYCLE_MS)
        today = (EPOCH + timedelta(milliseconds=commercial_ms)).astimezone(SHANGHAI)
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        end_ms = (midnight + timedelta(days=8) - EPOCH) // timedelta(milliseconds=1)
        return self.lasting(cycles * CYCLE_MS + end_ms) + 2 * self.drift_ms

    def lose(self, trade: Trade, parcel: int) -> bool:
        units = trade.in_parcel(parcel)
        if not units or units[0].state != "transit":
            return False
        for unit in units:
            self.refund(trade, unit)
        self.rest(trade, parcel)
        return True

    def confirm(self, trade: Trade, parcel: int, quantities: dict[int, int]) -> bool:
        """`quantities` by line; none: everything."""
        units = trade.in_parcel(parcel)
        if not units:
            return False
        chosen = units if not quantities else []
        for line, quantity in quantities.items():
            ready = [unit for unit in units if unit.line == line]
            if len(ready) < quantity:
                return False
            chosen += ready[:quantity]
        trade.signed.setdefault(parcel, self.now_ms)
        for unit in chosen:
            self.release(trade, unit)
        self.rest(trade, parcel)
        return True

    def advance(self, time_ms: int) -> None:
        """Let the clocks run up to a time, each at its own moment."""
        while True:
            running = [
                (unit.due_ms, index)
                for index, trade in enumerate(self.trades)
                for unit in trade.units
                if unit.due_ms is not None and unit.due_ms <= time_ms
            ]
            if not running:
                break
            due_ms, index = min(running)
            trade = self.trades[index]
            ending = [unit for unit in trade.units if unit.due_ms == due_ms]
            for unit in ending:
                self._silence(trade, unit)
            for parcel in sorted({u.parcel for u in ending if u.parcel is not None}):
                self.rest(trade, parcel)
        for trade in self.trades:
            trade.closing = {p: due_ms for p, due_ms in trade.closing.items() if due_ms > time_ms}
        self.now_ms = time_ms

    def _silence(self, trade: Trade, unit: Unit) -> None:
        """What the specification's timer table says happens to this unit now."""
        actions: dict[str, Callable[[], None]] = {
            "unpaid": lambda: self.give_back(trade, [unit]),
            "held": lambda: self._late(unit),
            "late": lambda: self.give_back(trade, [unit]),
            "transit": lambda: self.refund(trade, unit),
            "delivered": lambda: self.release(trade, unit),
        }
        actions[unit.state]()

    def _late(self, unit: Unit) -> None:
        assert unit.due_ms is not None
        unit.state, unit.due_ms = "late", unit.due_ms + self.lasting(15 * DAY_MS)


def shares(total: int, quantity: int) -> list[int]:
    """The first k of n units cost ⌊total·k/n⌋ together."""
    sums = [total * k // quantity for k in range(quantity + 1)]
    return [after - before for before, after in pairwise(sums)]
