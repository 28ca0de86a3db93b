"""One page of a query's result: bounded work, and where to go on.

A result is what was captured up to the height at which its first page was asked for, so that pages
fit together while the chain goes on. A page may be shorter than asked, or empty, and not the last:
it ends where its work is done. What can't be answered in bounded work (an order by an extension, or
a count, of too many events) is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from chain.ledger import Ledger
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.query.fields import Field
from commerce.epcis.query.parameters import Query
from commerce.epcis.stored_index import IndexedEvent
from commerce.epcis.times import read_instant
from commerce.epcis.units import exact
from node.api.epcis.library import Captured, Library
from node.api.epcis.problems import QueryTooComplex, ResultTooLarge
from node.api.epcis.streams import heights_of, order_of, span_of, stream

PER_PAGE: Final = 30
PER_PAGE_MAX: Final = 500
# Candidates of the index, and bytes of documents that are parsed for them, for one page.
LOOKED_AT_MAX: Final = 5_000
PARSED_MAX: Final = 2 * 1024 * 1024
# Source bytes of the events of one page; one event may be larger.
PAGE_SIZE_MAX: Final = 2 * 1024 * 1024
# Of a result that must be known as a whole.
WHOLE_MAX: Final = 1_000
WHOLE_LOOKED_AT_MAX: Final = 20_000
WHOLE_PARSED_MAX: Final = 8 * 1024 * 1024

# Numbers, then moments, then texts; what lacks the field comes last either way.
_Rank: TypeAlias = tuple[int, Fraction, tuple[int, str], str]


@dataclass(frozen=True, slots=True)
class Start:
    """Where a page begins: the height of its result, after which place, and what came before."""

    height: int
    place: bytes | None = None
    told: int = 0


@dataclass(frozen=True, slots=True)
class ResultPage:
    """Events of a result in its order, and where the next page begins; None after the last."""

    events: tuple[Captured, ...]
    next: Start | None


class _Budget:
    """The work that may still be done."""

    def __init__(self, looked_at: int, parsed: int) -> None:
        self.looked_at = looked_at
        self.parsed = parsed

    @property
    def spent(self) -> bool:
        """Is there none left?"""
        return self.looked_at <= 0 or self.parsed <= 0


class Search:
    """A query on one ledger, as of a height."""

    def __init__(self, ledger: Ledger, library: Library, query: Query, height: int) -> None:
        self._ledger, self._library, self._query, self._height = ledger, library, query, height
        self._heights = heights_of(ledger, query, height)

    def found(
        self, place: bytes | None, budget: _Budget
    ) -> Iterator[tuple[bytes, Captured | None]]:
        """Each candidate's place after one, with the event if it matches, while there is budget."""
        by, _ = order_of(self._query)
        if by == "field":
            by = "eventTime"
        span = span_of(self._ledger, self._query, by, self._height).after(place)
        for candidate in stream(self._ledger, self._library, self._query, by, span):
            budget.looked_at -= 1
            yield candidate, self._look(candidate[8:], budget)
            if budget.spent:
                return

    def _look(self, key: bytes, budget: _Budget) -> Captured | None:
        record = self._library.record(self._ledger, key)
        if record is None or not self._may_match(record):
            return None
        captured = self._library.event(self._ledger, key, self._height)
        if captured is None:
            return None
        budget.parsed -= captured.parsed
        return captured if self._query.matches(captured.subject) else None

    def _may_match(self, record: IndexedEvent) -> bool:
        # Also of what this node has pruned it is known when it was captured.
        if not self._heights[0] <= record.height <= self._heights[1]:
            return False
        conditions = self._query.conditions
        return all(one.early is None or one.early(record.summary) for one in conditions)

    def whole(self, count_max: int) -> list[Captured]:
        """The whole result, or its first `count_max + 1` events; `QueryTooComplex`."""
        budget = _Budget(WHOLE_LOOKED_AT_MAX, WHOLE_PARSED_MAX)
        found: list[Captured] = []
        for _, captured in self.found(None, budget):
            if captured is not None:
                found.append(captured)
            if len(found) > count_max:
                return found
        if budget.spent:
            msg = "the whole result must be known, and that takes too much work"
            raise QueryTooComplex(msg)
        return found


def result_page(
    ledger: Ledger, library: Library, query: Query, start: Start, per_page: int
) -> ResultPage:
    """The page that begins at `start`; `ResultTooLarge`, `QueryTooComplex`, `HistoryPruned`."""
    search = Search(ledger, library, query, start.height)
    if query.count_max is not None and start.told == 0:
        _require_at_most(search, query.count_max)
    if query.count_limit is not None:
        per_page = min(per_page, query.count_limit - start.told)
        if per_page <= 0:
            return ResultPage((), None)
    if query.order is not None and query.order.field is not None:
        return _by_field(search, query, start, per_page, query.order.field)
    return _by_place(search, query, start, per_page)


def _require_at_most(search: Search, count_max: int) -> None:
    """EPCIS 2.0 §8.2.7.1: of a result that is larger nothing is told."""
    found = search.whole(min(count_max, WHOLE_MAX))
    if len(found) > count_max:
        msg = f"more than {count_max} events match"
        raise ResultTooLarge(msg)
    if len(found) > WHOLE_MAX:
        msg = f"more than {WHOLE_MAX} events match; that maxEventCount can't be checked"
        raise QueryTooComplex(msg)


def _by_place(search: Search, query: Query, start: Start, per_page: int) -> ResultPage:
    budget = _Budget(LOOKED_AT_MAX, PARSED_MAX)
    events: list[Captured] = []
    place, size, is_over = start.place, 0, True
    for candidate, captured in search.found(place, budget):
        if captured is not None:
            if len(events) == per_page or (events and size >= PAGE_SIZE_MAX):
                is_over = False
                break
            events.append(captured)
            size += _size(captured)
        # Of a full page only what is told counts: the rest is looked at to know if it is the last.
        if len(events) < per_page or captured is not None:
            place = candidate
    told = start.told + len(events)
    if query.count_limit is not None and told >= query.count_limit:
        return ResultPage(tuple(events), None)
    if is_over and not budget.spent:
        return ResultPage(tuple(events), None)
    return ResultPage(tuple(events), Start(start.height, place, told))


def _size(captured: Captured) -> int:
    """Roughly the bytes of an event: its things are most of it."""
    members = captured.event.members.values()
    return 1_000 + sum(80 * len(value) for value in members if isinstance(value, list))


def _by_field(
    search: Search, query: Query, start: Start, per_page: int, field: Field
) -> ResultPage:
    found = search.whole(WHOLE_MAX)
    if len(found) > WHOLE_MAX:
        msg = f"more than {WHOLE_MAX} events match; they can't be put into this order"
        raise QueryTooComplex(msg)
    ranked = [(rank, event) for event in found if (rank := _rank(field, event)) is not None]
    without = [event for event in found if _rank(field, event) is None]
    descending = query.order is not None and query.order.descending
    ranked.sort(key=lambda entry: (entry[0], entry[1].key), reverse=descending)
    ordered = [event for _, event in ranked] + without
    events = ordered[start.told : start.told + per_page]
    told = start.told + len(events)
    is_last = told >= len(ordered) or told == query.count_limit
    return ResultPage(tuple(events), None if is_last else Start(start.height, None, told))


def _rank(field: Field, captured: Captured) -> _Rank | None:
    for value in field.values(captured.subject):
        rank = _rank_of(value)
        if rank is not None:
            return rank
    return None


def _rank_of(value: Json) -> _Rank | None:
    nothing = (0, "")
    if isinstance(value, Number):
        return 0, exact(value), nothing, ""
    if not isinstance(value, str):
        return None
    moment = read_instant(value)
    if moment is not None:
        return 1, Fraction(0), (moment.second, moment.fraction), ""
    return 2, Fraction(0), nothing, value
