"""Refusals say which rule was broken and where."""

from commerce.epcis.errors import EpcisInvalid


def test_a_refusal_gathers_its_path_on_the_way_up() -> None:
    refusal = EpcisInvalid("must be a number")
    for step in ("value", 2, "sensorReport", 0, "sensorElementList"):
        refusal.within(step)
    assert refusal.path == "sensorElementList[0].sensorReport[2].value"
    assert str(refusal) == "sensorElementList[0].sensorReport[2].value: must be a number"
    assert refusal.rule == "must be a number"


def test_a_refusal_of_the_whole_document_has_no_path() -> None:
    assert str(EpcisInvalid("must be an object")) == "must be an object"


def test_the_code_of_a_refusal_is_its_class() -> None:
    assert EpcisInvalid("x").code == "EpcisInvalid"
