"""`hushang explain`: what an error code means."""

import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Annotated, Any, Final

import typer

from chain.errors import HushangError, LedgerError
from node.commands.failures import ExitCode, exit_code_of
from node.commands.options import noun, verb
from node.commands.session import Session
from node.validation import did_you_mean
from node.words import words

app = noun("What an error code means.", single=True)

# Of a code in a list for people; the rest is told of one.
LISTED: Final = ("code", "means")
PACKAGES: Final = ("chain", "consensus", "commerce", "p2p", "node")
# Nobody raises these: only the rules below them are codes, each with a hint of its own.
FAMILIES: Final = frozenset(("LedgerError", "ProtocolError", "ApiProblem", "EpcisProblem"))


class CodeUnheard(HushangError):
    """No error of this software has this code."""

    hint = "hushang explain --all lists every code; docs/errors.md has them too"


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
    if everything or code is None:
        known = every_code()
        told = [meaning(known[name]) for name in sorted(known)]
        shown = [{name: words_of[name] for name in LISTED} for words_of in map(in_words, told)]
        session.printer.records(told, shown)
        return
    found = one_code(code)
    if found is None:
        raise CodeUnheard(f"no code {code}{did_you_mean(code, every_code())}")
    session.printer.record(meaning(found), in_words(meaning(found)))


def in_words(told: Mapping[str, Any]) -> dict[str, Any]:
    """For people, in the language of the command line."""
    code = told["code"]
    means, hint = words().title(code) or told["means"], words().hint(code) or told["hint"]
    return {**told, "means": means, "hint": hint}


def one_code(code: str) -> type[HushangError] | None:
    """The rule of a name: only modules that have such a class are imported, not the whole node."""
    for module in modules_with(code):
        import_module(module)
    return by_name().get(code, [None])[0]


def modules_with(code: str) -> list[str]:
    """The modules in whose source a class of this name begins."""
    line = re.compile(rb"^class %b\b" % re.escape(code.encode()), re.MULTILINE)
    roots = {package: Path(import_module(package).__path__[0]) for package in PACKAGES}
    return [
        ".".join((package, *file.relative_to(root).with_suffix("").parts))
        for package, root in roots.items()
        for file in sorted(root.rglob("*.py"))
        if line.search(file.read_bytes())
    ]


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
    for cls in sorted((c for c in ours if c.__name__ not in FAMILIES), key=_rank):
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
    if _keeps_a_node_from_starting(cls) and code is not ExitCode.BAD_CONFIG:
        told["exit_code_of_node_start"] = int(ExitCode.BAD_CONFIG)
    others = [other for other in by_name().get(cls.__name__, ()) if other is not cls]
    if others:
        told["also"] = [f"{_words(other)} ({other.__module__})" for other in others]
    return told


def _keeps_a_node_from_starting(cls: type[HushangError]) -> bool:
    if cls.__module__.startswith("commerce."):
        return False
    # A second's imports, which the rules of trade don't need.
    from node.server import CONFIG_ERRORS  # noqa: PLC0415

    return issubclass(cls, CONFIG_ERRORS)


def _words(cls: type[HushangError]) -> str:
    return " ".join((cls.__doc__ or "").split())
