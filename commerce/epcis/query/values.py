"""Values of queries and how they are compared: texts, exact numbers, points in time.

A query's value is text until it is known what it is compared with: `26.0` equals the number 26, and
`2024-05-01T00:00:00Z` the same moment in another zone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import eq, ge, gt, le, lt
from typing import Any, Final, TypeAlias, TypeVar

from commerce.epcis.errors import EpcisMalformed
from commerce.epcis.lexeme import Json, Number, read_number
from commerce.epcis.prefixes import Scope
from commerce.epcis.query.errors import QueryRefused
from commerce.epcis.times import Instant, read_instant
from commerce.epcis.units import exact

T = TypeVar("T")

Compare: TypeAlias = Callable[[Any, Any], bool]
OPERATORS: Final[Mapping[str, Compare]] = {"EQ": eq, "GT": gt, "GE": ge, "LT": lt, "LE": le}
# A link's escapes make three characters of one.
VALUE_SIZE_MAX: Final = 3 * 512


@dataclass(frozen=True, slots=True)
class Operands:
    """The values of a parameter, each as everything that it can be read as; prefixes expanded.

    `texts` are those that are no moments.
    """

    texts: frozenset[str]
    numbers: frozenset[Fraction]
    instants: frozenset[Instant]


def operands(values: Sequence[str], scope: Scope) -> Operands:
    """The values of a parameter."""
    found = [(text, number_of(text), read_instant(text)) for text in values]
    return Operands(
        frozenset(scope.expand(text) for text, _, moment in found if moment is None),
        frozenset(number for _, number, _ in found if number is not None),
        frozenset(moment for _, _, moment in found if moment is not None),
    )


def number_of(text: str) -> Fraction | None:
    """The exact number that a text is, or None."""
    try:
        return exact(read_number(text))
    except EpcisMalformed:
        return None


def one(values: Sequence[str], parameter: str) -> str:
    """The only value of a parameter that takes one."""
    if len(values) != 1:
        raise QueryRefused("takes one value", parameter)
    return values[0]


def instant(values: Sequence[str], parameter: str) -> Instant:
    """A parameter's value as a point in time."""
    # A plus that nobody escaped in a URL has become a space.
    found = read_instant(one(values, parameter).replace(" ", "+"))
    if found is None:
        rule = "must be a date and time with an offset, like 2024-05-01T08:00:00.000+08:00"
        raise QueryRefused(rule, parameter)
    return found


def numbers(values: Sequence[str], parameter: str) -> frozenset[Fraction]:
    """A parameter's values as numbers; only EQ_… takes several."""
    if not parameter.startswith("EQ_"):
        one(values, parameter)
    found = []
    for text in values:
        number = number_of(text)
        if number is None:
            raise QueryRefused("must be a number", parameter)
        found.append(number)
    return frozenset(found)


def flag(values: Sequence[str], parameter: str) -> bool:
    """Whether an EXISTS_… parameter asks for anything: empty, true, 1 and null do, false doesn't.

    EPCIS 2.0 says "void" here; its REST binding a boolean, its query schema an integer or null.
    """
    text = one(values, parameter)
    if text not in {"", "true", "false", "0", "1", "null"}:
        raise QueryRefused("must be true or false", parameter)
    return text != "false"


def among(operator: str, told: T, asked: frozenset[T]) -> bool:
    """Whether a value compares so with one of those asked; only EQ asks for several."""
    if operator == "EQ":
        return told in asked
    compare = OPERATORS[operator]
    return any(compare(told, other) for other in asked)


def compares(operator: str, value: Json, wanted: Operands, scope: Scope) -> bool:
    """Whether a field's value compares so with one of a query's; an array does if an item does.

    EQ compares texts, numbers, moments and truth values; the others numbers and moments only.
    """
    if isinstance(value, list):
        return any(compares(operator, item, wanted, scope) for item in value)
    if isinstance(value, dict):
        inner = value.get("@value", value.get("@id"))
        return inner is not None and compares(operator, inner, wanted, scope)
    if isinstance(value, Number):
        return among(operator, exact(value), wanted.numbers)
    if isinstance(value, bool):
        return operator == "EQ" and ("true" if value else "false") in wanted.texts
    if not isinstance(value, str):
        return False
    if operator == "EQ" and scope.expand(value) in wanted.texts:
        return True
    moment = read_instant(value) if wanted.instants else None
    return moment is not None and among(operator, moment, wanted.instants)
