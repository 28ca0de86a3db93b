"""Known bugs, planted one by one into the product's code to see whether the simulator finds them.

A plant replaces functions of the product while one seed runs; the product has no flags for it. Each
names the trap that it stands for (docs/simulation.md). The bugs are in `tests.sim.bugs_of_*`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from types import FunctionType
from typing import Any

from tests.sim import bugs_of_agreement, bugs_of_blocks, bugs_of_memory, bugs_of_patience
from tests.sim.bugs import Plant, misplaced

PLANTS: tuple[Plant, ...] = (
    *bugs_of_agreement.PLANTS,
    *bugs_of_memory.PLANTS,
    *bugs_of_patience.PLANTS,
    *bugs_of_blocks.PLANTS,
)


class Touched:
    """How often replaced functions were called: a bug that nobody calls is not planted."""

    def __init__(self) -> None:
        self.calls = 0


@contextmanager
def planted(plant: Plant) -> Iterator[Touched]:
    """Within, the product has the bug. `PlantMisplaced` where it has nothing of that name."""
    patches = plant.patches()
    kept = []
    for place, name, _ in patches:
        if name not in vars(place):
            raise misplaced(plant.name, place, name)
        kept.append((place, name, vars(place)[name]))
    touched = Touched()
    for place, name, bug in patches:
        setattr(place, name, _counted(bug, touched))
    try:
        yield touched
    finally:
        for place, name, original in kept:
            setattr(place, name, original)


def _counted(bug: Any, touched: Touched) -> Any:
    if isinstance(bug, property):
        assert bug.fget is not None
        return property(_counted(bug.fget, touched))
    assert isinstance(bug, FunctionType)

    @wraps(bug)
    def counted(*args: Any, **kwargs: Any) -> Any:
        touched.calls += 1
        return bug(*args, **kwargs)

    return counted
