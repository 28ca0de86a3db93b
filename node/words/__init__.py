"""Words for people in their language. Data is the same in every language: `-o json` never changes.

English stands in the code. Another language is one file, `node/words/LANG.json`, read only when
that language is asked for: English text to its words by kind (`texts`, with {placeholders} as in
English; `headings` of tables), and for each error code its title and hint. What a table lacks is
said in English, and `lacking` lists it.

What is data and is shown to people too, such as a doctor's finding, is made by `said`: a text in
English, whoever reads it, that knows its template. Only where it is shown (`spoken`) is it put into
the language in use; so nothing that asks for JSON ever sees another language than English.
"""

import json
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import Any, Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "zh")
# Fields whose values are code words of the protocol, which other languages have words for.
CODED: Final = frozenset({"state", "phase", "part", "kind", "role"})
# Highest first, as POSIX has it.
LOCALES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")


class Sentence(str):
    """A text in English that knows what it was made of: a template, and what fills it."""

    __slots__ = ("template", "values")
    template: str
    values: Mapping[str, object]


def said(template: str, /, **values: object) -> str:
    """A sentence with its {placeholders} filled, by sentences too; the template is a literal."""
    made = Sentence(template.format(**values) if values else template)
    made.template, made.values = template, values
    return made


def coded(word: str) -> str:
    """A code word of the protocol: itself in English, elsewhere told with what it means."""
    return said(word)


def clauses(parts: Iterable[str]) -> str:
    """`a, b, c`: parts of one sentence; empty of none."""
    return _joined(parts, lambda first, rest: said("{first}, {rest}", first=first, rest=rest))


def listed(parts: Iterable[str]) -> str:
    """`a, b, c`: things of one kind; empty of none."""
    return _joined(parts, lambda first, rest: said("{first}, {other}", first=first, other=rest))


def series(parts: Iterable[str]) -> str:
    """`a; b; c`: sentences; empty of none."""
    return _joined(parts, lambda first, rest: said("{first}; {rest}", first=first, rest=rest))


def _joined(parts: Iterable[str], join: Callable[[str, str], str]) -> str:
    told = list(parts)
    return reduce(join, told) if told else ""


def spoken(text: str) -> str:
    """A text as people are shown it: a sentence in the language in use, all else as it is."""
    return words().text(text) if isinstance(text, Sentence) else text


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language; English has no tables."""

    language: str = ENGLISH
    texts: Mapping[str, str] = field(default_factory=dict)
    headings: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    # The noun of the command line: a heading may have a meaning of its own there.
    noun: str = ""

    def text(self, english: str, **values: object) -> str:
        """A text with its {placeholders} filled; sentences in it are put into this language."""
        if isinstance(english, Sentence):
            return self.text(english.template, **english.values)
        told = self.texts.get(english, english)
        parts = {name: self._part(value) for name, value in values.items()}
        return told.format(**parts) if parts else told

    def _part(self, value: object) -> object:
        return self.text(value) if isinstance(value, Sentence) else value

    def heading(self, english: str, sense: str = "") -> str:
        """The head of a column, or the name of a field in a table.

        `sense`: whose words go first, where one English name has two meanings.
        """
        bare = english.strip()
        own = self.headings.get(f"{sense or self.noun}.{bare}")
        if own is not None:
            return english.replace(bare, own)
        indent = english[: len(english) - len(english.lstrip())]
        name, _, number = bare.rpartition(" ")
        if number.isdecimal() and name in self.headings:
            # One of several things that stand below one another.
            return f"{indent}{self.headings[name]} {number}"
        return indent + self.headings.get(bare, bare) if bare else english

    def title(self, code: str) -> str:
        """What a rule says; empty if only English has it."""
        return self.errors.get(code, ("", ""))[0]

    def hint(self, code: str) -> str:
        """What to do about an error; empty if only English has it."""
        return self.errors.get(code, ("", ""))[1]


_IN_USE: list[Words] = [Words()]


def words() -> Words:
    """Those of the command line under way."""
    return _IN_USE[0]


def use(language: str) -> Words:
    """Speak this language from now on."""
    _IN_USE[0] = load(language)
    return _IN_USE[0]


def speak_of(noun: str) -> None:
    """Tables are this noun's from now on."""
    _IN_USE[0] = replace(words(), noun=noun)


def load(language: str) -> Words:
    """The words of a language; English for one that there is none of."""
    if language == ENGLISH or language not in LANGUAGES:
        return Words()
    record = json.loads((Path(__file__).parent / f"{language}.json").read_text("utf-8"))
    errors = {code: (entry["title"], entry["hint"]) for code, entry in record["errors"].items()}
    return Words(language, record["texts"], record["headings"], errors)


def language_of(arguments: Sequence[str], environ: Mapping[str, str] = os.environ) -> str:
    """The language that is asked for: --lang, HUSHANG_LANG, the context's, the locale's.

    Read from the raw words, so that errors of usage are said in it too; what is no language is
    refused where options are read.
    """
    told = _option(arguments, "--lang") or environ.get("HUSHANG_LANG")
    if told:
        return told
    context = _option(arguments, "--context") or environ.get("HUSHANG_CONTEXT")
    if own := _of_context(context, environ):
        return own
    locale = next((environ[name] for name in LOCALES if environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else ENGLISH


def _option(arguments: Sequence[str], name: str) -> str | None:
    found = None
    for place, word in enumerate(arguments):
        if word == name and place + 1 < len(arguments):
            found = arguments[place + 1]
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def _of_context(name: str | None, environ: Mapping[str, str]) -> str | None:
    """As `node.contexts`, which says what is wrong with the file when it is used."""
    own, shared = environ.get("HUSHANG_CONFIG_HOME"), environ.get("XDG_CONFIG_HOME")
    place = Path(own) if own else (Path(shared) if shared else Path.home() / ".config") / "hushang"
    try:
        record: Any = tomllib.loads((place / "contexts.toml").read_text("utf-8"))
        found = record["contexts"][name or record["current"]]["lang"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return found if found in LANGUAGES else None


def lacking(
    language: str, texts: Iterable[str], headings: Iterable[str], errors: Mapping[str, str]
) -> list[str]:
    """What a language has no words for. `errors` maps each code to its English hint."""
    known = load(language)
    missing = [f"text: {text}" for text in texts if text and text not in known.texts]
    missing += [f"heading: {name}" for name in headings if name and name not in known.headings]
    for code, hint in errors.items():
        title, own = known.errors.get(code, ("", ""))
        missing += [f"error: {code}"] * (not title) + [f"hint: {code}"] * bool(hint and not own)
    return list(dict.fromkeys(missing))
