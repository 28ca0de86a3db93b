"""`hushang explain`: what an error code means."""

from importlib import import_module
from pkgutil import walk_packages
from typing import Annotated, Any, Final

import typer

from chain.errors import HushangError, LedgerError
from node.commands.failures import ExitCode, UsageWrong, exit_code_of
from node.commands.options import noun, verb
from node.commands.session import Session
from node.server import CONFIG_ERRORS
from node.validation import did_you_mean

app = noun("What an error code means.", single=True)

PACKAGES: Final = ("chain", "consensus", "commerce", "p2p", "node")


@verb(
    app, "explain", examples=("hushang explain InsufficientFunds", "hushang explain --all -o json")
)
def explain(
    session: Session,
    code: Annotated[
        str | None, typer.Argument(help="A code, as an error or receipt has it.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="List every code.")] = False,
) -> None:
    """Say what a code means, what helps, and which exit code it brings."""
    known = every_code()
    if everything or code is None:
        session.printer.records([meaning(known[name]) for name in sorted(known)])
        return
    if code not in known:
        raise UsageWrong(f"no code {code}{did_you_mean(code, known)}")
    session.printer.record(meaning(known[code]))


def every_code() -> dict[str, type[HushangError]]:
    """Every rule of the project by its name: all modules are imported, so that none is missing."""
    for package in PACKAGES:
        for module in walk_packages(import_module(package).__path__, f"{package}."):
            import_module(module.name)
    return {name: classes[0] for name, classes in by_name().items()}


def by_name() -> dict[str, list[type[HushangError]]]:
    """Every class of the imported modules by its name; those that users meet come first."""
    found: dict[str, list[type[HushangError]]] = {}
    ours = [c for c in subclasses(HushangError) if c.__module__.partition(".")[0] in PACKAGES]
    for cls in sorted(ours, key=_rank):
        known = found.setdefault(cls.__name__, [])
        if cls.__module__ not in {other.__module__ for other in known}:
            known.append(cls)
    return found


def _rank(cls: type[HushangError]) -> tuple[int, str]:
    """What stands in receipts, then what an API says, then the rest of a node."""
    met = ("commerce.", "chain.", "node.api.", "node.", "")
    return next(n for n, part in enumerate(met) if cls.__module__.startswith(part)), cls.__module__


def subclasses(cls: type[HushangError]) -> list[type[HushangError]]:
    """All classes below one."""
    found: list[type[HushangError]] = []
    for child in cls.__subclasses__():
        found += [child, *subclasses(child)]
    return found


def meaning(cls: type[HushangError]) -> dict[str, Any]:
    """A rule in words, with every exit code that it brings."""
    code = exit_code_of(cls)
    told = {"code": cls.__name__, "means": _words(cls), "hint": cls.hint, "exit_code": int(code)}
    if issubclass(cls, LedgerError) and code not in (
        ExitCode.REFUSED,
        ExitCode.VERIFICATION_FAILED,
    ):
        # A decided transaction that a rule refused exits 7, whichever rule it was (`RuleBroken`).
        told["exit_code_in_a_receipt"] = int(ExitCode.REFUSED)
    if issubclass(cls, CONFIG_ERRORS) and code is not ExitCode.BAD_CONFIG:
        told["exit_code_of_node_start"] = int(ExitCode.BAD_CONFIG)
    others = [other for other in by_name().get(cls.__name__, ()) if other is not cls]
    if others:
        told["also"] = [f"{_words(other)} ({other.__module__})" for other in others]
    return told


def _words(cls: type[HushangError]) -> str:
    return " ".join((cls.__doc__ or "").split())
