"""Help pages in the language of the command line: texts of nouns, verbs and options, and heads."""

import re
from collections.abc import Iterator
from typing import Any, Final

from node.words import ENGLISH, words

HEADS: Final = ("Options:", "Arguments:", "Commands:", "Examples:", "Exit codes:")
USAGE: Final = "Usage: "
REQUIRED: Final = "[required]"
SHOW_HELP: Final = "Show this message and exit."
# In English a space follows, in Chinese nothing.
SENTENCE_END: Final = re.compile(r"(?<=\.) |(?<=。)")


def speak(command: Any) -> None:
    """Say a command's help, and that of all below it, in the language in use, no line cut short."""
    if words().language != ENGLISH:
        _translate(command)
    # Typer cuts a text to the page's width with dots where there is no short one.
    command.short_help = summary(command.help or "")
    for child in (getattr(command, "commands", None) or {}).values():
        speak(child)


def summary(text: str) -> str:
    """The first sentence of a help text: its line in the list of commands."""
    whole = " ".join(text.partition("\n\n")[0].split())
    return SENTENCE_END.split(whole, maxsplit=1)[0]


def _translate(command: Any) -> None:
    known = words()
    own = command.get_help

    def get_help(ctx: Any) -> str:
        return _headed(own(ctx))

    command.get_help = get_help
    command.help = known.text(command.help or "")
    for parameter in command.params:
        parameter.help = known.text(parameter.help or "")


def _headed(page: str) -> str:
    """The page with its heads; its other lines are said already."""
    known = words()
    lines = []
    for line in page.splitlines():
        bare = line.strip()
        if line.startswith(USAGE):
            lines.append(known.text(USAGE) + " " + line.removeprefix(USAGE))
        elif bare in HEADS:
            lines.append(line.replace(bare, known.text(bare)))
        else:
            # The one option that no command declares, and the mark of what must be given.
            own = line.replace(SHOW_HELP, known.text(SHOW_HELP))
            lines.append(own.replace(REQUIRED, known.text(REQUIRED)))
    return "\n".join(lines)


def texts_of(command: Any) -> Iterator[str]:
    """Every text that a help page of a command, or of one below it, has in English."""
    yield command.help or ""
    for parameter in command.params:
        yield parameter.help or ""
    for child in (getattr(command, "commands", None) or {}).values():
        yield from texts_of(child)
