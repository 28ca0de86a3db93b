"""The options that every command takes, before or after its own, and how a command is declared.

A verb is a function `run(session, ...)` whose further parameters are its own arguments. `verb` adds
the shared ones, so that `hushang -o json status` and `hushang status -o json` are the same.
"""

import inspect
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from node.words import speak_of

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


class Language(StrEnum):
    """The language of words for people; data is the same in each."""

    ENGLISH = "en"
    CHINESE = "zh"


class StoreKind(StrEnum):
    """Where a node keeps its chain."""

    AUTO = "auto"
    LEVELDB = "leveldb"
    SQLITE = "sqlite"
    MEMORY = "memory"


AccountArgument = Annotated[
    str | None, typer.Argument(metavar="[ACCOUNT]", help="hs1… or a name; default: the signer's.")
]
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
    ca: Path | None = None
    lang: Language | None = None
    dry_run: bool | None = None
    # What further --node name, beside `node`.
    more_nodes: tuple[str, ...] | None = None
    # Only this field of what JSON would print.
    field: str | None = None
    token_file: Path | None = None

    def overlaid(self, later: "Options") -> "Options":
        """These options, with what the later ones give."""
        given = {
            field.name: getattr(later, field.name)
            for field in fields(later)
            if getattr(later, field.name) is not None
        }
        return replace(self, **given)


@dataclass(frozen=True, slots=True)
class Given:
    """What is known before the noun: by variables, and by flags."""

    variables: Options = Options()
    flags: Options = Options()

    def with_flags(self, later: Options) -> Options:
        """All together; a field is asked for instead of a form, and beats a variable's."""
        flags = self.flags.overlaid(later)
        if flags.field is not None and flags.output is not None:
            raise typer.BadParameter("--field or -o, not both: a field is printed bare")
        return self.variables.overlaid(flags)


def environment_options(environ: dict[str, str]) -> Options:
    """What HUSHANG_* variables say; a flag beats them. An empty one says nothing."""
    environ = {name: value for name, value in environ.items() if value}
    key, output = environ.get("HUSHANG_KEY"), environ.get("HUSHANG_OUTPUT")
    ca, lang = environ.get("HUSHANG_CA"), environ.get("HUSHANG_LANG")
    token_file = environ.get("HUSHANG_TOKEN_FILE")
    if lang is not None and lang not in set(Language):
        raise typer.BadParameter(f"HUSHANG_LANG is {lang!r}, not en or zh")
    if output is not None and output not in set(Output):
        raise typer.BadParameter(f"HUSHANG_OUTPUT is {output!r}, not table, json or ndjson")
    return Options(
        output=Output(output) if output else None,
        node=environ.get("HUSHANG_NODE"),
        context=environ.get("HUSHANG_CONTEXT"),
        key=Path(key) if key else None,
        speaker=environ.get("HUSHANG_AS"),
        ca=Path(ca) if ca else None,
        lang=Language(lang) if lang else None,
        token_file=Path(token_file) if token_file else None,
    )


def _check_timeout(seconds: float | None) -> float | None:
    # Written so that NaN is refused too.
    if seconds is not None and not 0 <= seconds <= TIMEOUT_MAX_S:
        raise typer.BadParameter(f"0 to {TIMEOUT_MAX_S:.0f} seconds")
    return seconds


def _check_field(path: str | None) -> str | None:
    if path is not None and not all(path.split(".")):
        raise typer.BadParameter("a name, or names with dots between")
    return path


def _check_named(name: str | None) -> str | None:
    # A script's variable that is unset must not lead to another network than the usual one.
    if name == "":
        raise typer.BadParameter("is empty; without it, it is the context in use")
    return name


OutputOption = Annotated[
    Output | None,
    typer.Option("-o", "--output", help="How to print the data; everything else goes to stderr."),
]
FieldOption = Annotated[
    str | None,
    typer.Option(
        "--field",
        metavar="NAME",
        callback=_check_field,
        help="Print one field of -o json, bare; further in as outer.inner, of a list as list.0.",
    ),
]
NodeOption = Annotated[
    list[str] | None,
    typer.Option("--node", help="URL of a node's API, or a test node's name; the next for need."),
]
ContextOption = Annotated[
    str | None,
    typer.Option(
        "--context",
        callback=_check_named,
        help="hushang context list; or a test network's name or directory.",
    ),
]
KeyOption = Annotated[Path | None, typer.Option("--key", help="Key file to sign with.")]
SpeakerOption = Annotated[
    str | None, typer.Option("--as", help="Sign as this role or account of the test network.")
]
AuthorityOption = Annotated[
    Path | None, typer.Option("--ca", help="File of the CAs that sign the nodes' certificates.")
]
LanguageOption = Annotated[
    Language | None, typer.Option("--lang", help="Language of the words; data is the same in each.")
]
DryRunOption = Annotated[
    bool | None, typer.Option("--dry-run", help="Show what it would do now, and send nothing.")
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
TokenOption = Annotated[
    Path | None,
    typer.Option("--token-file", help="File of the token that the node asks of who submits."),
]


def _tell_version(asked: bool | None) -> None:
    if asked:
        print(import_module("importlib.metadata").version("hushang"))
        raise typer.Exit


VersionOption = Annotated[
    bool | None,
    typer.Option(
        "--version",
        is_eager=True,
        callback=_tell_version,
        help="Print the version.",
    ),
]


def _reading(
    output: OutputOption = None,
    node: NodeOption = None,
    context: ContextOption = None,
    key: KeyOption = None,
    speaker: SpeakerOption = None,
    yes: YesOption = None,
    ca: AuthorityOption = None,
    lang: LanguageOption = None,
    field: FieldOption = None,
) -> None:
    """The shape of what every command takes."""


def _sending(
    wait: WaitOption = None,
    timeout_s: TimeoutOption = None,
    cosign: CosignOption = None,
    valid_for_s: ValidForOption = None,
    dry_run: DryRunOption = None,
    token_file: TokenOption = None,
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
    ca: AuthorityOption = None,
    lang: LanguageOption = None,
    field: FieldOption = None,
    version: VersionOption = None,  # noqa: ARG001 - told by its callback
) -> None:
    """Options before the noun."""
    first, more = _nodes(node)
    given = Options(
        output, first, context, key, speaker, yes, ca=ca, lang=lang, more_nodes=more, field=field
    )
    # Read here, so that a wrong variable is told of whatever verb comes.
    ctx.obj = Given(environment_options(dict(os.environ)), given)


def _nodes(named: list[str] | None) -> tuple[str | None, tuple[str, ...] | None]:
    """The first node that is named, and the further ones; whoever names one names all anew."""
    return (named[0], tuple(named[1:])) if named else (None, None)


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
            given["node"], given["more_nodes"] = _nodes(given["node"])
            if given.get("cosign") is not None:
                given["cosign"] = tuple(given["cosign"]) or None
            root = ctx.find_root().obj
            before = root if isinstance(root, Given) else Given()
            options = before.with_flags(Options(**given))
            session = import_module("node.commands.session").Session(options)
            speak_of(ctx.command_path.split()[1])
            try:
                with session:
                    run(session, **values)
            except BrokenPipeError:
                # Whoever read stdout has what they wanted, as `head` has.
                import_module("node.commands.output").abandon_stdout()
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
