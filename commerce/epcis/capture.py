"""epcis.capture: received bytes become events with a key, hashes and index entries.

Every replica validates the bytes here and never re-serialises them. Capture is idempotent by the
event key: what its capturer stated before is reported as known and changes nothing. Anybody may
state anything; a statement about what its capturer neither makes nor had in hand is kept as a
claim, outside every trace.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated

from chain.block import Event as Reported
from chain.codec import U8, U64, Hash, Size
from chain.context import Context, event
from chain.errors import LedgerError
from chain.state import Table
from commerce.custody import Hands
from commerce.epcis.canonical import event_key
from commerce.epcis.cbv_hash import prehash
from commerce.epcis.document import Event, read_document
from commerce.epcis.errors import EpcisInvalid, EpcisMalformed, EpcisTooLarge
from commerce.epcis.identifiers import gln_of
from commerce.epcis.lexeme import DOCUMENT_SIZE_MAX
from commerce.epcis.stored_index import IndexedEvent, entries
from commerce.epcis.summary import Summary, summarise
from commerce.epcis.vocabulary import BIZ_STEP
from commerce.refusals import refuses
from commerce.rights import location_holder

PUBLIC = "public"
_SHIPPING = ("shipping", BIZ_STEP.uris["shipping"])


class VisibilityUnknown(LedgerError):
    """A document's visibility is `public`; no other is supported yet."""


@dataclass(frozen=True, slots=True)
class EpcisCapture:
    """`document` is EPCIS 2.0 JSON-LD as received, UTF-8; `visibility` says who may read it."""

    document: Annotated[bytes, Size(min=1, max=DOCUMENT_SIZE_MAX)]
    visibility: Annotated[str, Size(max=16)]


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """Where an event's bytes lie: operation and place in the document's event list.

    `claim`: the capturer had no right to state it, so that nothing is derived from it.
    """

    transaction_id: Hash
    operation_index: U8
    event_index: U8
    height: U64
    claim: bool


@dataclass(frozen=True, slots=True)
class ErrorDeclared:
    """The declaration that made events of one capturer and statement void, and since when."""

    event_key: Hash
    height: U64


EVENTS: Table[CapturedEvent] = Table("epcis", CapturedEvent)
# Keyed by capturer and statement (see `IndexedEvent`).
DECLARATIONS: Table[ErrorDeclared] = Table("epcis-declared", ErrorDeclared)


@refuses(VisibilityUnknown, EpcisMalformed, EpcisTooLarge, EpcisInvalid)
def epcis_capture(op: EpcisCapture, context: Context) -> tuple[Reported, ...]:
    """Check a document and store each of its events that is new."""
    if op.visibility != PUBLIC:
        msg = f"visibility {op.visibility!r}"
        raise VisibilityUnknown(msg)
    document = read_document(op.document)
    # Capture changes nothing of what says who may state what.
    hands = Hands(context.state, context.sender)
    return tuple(
        [
            _capture(context, hands, document.hash_ignored, index, stated)
            for index, stated in enumerate(document.events)
        ]
    )


def _capture(
    context: Context, hands: Hands, ignored: frozenset[str], index: int, stated: Event
) -> Reported:
    capturer = hands.account
    key = event_key(capturer, stated)
    statement = hashlib.sha256(prehash(stated).encode()).digest()
    cbv_digest = (
        hashlib.sha256(prehash(stated, ignored).encode()).digest() if ignored else statement
    )
    before = EVENTS.load(context.state, key)
    captured = before
    if captured is None:
        summary = _joined_by_capturer(summarise(stated), capturer)
        claim = not may_state(hands, summary)
        captured = CapturedEvent(
            context.transaction_id, context.operation_index, index, context.height, claim
        )
        EVENTS.store(context.state, captured, key)
        declares = _declare(context, stated, key, statement)
        indexed = IndexedEvent(summary, capturer, statement, declares, claim, context.height)
        event_id = stated.members.get("eventID")
        named = event_id if isinstance(event_id, str) else None
        # No key comes near the cap that `Context.index` asks for: names are hashed.
        context.indexes += entries(key, indexed, cbv_digest, named)
    return event(
        "epcis.captured",
        event_key=key,
        cbv_hash=cbv_digest,
        type=stated.type,
        claim=captured.claim,
        known=before is not None,
    )


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
    its company prefix to state. For everything else the capturer must have had in hand every thing
    that is named (`commerce.custody`); a place's holder may say what it saw there.
    """
    made, handled = summary.outputs, (*summary.items, *summary.inputs)
    if summary.type == "ObjectEvent" and summary.action == "ADD":
        made, handled = summary.items, ()
    if summary.parent is not None:
        handled = (summary.parent, *handled)
    if not all(map(hands.holds_prefix, made)):
        return False
    return all(map(hands.had, handled)) or _only_saw(hands, summary)


def _only_saw(hands: Hands, summary: Summary) -> bool:
    """Does the holder of a place state what it observed there, and link nothing by it?"""
    if summary.action != "OBSERVE" or summary.is_containment or summary.biz_step in _SHIPPING:
        return False
    glns = (gln_of(place) for place in (summary.read_point, summary.biz_location) if place)
    return any(gln and location_holder(hands.state, gln) == hands.account for gln in glns)


def _joined_by_capturer(summary: Summary, capturer: bytes) -> Summary:
    """Only one account's events are one transformation: nobody adds inputs to another's."""
    if summary.transformation_id is None:
        return summary
    joined = f"{summary.transformation_id} {capturer.hex()}"
    return replace(summary, transformation_id=joined)
