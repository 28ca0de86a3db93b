"""The packages that a node runs with, of all that are locked.

    python -m tests.node.deploy.running_lock --write

node/deploy/requirements.lock is what the container installs: requirements.lock without the tools of
the tests. `make lock` writes it; a test holds the two together.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent.parent
FILE: Final = ROOT / "node" / "deploy" / "requirements.lock"
HEAD: Final = "# What a node runs with, of requirements.lock: make lock\n"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def entries() -> dict[str, str]:
    """The text of each package in requirements.lock, hashes and all, by its name."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)
    return {normal(block): block for block in blocks if "==" in block}


def normal(requirement: str) -> str:
    """The package that a requirement names."""
    found = _NAME.match(requirement)
    assert found is not None, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def needed(project: Path = ROOT / "pyproject.toml") -> set[str]:
    """The project's packages and its extras', and all that those need, on any platform."""
    declared = tomllib.loads(project.read_text("utf-8"))["project"]
    extras = declared["optional-dependencies"].values()
    todo = [*declared["dependencies"], *(name for extra in extras for name in extra)]
    found: set[str] = set()
    while todo:
        name = normal(todo.pop())
        if name not in found:
            found.add(name)
            todo += below(name)
    return found


def below(name: str) -> Iterator[str]:
    """What an installed package needs without extras; one of another platform tells nothing."""
    try:
        wanted = requires(name) or []
    except PackageNotFoundError:
        return
    for requirement in wanted:
        if "extra ==" not in requirement:
            yield requirement


def lock_text() -> str:
    """The lock of what a node runs with."""
    locked, names = entries(), needed()
    return HEAD + "".join(locked[name] for name in sorted(names & locked.keys()))


if __name__ == "__main__":
    if "--write" in sys.argv:
        FILE.write_text(lock_text(), "utf-8")
    elif FILE.read_text("utf-8") != lock_text():
        sys.exit(f"{FILE} is stale: python -m tests.node.deploy.running_lock --write")
