"""Units as spans: no sequence of partial steps loses a unit or a fen, or leaves too many spans."""

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from commerce.money import AMOUNT_MAX
from commerce.records import altered
from commerce.units import (
    QUANTITY_MAX,
    Funding,
    Span,
    count_units,
    interval_of,
    join_spans,
    parts_of,
    split_span,
    take_units,
    whole,
)

PLACES = 4
places = st.integers(0, PLACES - 1)
# Take so many units of one place to another, and refund a per mille of their money on the way.
moves = st.lists(st.tuples(places, places, st.integers(1, 12), st.integers(0, 1_000)), max_size=30)
lines = st.tuples(st.integers(1, 10**4), st.integers(1, 60))


def worth(total_minor: int, quantity: int, spans: tuple[Span, ...]) -> int:
    intervals = [interval_of(total_minor, quantity, span) for span in spans]
    assert all(low <= high for low, high in intervals)
    return sum(high - low for low, high in intervals)


def deducted(
    total_minor: int, quantity: int, spans: tuple[Span, ...], permille: int
) -> tuple[int, tuple[Span, ...]]:
    """Refund this part of each span's money; how much, and the spans after it."""
    taken, left = 0, []
    for span in spans:
        low, high = interval_of(total_minor, quantity, span)
        amount_minor = (high - low) * permille // 1_000
        taken += amount_minor
        left.append(altered(span, deducted_minor=span.deducted_minor + amount_minor))
    return taken, tuple(left)


@given(lines, moves)
def test_units_and_money_are_kept_under_any_sequence_of_steps(
    line: tuple[int, int], steps: list[tuple[int, int, int, int]]
) -> None:
    total_minor, quantity = line
    held: list[tuple[Span, ...]] = [whole(quantity), *[()] * (PLACES - 1)]
    refunded_minor = 0
    for source, target, most, permille in steps:
        wanted = min(most, count_units(held[source]))
        before = worth(total_minor, quantity, held[source])
        taken, left = take_units(held[source], wanted, total_minor, quantity)
        assert count_units(taken) == wanted
        parts = worth(total_minor, quantity, taken) + worth(total_minor, quantity, left)
        assert parts == before
        back_minor, taken = deducted(total_minor, quantity, taken, permille)
        refunded_minor += back_minor
        held[source] = left
        held[target] = join_spans(total_minor, quantity, held[target], taken)
        everything = sum(worth(total_minor, quantity, spans) for spans in held)
        assert everything + refunded_minor == total_minor
    units = Counter(
        unit
        for spans in held
        for span in spans
        for unit in range(span.first, span.first + span.count)
    )
    assert units == Counter(range(quantity))


@given(lines, st.data())
def test_what_splits_a_span_joins_to_it_again(line: tuple[int, int], data: st.DataObject) -> None:
    total_minor, quantity = line
    deducted_minor = data.draw(st.integers(0, total_minor))
    span = Span(0, quantity, deducted_minor, data.draw(st.integers(0, 2)))
    pieces, rest = [], span
    while rest.count > 1:
        head, rest = split_span(rest, data.draw(st.integers(1, rest.count - 1)), *line)
        pieces.append(head)
    mixed = data.draw(st.permutations([*pieces, rest]))
    assert join_spans(total_minor, quantity, mixed) == (span,)


@given(st.integers(1, AMOUNT_MAX), st.integers(1, QUANTITY_MAX), st.data())
def test_the_first_units_cost_the_floor_and_cuts_never_drift(
    total_minor: int, quantity: int, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, quantity), max_size=5)))
    spans = [Span(a, b - a, 0, 0) for a, b in pairwise(sorted({0, *cuts, quantity}))]
    assert worth(total_minor, quantity, tuple(spans)) == total_minor
    for first in cuts:
        assert (
            worth(total_minor, quantity, (Span(0, first, 0, 0),)) == total_minor * first // quantity
        )


@given(st.integers(1, 10**6), st.integers(1, 50))
def test_two_units_of_a_line_differ_by_at_most_one(total_minor: int, quantity: int) -> None:
    shares = [worth(total_minor, quantity, (Span(k, 1, 0, 0),)) for k in range(quantity)]
    assert max(shares) - min(shares) <= 1


def test_a_deduction_comes_out_of_the_first_units() -> None:
    head, tail = split_span(Span(3, 4, 250, 1), 2, 1_000, 10)
    assert (head, tail) == (Span(3, 2, 200, 1), Span(5, 2, 50, 1))
    assert take_units([Span(0, 2, 0, 0), Span(5, 5, 0, 0)], 2, 1_000, 10) == (
        (Span(0, 2, 0, 0),),
        (Span(5, 5, 0, 0),),
    )


def test_units_of_another_history_stay_apart() -> None:
    spans = [Span(0, 1, 0, 0), Span(1, 1, 0, 1), Span(3, 1, 0, 1), Span(4, 1, 7, 1)]
    assert join_spans(1_000, 10, spans) == tuple(spans)
    full = [Span(0, 1, 100, 0), Span(1, 1, 7, 0), Span(2, 1, 0, 0)]
    assert join_spans(1_000, 10, full) == (Span(0, 3, 107, 0),)


@given(lines, st.integers(0, 1_000))
def test_unit_after_unit_leaves_no_more_spans_than_before(
    line: tuple[int, int], permille: int
) -> None:
    """However many confirmations: a record that is too long to write would stop a clock."""
    total_minor, quantity = line
    _, left = deducted(total_minor, quantity, whole(quantity), permille)
    released: tuple[Span, ...] = ()
    for _ in range(quantity):
        taken, left = take_units(left, 1, total_minor, quantity)
        released = join_spans(total_minor, quantity, released, taken)
        assert len(left) <= 1
        assert len(released) == 1


@st.composite
def funded(draw: st.DrawFn) -> tuple[int, list[Funding]]:
    """A total, and fundings of it that are no more than all of it."""
    total_minor = draw(st.integers(1, 10**5))
    left_minor, fundings = total_minor, []
    for number in range(draw(st.integers(0, 8))):
        if left_minor:
            amount_minor = draw(st.integers(1, left_minor))
            fundings.append(Funding(bytes([number]) * 32, bytes(32), amount_minor))
            left_minor -= amount_minor
    return total_minor, fundings


@given(funded(), st.data())
def test_the_parts_of_any_partition_add_up_to_what_each_funder_paid(
    line: tuple[int, list[Funding]], data: st.DataObject
) -> None:
    total_minor, fundings = line
    cuts = sorted({0, total_minor, *data.draw(st.sets(st.integers(0, total_minor), max_size=8))})
    paid: Counter[bytes | None] = Counter()
    for low, high in pairwise(cuts):
        parts = list(parts_of(total_minor, fundings, (low, high)))
        assert all(amount_minor > 0 for _, amount_minor in parts)
        assert sum(amount_minor for _, amount_minor in parts) == high - low
        paid.update(dict(parts))
    own_minor = total_minor - sum(funding.amount_minor for funding in fundings)
    expected: Counter[bytes | None] = Counter({None: own_minor})
    expected.update({funding.funder: funding.amount_minor for funding in fundings})
    assert +paid == +expected


@given(funded(), st.data())
def test_a_funder_bears_its_proportion_of_every_part(
    line: tuple[int, list[Funding]], data: st.DataObject
) -> None:
    total_minor, fundings = line
    low = data.draw(st.integers(0, total_minor))
    high = data.draw(st.integers(low, total_minor))
    parts = dict(parts_of(total_minor, fundings, (low, high)))
    for number, funding in enumerate(fundings):
        exact = funding.amount_minor * (high - low)
        # Each of those before it rounds once at both ends.
        error = abs(parts.get(funding.funder, 0) * total_minor - exact)
        assert error <= (number + 1) * total_minor
