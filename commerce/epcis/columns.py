"""Whether the members of many events are surely right, judged together and not one by one.

The events of a document are much alike: the same members, a few words, runs of identifiers. So each
member's values are taken from all events at a time, and a word that a hundred events have is looked
up once. Only a yes counts: where a value is wrong, `shape` is asked event by event, and says what
and where.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeAlias

from commerce.epcis.errors import EpcisInvalid
from commerce.epcis.lexeme import Json
from commerce.epcis.prefixes import Scope

Check: TypeAlias = Callable[[Json, Scope], None]
Extension: TypeAlias = Callable[[str, Json, Scope], None]
Judge: TypeAlias = Callable[[Sequence[Any], Scope], bool]

# What judges the values of a check together; of strings without a judge each is asked once.
_JUDGES: dict[Check, Judge] = {}


def judged_by(check: Check, judge: Judge) -> Check:
    """The check, from now on judged together by this."""
    _JUDGES[check] = judge
    return check


def surely(check: Check, values: Sequence[Json], scope: Scope) -> bool:
    """Whether the check surely admits every one of these values; at least one."""
    judge = _JUDGES.get(check)
    if judge is not None:
        return judge(values, scope)
    if not are_all(values, str):
        return False
    try:
        for value in dict.fromkeys(values):
            check(value, scope)
    except EpcisInvalid:
        return False
    return True


def are_all(values: Iterable[Json], kind: type) -> bool:
    """Whether every value is of exactly this type."""
    return set(map(type, values)) == {kind}


def objects(
    shape: dict[str, Check], required: frozenset[str], extension: Extension | None = None
) -> Judge:
    """Judges objects that have members of a shape, and extensions if there are prefixes.

    Where there are none, extensions have whole URIs for names, of any length: no yes to these.
    """

    def is_right(name: str, column: Sequence[Json], scope: Scope) -> bool:
        check = shape.get(name)
        if check is not None:
            return surely(check, column, scope)
        return extension is not None and _are_extensions(extension, name, column, scope)

    def judge(values: Sequence[Any], scope: Scope) -> bool:
        if not are_all(values, dict):
            return False
        alike: defaultdict[tuple[str, ...], list[dict[str, Json]]] = defaultdict(list)
        for value in values:
            alike[tuple(value)].append(value)
        return all(
            required.issubset(names)
            and all(
                is_right(name, column, scope)
                for name, column in zip(
                    names, zip(*map(dict.values, group), strict=True), strict=False
                )
            )
            for names, group in alike.items()
        )

    return judge


def _are_extensions(extension: Extension, name: str, column: Sequence[Json], scope: Scope) -> bool:
    if not scope.prefixes:
        return False
    try:
        for value in column:
            extension(name, value, scope)
    except EpcisInvalid:
        return False
    return True


def arrays(check: Check, *, at_least: int, distinct: bool) -> Judge:
    """Judges arrays of what a check admits."""

    def judge(values: Sequence[Any], scope: Scope) -> bool:
        if not are_all(values, list) or min(map(len, values)) < at_least:
            return False
        items = list(chain.from_iterable(values))
        if items and not surely(check, items, scope):
            return False
        # Items that a set could not hold are no strings, and were refused.
        return not distinct or all(len(set(value)) == len(value) for value in values)

    return judge
