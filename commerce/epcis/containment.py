"""What lies in what, and until when: aggregations and associations read as intervals.

A child lies in its parent from an ADD until the next DELETE that names it or names no child at
all (EPCIS 2.0 §7.4.3: then everything leaves). A class of things has no "it": its stay ends when
as much of it was taken out as had been put in, or when a DELETE doesn't say how much.
"""

from collections.abc import Sequence
from typing import Protocol

from commerce.epcis.lexeme import read_number
from commerce.epcis.summary import Role, Summary

FOREVER = 2**63 - 1
Row = tuple[int, bytes, Role]
# When a stay ends, and the event that ends it.
End = tuple[int, bytes | None]


class Rows(Protocol):
    """See `trace.TraceIndex`."""

    def rows(self, identity: str) -> Sequence[Row]:
        """The events that name an identity, by time, key and role."""
        ...

    def summary(self, key: bytes) -> Summary | None:
        """The event, or None if it takes no part."""
        ...


class Containment:
    """Answers about stays, remembering when each parent was emptied."""

    def __init__(self, index: Rows) -> None:
        self.index = index
        self._emptied: dict[str, tuple[End, ...]] = {}

    def until(self, child: str, parent: str, added: Summary) -> End:
        """When the stay that `added` began (or saw) ends; FOREVER if it hasn't."""
        after = added.time_ms
        if _is_class(child, added):
            ends = self._class_ends(child, parent, after)
        else:
            ends = self._item_ends(child, parent, after)
        emptied = next((end for end in self._emptyings(parent) if end[0] > after), None)
        candidates = [end for end in (ends, emptied) if end is not None]
        return min(candidates, key=lambda end: end[0], default=(FOREVER, None))

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
            for child in summary.items:
                if self.until(child, container, summary)[0] > time_ms:
                    found.add(child)
        return found

    def _item_ends(self, child: str, parent: str, after: int) -> End | None:
        for time_ms, key, role in self.index.rows(child):
            if role is Role.CHILD and time_ms > after:
                summary = self.index.summary(key)
                if summary and summary.action == "DELETE" and summary.parent == parent:
                    return time_ms, key
        return None

    def _class_ends(self, thing: str, parent: str, after: int) -> End | None:
        """When the balance of a class in a container is used up, counted from the beginning."""
        balance = _Balance()
        for time_ms, key, role in self.index.rows(thing):
            summary = self.index.summary(key) if role is Role.CHILD else None
            if summary is None or summary.parent != parent or summary.action == "OBSERVE":
                continue
            if balance.is_used_up_by(summary, thing):
                if time_ms > after:
                    return time_ms, key
                balance = _Balance()
        return None

    def _emptyings(self, parent: str) -> tuple[End, ...]:
        known = self._emptied.get(parent)
        if known is None:
            ends: list[End] = []
            for time_ms, key, role in self.index.rows(parent):
                summary = self.index.summary(key) if role is Role.PARENT else None
                if summary and summary.action == "DELETE" and not summary.items:
                    ends.append((time_ms, key))
            known = self._emptied[parent] = tuple(ends)
        return known


# Amounts are compared as integers of this many decimals; numbers lie above 1e-128 by 34 digits.
_DECIMALS = 162


def _is_class(thing: str, summary: Summary) -> bool:
    return any(quantity.thing == thing for quantity in summary.quantities)


class _Balance:
    """How much of a class lies in a container, by unit; None for "some"."""

    def __init__(self) -> None:
        self.by_unit: dict[str | None, int | None] = {}

    def is_used_up_by(self, summary: Summary, thing: str) -> bool:
        """Book an ADD or DELETE; whether nothing is left that we know of."""
        adds = summary.action == "ADD"
        for quantity in summary.quantities:
            if quantity.thing != thing:
                continue
            unit, amount = quantity.unit, _scaled(quantity.amount)
            if amount is None and not adds:
                return True
            before = self.by_unit.get(unit, 0)
            if amount is None or before is None:
                self.by_unit[unit] = None
            elif adds or unit in self.by_unit:
                # What is taken out in another unit says nothing about what went in.
                self.by_unit[unit] = before + (amount if adds else -amount)
        return not adds and all(left is not None and left <= 0 for left in self.by_unit.values())


def _scaled(amount: str | None) -> int | None:
    if amount is None:
        return None
    number = read_number(amount)
    scaled = int(number.digits + "0" * (number.exponent + _DECIMALS))
    return -scaled if number.negative else scaled
