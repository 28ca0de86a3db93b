"""Forms filled in by people: a mistake is told with its place and never with its value."""

import pytest
from pydantic import ValidationError

from node.validation import Form, complaints, did_you_mean


class Inner(Form):
    """A nested form."""

    colour: str


class Outer(Form):
    """A form with a form in it."""

    size: int
    inner: Inner


def told(data: object) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(data)
    return complaints(caught.value)


def test_an_unknown_key_suggests_the_right_one_at_its_place() -> None:
    lines = told({"size": 1, "inner": {"color": "red"}})
    assert lines == ["inner: color: unknown key; did you mean colour?"]


def test_braces_in_a_key_are_no_template() -> None:
    assert told({"size": 1, "inner": {"colour": "x"}, "{0}": 1}) == ["{0}: unknown key"]


def test_what_is_missing_or_wrong_is_told_without_its_value() -> None:
    lines = told({"size": "secret"})
    assert {line.split(":")[0] for line in lines} == {"size", "inner"}
    assert not [line for line in lines if "secret" in line]


def test_what_is_no_object_is_refused() -> None:
    assert told([1])
    assert told("x")


def test_only_a_close_word_is_suggested() -> None:
    assert did_you_mean("prot", ["port", "host"]) == "; did you mean port?"
    assert did_you_mean("zzzz", ["port", "host"]) == ""
