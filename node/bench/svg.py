"""Just enough SVG for a line plot: scales, ticks, panels; light or dark as the reader's screen is.

Text stays text. Every colour is a class, so that one style sheet changes all of them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

NAMESPACE: Final = "http://www.w3.org/2000/svg"
TICKS_MAX: Final = 6
LOG_TICKS_MAX: Final = 9
STEPS: Final = (1, 2, 5)
# Below this, decimals tell something.
SMALL: Final = 10
STYLE: Final = """
svg { --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --grid: #dfe3e8;
  --one: #0b5cad; --two: #5c6570; --three: #0f7b55; --four: #b4500b; --shade: #fae9e5; }
@media (prefers-color-scheme: dark) {
  svg { --ground: #0d1117; --ink: #e6edf3; --faint: #9aa4af; --grid: #2a3038;
    --one: #6cb0ff; --two: #a5afba; --three: #4cc597; --four: #f2a65a; --shade: #331b18; } }
text { font: 13px system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif;
  fill: var(--ink); }
text.head { font-size: 17px; font-weight: 600; }
text.axis, text.foot { fill: var(--faint); font-size: 12px; }
text.name { font-weight: 600; }
.ground { fill: var(--ground); } .shade { fill: var(--shade); }
.grid { stroke: var(--grid); stroke-width: 1; } .mark { stroke: var(--four); stroke-width: 1; }
path { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
path.dashed { stroke-dasharray: 5 4; stroke-width: 1.5; } path.thin { stroke-width: 1;
  opacity: 0.5; }
path.one { stroke: var(--one); } path.two { stroke: var(--two); }
path.three { stroke: var(--three); } path.four { stroke: var(--four); }
.fill.one, text.one { fill: var(--one); } .fill.two, text.two { fill: var(--two); }
.fill.three, text.three { fill: var(--three); } .fill.four, text.four { fill: var(--four); }
"""


@dataclass(frozen=True, slots=True)
class Scale:
    """From values `low` to `high` to pixels `start` to `end`; logarithmic with `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        """The pixel of a value; what is outside the scale lies on its edge."""
        share = self._share(min(max(value, self.low), self.high))
        return round(self.start + (self.end - self.start) * share, 2)

    def _share(self, value: float) -> float:
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self) -> Sequence[float]:
        """Round values on the scale."""
        if self.log:
            return _log_ticks(self.low, self.high)
        step = _step(self.high - self.low)
        first = math.ceil(self.low / step)
        return [step * at for at in range(first, math.floor(self.high / step * 1.000001) + 1)]


def linear(high: float, start: float, end: float) -> Scale:
    """From nothing to a round value that is not below `high`."""
    step = _step(high or 1.0)
    return Scale(0.0, step * math.ceil((high or 1.0) / step * 0.999999), start, end)


def logarithmic(low: float, high: float, start: float, end: float) -> Scale:
    """Between the round values 1, 2, 5 × 10ⁿ around `low` and `high`."""
    bottom = _round_below(low)
    top = _round_below(high)
    while top < high or top <= bottom:
        top = _next_round(top)
    return Scale(bottom, top, start, end, log=True)


def _step(span: float) -> float:
    """The distance of round ticks, of which there are few."""
    rough = span / TICKS_MAX
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (*STEPS, 10) if step * power >= rough * 0.999999)


def _round_below(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in STEPS if step * power <= value * 1.000001)


def _next_round(value: float) -> float:
    return _round_below(value * 2.6)


def _log_ticks(low: float, high: float) -> Sequence[float]:
    found = [low]
    while found[-1] < high * 0.999999:
        found.append(_next_round(found[-1]))
    if len(found) <= LOG_TICKS_MAX:
        return found
    # Powers of ten alone, where there are many.
    return [value for value in found if math.isclose(math.log10(value) % 1.0, 0.0, abs_tol=1e-9)]


def number(value: float) -> str:
    """`12,345`; small values with as many decimals as tell something."""
    if value and abs(value) < SMALL:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:,.0f}"


@dataclass(slots=True)
class Drawing:
    """An SVG document in the making."""

    width: int
    height: int
    title: str
    root: Element = field(init=False)

    def __post_init__(self) -> None:
        size = {"width": str(self.width), "height": str(self.height)}
        box = {"viewBox": f"0 0 {self.width} {self.height}", "role": "img"}
        self.root = Element("svg", {"xmlns": NAMESPACE, "aria-label": self.title} | size | box)
        SubElement(self.root, "title").text = self.title
        SubElement(self.root, "style").text = STYLE
        self.rect(0, 0, self.width, self.height, "ground")

    def rect(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A filled box."""
        places = {"x": x, "y": y, "width": width, "height": height}
        SubElement(self.root, "rect", _texts(places) | {"class": kind})

    def text(self, x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> None:
        """Words at a place; `anchor` is start, middle or end."""
        attributes = _texts({"x": x, "y": y}) | {"text-anchor": anchor}
        if kind:
            attributes["class"] = kind
        SubElement(self.root, "text", attributes).text = words

    def line(self, start: tuple[float, float], end: tuple[float, float], kind: str) -> None:
        """A straight line."""
        places = {"x1": start[0], "y1": start[1], "x2": end[0], "y2": end[1]}
        SubElement(self.root, "line", _texts(places) | {"class": kind})

    def curve(self, points: Sequence[tuple[float, float] | None], kind: str, name: str) -> None:
        """A line through points, broken where one is None; `name` says what it is."""
        parts, pen = [], "M"
        for point in points:
            if point is not None:
                parts.append(f"{pen}{point[0]:g} {point[1]:g}")
            pen = "M" if point is None else "L"
        made = SubElement(self.root, "path", {"class": kind, "d": " ".join(parts)})
        SubElement(made, "title").text = name

    def dot(self, at: tuple[float, float], kind: str, words: str, radius: float = 2.5) -> None:
        """A point that tells its value to whoever points at it."""
        places = {"cx": at[0], "cy": at[1], "r": radius}
        made = SubElement(self.root, "circle", _texts(places) | {"class": f"fill {kind}"})
        SubElement(made, "title").text = words

    def written(self) -> str:
        """The document."""
        indent(self.root)
        return tostring(self.root, encoding="unicode") + "\n"


def _texts(places: dict[str, float]) -> dict[str, str]:
    return {name: f"{value:g}" for name, value in places.items()}
