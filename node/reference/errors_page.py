"""docs/errors.md: every code that a user, an operator or a program may meet, in one language.

Rendered from the classes that `hushang explain` tells of; nothing but the frame is written by hand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from chain.errors import HushangError
from node.api import routes
from node.api.problems import ApiProblem, status_of
from node.commands.explain import every_code, meaning
from node.reference.errors_frames import ENGLISH, Language
from node.reference.schema_words import cell

# Which modules make a group, by the beginning of their name; the first that fits.
GROUPS: Final = (
    ("bytes", ("chain.codec", "chain.errors")),
    ("chain", ("chain.",)),
    ("trade", ("commerce.errors",)),
    ("catalogue", ("commerce.catalogue",)),
    ("aftersale", ("commerce.aftersale",)),
    ("disputes", ("commerce.disputes", "commerce.beacon")),
    ("deposits", ("commerce.deposits",)),
    ("banking", ("commerce.banking",)),
    ("provenance", ("commerce.epcis", "commerce.certificates", "commerce.goods")),
    ("recalls", ("commerce.recalls",)),
    ("codes", ("commerce.codes",)),
    ("devices", ("commerce.devices",)),
    ("reviews", ("commerce.reviews",)),
    ("committee", ("commerce.",)),
    ("api", ("node.api", "node.strict_json", "node.service")),
    ("client", ("node.client", "node.commands", "node.keystore", "node.money_text")),
    ("node", ("node.",)),
    ("peers", ("consensus.", "p2p.")),
)


def render_errors(language: Language = ENGLISH) -> str:
    """The whole page in a language."""
    known = every_code()
    grouped: dict[str, list[str]] = {name: [] for name, _ in GROUPS}
    for code in sorted(known):
        grouped[group_of(known[code].__module__)].append(code)
    statuses = api_statuses()
    parts = [language.head, *_contents(grouped, language)]
    for name, codes in grouped.items():
        parts += [f"## {language.titles[name]}", ""]
        for code in codes:
            parts += _code(known[code], statuses.get(code), language)
    return "\n".join(parts)


def group_of(module: str) -> str:
    """Where a code arises, by the module of its class."""
    return next(name for name, begins in GROUPS if f"{module}.".startswith(begins))


def api_statuses() -> dict[str, int]:
    """The HTTP status of each code that a route declares, or that the API's own layer answers."""
    declared = {cls for route in routes.ROUTES for cls in route.problems}
    own = {cls for cls in every_code().values() if issubclass(cls, ApiProblem)}
    return {cls.__name__: status_of(cls) for cls in declared | own}


def _contents(grouped: Mapping[str, Sequence[str]], language: Language) -> Iterator[str]:
    for name, codes in grouped.items():
        title = language.titles[name]
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        yield f"- [{title}](#{anchor}), {len(codes)}"
    yield ""


def _code(cls: type[HushangError], status: int | None, language: Language) -> Iterator[str]:
    """One code: a heading that can be linked to, its meaning, and a line of what helps."""
    told = meaning(cls)
    means, hint = language.words(told)
    yield f"### {cls.__name__}"
    yield ""
    yield cell(means)
    yield ""
    facts = [f"{language.exit} {told['exit_code']}"]
    if status is not None:
        facts.append(f"{language.http} {status}")
    if hint:
        facts.append(f"{language.hint}: {cell(hint)}")
    yield f"*{' · '.join(facts)}*"
    yield ""
