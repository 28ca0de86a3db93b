"""The command line as data, for the writers of completion scripts."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Option:
    """An option by all its names. `value`: `file`, `=` and words to choose from, a kind of
    `node.completion.values`, or nothing that is known.
    """

    names: tuple[str, ...]
    help: str
    value: str
    takes: bool


@dataclass(frozen=True, slots=True)
class Word:
    """A noun or a verb by its path; `value` completes its first argument."""

    path: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Grammar:
    """Every word; a noun stands before its verbs."""

    words: tuple[Word, ...]

    def below(self, path: tuple[str, ...]) -> Sequence[Word]:
        """The words that follow a path."""
        return [w for w in self.words if w.path[:-1] == path]

    @property
    def paths(self) -> Sequence[tuple[str, ...]]:
        """Every path that has words below it, the root first."""
        return list(dict.fromkeys(word.path[:-1] for word in self.words))

    @property
    def taking(self) -> Sequence[str]:
        """Names of options that take a value, wherever they stand."""
        options = [option for word in self.words for option in word.options]
        return sorted({name for option in options if option.takes for name in option.names})

    @property
    def shared(self) -> Sequence[Option]:
        """Options that every verb has: those of a whole command line."""
        ends = [word.options for word in self.words if word.options]
        common = set(ends[0]).intersection(*ends[1:])
        return [option for option in ends[0] if option in common]
