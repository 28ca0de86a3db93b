"""Which rules a handler can break, declared beside it: documentation, and a promise tests keep.

tests/commerce/attempts.py fails when a handler refuses for a reason that it didn't declare, and
tests/commerce/test_refusals.py when a declared one has no test.
"""

from collections.abc import Callable
from typing import TypeVar

from chain.errors import LedgerError

H = TypeVar("H", bound=Callable[..., object])


def refuses(*rules: type[LedgerError]) -> Callable[[H], H]:
    """Declare the rules that a handler checks, in its order."""

    def declare(handler: H) -> H:
        vars(handler)["refusals"] = rules
        return handler

    return declare


def refusals_of(handler: Callable[..., object]) -> tuple[type[LedgerError], ...]:
    """What the handler declared; nothing if it never refuses."""
    declared: tuple[type[LedgerError], ...] = vars(handler).get("refusals", ())
    return declared
