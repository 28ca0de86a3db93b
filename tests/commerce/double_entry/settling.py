"""How a case ends in the books: what goes back, what is the seller's, what goes on as before."""

from collections.abc import Sequence

from tests.commerce.double_entry.goods import KINDS, Case, CaseLine, Trade, Unit
from tests.commerce.double_entry.market import Market

# How often units may come back from requests; the right to return has one more.
TRIES, RIGHT_TRIES = 2, 3


class Ending:
    """One case at its end, at `now_ms`."""

    def __init__(self, market: Market, trade: Trade, case: Case, now_ms: int) -> None:
        self.market, self.trade, self.case, self.now_ms = market, trade, case, now_ms
        self.cuts: list[tuple[CaseLine, list[tuple[int, int]]]] = []

    def refund(self, amounts: Sequence[int], *, sent_back: bool) -> None:
        """An amount a line goes back. The rest of goods that were sent back is the seller's, others
        go on as before.
        """
        lost = self._is_lost() and not sent_back
        back: list[tuple[CaseLine, list[Unit]]] = []
        for entry, amount in zip(self.case.lines, amounts, strict=True):
            wanted = entry.worth if lost else amount
            units = self._cut(entry, wanted)
            back.append((entry, units))
        self._move_money()
        for entry, units in back:
            if sent_back and units:
                # Where a delivery was in dispute, nothing was judged but that.
                self._sellers(units, final=self.case.kind != "delivery")
            elif units:
                self._put_back(entry, units)
        refunded = sent_back or any(cuts for _, cuts in self.cuts)
        self._ended("refunded" if refunded else "closed")

    def split(self, permille: Sequence[int]) -> None:
        """In dispute: so much of what is asked goes back, the rest is the seller's for good; goods
        that stayed where they were go on, with the rest of their price.
        """
        lines = zip(self.case.lines, permille, strict=True)
        amounts = [entry.asked * share // 1_000 for entry, share in lines]
        stayed = self.case.kind == "allowance" and self.case.freight is None
        self.refund(amounts, sent_back=not stayed)
        self.case.state = "split"
        if any(amounts):
            self.freight()

    def close(self) -> None:
        """Everything goes on as before."""
        if self._is_lost():
            self.refund([0] * len(self.case.lines), sent_back=False)
            return
        for entry in self.case.lines:
            self._put_back(entry, entry.units)
        self._ended("closed")

    def keep(self) -> None:
        """The buyer keeps what was recalled, and the seller is paid."""
        for entry in self.case.lines:
            self._sellers(entry.units, final=False)
        self._ended("released")

    def whole(self) -> None:
        """All of it goes back, whatever was asked; who recalls pays the way."""
        self.refund([entry.worth for entry in self.case.lines], sent_back=True)
        self.freight(recalled=True)

    def freight(self, *, recalled: bool = False) -> None:
        """The way back of bad or recalled goods is the seller's to pay."""
        kind = KINDS.get(self.case.kind)
        owed = recalled or (kind is not None and kind[4])
        if owed and self.case.freight:
            trade = self.trade
            self.market.ledger.collect(trade.seller, trade.buyer, self.case.freight)
            self.case.freight = 0

    def _cut(self, entry: CaseLine, amount: int) -> list[Unit]:
        """Take an amount off, unit after unit; the units that are left: all, or none."""
        cuts = []
        whole = amount >= entry.worth
        for unit in entry.units:
            taken = min(amount, unit.worth)
            amount -= taken
            if taken or whole:
                cuts.append((unit.low, unit.low + taken))
            unit.low += taken
        self.cuts.append((entry, cuts))
        if not whole:
            return entry.units
        if self.case.parcel is None:
            self.market.restock(entry.units)
        for unit in entry.units:
            unit.place, unit.held = "gone", False
        return []

    def _move_money(self) -> None:
        if self.case.origin == "released":
            self._recover()
            return
        for entry, cuts in self.cuts:
            for low, high in cuts:
                self.market.refund(self.trade, entry.line, low, high)

    def _recover(self) -> None:
        """The seller has the money: it pays the payer, then the funders, or owes them."""
        trade, ledger = self.trade, self.market.ledger
        owed: dict[str, int] = {}
        assert trade.payer is not None
        owed[trade.payer] = 0
        for entry, cuts in self.cuts:
            for low, high in cuts:
                for name, amount in self.market.payers(trade, entry.line, low, high).items():
                    owed[name] = owed.get(name, 0) + amount
        freed = min(trade.reserved, sum(owed.values()))
        ledger.unreserve(trade.seller, freed, self.now_ms, self.market.now_ms)
        trade.reserved -= freed
        # What the seller had paid itself it has already.
        paid = owed.pop(trade.seller, 0)
        for name, amount in owed.items():
            paid += ledger.collect(trade.seller, name, amount)
        for entry, cuts in self.cuts:
            part = min(paid, sum(high - low for low, high in cuts))
            paid -= part
            entry.line.released -= part
            entry.line.refunded += part

    def _sellers(self, units: Sequence[Unit], *, final: bool) -> None:
        parcel = self.case.parcel
        self.market.release_units(self.trade, units, final=final)
        if parcel is not None and parcel.signed_ms is None:
            parcel.signed_ms = self.market.now_ms

    def _put_back(self, entry: CaseLine, units: Sequence[Unit]) -> None:
        line, parcel, origin = entry.line, self.case.parcel, self.case.origin
        due_ms = self.now_ms + entry.remaining_ms
        if parcel is None:
            if line.waiting():
                line.due_ms = max(line.due_ms or 0, due_ms)
            else:
                line.state, line.due_ms = origin, due_ms
        elif origin != "released":
            # A clock that went on for others, or for another state, is that of these too.
            alone = not self.trade.inside(parcel, "parcel") and parcel.state == origin
            parcel.due_ms = max(parcel.due_ms or 0, due_ms if alone else self.now_ms)
        for unit in units:
            unit.tries += 1
            unit.place = "waiting" if parcel is None else "parcel"
            if origin == "released":
                unit.place = "paid"

    def _is_lost(self) -> bool:
        parcel = self.case.parcel
        gone = parcel is not None and parcel.state == "refunded"
        return gone and self.case.origin != "released"

    def _ended(self, state: str) -> None:
        self.case.state, self.case.due_ms = state, None
        self.market.rest(self.trade, self.case.parcel)
        self.market.free_reserve(self.trade, self.now_ms)
