"""What a check found, and what all of them come to: an exit code."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any


class State(StrEnum):
    """How a check ended. `NOT_CHECKED`: what it takes isn't here; nothing is known to be wrong."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Code(IntEnum):
    """Of the CLI's exit codes, those that a failed check may mean."""

    INTERNAL = 1
    NOT_FOUND = 3
    NOT_AUTHORISED = 4
    UNREACHABLE = 5
    VERIFICATION_FAILED = 8
    BAD_CONFIG = 9


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `means` is what was found, `do` what to do about it; empty where nothing."""

    name: str
    state: State
    means: str
    do: str = ""
    code: Code = Code.INTERNAL


def ok(name: str, means: str) -> Check:
    """All is as it should be."""
    return Check(name, State.OK, means)


def warning(name: str, means: str, do: str) -> Check:
    """It works, and may not for long."""
    return Check(name, State.WARNING, means, do)


def failed(name: str, means: str, do: str, code: Code = Code.INTERNAL) -> Check:
    """It doesn't work."""
    return Check(name, State.FAILED, means, do, code)


def not_checked(name: str, means: str, do: str = "") -> Check:
    """What it takes isn't here."""
    return Check(name, State.NOT_CHECKED, means, do)


def exit_code(checks: Sequence[Check]) -> int:
    """0 if nothing failed, else the code of the first that did: causes stand before what they
    bring about.
    """
    return next((int(check.code) for check in checks if check.state is State.FAILED), 0)


def as_data(checks: Sequence[Check]) -> dict[str, Any]:
    """The report for scripts."""
    counts = {state.value: sum(check.state is state for check in checks) for state in State}
    shown = []
    for check in checks:
        entry = {name: value for name, value in asdict(check).items() if name != "code"}
        shown.append(entry | {"exit_code": int(check.code) if check.state is State.FAILED else 0})
    return {"counts": counts, "exit_code": exit_code(checks), "checks": shown}
