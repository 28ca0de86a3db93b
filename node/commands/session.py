"""What one command works with: how to print, whom to ask, in whose name. Made lazily, part by part.

A command that needs no node and no key imports neither.
"""

from functools import cached_property
from types import TracebackType
from typing import Self

from node.commands.options import Options, Output
from node.commands.output import Printer


class Session:
    """One command's surroundings."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing is held open between the requests of one command."""

    @cached_property
    def printer(self) -> Printer:
        """Where the data goes."""
        return Printer(self.options.output or Output.TABLE)

    def say(self, words: str) -> None:
        """Words for a person, on stderr."""
        self.printer.say(words)
