"""Panels: curves, their names, and what can be pointed at."""

from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

from node.bench.panels import Curve, Panel, axis
from node.bench.svg import NAMESPACE, Drawing, Scale

ACROSS = Scale(0.0, 10.0, 70, 730)


def drawn(*curves: Curve) -> Element:
    """A panel with these, as a reader's program sees it."""
    drawing = Drawing(900, 300, "a panel")
    panel = Panel(drawing, ACROSS, 50, 250)
    panel.draw("a second", panel.rates(curves), curves)
    axis(drawing, ACROSS, 250, "seconds")
    return fromstring(drawing.written())


def all_of(root: Element, name: str) -> list[Element]:
    return root.findall(f"{{{NAMESPACE}}}{name}")


def test_each_value_is_a_dot_where_the_axes_say_it_is() -> None:
    root = drawn(Curve("decided", "100", "one", [(0.0, 0.0), (5.0, 50.0), (10.0, 100.0)]))
    places = [
        (float(dot.get("cx", "")), float(dot.get("cy", ""))) for dot in all_of(root, "circle")
    ]
    assert places == [(70, 250), (400, 150), (730, 50)]
    told = [dot.findtext(f"{{{NAMESPACE}}}title") for dot in all_of(root, "circle")]
    assert told[1] == "decided at 5: 50"


def test_a_second_without_a_value_is_a_gap() -> None:
    root = drawn(Curve("p50", "", "one", [(1.0, 5.0), (2.0, None), (3.0, 5.0)]))
    (path,) = all_of(root, "path")
    assert path.get("d", "").count("M") == 2
    assert len(all_of(root, "circle")) == 2


def test_names_stand_beside_the_ends_and_never_on_each_other() -> None:
    curves = [Curve(name, "7", "one", [(0.0, 1.0), (9.0, 7.0)]) for name in ("a", "b", "c")]
    root = drawn(*curves, Curve("", "", "one", [(0.0, 1.0)]), Curve("none", "", "one", []))
    names = {
        text.text: float(text.get("y", ""))
        for text in all_of(root, "text")
        if float(text.get("x", "")) > 730 and (text.text or "")[-1] == "7"
    }
    assert list(names) == ["a 7", "b 7", "c 7"]
    heights = sorted(names.values())
    assert all(later - earlier >= 16 for earlier, later in pairwise(heights))
    assert "none" not in {text.text for text in all_of(root, "text")}


def test_numbers_are_written_where_they_are_asked_for() -> None:
    root = drawn(Curve("p99", "", "four", [(1.0, 1234.0)], numbers=True))
    assert "1,234" in {text.text for text in all_of(root, "text")}


def test_latencies_have_a_scale_even_where_nothing_was_decided() -> None:
    panel = Panel(Drawing(900, 300, "empty"), ACROSS, 50, 250)
    assert len(panel.latencies([Curve("p50", "", "one", [(1.0, None)])]).ticks()) == 2
