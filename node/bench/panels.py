"""Panels of a plot: curves over one axis, each named at its end with the number it stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from node.bench.svg import Drawing, Scale, linear, logarithmic, number

LEFT: Final = 70
RIGHT: Final = 730
LABEL_GAP: Final = 18
# What a latency scale shows where nothing was decided.
NOTHING_MS: Final = 1.0

Values = Sequence[tuple[float, float | None]]


@dataclass(frozen=True, slots=True)
class Curve:
    """One line: its name, what is told beside it, its colour, its values.

    `dots`: each value can be pointed at; `numbers`: each is written beside its dot. The name stands
    at the height of `level`, or of the last value; without a name a curve has no label.
    """

    name: str
    told: str
    kind: str
    values: Values
    dots: bool = True
    numbers: bool = False
    level: float | None = None

    @property
    def seen(self) -> Sequence[float]:
        """The values that there are."""
        return [value for _, value in self.values if value is not None]


@dataclass(frozen=True, slots=True)
class Panel:
    """The part of a drawing between two heights, over a common axis."""

    drawing: Drawing
    across: Scale
    top: int
    bottom: int

    def rates(self, curves: Sequence[Curve]) -> Scale:
        """A scale from nothing to above the greatest value."""
        return linear(max(max(curve.seen, default=0.0) for curve in curves), *self._ends)

    def latencies(self, curves: Sequence[Curve]) -> Scale:
        """A logarithmic scale around all values."""
        seen = [value for curve in curves for value in curve.seen if value > 0] or [NOTHING_MS]
        return logarithmic(min(seen), max(seen), *self._ends)

    @property
    def _ends(self) -> tuple[float, float]:
        return float(self.bottom), float(self.top)

    def draw(self, head: str, up: Scale, curves: Sequence[Curve]) -> None:
        """Grid, curves and their names."""
        self.drawing.text(LEFT, self.top - 12, head, "name")
        for tick in up.ticks():
            self.drawing.line((LEFT, up.at(tick)), (RIGHT, up.at(tick)), "grid")
            self.drawing.text(LEFT - 8, up.at(tick) + 4, number(tick), "axis", "end")
        for curve in curves:
            self._curve(curve, up)
        self._names([curve for curve in curves if curve.name and curve.seen], up)

    def _curve(self, curve: Curve, up: Scale) -> None:
        points = [
            None if value is None else (self.across.at(x), up.at(value))
            for x, value in curve.values
        ]
        self.drawing.curve(points, curve.kind, curve.name)
        if not curve.dots:
            return
        for point, (x, value) in zip(points, curve.values, strict=True):
            if point is None or value is None:
                continue
            self.drawing.dot(point, curve.kind, f"{curve.name} at {number(x)}: {number(value)}")
            if curve.numbers:
                words = number(value)
                self.drawing.text(point[0], point[1] - 9, words, f"axis {curve.kind}", "middle")

    def _names(self, curves: Sequence[Curve], up: Scale) -> None:
        """Beside the right end, the higher above, none on another."""
        levels = [curve.seen[-1] if curve.level is None else curve.level for curve in curves]
        wanted = sorted((up.at(level), at) for at, level in enumerate(levels))
        lowest = float(self.top)
        for height, at in wanted:
            place = max(height, lowest)
            lowest = place + LABEL_GAP
            curve = curves[at]
            words = f"{curve.name} {curve.told}".rstrip()
            self.drawing.text(RIGHT + 10, place + 4, words, f"name {curve.kind.split()[0]}")


def axis(drawing: Drawing, across: Scale, bottom: int, head: str) -> None:
    """The common axis below the last panel."""
    for tick in across.ticks():
        drawing.text(across.at(tick), bottom + 18, number(tick), "axis", "middle")
    drawing.text((LEFT + RIGHT) / 2, bottom + 38, head, "axis", "middle")
