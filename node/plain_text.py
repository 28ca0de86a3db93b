"""Text for a terminal: what strangers named, without what a terminal would obey.

Escape sequences, C1 controls and marks that turn the direction of writing can hide what was said,
or say something else in its place.
"""

import re
from importlib import import_module
from typing import Final

# Controls but line feed and tab; marks of direction; line separators; what is no character.
_OBEYED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

# Longer than any id and most paths.
SHORT: Final = 120


def plain(words: str) -> str:
    """These words, with what a terminal would obey spelled out as JSON spells it."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", words)


def shortened(words: str, most: int = SHORT) -> str:
    """What was given, as an error repeats it: of a long text its beginning and its end."""
    if len(words) <= most:
        return words
    half = most // 2
    return f"{words[:half]}…{words[-half:]}"


def cell_count(words: str) -> int:
    """How wide a terminal shows it: Chinese takes two cells a sign."""
    count: int = import_module("rich.cells").cell_len(words)
    return count


def padded(words: str, count: int) -> str:
    """With spaces after it, so that it takes so many cells."""
    return words + " " * max(0, count - cell_count(words))
