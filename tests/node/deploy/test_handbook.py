"""The operator's handbook names every setting with its default, and every event of the log."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic_core import PydanticUndefined

from node.config import NodeConfig

ROOT = Path(__file__).parent.parent.parent.parent
PAGE = (ROOT / "docs" / "operating.md").read_text("utf-8")
WORDS: dict[object, str] = {None: "none", (): "none", True: "true", False: "false"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    part = PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    """The code words of a cell."""
    return re.findall(r"`([^`]+)`", cell)


def told_default(value: object) -> str:
    """A default as the table tells it."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return WORDS.get(value, f"`{value}`")


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    told: dict[str, str] = {}
    for setting, defaults, _ in rows("Settings"):
        each = defaults.split(", ")
        for place, name in enumerate(names(setting)):
            told[name] = each[place] if place < len(each) else each[-1]
    assert list(told) == list(dict.fromkeys(told))
    assert set(told) == set(NodeConfig.model_fields)
    for name, field in NodeConfig.model_fields.items():
        default = "" if field.default is PydanticUndefined else told_default(field.default)
        assert told[name] == default, name


def events_in(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Each event that a file logs, and the fields that stand beside it."""
    for found in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(found, ast.Dict):
            keys = [key.value for key in found.keys if isinstance(key, ast.Constant)]
            if "event" in keys and len(keys) == len(found.keys):
                value = found.values[keys.index("event")]
                for name in constants(value):
                    yield name, {str(key) for key in keys} - {"event"}
        elif isinstance(found, ast.Assign) and '["event"]' in ast.unparse(found).replace("'", '"'):
            for name in constants(found.value):
                yield name, set()


def constants(value: ast.expr) -> Iterator[str]:
    """The texts that an expression may be."""
    for found in ast.walk(value):
        if isinstance(found, ast.Constant) and isinstance(found.value, str):
            yield found.value


def logged() -> dict[str, set[str]]:
    """Every event of the nodes' log with its fields."""
    found: dict[str, set[str]] = {}
    for package in ("node", "p2p"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "extra=" in path.read_text("utf-8"):
                for name, fields in events_in(path):
                    found[name] = found.get(name, set()) | fields
    return found


def test_every_event_of_the_log_stands_in_the_table_and_none_besides() -> None:
    told = {names(event)[0]: set(names(fields)) for event, _, fields, _ in rows("Log events")}
    code = logged()
    assert set(told) == set(code)
    assert {name: fields - told[name] for name, fields in code.items() if fields - told[name]} == {}
    assert len(code) > 20


def test_the_commands_of_the_founding_are_those_that_a_test_runs() -> None:
    """tests/processes/test_founding.py runs them; here they are only found."""
    part = PAGE.split("\n## Founding a consortium\n", 1)[1].split("\n## ", 1)[0]
    commands = re.findall(r"^hushang (.*)$", part, re.MULTILINE)
    assert [command.split()[1] for command in commands] == [
        *("init", "new", "new", "new", "add-account", "add-account", "add-asset"),
        *("show", "adopt", "start"),
    ]
    assert json.dumps(commands).isascii()
