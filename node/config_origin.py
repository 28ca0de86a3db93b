"""Where each setting of a node comes from: a flag, a variable, a line of the file, or the default.

For people who wonder why a node does what it does. No setting is a secret: keys, passphrases and
tokens lie in files that settings name, and only the names are shown.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from node.config import PREFIX, NodeConfig, load_config

DEFAULT: Final = "default"
_KEY: Final = re.compile(r"\s*(?:\"([^\"]+)\"|'([^']+)'|([A-Za-z0-9_-]+))\s*[=.]")
_TABLE: Final = re.compile(r"\s*\[{1,2}\s*([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting: its value as JSON, and where it was found."""

    name: str
    value: Any
    origin: str


def explain(
    file: Path | None, environ: Mapping[str, str], flags: Mapping[str, Any]
) -> tuple[Origin, ...]:
    """Every setting, in the order of the form. Raises `ConfigInvalid` as a start would."""
    values = load_config(file, environ, flags).model_dump(mode="json")
    lines = {} if file is None else _lines(file)

    def origin(name: str) -> str:
        if flags.get(name) is not None:
            return f"flag --{name.replace('_', '-')}"
        if f"{PREFIX}{name.upper()}" in environ:
            return f"{PREFIX}{name.upper()}"
        if name in lines:
            return f"{file}:{lines[name]}"
        return DEFAULT

    return tuple(Origin(name, values[name], origin(name)) for name in NodeConfig.model_fields)


def _lines(file: Path) -> dict[str, int]:
    """The line of each setting in the file: of its key, or of its first table."""
    text = file.read_text("utf-8")
    found: dict[str, int] = {}
    in_table = False
    for number, line in enumerate(text.splitlines(), start=1):
        table = _TABLE.match(line)
        key = None if in_table else _KEY.match(line)
        if table is not None:
            in_table = True
            found.setdefault(table[1], number)
        elif key is not None:
            found.setdefault(key[1] or key[2] or key[3], number)
    # What only looks like a setting, within a text of several lines, is none.
    settings = tomllib.loads(text)
    return {name: number for name, number in found.items() if name in settings}
