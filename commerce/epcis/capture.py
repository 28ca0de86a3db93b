"""epcis.capture: received bytes become events with a key, hashes and index entries.

Every replica validates the bytes here and never re-serialises them. Capture is idempotent by the
event key: what its capturer stated before is reported as known and changes nothing. Anybody may
state anything; a statement about what its capturer neither makes nor had in hand is kept as a
claim, outside every trace.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated

from chain.block import Event as Reported
from chain.codec import U8, U64, Hash, Size, decode, encode
from chain.context import Context, event
from chain.errors import IndexUnproven, LedgerError
from chain.state import StateReader, Table, u64
from commerce.custody import SLACK_MS, Hands
from commerce.epcis.canonical import event_keys
from commerce.epcis.cbv_hash import prehashes
from commerce.epcis.document import Event, read_document
from commerce.epcis.errors import EpcisInvalid, EpcisMalformed, EpcisTooLarge
from commerce.epcis.identifiers import gln_of
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX
from commerce.epcis.stored_index import AT, EVENT, Entry, IndexedEvent, entries, record_digest
from commerce.epcis.summary import Summary, summarise
from commerce.epcis.vocabulary import BIZ_STEP
from commerce.recalls.watching import note_capture
from commerce.refusals import refuses
from commerce.rights import location_holder

PUBLIC = "public"
_SHIPPING = ("shipping", BIZ_STEP.uris["shipping"])


class VisibilityUnknown(LedgerError):
    """A document's visibility is `public`; no other is supported yet."""

    hint = "set visibility to public; keep what others may not see out of the document"


@dataclass(frozen=True, slots=True)
class EpcisCapture:
    """`document` is EPCIS 2.0 JSON-LD as received, UTF-8; `visibility` says who may read it."""

    document: Annotated[bytes, Size(min=1, max=DOCUMENT_SIZE_MAX)]
    visibility: Annotated[str, Size(max=16)]


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """Where an event's bytes lie: operation and place in the document's event list.

    `claim`: the capturer had no right to state it, so that nothing is derived from it. `record` is
    the digest of what the index holds of it (`stored_index.record_digest`).
    """

    transaction_id: Hash
    operation_index: U8
    event_index: U8
    height: U64
    claim: bool
    record: Hash


@dataclass(frozen=True, slots=True)
class ErrorDeclared:
    """The declaration that made events of one capturer and statement void, and since when."""

    event_key: Hash
    height: U64


EVENTS: Table[CapturedEvent] = Table("epcis", CapturedEvent)
# Keyed by capturer and statement (see `IndexedEvent`).
DECLARATIONS: Table[ErrorDeclared] = Table("epcis-declared", ErrorDeclared)


@dataclass(frozen=True, slots=True)
class _Named:
    """The hashes of an event: its key, its statement, and its CBV hash."""

    key: bytes
    statement: bytes
    cbv_digest: bytes


@refuses(VisibilityUnknown, EpcisMalformed, EpcisTooLarge, EpcisInvalid)
def epcis_capture(op: EpcisCapture, context: Context) -> tuple[Reported, ...]:
    """Check a document and store each of its events that is new."""
    if op.visibility != PUBLIC:
        msg = f"visibility {op.visibility!r}"
        raise VisibilityUnknown(msg)
    document = read_document(op.document)
    # Capture changes nothing of what says who may state what.
    hands = Hands(context.state, context.sender)
    note_capture(context)
    events, ignored = document.events, document.hash_ignored
    # Of all events at once: they have much in common.
    keys = event_keys(hands.account, events)
    statements = _digests(prehashes(events))
    cbv_digests = _digests(prehashes(events, ignored)) if ignored else statements
    named = map(_Named, keys, statements, cbv_digests)
    stated = enumerate(zip(events, named, strict=True))
    return tuple([_capture(context, hands, index, each, names) for index, (each, names) in stated])


def statement_of(stated: Event) -> bytes:
    """What an error declaration shares with the event that it is about (see `IndexedEvent`)."""
    return _digests(prehashes((stated,)))[0]


def _digests(texts: Iterable[str]) -> list[bytes]:
    return [hashlib.sha256(text.encode()).digest() for text in texts]


def _capture(context: Context, hands: Hands, index: int, stated: Event, named: _Named) -> Reported:
    before = captured = EVENTS.load(context.state, named.key)
    # What was a claim is asked again: it counts from now on, if it is the capturer's right by now.
    if captured is None or captured.claim:
        summary = _joined_by_capturer(summarise(stated), hands.account)
        claim = _is_ahead(context, summary) or not may_state(hands, summary)
        if captured is None or not claim:
            captured = _store(context, index, stated, named, (summary, claim))
    if before is not None and captured is not before:
        context.index(AT + u64(before.height) + named.key, None)
    return event(
        "epcis.captured",
        event_key=named.key,
        cbv_hash=named.cbv_digest,
        type=stated.type,
        claim=captured.claim,
        known=captured is before,
    )


def _store(
    context: Context, index: int, stated: Event, named: _Named, judged: tuple[Summary, bool]
) -> CapturedEvent:
    summary, claim = judged
    event_id = stated.members.get("eventID")
    indexed = IndexedEvent(
        summary=summary,
        capturer=context.sender,
        statement=named.statement,
        cbv_digest=named.cbv_digest,
        event_id=event_id if isinstance(event_id, str) else None,
        declares_error=_declare(context, stated, named.key, named.statement),
        claim=claim,
        height=context.height,
    )
    record = encode(indexed)
    captured = CapturedEvent(
        *(context.transaction_id, context.operation_index, index, context.height, claim),
        record_digest(record),
    )
    EVENTS.store(context.state, captured, named.key)
    # No key comes near the cap that `Context.index` asks for: long names are hashed.
    context.indexes += entries(named.key, indexed, record)
    return captured


def _is_ahead(context: Context, summary: Summary) -> bool:
    """Whoever dates an event ahead would have what happens meanwhile come before it."""
    drift_ms = context.chain.genesis.consensus.clock_drift_max_ms
    return summary.time_ms > context.time_ms + drift_ms


def _declare(context: Context, stated: Event, key: bytes, statement: bytes) -> bool:
    """An error declaration voids what its capturer stated in the same words, then or later."""
    if "errorDeclaration" not in stated.members:
        return False
    if DECLARATIONS.load(context.state, context.sender, statement) is None:
        declared = ErrorDeclared(key, context.height)
        DECLARATIONS.store(context.state, declared, context.sender, statement)
    return True


def may_state(hands: Hands, summary: Summary) -> bool:
    """Whether an event counts, or is only a claim (provenance: Rights).

    What comes into being (commissioned objects, a transformation's outputs) is for the holder of
    its company prefix to state; of crates and the like only while nobody else has them. For
    everything else the capturer must have every thing that is named, now and at the event's time
    (`commerce.custody`); who just gave it away may state that it was shipped, and who holds its
    prefix or the place what was seen.
    """
    made, handled = summary.outputs, (*summary.items, *summary.inputs)
    if summary.type == "ObjectEvent" and summary.action == "ADD":
        made, handled = summary.items, ()
    if summary.parent is not None:
        handled = (summary.parent, *handled)
    time_ms = summary.time_ms
    if not all(map(hands.may_make, made)):
        return False
    # What is only seen links nothing.
    links = summary.action != "OBSERVE" or summary.is_containment
    had_ms = time_ms if links else time_ms + SLACK_MS
    if all(hands.has(thing, had_ms) for thing in handled):
        return True
    if links:
        return False
    if summary.biz_step in _SHIPPING:
        return all(hands.gave(thing, time_ms) for thing in handled)
    return all(map(hands.holds_prefix, handled)) or _holds_place(hands, summary)


def _holds_place(hands: Hands, summary: Summary) -> bool:
    glns = (gln_of(place) for place in (summary.read_point, summary.biz_location) if place)
    return any(gln and location_holder(hands.state, gln) == hands.account for gln in glns)


def _joined_by_capturer(summary: Summary, capturer: bytes) -> Summary:
    """Only one account's events are one transformation: nobody adds inputs to another's."""
    if summary.transformation_id is None:
        return summary
    joined = f"{summary.transformation_id} {capturer.hex()}"
    return replace(summary, transformation_id=joined)


def proven_entries(state: StateReader, key: bytes, value: bytes) -> Iterable[Entry]:
    """See `chain.execution.Rules`: the records of events, and what follows from each."""
    if not key.startswith(EVENT):
        return ()
    part = key[len(EVENT) :]
    captured = EVENTS.load(state, part)
    if captured is None or captured.record != record_digest(value):
        msg = f"the record of event {part.hex()} is not the one that was captured"
        raise IndexUnproven(msg)
    return entries(part, decode(IndexedEvent, value), value)


def required_entries(state: StateReader) -> Iterable[bytes]:
    """See `chain.execution.Rules`: a record of each event."""
    for part, _ in EVENTS.items(state):
        yield EVENT + part
