"""What a planted bug is, and where it goes."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Where, which name, what stands there instead.
Patch = tuple[Any, str, Any]

PRODUCT = ("chain", "commerce", "consensus", "node", "p2p")


class PlantMisplaced(Exception):
    """The product has no function where a bug was to be planted: the plant must follow it."""


@dataclass(frozen=True)
class Plant:
    """A bug: what it replaces, and the profile and size of cluster that may show it."""

    name: str
    patches: Callable[[], list[Patch]]
    profile: str = "all"
    nodes: int = 4


def misplaced(plant: str, place: Any, name: str) -> PlantMisplaced:
    """Nothing of this name is there."""
    return PlantMisplaced(f"{plant}: {getattr(place, '__name__', place)} has no {name}")


def everywhere(home: Any, name: str, bug: Any) -> list[Patch]:
    """A function of the module `home`, wherever the product has imported it by its name."""
    original = vars(home).get(name)
    if original is None:
        raise misplaced("everywhere", home, name)
    modules = [
        module
        for at, module in sorted(sys.modules.items())
        if at.partition(".")[0] in PRODUCT and vars(module).get(name) is original
    ]
    return [(module, name, bug) for module in modules]
