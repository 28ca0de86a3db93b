"""Scales, ticks and the SVG document."""

from xml.etree.ElementTree import fromstring

import pytest

from node.bench.svg import NAMESPACE, Drawing, linear, logarithmic, number


@pytest.mark.parametrize(
    ("high", "ticks"),
    [
        (9.0, [0, 2, 4, 6, 8, 10]),
        (10.0, [0, 2, 4, 6, 8, 10]),
        (2450.0, [0, 500, 1000, 1500, 2000, 2500]),
        (0.25, [0, 0.05, 0.1, 0.15, 0.2, 0.25]),
        (0.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
    ],
)
def test_a_linear_scale_begins_with_nothing_and_ends_with_a_round_value(
    high: float, ticks: list[float]
) -> None:
    scale = linear(high, 100, 0)
    assert scale.ticks() == pytest.approx(ticks)
    assert (scale.at(0), scale.at(scale.high)) == (100, 0)
    assert scale.at(scale.high / 2) == 50


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (14.0, 1500.0, [10, 20, 50, 100, 200, 500, 1000, 2000]),
        (5.0, 5.0, [5, 10]),
        (0.3, 0.9, [0.2, 0.5, 1.0]),
        (1.0, 100_000.0, [1, 10, 100, 1_000, 10_000, 100_000]),
    ],
)
def test_a_logarithmic_scale_lies_between_round_values(
    low: float, high: float, ticks: list[float]
) -> None:
    scale = logarithmic(low, high, 100, 0)
    assert scale.ticks() == pytest.approx(ticks)
    assert scale.at(low) <= 100
    assert scale.at(high) >= 0
    # Equal ratios are equal distances, and what is less than the least lies on the edge.
    middle = (scale.low * scale.high) ** 0.5
    assert scale.at(middle) == pytest.approx(50)
    assert scale.at(scale.low / 10) == 100


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (0.256, "0.26"), (2.0, "2"), (9.5, "9.5"), (18.4, "18"), (12_345.6, "12,346")],
)
def test_numbers_are_told_as_people_read_them(value: float, told: str) -> None:
    assert number(value) == told


def test_a_document_is_xml_whatever_its_words_are() -> None:
    drawing = Drawing(100, 50, 'tea & "milk" <1>')
    drawing.text(1, 2, "茶 & <tea>", "head")
    drawing.curve([(0, 1), None, (2, 3), (4.25, 5)], "one", "p50")
    drawing.dot((1, 2), "one", "p50 at 1: 2")
    root = fromstring(drawing.written())
    names = {"svg": NAMESPACE}
    assert root.get("viewBox") == "0 0 100 50"
    assert root.findtext("svg:title", "", names) == 'tea & "milk" <1>'
    assert [text.text for text in root.findall("svg:text", names)] == ["茶 & <tea>"]
    (curve,) = root.findall("svg:path", names)
    assert curve.get("d") == "M0 1 M2 3 L4.25 5"
    assert "prefers-color-scheme: dark" in root.findtext("svg:style", "", names)
