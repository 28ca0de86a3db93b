"""Names that a shell completes with: contexts, nodes and accounts of what is on this machine.

Asked for at every Tab, so this imports nothing but the standard library, and whatever can't be read
is no name: a shell has no use for an error.
"""

import json
import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

CONTEXTS: Final = "contexts.toml"
MANIFEST: Final = "testnet.json"
SIZE_MAX: Final = 4 * 1024 * 1024
# What needs no quoting in any shell.
PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/@%+-]+", re.ASCII)


def print_values(words: Sequence[str]) -> int:
    """`--complete KIND [CONTEXT]`: the names of a kind, one a line."""
    kind, context = (*words, "", "")[:2]
    names = [name for name in values(kind, context) if PLAIN.fullmatch(name)]
    if names:
        sys.stdout.write("\n".join(sorted(set(names))) + "\n")
    return 0


def values(kind: str, context: str, environ: Mapping[str, str] = os.environ) -> list[str]:
    """The names of a kind: `named` contexts, `contexts` of any kind, `nodes`, `accounts`."""
    named = list(_contexts(environ))
    if kind == "named":
        return named
    if kind == "contexts":
        return [*named, *(place.parent.name for place in _networks(environ))]
    if kind in ("nodes", "accounts"):
        network = _network(context or environ.get("HUSHANG_CONTEXT", ""), environ)
        return [str(entry.get("name", "")) for entry in network.get(kind, ())]
    return []


def _contexts(environ: Mapping[str, str]) -> Mapping[str, Any]:
    own = environ.get("HUSHANG_CONFIG_HOME")
    shared = environ.get("XDG_CONFIG_HOME")
    place = Path(own) if own else (Path(shared) if shared else Path.home() / ".config") / "hushang"
    try:
        found = tomllib.loads(_read(place / CONTEXTS)).get("contexts")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _networks(environ: Mapping[str, str]) -> list[Path]:
    return list(Path(environ.get("HUSHANG_HOME") or ".hushang").glob(f"*/{MANIFEST}"))


def _network(context: str, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The manifest of the test network that a command would mean, or nothing."""
    places = _networks(environ)
    if "/" in context or (context and (Path(context) / MANIFEST).exists()):
        places = [Path(context) / MANIFEST]
    elif context or any(place.parent.name == "local" for place in places):
        places = [place for place in places if place.parent.name == (context or "local")]
    if len(places) != 1:
        return {}
    try:
        found = json.loads(_read(places[0]))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(SIZE_MAX).decode("utf-8")
