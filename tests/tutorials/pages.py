"""The tutorials as their readers meet them: what to type, and what is said to come of it.

A block of ```console is typed, each line, in one shell. A block of ```text right after it is what
the whole block before prints: `...` alone on a line stands for any lines, inside a line for any
words; how wide columns are doesn't count. What a test can't do (set up the machine, ask systemd)
has a comment above it, `<!-- not run: REASON -->`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
DOCS: Final = ROOT / "docs"
READERS: Final = ("developer", "merchant", "operator", "regulator")
# How a page is named in each language.
LANGUAGES: Final = {"en": ".md", "zh": ".zh.md"}
ANYTHING: Final = "..."

_OPENING: Final = re.compile(r"^```(\S*)\s*$")
_CLOSING: Final = "```"
_NOT_RUN: Final = re.compile(r"^<!-- not run: (.+?) -->$")


@dataclass(slots=True)
class Step:
    """One block that is typed, where it stands, and what it should print if that is shown."""

    line: int
    commands: str
    expected: str | None = None
    # Why a test doesn't type it; empty for all but a few.
    not_run: str = ""


@dataclass(slots=True)
class Fence:
    """A block as it is read."""

    language: str
    line: int
    not_run: str
    lines: list[str] = field(default_factory=list)


def page(reader: str, language: str) -> Path:
    """The tutorial of a reader in a language."""
    return DOCS / f"tutorial-{reader}{LANGUAGES[language]}"


def steps(text: str) -> list[Step]:
    """Every step of a page."""
    found: list[Step] = []
    # Is the newest block the one that the next output would belong to?
    fresh = False
    for fence in fences(text):
        body = "\n".join(fence.lines)
        if fence.language == "console":
            found.append(Step(fence.line, body, not_run=fence.not_run))
            fresh = True
        elif fence.language == "text" and fresh:
            found[-1].expected = body
            fresh = False
    return found


def fences(text: str) -> Iterator[Fence]:
    """Every fenced block of a page."""
    is_open, fence, above = False, Fence("", 0, ""), ""
    for number, line in enumerate(text.splitlines(), 1):
        opening = _OPENING.match(line)
        if is_open and line == _CLOSING:
            is_open = False
            yield fence
        elif is_open:
            fence.lines.append(line)
        elif opening:
            reason = _NOT_RUN.match(above)
            is_open, fence = True, Fence(opening[1], number, reason[1] if reason else "")
        above = line
    assert not is_open, f"the block of line {fence.line} has no end"


def fits(printed: str, expected: str) -> bool:
    """Is it what the page shows?"""
    pattern = ""
    for line in expected.splitlines():
        if line.strip() == ANYTHING:
            pattern += r"(?:.*\n)*?"
        elif _plain(line):
            parts = [re.escape(part) for part in _plain(line).split(ANYTHING)]
            pattern += ".*?".join(parts) + "\n"
    told = [_plain(line) for line in printed.splitlines()]
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in told if line)) is not None


def _plain(line: str) -> str:
    """A line without the width of its columns, and without the rules of a table."""
    return " ".join(line.split()).strip("─ ")
