"""The options that every command takes, before or after its own, and how a command is declared.

A verb is a function `run(session, ...)` whose further parameters are its own arguments. `verb` adds
the shared ones, so that `hushang -o json status` and `hushang status -o json` are the same.
"""

import inspect
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

PANEL: Final = "Everywhere"
TIMEOUT_S: Final = 30.0
# As a shell tells of a process that SIGPIPE ended.
EXIT_PIPE_CLOSED: Final = 141
EXAMPLES_HEAD: Final = "\b\nExamples:\n"
# In the help of a noun with many verbs.
GROUP_EXAMPLES_MAX: Final = 5
TIMEOUT_MAX_S: Final = 86_400.0


class Output(StrEnum):
    """How data is printed on stdout."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"


class Wait(StrEnum):
    """What a command that sends a transaction waits for."""

    DECIDED = "decided"
    ACCEPTED = "accepted"
    NONE = "none"


class StoreKind(StrEnum):
    """Where a node keeps its chain."""

    AUTO = "auto"
    LEVELDB = "leveldb"
    SQLITE = "sqlite"
    MEMORY = "memory"


StoreOption = Annotated[StoreKind, typer.Option("--store", help="Where nodes keep the chain.")]


@dataclass(frozen=True, slots=True)
class Options:
    """The shared options of one command line; None where not given."""

    output: Output | None = None
    node: str | None = None
    context: str | None = None
    key: Path | None = None
    speaker: str | None = None
    yes: bool | None = None
    wait: Wait | None = None
    timeout_s: float | None = None
    cosign: tuple[str, ...] | None = None
    valid_for_s: int | None = None

    def overlaid(self, later: "Options") -> "Options":
        """These options, with what the later ones give."""
        given = {
            field.name: getattr(later, field.name)
            for field in fields(later)
            if getattr(later, field.name) is not None
        }
        return replace(self, **given)


def environment_options(environ: dict[str, str]) -> Options:
    """What HUSHANG_* variables say; a flag beats them."""
    key, output = environ.get("HUSHANG_KEY"), environ.get("HUSHANG_OUTPUT")
    if output is not None and output not in set(Output):
        raise typer.BadParameter(f"HUSHANG_OUTPUT is {output!r}, not table, json or ndjson")
    return Options(
        output=Output(output) if output else None,
        node=environ.get("HUSHANG_NODE"),
        context=environ.get("HUSHANG_CONTEXT"),
        key=Path(key) if key else None,
        speaker=environ.get("HUSHANG_AS"),
    )


def _check_timeout(seconds: float | None) -> float | None:
    # Written so that NaN is refused too.
    if seconds is not None and not 0 <= seconds <= TIMEOUT_MAX_S:
        raise typer.BadParameter(f"0 to {TIMEOUT_MAX_S:.0f} seconds")
    return seconds


OutputOption = Annotated[
    Output | None,
    typer.Option("-o", "--output", help="How to print the data; everything else goes to stderr."),
]
NodeOption = Annotated[
    str | None, typer.Option("--node", help="URL of a node's API, or the name of a test node.")
]
ContextOption = Annotated[
    str | None, typer.Option("--context", help="The test network to use: a name or a directory.")
]
KeyOption = Annotated[Path | None, typer.Option("--key", help="Key file to sign with.")]
SpeakerOption = Annotated[
    str | None, typer.Option("--as", help="Sign as this role or account of the test network.")
]
YesOption = Annotated[bool | None, typer.Option("--yes", "-y", help="Don't ask.")]
WaitOption = Annotated[
    Wait | None, typer.Option("--wait", help="Return when decided (default), accepted, or at once.")
]
TimeoutOption = Annotated[
    float | None,
    typer.Option("--timeout", help="Seconds to wait.", show_default="30", callback=_check_timeout),
]
CosignOption = Annotated[
    list[str] | None,
    typer.Option("--cosign", help="A further key file or role that signs too; repeatable."),
]
ValidForOption = Annotated[
    int | None,
    typer.Option("--valid-for", min=1, help="Seconds that the transaction may wait for its block."),
]


def _reading(
    output: OutputOption = None,
    node: NodeOption = None,
    context: ContextOption = None,
    key: KeyOption = None,
    speaker: SpeakerOption = None,
    yes: YesOption = None,
) -> None:
    """The shape of what every command takes."""


def _sending(
    wait: WaitOption = None,
    timeout_s: TimeoutOption = None,
    cosign: CosignOption = None,
    valid_for_s: ValidForOption = None,
) -> None:
    """The shape of what commands that send a transaction take besides."""


def root_options(
    ctx: typer.Context,
    output: OutputOption = None,
    node: NodeOption = None,
    context: ContextOption = None,
    key: KeyOption = None,
    speaker: SpeakerOption = None,
    yes: YesOption = None,
) -> None:
    """Options before the noun."""
    given = Options(output, node, context, key, speaker, yes)
    ctx.obj = environment_options(dict(os.environ)).overlaid(given)


def _parameters(shape: Callable[..., Any]) -> list[inspect.Parameter]:
    return [
        parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(shape, eval_str=True).parameters.values()
    ]


def noun(help_text: str, *, single: bool = False) -> typer.Typer:
    """The application of one noun; `single` if it has no verbs."""
    app = typer.Typer(
        help=help_text,
        rich_markup_mode=None,
        no_args_is_help=not single,
        add_completion=False,
    )
    if not single:
        # With a callback Typer keeps the verb's word even where there is only one verb.
        app.callback()(_group)
    return app


def _epilog(examples: Sequence[str]) -> str:
    return EXAMPLES_HEAD + "\n".join(f"  {example}" for example in examples)


def show_examples(command: Any) -> str:
    """Give a noun's help the first example of each of its verbs; the first of these."""
    children = getattr(command, "commands", None)
    if children:
        firsts = [show_examples(child) for child in children.values()]
        command.epilog = _epilog(firsts[:GROUP_EXAMPLES_MAX])
    first: str = command.epilog.removeprefix(EXAMPLES_HEAD).splitlines()[0].strip()
    return first


def _group() -> None:
    """A noun does nothing before its verb."""


def verb(
    app: typer.Typer, name: str, *, examples: Sequence[str], sends: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Declare `run(session, ...)` as a command; its docstring is its help, then the examples."""

    def declare(run: Callable[..., None]) -> Callable[..., None]:
        shared = [*_parameters(_reading), *(_parameters(_sending) if sends else [])]
        own = _parameters(run)[1:]
        names = {parameter.name for parameter in shared}

        def command(ctx: typer.Context, **values: Any) -> None:
            given = {key: values.pop(key) for key in names}
            if given.get("cosign") is not None:
                given["cosign"] = tuple(given["cosign"]) or None
            root = ctx.find_root().obj
            options = (root if isinstance(root, Options) else Options()).overlaid(Options(**given))
            session = import_module("node.commands.session").Session(options)
            try:
                with session:
                    run(session, **values)
            except BrokenPipeError:
                # Whoever read stdout has what they wanted, as `head` has. Python's own flush at
                # the end must not fail on the closed pipe again.
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                raise SystemExit(EXIT_PIPE_CLOSED) from None

        context = inspect.Parameter(
            "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
        )
        signature = inspect.Signature([context, *own, *shared])
        # Typer asks both for the parameters.
        command.__signature__ = signature  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
        app.command(name, help=inspect.getdoc(run), epilog=_epilog(examples))(command)
        return run

    return declare
