"""`hushang explain`: what an error code means."""

from importlib import import_module
from pkgutil import walk_packages
from typing import Annotated, Any, Final

import typer

from chain.errors import HushangError
from node.commands.failures import EXIT_CODES, UsageWrong, failure_of
from node.commands.options import noun, verb
from node.commands.session import Session
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
    found = subclasses(HushangError)
    return {cls.__name__: cls for cls in found if cls.__module__.partition(".")[0] in PACKAGES}


def subclasses(cls: type[HushangError]) -> list[type[HushangError]]:
    """All classes below one."""
    found: list[type[HushangError]] = []
    for child in cls.__subclasses__():
        found += [child, *subclasses(child)]
    return found


def meaning(cls: type[HushangError]) -> dict[str, Any]:
    """A rule in words."""
    blank = cls.__new__(cls)
    code = EXIT_CODES.get(cls.__name__) or failure_of(blank).exit_code
    words = " ".join((cls.__doc__ or "").split())
    return {"code": cls.__name__, "means": words, "hint": cls.hint, "exit_code": int(code)}
