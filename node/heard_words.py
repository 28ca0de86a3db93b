"""What nodes say of themselves in English, made out again, so that it is told in any language.

A node's API speaks English to everybody: why it isn't ready, why it casts no votes. Here its texts
are matched to the templates that they were made of; what matches none stays as it was heard.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from node.words import said, series

# Of consensus.inquiry, node.node, node.sync_progress, node.joining_status and
# node.joining_progress, in this order.
TEMPLATES: Final = (
    "this node is no member of the committee and only follows",
    "asks the members for its own votes: {answered} of {needed} answered",
    "its journal lacks votes of its own, and with f = 0 nobody can tell which: "
    "hushang node accept-loss, once it has caught up",
    "its journal was lost or older than its votes: silent up to height {height}; new blocks end it",
    "its store lacks blocks that its journal knows, up to height {height}",
    "{count} of the {quorum} members of a quorum are connected",
    "writing what its journal has decided: {height} of {reached}",
    "catching up: {words}",
    "level",
    "height {height} of {target}, no block for a while",
    "height {height} of {target}, {blocks} blocks/s, {transactions} transactions/s, {seconds} s"
    " left",
    "the node joins by a snapshot",
    "joining: asking the peers for a snapshot",
    "joining: asking the peers for a snapshot: {words}",
    "joining: fetching {done} of {parts} parts of the snapshot at height {height}",
    "joining: installing {done} of {parts} parts of the snapshot at height {height}",
)
# It may be a text of this table itself.
INNER: Final = "words"
_PLACE: Final = re.compile(r"\\\{(\w+)\\\}")


def heard(text: str) -> str:
    """A text of a node as a sentence, if it is one that nodes say."""
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            if INNER in values:
                values[INNER] = heard(values[INNER])
            return said(template, **values)
    return text


def heard_all(texts: Iterable[str]) -> str:
    """Several, as one text."""
    return series(map(heard, texts))


@lru_cache(1)
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(template, re.compile(_pattern_of(template), re.DOTALL)) for template in TEMPLATES]


def _pattern_of(template: str) -> str:
    """Numbers stand everywhere but in the place of another text."""

    def of_place(found: re.Match[str]) -> str:
        return f"(?P<{found[1]}>{'.+' if found[1] == INNER else '[0-9]+'})"

    return _PLACE.sub(of_place, re.escape(template))
