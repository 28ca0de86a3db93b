"""Who got recalled goods: one notice for each parcel that brought, or may have brought, some.

`product`: a product that is recalled as a whole. `named`: the label names a marked item or lot, or
a logistic unit in which one lay. `possible`: units of a product that the marks have reached and
that the label doesn't name, shipped since the first of them was marked.

What the label names of marked goods is stopped, as far as its money is held (`Stop`), and is asked
back (commerce/recalls/demands.py).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from chain.codec import U8, Hash, Name, Size, TimeMs
from chain.context import Context
from chain.state import StateReader, Table
from commerce.custody import named
from commerce.epcis.containment import Containment
from commerce.epcis.digital_link import DOMAIN
from commerce.epcis.graph import TraceIndex
from commerce.epcis.identifiers import gtin_of, is_class
from commerce.epcis.spread import marks_of
from commerce.epcis.summary import Uri
from commerce.goods.contents import CONTENTS_MAX
from commerce.goods.things import name_part
from commerce.orders import ORDER_LINES_MAX, LineIndex, Order
from commerce.parcels import EPCS_MAX, Parcel
from commerce.recalls.blocked import TOUCHED, recalled_products
from commerce.recalls.demands import DEMANDS, Demand, Way, met_by_known
from commerce.recalls.marks import recalls_of
from commerce.recalls.reading import Meter, RecallIndex
from commerce.recalls.record import Recall
from commerce.recalls.stopping import Stop
from commerce.units import Quantity

THINGS_MAX = EPCS_MAX + 1 + CONTENTS_MAX
PRODUCT, NAMED, POSSIBLE = "product", "named", "possible"


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """Units of an order's line that the parcel brought."""

    line: LineIndex
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Notice:
    """`things` are the marked ones that the parcel is known to have brought, sorted."""

    buyer: Hash
    seller: Hash
    parcel: U8
    certainty: Name
    lines: Annotated[tuple[NoticeLine, ...], Size(max=ORDER_LINES_MAX)]
    things: Annotated[tuple[Uri, ...], Size(max=THINGS_MAX)]
    noticed_ms: TimeMs


# By recall, order and number of the parcel, one byte.
NOTICES: Table[Notice] = Table("recall-notice", Notice)


def label_things(parcel: Parcel) -> list[str]:
    """What a label names: items and lots, and the logistic unit."""
    things = named(parcel.epcs)
    return things if parcel.sscc is None else [*things, f"{DOMAIN}00/{parcel.sscc}"]


def things_in(index: TraceIndex, parcel: Parcel) -> tuple[str, ...]:
    """What a label names, and what lay in the logistic unit when it left."""
    things = dict.fromkeys(label_things(parcel))
    if parcel.sscc is not None:
        unit = f"{DOMAIN}00/{parcel.sscc}"
        inside = Containment(index).contents(unit, parcel.shipped_ms, CONTENTS_MAX)
        things |= dict.fromkeys(inside)
    return tuple(things)


@dataclass(slots=True)
class Noticing:
    """Notices of one recall, in one transition; `outstanding` is the change in what is asked."""

    context: Context
    recall_id: bytes
    recall: Recall
    meter: Meter
    index: RecallIndex
    outstanding: int = 0
    written: int = 0
    _since: dict[str, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, context: Context, recall_id: bytes, recall: Recall) -> "Noticing":
        """Those of a recall."""
        meter = Meter(context)
        index = RecallIndex(meter, recall.opened_height, recall.opened_ms)
        return cls(context, recall_id, recall, meter, index)

    def concerns(self, order: Order) -> bool:
        """Has the recall reached a product of this order?"""
        return any(self._reached(line.gtin) for line in order.lines)

    def notice(self, order_id: bytes, order: Order, parcel: Parcel, stop: Stop) -> None:
        """Write what a parcel has to do with the recall, if anything, and what of it is stopped."""
        gtins = [order.lines[entry.line].gtin for entry in parcel.lines]
        if not any(map(self._reached, gtins)):
            return
        key = (self.recall_id, order_id, bytes([parcel.number]))
        before = NOTICES.load(self.context.state, *key)
        known = () if before is None else before.things
        marked, contents = self._marked(parcel, known)
        after = self._notice(order, parcel, marked, contents)
        if marked:
            self._stop(order, parcel, _Found(contents, marked, known), stop)
        self._demand(order_id, order, parcel, known, marked)
        if after is None:
            if before is not None:
                NOTICES.remove(self.context.state, *key)
            return
        if before is None or (before.certainty, known) != (after.certainty, after.things):
            NOTICES.store(self.context.state, after, *key)
            self.written += 1

    def _reached(self, gtin: str) -> bool:
        if self.recall.whole and gtin == self.recall.gtin:
            return True
        return self._marked_since(gtin) is not None

    def _marked_since(self, gtin: str) -> int | None:
        if gtin not in self._since:
            touched = TOUCHED.load(self.context.state, gtin.encode(), self.recall_id)
            self._since[gtin] = None if touched is None else touched.since_ms
        return self._since[gtin]

    def _marked(self, parcel: Parcel, known: tuple[str, ...]) -> tuple[list[str], tuple[str, ...]]:
        """What of a parcel this recall marks, sorted, and all that is known to be in it.

        What was known to be in it once stays so, whatever is said of the unit since.
        """
        if not self.recall.marking:
            return [], ()
        contents = tuple(dict.fromkeys((*things_in(self.index, parcel), *known)))
        marked = [thing for thing in contents if self.marks(thing)]
        return sorted(marked)[:THINGS_MAX], contents

    def marks(self, thing: str) -> bool:
        """Is a thing under this recall?"""
        found = recalls_of(self.context.state, marks_of(self.index, thing), thing)
        return self.recall_id in found

    def _notice(
        self, order: Order, parcel: Parcel, marked: list[str], contents: tuple[str, ...]
    ) -> Notice | None:
        lines = [
            NoticeLine(entry.line, entry.quantity)
            for entry in parcel.lines
            if self._reached(order.lines[entry.line].gtin)
        ]
        products = {order.lines[entry.line].gtin for entry in parcel.lines}
        if self.recall.whole and self.recall.gtin in products:
            certainty = PRODUCT
        elif marked:
            certainty = NAMED
        elif self._is_possible(order, parcel, contents):
            certainty = POSSIBLE
        else:
            return None
        return Notice(
            buyer=order.buyer,
            seller=order.seller,
            parcel=parcel.number,
            certainty=certainty,
            lines=tuple(lines),
            things=tuple(marked),
            noticed_ms=self.context.time_ms,
        )

    def _is_possible(self, order: Order, parcel: Parcel, contents: tuple[str, ...]) -> bool:
        """Did units leave that the label doesn't name, and may they be marked ones?"""
        for entry in parcel.lines:
            gtin = order.lines[entry.line].gtin
            since_ms = self._marked_since(gtin)
            if since_ms is None or parcel.shipped_ms < since_ms:
                continue
            if not are_named(gtin, entry.quantity, contents):
                return True
        return False

    def _stop(self, order: Order, parcel: Parcel, found: "_Found", stop: Stop) -> None:
        """As many units of a product as marked items are newly named; with a marked lot, all that
        are not named as other items.
        """
        units: Counter[str] = Counter()
        for entry in parcel.lines:
            units[order.lines[entry.line].gtin] += entry.quantity
        for gtin, count in units.items():
            stop.parcels[parcel.number, gtin] = found.to_stop(gtin, count)

    def _demand(
        self,
        order_id: bytes,
        order: Order,
        parcel: Parcel,
        known: tuple[str, ...],
        marked: list[str],
    ) -> None:
        """Ask for what is newly known to be in these hands; not for what is marked no more."""
        state = self.context.state
        for thing in marked:
            key = (name_part(thing), self.recall_id, order_id)
            if thing in known or DEMANDS.load(state, *key) is not None:
                continue
            way = Way.of(parcel, order.buyer)
            met_by = met_by_known(state, self.index, self.meter, thing, way)
            DEMANDS.store(state, Demand(order.buyer, parcel.number, met_by), *key)
            self.outstanding += met_by is None
        for thing in [thing for thing in known if thing not in marked]:
            key = (name_part(thing), self.recall_id, order_id)
            demand = DEMANDS.load(state, *key)
            if demand is not None and demand.parcel == parcel.number:
                DEMANDS.remove(state, *key)
                self.outstanding -= demand.met_by is None


@dataclass(frozen=True, slots=True)
class _Found:
    """What is in a parcel, what of it is marked, and which of that was known to be marked."""

    contents: tuple[str, ...]
    marked: list[str]
    known: tuple[str, ...]

    def to_stop(self, gtin: str, count: int) -> int:
        """How many of `count` units of a product are newly known to be marked."""
        own = [thing for thing in self.contents if gtin_of(thing) == gtin]
        marked = [thing for thing in own if thing in self.marked]
        before = sum(1 for thing in marked if thing in self.known and not is_class(thing))
        if not any(is_class(thing) for thing in marked):
            return min(count, len(marked)) - min(count, before)
        if any(is_class(thing) and thing in self.known for thing in marked):
            # All but the clean ones were stopped then.
            return 0
        clean = sum(1 for thing in own if thing not in self.marked and not is_class(thing))
        return max(0, count - clean - before)


def are_named(gtin: str, quantity: int, things: Iterable[str]) -> bool:
    """Do these name a lot of a product, or as many of its items as there are units?"""
    own = [thing for thing in things if gtin_of(thing) == gtin]
    return len(own) >= quantity or any(map(is_class, own))


def noticed_gtins(state: StateReader, order_id: bytes, parcel: int | None) -> frozenset[str]:
    """The products of which open recalls are known to have marked goods in a parcel."""
    if parcel is None:
        return frozenset()
    found: set[str] = set()
    for entry in recalled_products(state):
        if entry.marking:
            notice = NOTICES.load(state, entry.recall_id, order_id, bytes([parcel]))
            found |= {gtin_of(thing) or "" for thing in (notice.things if notice else ())}
    return frozenset(found)
