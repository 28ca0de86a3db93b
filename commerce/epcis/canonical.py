"""The identity of an event: its key over canonical JSON (docs/protocol-epcis.md § Event key).

Sorted names, no spaces, exact decimals, prefixes expanded; recordTime (the repository's own) and
`@context` (used up by the expansion) left out. errorDeclaration stays in: declaring an error is a
statement of its own.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring

from chain.crypto import domain, tagged_hash
from commerce.epcis.document import Event
from commerce.epcis.errors import EpcisInvalid
from commerce.epcis.lexeme import Json, Number
from commerce.epcis.prefixes import Scope

CAPTURER_SIZE = 32
_OMITTED = frozenset({"@context", "recordTime"})
# No agreed text has these: around a number while it travels as a string, and between events.
_MARK, _BETWEEN = "\x7f", "\x01"
_PARTING = b',"\\u0001",'


def event_key(capturer: bytes, event: Event) -> bytes:
    """The 32 bytes that name `event` as stated by the account `capturer` (32 bytes).

    Two members that mean one full name make an event ambiguous: `EpcisInvalid`.
    """
    assert len(capturer) == CAPTURER_SIZE
    return tagged_hash("epcis-event", capturer + canonical_json(event))


def event_keys(capturer: bytes, events: Sequence[Event]) -> list[bytes]:
    """As `event_key` of each, in their order; quicker."""
    assert len(capturer) == CAPTURER_SIZE
    # As `tagged_hash` begins.
    begun = domain("epcis-event") + capturer
    plain = iter(_as_written([_kept(event) for event in events if not event.scope.prefixes]))
    return [
        sha256(begun + (canonical_json(event) if event.scope.prefixes else next(plain))).digest()
        for event in events
    ]


def canonical_json(event: Event) -> bytes:
    """The UTF-8 bytes of the event that stand for everything it says."""
    if not event.scope.prefixes:
        return _as_written([_kept(event)])[0]
    try:
        return _object(_kept(event), event.scope).encode()
    except EpcisInvalid as refusal:
        if event.path:
            refusal.within(event.path)
        raise


def _kept(event: Event) -> Mapping[str, Json]:
    members = event.members
    if _OMITTED.isdisjoint(members):
        return members
    return {name: value for name, value in members.items() if name not in _OMITTED}


def _marked(value: object) -> str:
    assert isinstance(value, Number)
    return f"{_MARK}{value.canonical()}{_MARK}"


_WRITER = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,
    sort_keys=True,
    separators=(",", ":"),
    default=_marked,
)


def _as_written(events: Sequence[Mapping[str, Json]]) -> list[bytes]:
    """As `_object` of each where nothing is expanded: the standard encoder, asked once for all.

    It knows no `Number`. Quotes inside strings are escaped, so that nothing else looks like the
    marks with theirs.
    """
    parted = [part for event in events for part in (event, _BETWEEN)]
    written = _WRITER.encode(parted[:-1])
    if _MARK in written:
        # Odd pieces are numbers; the others have a quote at each end that was theirs.
        pieces = f'"{written}"'.split(_MARK)
        pieces[::2] = [piece[1:-1] for piece in pieces[::2]]
        written = "".join(pieces)
    return written[1:-1].encode().split(_PARTING)


def _object(members: Mapping[str, Json], scope: Scope) -> str:
    full = members
    if any(":" in name for name in members):
        full = {scope.expand(name): value for name, value in members.items()}
    if len(full) != len(members):
        rule = "two members have one full name"
        raise EpcisInvalid(rule)
    written: list[str] = []
    name = ""
    try:
        # Code point order, which is the order of the UTF-8 bytes too.
        for name in sorted(full):
            written.append(f"{encode_basestring(name)}:{_value(full[name], scope)}")
    except EpcisInvalid as refusal:
        refusal.within(name)
        raise
    return "{" + ",".join(written) + "}"


def _value(value: Json, scope: Scope) -> str:
    if isinstance(value, str):
        return encode_basestring(scope.expand(value) if ":" in value else value)
    if isinstance(value, Number):
        return value.canonical()
    if isinstance(value, dict):
        return _object(value, scope)
    if isinstance(value, list):
        return _array(value, scope)
    if value is None:
        return "null"
    return "true" if value else "false"


def _array(items: list[Json], scope: Scope) -> str:
    written: list[str] = []
    try:
        written.extend(_value(item, scope) for item in items)
    except EpcisInvalid as refusal:
        refusal.within(len(written))
        raise
    return "[" + ",".join(written) + "]"
