"""Answers as EPCISQueryDocuments: events word for word as captured, each keeping its meaning.

An event's compact names mean what its own document's contexts say. What all events of an answer
agree on stands in the answer's context; where two documents use one prefix for different
namespaces, or an event uses as a scheme what another declares as a prefix, each such event brings
its own. What this node knows of an event besides (who captured it, whether it counts) stands beside
the events under names of this node's namespace, and not in them: so an event has the CBV hash that
it always had.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.bech32m import encode_account
from commerce.epcis.lexeme import Json, strings_of
from commerce.epcis.prefixes import PINNED_PREFIXES
from commerce.epcis.times import Instant, utc_text
from node.api.epcis.exact_json import exact_json
from node.api.epcis.library import NAMESPACE, PREFIX, Captured

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
SIMPLE_QUERY: Final = "SimpleEventQuery"
# Keywords of an inline context that change no meaning (`prefixes`), and may be left out.
_LEFT_OUT: Final = frozenset({"@version", "@protected"})
_LANGUAGE: Final = "@language"


@dataclass(frozen=True, slots=True)
class Told:
    """One event of an answer, by itself: it can be kept as text and put into a document later.

    `members` is its JSON without a context; `own` the context that it brings itself, `terms` those
    of its document's that it uses, as JSON texts by name; `used` every name that it could be using.
    """

    members: str
    own: str | None
    terms: Mapping[str, str]
    used: frozenset[str]
    marks: Mapping[str, Any]

    def text(self) -> str:
        """One line of JSON for each part."""
        parts = (self.own, dict(self.terms), sorted(self.used), dict(self.marks))
        return "\n".join((*map(json.dumps, parts), self.members))

    @staticmethod
    def of_text(text: str) -> "Told":
        """What `text` wrote."""
        own, terms, used, marks, members = text.split("\n")
        return Told(
            members,
            json.loads(own),
            json.loads(terms),
            frozenset(json.loads(used)),
            json.loads(marks),
        )


def told(captured: Captured, members: Mapping[str, Json] | None = None) -> Told:
    """An event as an answer tells it: `members` if they are spelt anew; recordTime is ours."""
    given = dict(captured.event.members if members is None else members)
    own = given.pop("@context", None)
    given["recordTime"] = time_text(captured.time_ms)
    used = _used(given)
    return Told(
        members=exact_json(given),
        own=None if own is None else exact_json(own),
        terms=_needed(captured.stated.terms, used),
        used=used,
        marks=marks_of(captured),
    )


def marks_of(captured: Captured) -> dict[str, Any]:
    """What this node knows of a captured event besides its words."""
    record, place = captured.record, captured.place
    marks: dict[str, Any] = {
        f"{PREFIX}:eventKey": captured.key.hex(),
        f"{PREFIX}:eventHash": f"ni:///sha-256;{record.cbv_digest.hex()}?ver=CBV2.0",
        f"{PREFIX}:capturer": encode_account(record.capturer),
        f"{PREFIX}:transaction": place.transaction_id.hex(),
        f"{PREFIX}:operation": place.operation_index,
        f"{PREFIX}:height": place.height,
        f"{PREFIX}:counts": captured.counts,
    }
    if record.claim:
        marks[f"{PREFIX}:claim"] = True
    if captured.void_since is not None:
        marks[f"{PREFIX}:declaredErroneousAt"] = captured.void_since
    return marks


def document(
    events: Sequence[Told],
    time_ms: int,
    query_name: str = SIMPLE_QUERY,
    subscription_id: str | None = None,
) -> bytes:
    """The EPCISQueryDocument of these events."""
    prefix = _own_prefix(events)
    shared = _shared(events)
    shared[prefix] = json.dumps(NAMESPACE)
    list_ = ",".join(_with_context(event, shared) for event in events)
    results = {"queryName": query_name}
    if subscription_id is not None:
        results["subscriptionID"] = subscription_id
    marks = [
        {f"{prefix}:{name.partition(':')[2]}": value for name, value in event.marks.items()}
        for event in events
    ]
    parts = (
        f'"@context":[{json.dumps(CONTEXT)},{_object(shared)}]',
        '"type":"EPCISQueryDocument"',
        '"schemaVersion":"2.0"',
        f'"creationDate":"{time_text(time_ms)}"',
        f'"epcisBody":{{"queryResults":{{{_members(results)},"resultsBody":{{"eventList":[{list_}]}}}}}}',
        f"{json.dumps(f'{prefix}:captured')}:{json.dumps(marks, separators=(',', ':'))}",
    )
    return f"{{{','.join(parts)}}}".encode()


def time_text(time_ms: int) -> str:
    """UTC milliseconds as EPCIS writes a time."""
    second, rest = divmod(time_ms, 1000)
    return utc_text(Instant(second, f"{rest:03}".rstrip("0")))


def _used(members: Json) -> frozenset[str]:
    """Every name that a context could give a meaning: prefixes, whole names, bare words."""
    found = set()
    for text in strings_of(members):
        stripped = text.strip()
        found.add(stripped.partition(":")[0])
        found.add(stripped)
    return frozenset(name for name in found if len(name) <= _NAME_SIZE_MAX)


# A longer text is no name of a context that anybody could declare (`prefixes.PREFIXES_MAX`).
_NAME_SIZE_MAX: Final = 512


def _needed(terms: Mapping[str, Json], used: Iterable[str]) -> dict[str, str]:
    """The terms that an event uses, and those that they use in turn."""
    needed: dict[str, str] = {}
    pending = [*used, _LANGUAGE]
    seen = set(_LEFT_OUT)
    while pending:
        name = pending.pop()
        if name in seen or name not in terms:
            continue
        seen.add(name)
        definition = terms[name]
        pending.extend(_used(definition))
        if PINNED_PREFIXES.get(name) != definition:
            needed[name] = exact_json(definition)
    return dict(sorted(needed.items()))


def _shared(events: Sequence[Told]) -> dict[str, str]:
    """The terms that mean one thing in the whole answer."""
    definitions: dict[str, set[str]] = {}
    for event in events:
        for name, definition in event.terms.items():
            definitions.setdefault(name, set()).add(definition)
    return {
        name: next(iter(found))
        for name, found in definitions.items()
        if len(found) == 1 and all(_bears(event, name) for event in events)
    }


def _bears(event: Told, name: str) -> bool:
    """Would this term in the answer's context leave the event's meaning as it is?"""
    return name in event.terms or (name != _LANGUAGE and name not in event.used)


def _with_context(event: Told, shared: Mapping[str, str]) -> str:
    """The event with what of its context the answer's doesn't say."""
    missing = {name: text for name, text in event.terms.items() if shared.get(name) != text}
    context = event.own
    if missing and context is not None:
        # Its own comes last: it goes before its document's.
        inner = context[1:-1] if context.startswith("[") else context
        context = f"[{_object(missing)}{',' if inner else ''}{inner}]"
    elif missing:
        context = _object(missing)
    return event.members if context is None else f'{{"@context":{context},{event.members[1:]}'


def _own_prefix(events: Sequence[Told]) -> str:
    """A prefix for this node's namespace that no event of the answer uses otherwise."""
    number = 0
    while True:
        prefix = PREFIX if number == 0 else f"{PREFIX}{number}"
        if not any(prefix in event.used or prefix in event.terms for event in events):
            return prefix
        number += 1


def _object(texts: Mapping[str, str]) -> str:
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in texts.items()) + "}"


def _members(texts: Mapping[str, str]) -> str:
    return ",".join(f"{json.dumps(name)}:{json.dumps(text)}" for name, text in texts.items())
