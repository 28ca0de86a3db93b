"""What the program says to people, read from its sources: the English of every sentence."""

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from commerce.aftersale.kinds import BY_NAME
from commerce.deposits.claim import ClaimState
from commerce.deposits.claim import Kind as ClaimKind
from commerce.devices.penalty import PenaltyState
from commerce.disputes.phases import Phase
from commerce.escrow import State
from node.api.openapi import openapi
from node.api.routes import ROUTES
from node.trade_words import CLOCKS, GOODS_CLOCKS
from tests.commands.command_line import ROOT

# Callables whose first argument is said to people: `said` itself, and voices that take a template.
SAID = "said"
VOICES = frozenset({"session.say", "self.say", "self.session.say", "self._session.say"})
# A check of `hushang doctor` by its name.
CHECKS = frozenset({"ok", "warning", "failed", "not_checked"})
TEXTS = frozenset({"words().text", "known.text", "told.text"})


def sources() -> Iterator[Path]:
    """Every source of the program that may speak."""
    yield ROOT / "cli.py"
    yield from sorted((ROOT / "node").rglob("*.py"))


def calls(source: str) -> Iterator[ast.Call]:
    """Every call that says something."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and node.args:
            name = ast.unparse(node.func)
            if name == SAID or name in VOICES | TEXTS | CHECKS:
                yield node


def has_words(text: str) -> bool:
    """Is there more in it than its placeholders?"""
    return re.search(r"[^\W\d_]", re.sub(r"\{[^}]*\}", "", text)) is not None


def literals(value: ast.expr) -> Iterator[str]:
    """The texts that an argument may be, as far as they stand in it."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from literals(value.body)
        yield from literals(value.orelse)


def events() -> list[str]:
    """Every type of event, as the page about them has them."""
    page = (ROOT / "docs" / "protocol-events.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[^|]*`) \|", page, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


def codes() -> list[str]:
    """Code words of the protocol that tables for people have: types of events, states, kinds."""
    kinds: tuple[type[StrEnum], ...] = (State, Phase, ClaimState, ClaimKind, PenaltyState)
    clocks = [*CLOCKS, *GOODS_CLOCKS]
    return [*events(), *clocks, *(word.value for kind in kinds for word in kind), *BY_NAME]


def fields() -> list[str]:
    """Every name that a field of the API's documents has, as a table for people heads it."""
    page = (ROOT / "docs" / "protocol-events.md").read_text("utf-8")
    data = "\n".join(re.findall(r"^\| `.*\| ([^|]*) \|$", page, re.MULTILINE))
    found = re.findall(r"\b(\w+): ", data)
    found += _properties(openapi(ROUTES, "0")["components"]["schemas"])
    return [name.removesuffix("_ms").removesuffix("_minor") for name in dict.fromkeys(found)]


def _properties(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        own = schema.get("properties")
        yield from own if isinstance(own, dict) else ()
        for part in schema.values():
            yield from _properties(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from _properties(part)


def is_unread(call: ast.Call) -> bool:
    """Is a sentence put together, so that nobody can look for its words?"""
    told = call.args[0]
    if ast.unparse(call.func) == SAID:
        return not any(literals(told))
    return any(isinstance(part, ast.JoinedStr) for part in (told, *ast.iter_child_nodes(told)))


def sentences() -> list[str]:
    """The English of every sentence, each once."""
    found = [
        text
        for path in sources()
        for call in calls(path.read_text("utf-8"))
        for text in literals(call.args[0])
    ]
    return list(dict.fromkeys(found))
