"""How a case ends: where the money of its units goes, and where the units go that don't end.

Money that the escrow holds is paid out of it. Money that was released is collected from the seller:
its balance, its deposit, and by a ruling the mutual fund; what nobody can pay is a debt.
"""

from collections.abc import Sequence

from chain.block import Event
from chain.context import Context, event
from chain.state import StateReader
from commerce.aftersale.books import Books
from commerce.aftersale.cases import (
    Case,
    CaseLine,
    add_case,
    moved,
    next_case_id,
    save_case,
    to_state,
)
from commerce.aftersale.freight import pay_freight
from commerce.aftersale.recovery import recover
from commerce.errors import NotTheSeller, StateForbids
from commerce.escrow import Money, State, Trigger, edge_from
from commerce.orders import Order, OrderLine
from commerce.parcels import load_parcel, parcel_id
from commerce.records import altered
from commerce.reviews.posting import reviews_voided
from commerce.settlement import (
    Portion,
    portions_of,
    settle,
    worth_of,
)
from commerce.units import Span

PERMILLE = 1_000


def case_stake(case: Case) -> tuple[int, ...]:
    """Minor units at stake in each of a case's lines: what is asked, which for all but an allowance
    is what the units are worth.
    """
    return tuple([entry.amount_minor for entry in case.lines])


def default_permille(state: StateReader, case: Case) -> int:
    """What the buyer gets where nobody rules: all if it lacks the goods, or a carrier proved that
    they went back; else nothing (commerce.md, dispute cap).
    """
    lacks = case.origin in (State.HELD, State.LATE)
    if case.origin == State.IN_TRANSIT:
        assert case.parcel is not None
        # The carrier may have brought it since.
        lacks = load_parcel(state, parcel_id(case.order_id, case.parcel)).delivered_ms is None
    return PERMILLE if lacks or case.returned is not None else 0


def begin_dispute(context: Context, case_id: bytes, case: Case) -> Case:
    """Put a case into dispute: its own clock stops, the dispute's begins under the same id."""
    disputed = to_state(case, State.DISPUTED, None)
    save_case(context, case_id, case, disputed)
    return disputed


def case_of_parcel(context: Context, known_id: bytes) -> tuple[bytes, Case]:
    """A case over all that is open in a parcel on its way, for the seller's delivery proof.

    `NotTheSeller`, `StateForbids`, `TooManyCases`.
    """
    parcel = load_parcel(context.state, known_id)
    books = Books(context, parcel.order_id, parcel.number)
    if context.sender != books.order.seller:
        msg = "only the seller proves a delivery that the carrier didn't report"
        raise NotTheSeller(msg)
    edge_from(parcel.state, Trigger.DISPUTE)
    wanted = [(entry.line, entry.open_units) for entry in parcel.lines if entry.open]
    if not wanted:
        msg = "all that is in the parcel is in cases"
        raise StateForbids(msg)
    case_id = next_case_id(parcel.order_id, books.order)
    lines = books.take(State.IN_TRANSIT, wanted, context.time_ms)
    case = books.new_case("delivery", State.IN_TRANSIT, None, State.IN_TRANSIT, lines)
    books.change_order(altered(books.order, cases=books.order.cases + 1))
    books.save(context.time_ms)
    add_case(context, books.order, case)
    return case_id, case


def split_case(
    context: Context, case_id: bytes, case: Case, permille: Sequence[int], *, ruled: bool
) -> tuple[Event, ...]:
    """End a disputed case: permille[i] of what is at stake in its line i to who paid it, the rest
    to the seller. Units of which an allowance was asked come back with the rest of their money:
    nothing else about them was judged. But goods that went back don't: the rest is the seller's.
    """
    stake = case_stake(case)
    amounts = [minor * share // PERMILLE for minor, share in zip(stake, permille, strict=True)]
    ending = _Ending(context, case_id, case, context.time_ms, ruled=ruled)
    if case.kind == "allowance" and case.returned is None:
        return ending.refund(amounts, State.SPLIT, "dispute")
    told = ending.split(amounts, State.SPLIT, "dispute")
    # Who gets money for goods that went back gets it for their way, too.
    return (*told, *pay_freight(context, case_id, case)) if any(amounts) else told


def refund_case(
    context: Context, case_id: bytes, case: Case, now_ms: int, reason: str
) -> tuple[Event, ...]:
    """End a case by what was asked: the money goes back. Units of which a part was asked come back
    with the rest of theirs; if the goods went back, the rest is the seller's.
    """
    amounts = [entry.amount_minor for entry in case.lines]
    ending = _Ending(context, case_id, case, now_ms)
    if case.returned is not None:
        return ending.split(amounts, State.REFUNDED, reason)
    return ending.refund(amounts, State.REFUNDED, reason)


def release_case(context: Context, case_id: bytes, case: Case) -> tuple[Event, ...]:
    """End a case in the seller's favour, by the buyer's own word."""
    return _Ending(context, case_id, case, context.time_ms).release()


def close_case(
    context: Context, case_id: bytes, case: Case, now_ms: int, reason: str
) -> tuple[Event, ...]:
    """End a case without an outcome: its units go on as before, with the time that was left."""
    return _Ending(context, case_id, case, now_ms).close(reason)


class _Ending:
    """One case at its end; the order's and the parcel's records beside it."""

    def __init__(
        self, context: Context, case_id: bytes, case: Case, now_ms: int, *, ruled: bool = False
    ) -> None:
        self.context = context
        self.case_id = case_id
        self.case = case
        self.now_ms = now_ms
        self.ruled = ruled
        self.books = Books.of(context, case)
        self.was_released = case.origin == State.RELEASED

    def refund(self, amounts: Sequence[int], state: State, reason: str) -> tuple[Event, ...]:
        """Refund an amount per line, let the rest come back."""
        back: list[tuple[CaseLine, tuple[Span, ...]]] = []
        portions: list[Portion] = []
        for entry, amount_minor in zip(self.case.lines, amounts, strict=True):
            found, ended, left = consume(self.books.line(entry.line), entry, amount_minor)
            if left and self._is_lost:
                found = portions_of(self.books.order, entry.line, entry.spans)
                ended, left = entry.spans, ()
            portions += found
            self.books.end(self.case.origin, entry, ended)
            back.append((entry, left))
        refunded_minor = self._refund(portions)
        for entry, left in back:
            self.books.put_back(self.case.origin, entry, left, self.now_ms)
        if not portions and state is State.REFUNDED:
            state = State.CLOSED
        return self._ended(state, reason, refunded_minor, 0, portions)

    def close(self, reason: str) -> tuple[Event, ...]:
        """Let everything come back."""
        if self._is_lost:
            return self.refund([0] * len(self.case.lines), State.REFUNDED, reason)
        for entry in self.case.lines:
            self.books.put_back(self.case.origin, entry, entry.spans, self.now_ms)
        return self._ended(State.CLOSED, reason, 0, 0, ())

    @property
    def _is_lost(self) -> bool:
        """Was the parcel given up meanwhile? What would come back to it is lost with it, but for
        what the buyer had got and confirmed.
        """
        return self.books.is_lost and not self.was_released

    def split(self, amounts: Sequence[int], state: State, reason: str) -> tuple[Event, ...]:
        """Refund an amount per line, pay the rest to the seller."""
        to_payer: list[Portion] = []
        to_seller: list[Portion] = []
        for entry, amount_minor in zip(self.case.lines, amounts, strict=True):
            found, ended, left = consume(self.books.line(entry.line), entry, amount_minor)
            to_payer += found
            self.books.end(self.case.origin, entry, ended)
            to_seller += portions_of(self.books.order, entry.line, left)
            # Where a delivery was in dispute, nothing was judged but that.
            self.books.release(entry, left, self.now_ms, final=self.case.kind != "delivery")
        refunded_minor = self._refund(to_payer)
        released_minor = self._release(to_seller)
        return self._ended(state, reason, refunded_minor, released_minor, to_payer)

    def release(self) -> tuple[Event, ...]:
        """All of it to the seller."""
        portions: list[Portion] = []
        for entry in self.case.lines:
            portions += portions_of(self.books.order, entry.line, entry.spans)
            self.books.release(entry, entry.spans, self.now_ms, final=False)
        released_minor = self._release(portions)
        return self._ended(State.RELEASED, "order.keep", 0, released_minor, ())

    def _refund(self, portions: Sequence[Portion]) -> int:
        if not portions:
            return 0
        if self.was_released:
            order, refunded_minor = recover(
                self.context, self.books.order, portions, now_ms=self.now_ms, ruled=self.ruled
            )
            self.books.change_order(order)
            return refunded_minor
        order = settle(self.context, self.books.order, portions, Money.REFUND)
        self.books.change_order(order)
        return worth_of(portions)

    def _release(self, portions: Sequence[Portion]) -> int:
        # What was released before has been the seller's all the time.
        if not portions or self.was_released:
            return 0
        order = settle(self.context, self.books.order, portions, Money.RELEASE)
        self.books.change_order(order)
        return worth_of(portions)

    def _ended(
        self,
        state: State,
        reason: str,
        refunded_minor: int,
        released_minor: int,
        portions: Sequence[Portion],
    ) -> tuple[Event, ...]:
        ended = to_state(self.case, state, None)
        told = moved(self.context, self.case_id, self.case, ended)
        self.books.save(self.now_ms)
        indexes = [entry.line for entry in self.case.lines]
        told += reviews_voided(self.context, self.case.order_id, self.books.order, indexes)
        if not portions and not released_minor:
            return told
        order: Order = self.books.order
        settled = event(
            "refund.settled",
            case_id=self.case_id,
            order_id=self.case.order_id,
            symbol=order.symbol,
            to=order.payer,
            seller=order.seller,
            refunded_minor=refunded_minor,
            owed_minor=worth_of(portions) - refunded_minor,
            released_minor=released_minor,
            reason=reason,
        )
        return (*told, settled)


def consume(
    line: OrderLine, entry: CaseLine, amount_minor: int
) -> tuple[list[Portion], tuple[Span, ...], tuple[Span, ...]]:
    """Take an amount out of a case line's money, unit after unit: portions, the units that end by
    it, and those that are left with what is left of theirs.
    """
    if amount_minor >= line.worth_minor(entry.spans):
        portions = [(entry.line, line.interval_of(span), span.count) for span in entry.spans]
        return portions, entry.spans, ()
    portions, left = [], []
    for span in entry.spans:
        low, high = line.interval_of(span)
        taken_minor = min(amount_minor, high - low)
        amount_minor -= taken_minor
        if taken_minor:
            portions.append((entry.line, (low, low + taken_minor), 0))
        left.append(altered(span, deducted_minor=span.deducted_minor + taken_minor))
    return portions, (), tuple(left)
