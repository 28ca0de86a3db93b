"""Units of an order line as numbered spans, and the money that each stands for.

The money of a line is the half-open interval [0, total) of minor units. Unit k of n stands for
[⌊total·k/n⌋, ⌊total·(k+1)/n⌋), whatever happens to the others: so no sequence of partial steps
drifts (docs/adr/0050). A refund that leaves the goods with the buyer uses up the first part of a
span's interval (`deducted_minor`). What a coupon's funder paid lies spread over the same interval,
so that every part of it goes back to who funded it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

from chain.codec import U8, Amount, Hash, PositiveAmount, Range, Size
from commerce.records import altered

QUANTITY_MAX = 1_000_000
# One more than cases that an order can have (commerce/aftersale/cases.py): each splits one span.
SPANS_MAX = 101
FUNDINGS_MAX = 8

Quantity = Annotated[int, Range(1, QUANTITY_MAX)]
Units = Annotated[int, Range(0, QUANTITY_MAX)]
# Half-open interval of a line's money.
Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Span:
    """Units `first` to `first + count - 1`. `deducted_minor` of their money is refunded already;
    `tries` requests for them were closed or kept them.
    """

    first: Units
    count: Quantity
    deducted_minor: Amount
    tries: U8


@dataclass(frozen=True, slots=True)
class Funding:
    """The part of a line's total that the funder of a coupon pays."""

    funder: Hash
    coupon_id: Hash
    amount_minor: PositiveAmount


Spans = Annotated[tuple[Span, ...], Size(max=SPANS_MAX)]
Fundings = Annotated[tuple[Funding, ...], Size(max=FUNDINGS_MAX)]


def whole(quantity: int) -> tuple[Span, ...]:
    """All units of a line."""
    return (Span(0, quantity, 0, 0),)


def count_units(spans: Iterable[Span]) -> int:
    """How many units these are."""
    return sum([span.count for span in spans])


def interval_of(total_minor: int, quantity: int, span: Span) -> Interval:
    """The money of a span of a line with this total and quantity."""
    low = total_minor * span.first // quantity + span.deducted_minor
    return low, total_minor * (span.first + span.count) // quantity


def take_units(
    spans: Sequence[Span], wanted: int, total_minor: int, quantity: int
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The `wanted` lowest units, and what is left; there must be so many."""
    taken: list[Span] = []
    for index, span in enumerate(spans):
        if span.count <= wanted:
            taken.append(span)
            wanted -= span.count
            continue
        if wanted == 0:
            return tuple(taken), tuple(spans[index:])
        head, tail = split_span(span, wanted, total_minor, quantity)
        taken.append(head)
        return tuple(taken), (tail, *spans[index + 1 :])
    assert wanted == 0
    return tuple(taken), ()


def split_span(span: Span, count: int, total_minor: int, quantity: int) -> tuple[Span, Span]:
    """The first `count` units and the others; what is deducted came out of the first ones."""
    before = total_minor * span.first // quantity
    head_minor = total_minor * (span.first + count) // quantity - before
    deducted = min(span.deducted_minor, head_minor)
    head = altered(span, count=count, deducted_minor=deducted)
    rest_minor = span.deducted_minor - deducted
    tail = altered(
        span, first=span.first + count, count=span.count - count, deducted_minor=rest_minor
    )
    return head, tail


def join_spans(total_minor: int, quantity: int, *groups: Iterable[Span]) -> tuple[Span, ...]:
    """All of these in order, neighbours of one history as one.

    What `split_span` makes of a span joins to it again, so that only cases, of which an order has
    few, leave spans apart.
    """
    joined: list[Span] = []
    for span in sorted([span for group in groups for span in group], key=_first):
        last = joined[-1] if joined else None
        if last is None or not _joins(total_minor, quantity, last, span):
            joined.append(span)
            continue
        count, deducted = last.count + span.count, last.deducted_minor + span.deducted_minor
        joined[-1] = altered(last, count=count, deducted_minor=deducted)
    return tuple(joined)


def _joins(total_minor: int, quantity: int, last: Span, span: Span) -> bool:
    if last.first + last.count != span.first or last.tries != span.tries:
        return False
    # A span's deduction is the first part of its money: the neighbour's comes after all of last's.
    low, high = interval_of(total_minor, quantity, last)
    return span.deducted_minor == 0 or low == high


def _first(span: Span) -> int:
    return span.first


def parts_of(
    total_minor: int, fundings: Sequence[Funding], interval: Interval
) -> Iterator[tuple[bytes | None, int]]:
    """Who paid this part of a line's money: (funder, amount) each, at last (None, payer's amount).

    Funder after funder takes its proportion of what those before it left, rounded down at both
    ends of the interval: so parts of any partition of the line add up to each funder's whole.
    """
    low, high, whole_minor = *interval, total_minor
    for funding in fundings:
        before = funding.amount_minor * low // whole_minor
        after = funding.amount_minor * high // whole_minor
        if after > before:
            yield funding.funder, after - before
        low, high = low - before, high - after
        whole_minor -= funding.amount_minor
        if whole_minor == 0:
            break
    if high > low:
        yield None, high - low
