"""What lies in what, and until when: aggregations and associations read as intervals.

A child lies in its parent from an ADD until the next DELETE that names it or names no child at
all (EPCIS 2.0 §7.4.3: then everything leaves). A class of things has no "it": its stay ends when
as much of it was taken out as had been put in, or when a DELETE doesn't say how much.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction

from commerce.epcis.graph import FOREVER, History, TraceIndex
from commerce.epcis.lexeme import read_number
from commerce.epcis.summary import Role, Summary
from commerce.epcis.units import exact, in_base_unit

# When a stay ends, and the event that ends it.
End = tuple[int, bytes | None]
# What ended stays in one parent, by time.
Ends = list[tuple[int, bytes]]


class Containment:
    """Answers about stays, remembering when each parent was emptied."""

    def __init__(self, index: TraceIndex) -> None:
        self.index = index
        self._emptied: dict[str, Ends] = {}

    def until(self, child: str, parent: str, added: Summary) -> End:
        """When the stay that `added` began (or saw) ends; FOREVER if it hasn't."""
        history = History(tuple(self.index.rows(child)), (child,))
        ((_, end),) = self.stays(history).of(parent, added)
        return end

    def stays(self, history: History) -> "Stays":
        """The stays of the things of a history."""
        return Stays(self, history)

    def contents(self, container: str, time_ms: int, limit: int | None = None) -> tuple[str, ...]:
        """What lies in a container at a time, at any depth, sorted; what is added then included.

        The walk ends once it has found `limit` things.
        """
        found: set[str] = set()
        pending = [container]
        while pending and (limit is None or len(found) < limit):
            inside = self._directly_inside(pending.pop(), time_ms) - found - {container}
            found |= inside
            pending.extend(sorted(inside))
        return tuple(sorted(found)[:limit])

    def _directly_inside(self, container: str, time_ms: int) -> set[str]:
        found: set[str] = set()
        for row_time, key, role in self.index.rows(container):
            if row_time > time_ms:
                break
            summary = self.index.summary(key) if role is Role.PARENT else None
            if summary is None or summary.action != "ADD":
                continue
            for history in self.index.histories(summary.items):
                for things, (end, _) in self.stays(history).of(container, summary):
                    if end > time_ms:
                        found.update(things)
        return found

    def emptyings(self, parent: str) -> Ends:
        """When a parent was emptied, by time."""
        known = self._emptied.get(parent)
        if known is None:
            known = self._emptied[parent] = []
            for time_ms, key, role in self.index.rows(parent):
                summary = self.index.summary(key) if role is Role.PARENT else None
                if summary and summary.action == "DELETE" and not summary.items:
                    known.append((time_ms, key))
        return known


class Stays:
    """When the stays of things of one history end: each of its rows is read once for them all."""

    def __init__(self, containment: Containment, history: History) -> None:
        self._containment = containment
        self._history = history
        self._taken_out: dict[str, Ends] | None = None
        self._used_up: dict[str, dict[str, Ends]] = {}

    def of(self, parent: str, added: Summary) -> list[tuple[tuple[str, ...], End]]:
        """Things of the history that `added` puts (or saw) into a parent, with the ends of stays.

        Items leave together; a class leaves when its own quantities are used up.
        """
        things = self._history.things
        after = added.time_ms
        emptied = _next(self._containment.emptyings(parent), after)
        classes = {quantity.thing for quantity in added.quantities}
        found: list[tuple[tuple[str, ...], End]] = []
        for thing in things if classes else ():
            if thing in classes:
                ends = _next(self._class_ends(thing).get(parent, ()), after)
                found.append(((thing,), min(ends, emptied, key=_time)))
        items = things if not found else tuple([t for t in things if t not in classes])
        if items:
            ends = _next(self._item_ends().get(parent, ()), after)
            found.append((items, min(ends, emptied, key=_time)))
        return found

    def _item_ends(self) -> dict[str, Ends]:
        """By parent: when items of this history were taken out."""
        if self._taken_out is None:
            self._taken_out = {}
            for time_ms, key, summary in self._changes():
                if summary.action == "DELETE":
                    self._taken_out.setdefault(summary.parent or "", []).append((time_ms, key))
        return self._taken_out

    def _class_ends(self, thing: str) -> dict[str, Ends]:
        """By parent: when the balance of a class was used up, counted from the beginning."""
        known = self._used_up.get(thing)
        if known is None:
            known = self._used_up[thing] = {}
            balances: dict[str, _Balance] = {}
            for time_ms, key, summary in self._changes():
                parent = summary.parent or ""
                balance = balances.setdefault(parent, _Balance())
                if balance.is_used_up_by(summary, thing):
                    known.setdefault(parent, []).append((time_ms, key))
                    del balances[parent]
        return known

    def _changes(self) -> Iterator[tuple[int, bytes, Summary]]:
        for time_ms, key, role in self._history.rows:
            summary = self._containment.index.summary(key) if role is Role.CHILD else None
            if summary is not None and summary.action != "OBSERVE":
                yield time_ms, key, summary


def _time(end: End) -> int:
    return end[0]


def _next(ends: Sequence[tuple[int, bytes]], after: int) -> End:
    """The first end after a time."""
    place = bisect_right(ends, after, key=_time)
    return ends[place] if place < len(ends) else (FOREVER, None)


class _Balance:
    """How much of a class lies in a container, by what is measured; None for "some"."""

    def __init__(self) -> None:
        self.left: dict[str, Fraction | None] = {}

    def is_used_up_by(self, summary: Summary, thing: str) -> bool:
        """Book an ADD or DELETE; whether nothing is left that we know of."""
        adds = summary.action == "ADD"
        for quantity in summary.quantities:
            if quantity.thing != thing:
                continue
            if quantity.amount is None and not adds:
                return True
            value = exact(read_number(quantity.amount or "0"))
            measured, amount = in_base_unit(value, quantity.unit)
            before = self.left.get(measured, Fraction(0))
            if quantity.amount is None or before is None:
                self.left[measured] = None
            elif adds or measured in self.left:
                # What is taken out by the piece says nothing about what went in by weight.
                self.left[measured] = before + (amount if adds else -amount)
        return not adds and all(left is not None and left <= 0 for left in self.left.values())
