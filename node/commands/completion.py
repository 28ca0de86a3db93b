"""`hushang completion`: a script that makes a shell complete nouns, verbs, options and values."""

from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from node.commands.explain import every_code
from node.commands.options import noun, verb
from node.commands.root import load_noun
from node.commands.session import Session
from node.completion import bash_script, fish_script, zsh_script
from node.completion.grammar import Grammar, Option, Word

app = noun("Print a script that completes commands in bash, zsh or fish.", single=True)


class Shell(StrEnum):
    """For which shell."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


WRITERS: Final = {
    Shell.BASH: bash_script.write,
    Shell.ZSH: zsh_script.write,
    Shell.FISH: fish_script.write,
}
# Options whose values are names that this machine knows.
NAMED: Final = {
    "--as": "accounts",
    "--cosign": "accounts",
    "--node": "nodes",
    "--context": "contexts",
}
ARGUMENTS: Final[Mapping[tuple[str, ...], str]] = {
    ("context", "use"): "named",
    ("context", "remove"): "named",
}


@verb(
    app,
    "completion",
    examples=(
        "hushang completion bash > ~/.local/share/bash-completion/completions/hushang",
        "hushang completion zsh > ~/.hushang.zsh && echo 'source ~/.hushang.zsh' >> ~/.zshrc",
        "hushang completion fish > ~/.config/fish/completions/hushang.fish",
    ),
)
def completion(
    session: Session,  # noqa: ARG001 - every verb has one
    shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of this version; print it anew after an upgrade.

    The words stand in the script; names of contexts, nodes and accounts are asked for at each Tab.
    """
    print(WRITERS[shell](grammar()), end="", flush=True)


def grammar() -> Grammar:
    """All nouns, verbs and options of the command line."""
    nouns: Mapping[str, str] = import_module("cli").NOUNS
    words: list[Word] = []
    for name, purpose in nouns.items():
        try:
            command = load_noun(name)
        except ModuleNotFoundError:
            # A noun that this installation doesn't have isn't in its help either.
            continue
        words += _words((name,), command, purpose)
    return Grammar(tuple(words))


def _words(path: tuple[str, ...], command: Any, purpose: str) -> Iterator[Word]:
    children: Mapping[str, Any] = getattr(command, "commands", None) or {}
    parameters = () if children else tuple(command.params)
    options = tuple(_option(entry) for entry in parameters if entry.opts[0].startswith("-"))
    arguments = [entry for entry in parameters if not entry.opts[0].startswith("-")]
    value = ARGUMENTS.get(path[:2]) or (_value(arguments[0]) if arguments else "")
    if path == ("explain",):
        value = "=" + " ".join(sorted(every_code()))
    yield Word(path, purpose, options, value)
    for name, child in children.items():
        yield from _words((*path, name), child, _line(child.help))


def _option(entry: Any) -> Option:
    names = tuple(entry.opts) + tuple(entry.secondary_opts)
    takes = not entry.is_flag
    value = next((NAMED[name] for name in names if name in NAMED), "") if takes else ""
    return Option(names, _line(entry.help), value or (_value(entry) if takes else ""), takes=takes)


def _value(entry: Any) -> str:
    """What completes a value: `file`, the words of a choice with `=` before, or nothing."""
    kind = entry.type_descriptor.annotation
    kind = next((arg for arg in getattr(kind, "__args__", ()) if arg is Path), kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return "=" + " ".join(str(choice.value) for choice in kind)
    return "file" if kind is Path else ""


def _line(text: str | None) -> str:
    """The first sentence of a help text."""
    plain = " ".join((text or "").split("\n\n")[0].split())
    return plain.partition(". ")[0].rstrip(".")
