"""The records that a step of a case changes, loaded once and written once: order and parcel.

Units go from a line or parcel into a case and back by `take` and `put_back`, and end by `end`;
where the money of what ends goes is said by the caller (commerce/aftersale/outcomes.py).
"""

from collections.abc import Iterable, Sequence

from chain.context import Context
from commerce.aftersale.cases import Case, CaseLine
from commerce.aftersale.errors import UnitsInCase, UnitsTriedOut
from commerce.errors import LineUnknown, QuantityExceeded, StateForbids
from commerce.escrow import State
from commerce.listings import return_stock
from commerce.orders import Order, OrderLine, line_of, load_order, save_order
from commerce.parcels import (
    Parcel,
    ParcelLine,
    at_rest,
    load_parcel,
    parcel_id,
    save_parcel,
)
from commerce.records import altered
from commerce.reserves import free_reserve
from commerce.units import Span, count_units

# A unit comes back from so many cases at most, and then from one more if that is the return
# without a reason: what a seller rejected uses up no right of the law (消费者权益保护法 art. 25).
TRIES_MAX = 2
RIGHT_TRIES_MAX = TRIES_MAX + 1
# What was ruled, settled or sent back is not asked for again.
FINAL_TRIES = 255
_UNSHIPPED = (State.HELD, State.LATE)


class Books:
    """An order and one of its parcels (or none) under change; `save` writes them."""

    def __init__(self, context: Context, order_id: bytes, number: int | None) -> None:
        self.context = context
        self.order_id = order_id
        self._order = self.order = load_order(context.state, order_id)
        self._parcel_id = None if number is None else parcel_id(order_id, number)
        found = None if self._parcel_id is None else load_parcel(context.state, self._parcel_id)
        self._parcel: Parcel | None = found
        self.parcel: Parcel | None = found

    @classmethod
    def of(cls, context: Context, case: Case) -> "Books":
        """Those of a case."""
        return cls(context, case.order_id, case.parcel)

    def new_case(
        self,
        kind: str,
        state: State,
        due_ms: int | None,
        origin: State,
        lines: tuple[CaseLine, ...],
    ) -> Case:
        """The order's next case as it begins, over units that were taken from here: nothing is
        offered, addressed or on its way back.
        """
        return Case(
            order_id=self.order_id,
            number=self.order.cases,
            kind=kind,
            state=state.value,
            due_ms=due_ms,
            origin=origin.value,
            parcel=None if self.parcel is None else self.parcel.number,
            lines=lines,
            gives_back=False,
            offer=(),
            offer_gives_back=False,
            opened_ms=self.context.time_ms,
            evidence=None,
            address_commitment=None,
            returned=None,
        )

    def save(self, now_ms: int) -> None:
        """Write what changed; the parcel at rest if nothing of it is open any more."""
        if self.parcel is not None and self.parcel is not self._parcel:
            assert self._parcel_id is not None
            rested = at_rest(self.context, self.order, self.parcel)
            save_parcel(self.context, self._parcel_id, self._parcel, rested)
        if self.order is not self._order:
            save_order(self.context, self.order_id, self._order, self.order)
        free_reserve(self.context, self.order_id, now_ms)

    def origin_of(self, wanted: Sequence[tuple[int, int]]) -> State:
        """The state from which (line, quantity) units would be taken; refuses what isn't there."""
        if self.parcel is None:
            return self._unshipped_origin(wanted)
        entries = [(self._entry(index), count) for index, count in wanted]
        for entry, count in entries:
            free = entry.open_units + count_units(entry.released)
            if count > free + entry.pending:
                msg = f"line {entry.line}: {free} units of this parcel can be asked for"
                raise QuantityExceeded(msg)
        if all(count <= entry.open_units for entry, count in entries):
            return State(self.parcel.state)
        if all(count <= count_units(entry.released) for entry, count in entries):
            return State.RELEASED
        for entry, count in entries:
            if count <= entry.open_units + count_units(entry.released):
                msg = f"line {entry.line}: ask for units that were paid out by themselves"
                raise StateForbids(msg)
        msg = "units of this parcel are in a case already"
        raise UnitsInCase(msg)

    def _unshipped_origin(self, wanted: Sequence[tuple[int, int]]) -> State:
        states = set()
        for index, count in wanted:
            line = line_of(self.order, index)
            if count > line.quantity - line.shipped - line.cancelled:
                msg = f"line {index}: {line.unshipped} units are not shipped"
                raise QuantityExceeded(msg)
            if count > line.unshipped:
                msg = f"line {index}: units are in a case already"
                raise UnitsInCase(msg)
            states.add(line.state)
        if len(states) != 1:
            msg = "ask for lines of one state at a time"
            raise StateForbids(msg)
        return State(states.pop())

    def take(
        self,
        origin: State,
        wanted: Sequence[tuple[int, int]],
        now_ms: int,
        *,
        tries_max: int | None = None,
    ) -> tuple[CaseLine, ...]:
        """Take (line, quantity) units out of where they are; what is asked is their whole worth.

        Only units that came back from fewer cases than `tries_max` (`UnitsTriedOut`).
        """
        return tuple([self._take(origin, *entry, now_ms, tries_max) for entry in wanted])

    def _take(
        self, origin: State, index: int, count: int, now_ms: int, tries_max: int | None
    ) -> CaseLine:
        line = self.order.lines[index]
        position, source, due_ms = self._source(origin, index)
        usable = [span for span in source if tries_max is None or span.tries < tries_max]
        if count_units(usable) < count:
            msg = f"line {index}: {tries_max} requests for these units were closed"
            raise UnitsTriedOut(msg)
        taken, left = line.take(usable, count)
        rest = line.join(left, [span for span in source if span not in usable])
        remaining_ms = 0 if origin is State.RELEASED else max(0, due_ms - now_ms)
        self._leave(origin, index, position, rest, count)
        return CaseLine(index, taken, line.worth_minor(taken), remaining_ms)

    def _source(self, origin: State, index: int) -> tuple[int, tuple[Span, ...], int]:
        """Position in the parcel, the units, and the clock that they have there."""
        if self.parcel is None:
            line = self.order.lines[index]
            assert line.due_ms is not None
            return 0, line.open, line.due_ms
        entry = self._entry(index)
        source = entry.released if origin is State.RELEASED else entry.open
        return self.parcel.lines.index(entry), source, self.parcel.due_ms or 0

    def _leave(
        self, origin: State, index: int, position: int, rest: tuple[Span, ...], count: int
    ) -> None:
        if self.parcel is None:
            line = altered(self.order.lines[index], open=rest)
            if not rest:
                # The clock that it had is in the case now.
                line = altered(line, state=State.IN_TRANSIT.value, due_ms=None)
            self.order = self.order.replaced(index, line)
            return
        entry = self.parcel.lines[position]
        pending = entry.pending + count
        if origin is State.RELEASED:
            self._exchange(position, altered(entry, released=rest, pending=pending))
        else:
            self._exchange(position, altered(entry, open=rest, pending=pending))

    def end(self, origin: str, entry: CaseLine, spans: Iterable[Span]) -> None:
        """Units of a case whose money has gone: they are nowhere any more; unshipped ones are for
        sale again.
        """
        count = count_units(spans)
        if not count:
            return
        if self.parcel is not None:
            self._settled(entry.line, count)
            return
        line = self.order.lines[entry.line]
        cancelled = line.cancelled + count
        self.order = self.order.replaced(entry.line, altered(line, cancelled=cancelled))
        assert origin in _UNSHIPPED
        return_stock(self.context, line.listing_id, count)

    def release(self, entry: CaseLine, spans: Sequence[Span], now_ms: int, *, final: bool) -> None:
        """Units of a parcel that leave a case with their money paid out to the seller.

        `final`: what was ruled, settled or sent back is not asked for again.
        """
        if not spans:
            return
        if final:
            spans = [altered(span, tries=FINAL_TRIES) for span in spans]
        if self.parcel is None:
            line = self.order.lines[entry.line]
            cancelled = line.cancelled + count_units(spans)
            self.order = self.order.replaced(entry.line, altered(line, cancelled=cancelled))
            return
        known = self._entry(entry.line)
        position = self.parcel.lines.index(known)
        pending = known.pending - count_units(spans)
        released = self.line(entry.line).join(known.released, spans)
        self._exchange(position, altered(known, pending=pending, released=released))
        if self.parcel.signed_ms is None:
            self.parcel = altered(self.parcel, signed_ms=now_ms)

    def put_back(self, origin: str, entry: CaseLine, spans: Sequence[Span], now_ms: int) -> None:
        """Units come back from a case to where they were, with the time that was left."""
        if not spans:
            return
        tried = [altered(span, tries=span.tries + 1) for span in spans]
        due_ms = now_ms + entry.remaining_ms
        if self.parcel is None:
            line = self.order.lines[entry.line]
            if line.open:
                assert line.due_ms is not None
                state, due_ms = line.state, max(line.due_ms, due_ms)
            else:
                state = origin
            opened = line.join(line.open, tried)
            line = altered(line, open=opened, state=state, due_ms=due_ms)
            self.order = self.order.replaced(entry.line, line)
            return
        known = self._entry(entry.line)
        position = self.parcel.lines.index(known)
        pending = known.pending - count_units(spans)
        if origin == State.RELEASED:
            released = self.line(entry.line).join(known.released, tried)
            self._exchange(position, altered(known, pending=pending, released=released))
            return
        shared = any(other.open for other in self.parcel.lines)
        opened = self.line(entry.line).join(known.open, tried)
        self._exchange(position, altered(known, pending=pending, open=opened))
        if shared or self.parcel.state != origin:
            # Others' clock has run on, or another state's: these units have it now. Otherwise one
            # unit after the other would keep the seller from the money of all for years.
            due_ms = now_ms
        self.parcel = altered(self.parcel, due_ms=max(self.parcel.due_ms or 0, due_ms))

    @property
    def is_lost(self) -> bool:
        """Was the parcel given up while units of it were in a case?"""
        return self.parcel is not None and self.parcel.state == State.REFUNDED

    def line(self, index: int) -> OrderLine:
        """A line as it is now."""
        return self.order.lines[index]

    def change_order(self, order: Order) -> None:
        """Take over the order as money has changed it."""
        self.order = order

    def _settled(self, index: int, count: int) -> None:
        assert self.parcel is not None
        known = self._entry(index)
        position = self.parcel.lines.index(known)
        self._exchange(position, altered(known, pending=known.pending - count))

    def _entry(self, index: int) -> ParcelLine:
        assert self.parcel is not None
        for entry in self.parcel.lines:
            if entry.line == index:
                return entry
        msg = f"line {index} is not in this parcel"
        raise LineUnknown(msg)

    def _exchange(self, position: int, entry: ParcelLine) -> None:
        assert self.parcel is not None
        lines: list[ParcelLine] = list(self.parcel.lines)
        lines[position] = entry
        self.parcel = altered(self.parcel, lines=tuple(lines))
