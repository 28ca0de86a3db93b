"""The same member of many events, written for the CBV hash together and not one by one.

What `cbv_hash` says of one value, said of a column of them in one scope: a word that many events
have is written once. What has no column of its own is written value by value.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, TypeAlias

from commerce.epcis.columns import are_all
from commerce.epcis.lexeme import Json
from commerce.epcis.prefixes import Scope

Render: TypeAlias = Callable[[str, Json, Scope], str]
Column: TypeAlias = Callable[[str, Sequence[Any], Scope], list[str]]

_COLUMNS: dict[Render, Column] = {}


def written_by(render: Render, column: Column) -> Render:
    """The render, whose columns are from now on written by this."""
    _COLUMNS[render] = column
    return render


def column_of(render: Render, name: str, values: Sequence[Any], scope: Scope) -> list[str]:
    """What the render writes of each value."""
    column = _COLUMNS.get(render)
    if column is not None:
        return column(name, values, scope)
    if not are_all(values, str):
        return [render(name, value, scope) for value in values]
    written = {value: render(name, value, scope) for value in dict.fromkeys(values)}
    return [written[value] for value in values]


def rows_of(
    renders: Mapping[str, Render],
    names: Sequence[str],
    objects: Iterable[Mapping[str, Json]],
    scope: Scope,
) -> list[tuple[str, ...]]:
    """For each of some objects with these names, in this order, what the renders write of it.

    In the order of the renders; what they don't name is not written.
    """
    by_name = dict(zip(names, zip(*map(dict.values, objects), strict=True), strict=True))  # type: ignore[arg-type]
    columns = [
        column_of(render, name, by_name[name], scope)
        for name, render in renders.items()
        if name in by_name
    ]
    return list(zip(*columns, strict=True))


def elements(renders: Mapping[str, Render], alone: Render) -> Column:
    """Columns of objects: their name, then their members; `alone` writes one with an extension."""

    def column(name: str, values: Sequence[Any], scope: Scope) -> list[str]:
        alike: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for index, value in enumerate(values):
            alike[tuple(value)].append(index)
        found = [""] * len(values)
        for names, indexes in alike.items():
            group = [values[index] for index in indexes]
            if names and renders.keys() >= set(names):
                bodies = map("".join, rows_of(renders, names, group, scope))
                written = [f"{name}{body}" if body else "" for body in bodies]
            else:
                written = [alone(name, value, scope) for value in group]
            for index, text in zip(indexes, written, strict=True):
                found[index] = text
        return found

    return column


def lists(item_name: str, render: Render) -> Column:
    """Columns of arrays: each the list's own name and its items, sorted."""

    def column(name: str, values: Sequence[Any], scope: Scope) -> list[str]:
        return [
            f"{name}{''.join(items)}" if items else ""
            for items in _sorted_items(item_name, render, values, scope)
        ]

    return column


def repeated(render: Render) -> Column:
    """Columns of arrays whose items are written under the list's name, sorted."""

    def column(name: str, values: Sequence[Any], scope: Scope) -> list[str]:
        return ["".join(items) for items in _sorted_items(name, render, values, scope)]

    return column


def _sorted_items(
    name: str, render: Render, values: Sequence[Any], scope: Scope
) -> Iterable[list[str]]:
    every = list(chain.from_iterable(values))
    written = iter(column_of(render, name, every, scope) if every else ())
    for value in values:
        yield sorted([next(written) for _ in value])
