"""Altered records: as `dataclasses.replace` makes them, and refused where it refuses."""

from dataclasses import FrozenInstanceError, dataclass, fields, replace
from typing import Any

import pytest

from chain.codec import encode
from commerce.money import Balance
from commerce.records import altered
from tests.commerce.shop import Shop


@pytest.mark.parametrize(
    "changes",
    [{}, {"state": "LATE", "due_ms": None}, {"due_ms": 7}, {"refunded_minor": 1, "gtin": "x"}],
)
def test_an_altered_record_is_the_one_that_replace_makes(changes: dict[str, Any]) -> None:
    shop = Shop()
    (line,) = shop.load(shop.order((shop.tea, 1))).lines
    before = encode(line)
    made = altered(line, **changes)
    assert made == replace(line, **changes)
    assert [getattr(made, field.name) for field in fields(line)] == [
        changes.get(field.name, getattr(line, field.name)) for field in fields(line)
    ]
    assert encode(line) == before
    assert hash(made) == hash(replace(line, **changes))


def test_names_in_another_order_and_of_another_class_are_another_change() -> None:
    balance = Balance(1, 2)
    assert altered(balance, available_minor=3, frozen_minor=4) == Balance(3, 4)
    assert altered(balance, frozen_minor=4, available_minor=3) == Balance(3, 4)
    assert altered(_Pair(1, 2), available_minor=3, frozen_minor=4) == _Pair(3, 4)


def test_an_altered_record_is_frozen_too() -> None:
    made = altered(Balance(1, 2), frozen_minor=0)
    with pytest.raises(FrozenInstanceError):
        made.frozen_minor = 1  # type: ignore[misc]


def test_a_field_that_a_record_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError, match="held_minor"):
        altered(Balance(1, 2), held_minor=1)  # type: ignore[call-arg]


def test_a_record_that_checks_itself_when_it_is_made_is_refused() -> None:
    with pytest.raises(TypeError, match="this way"):
        altered(_Checked(1), number=2)


@dataclass(frozen=True, slots=True)
class _Pair:
    available_minor: int
    frozen_minor: int


@dataclass(frozen=True, slots=True)
class _Checked:
    number: int

    def __post_init__(self) -> None:
        assert self.number
