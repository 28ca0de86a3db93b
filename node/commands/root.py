"""The root of the command line: lists the nouns of `cli.NOUNS`, each imported when asked for."""

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from node.commands.help_words import speak
from node.commands.options import root_options, show_examples
from node.words import language_of, use, words


def run(arguments: Sequence[str], nouns: Mapping[str, str], epilog: str) -> object:
    """Run one command line; its exit code, or whatever else it returned."""
    use(language_of(arguments))
    command = typer.main.get_command(application(nouns, epilog))
    speak(command)
    return command.main(args=list(arguments), prog_name="hushang", standalone_mode=False)


def application(nouns: Mapping[str, str], epilog: str) -> typer.Typer:
    """The root command. `nouns`: what each is for, in the order of the help page."""

    class Named(Nouns):
        known = {noun: words().text(purpose) for noun, purpose in nouns.items()}  # noqa: RUF012

    app = typer.Typer(
        cls=Named,
        name="hushang",
        help="A consortium blockchain node whose ledger speaks commerce.",
        epilog=words().text(epilog),
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(root_options)
    return app


class Nouns(TyperGroup):
    """The root group: lists nouns without importing them."""

    known: Mapping[str, str] = {}

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return [noun for noun in self.known if _is_here(noun)]

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stub that only has a name and its line; `resolve_command` loads the real one."""
        if cmd_name not in self.list_commands(ctx):
            return None
        purpose = self.known[cmd_name]
        return TyperGroup(name=cmd_name, short_help=purpose, rich_markup_mode=None)

    @override
    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        self.commands = dict.fromkeys(self.list_commands(ctx))  # type: ignore[assignment]
        name, stub, rest = super().resolve_command(ctx, args)
        return name, load_noun(name) if stub is not None and name is not None else None, rest


def _is_here(noun: str) -> bool:
    return importlib.util.find_spec(_module(noun)) is not None


def _module(noun: str) -> str:
    return f"node.commands.{noun.replace('-', '_')}"


def load_noun(noun: str) -> Any:
    """The noun's command, its module imported now."""
    module = importlib.import_module(_module(noun))
    command = typer.main.get_command(module.app)
    command.name = noun
    show_examples(command)
    speak(command)
    return command
