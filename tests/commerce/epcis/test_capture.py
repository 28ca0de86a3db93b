"""epcis.capture in blocks: idempotent, checked by every replica, rivals' goods only as claims."""

from collections.abc import Iterator

import pytest

from chain.block import OK, Event
from commerce.epcis.canonical import event_key
from commerce.epcis.capture import (
    DECLARATIONS,
    EVENTS,
    EpcisCapture,
    may_state,
)
from commerce.epcis.cbv_hash import cbv_hash
from commerce.epcis.document import read_document
from commerce.epcis.identifiers import identity
from commerce.epcis.stored_index import StoredIndex, keys_by_event_id, keys_by_hash
from commerce.epcis.summary import summarise
from commerce.epcis.trace import Direction, trace
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.epcis.statements import (
    Members,
    blending,
    case,
    data,
    document,
    harvest,
    lot,
    needs_outside_data,
    outside,
    packing,
    serial,
)
from tests.commerce.world import World, account


def captured(at: World, sender: str, *events: Members) -> list[Event]:
    receipt = at.send(sender, ("epcis.capture", EpcisCapture(data(document(*events)), "public")))
    assert receipt.status == OK
    return list(receipt.events)


def scan(at: World, prefix: bytes, start: bytes) -> Iterator[tuple[bytes, bytes]]:
    for key in sorted(at.indexes):
        if key.startswith(prefix) and key >= start:
            yield key, at.indexes[key]


def index_of(at: World, height: int | None = None) -> StoredIndex:
    known = at.height if height is None else height
    return StoredIndex(lambda prefix, start: scan(at, prefix, start), known)


def steps(at: World, uri: str, height: int | None = None) -> int:
    return len(trace(index_of(at, height), identity(uri), Direction.FORWARD).steps)


def stating(document_: bytes, visibility: str = "public") -> EpcisCapture:
    return EpcisCapture(document_, visibility)


GOOD, SIPPED = data(document(harvest())), data(document(harvest(bizStep="sipping")))
DEEP = b"[" * 17 + b"]" * 17

# fmt: off
TABLE: list[Row] = [
    #       sender      type             payload                  with  outcome
    Attempt("merchant", "epcis.capture", stating(GOOD, "secret"), (),   "VisibilityUnknown"),
    Attempt("merchant", "epcis.capture", stating(b"\xff"),        (),   "EpcisMalformed"),
    Attempt("merchant", "epcis.capture", stating(b"{"),           (),   "EpcisMalformed"),
    Attempt("merchant", "epcis.capture", stating(DEEP),           (),   "EpcisTooLarge"),
    Attempt("merchant", "epcis.capture", stating(SIPPED),         (),   "EpcisInvalid"),
    Attempt("merchant", "epcis.capture", stating(GOOD),           (),   "ok"),
    Attempt("merchant", "epcis.capture", stating(GOOD),           (),   "ok"),
    Attempt("buyer",    "epcis.capture", stating(GOOD),           (),   "ok"),
]
# fmt: on


def test_a_document_is_captured_or_refused_by_name() -> None:
    at = World()
    play(at, TABLE[:5])
    assert not at.indexes
    play(at, TABLE[5:])
    assert at.indexes


def test_what_is_captured_is_found_by_key_hash_and_event_id() -> None:
    at = World()
    event = harvest(eventID="urn:uuid:1")
    (reported,) = captured(at, "merchant", event)
    (read,) = read_document(data(document(event))).events
    key = event_key(account("merchant"), read)
    assert reported.data["event_key"] == key
    assert f"ni:///sha-256;{reported.data['cbv_hash'].hex()}?ver=CBV2.0" == cbv_hash(read)
    stored = EVENTS.load(at.state, key)
    assert stored is not None
    assert (stored.operation_index, stored.event_index, stored.claim) == (0, 0, False)
    assert keys_by_hash(lambda *at_: scan(at, *at_), reported.data["cbv_hash"]) == [key]
    assert keys_by_event_id(lambda *at_: scan(at, *at_), "urn:uuid:1") == [key]
    assert steps(at, serial(1)) == 1


def test_capture_is_idempotent_for_one_capturer() -> None:
    at = World()
    (first,) = captured(at, "merchant", harvest())
    before, indexes = list(EVENTS.items(at.state)), dict(at.indexes)
    again, fresh = captured(at, "merchant", harvest(recordTime="2024-05-01T00:00:00Z"), packing())
    assert (again.data["known"], fresh.data["known"]) == (True, False)
    assert again.data["event_key"] == first.data["event_key"]
    assert all(entry in EVENTS.items(at.state) for entry in before)
    assert len(list(EVENTS.items(at.state))) == len(before) + 1
    assert indexes.items() <= at.indexes.items()
    (other,) = captured(at, "rival", packing())
    assert not other.data["known"]
    assert other.data["event_key"] != fresh.data["event_key"]


def test_an_event_twice_in_one_document_is_one() -> None:
    at = World()
    events = captured(at, "merchant", harvest(), harvest())
    assert [event.data["known"] for event in events] == [False, True]
    assert steps(at, serial(1)) == 1


def test_an_event_refused_within_a_document_stores_nothing_of_it() -> None:
    at = World()
    bad = harvest(readPoint={"id": "urn:x:y", "tea:a": 1, "https://tea.example/epcis/a": 2})
    both = EpcisCapture(data(document(harvest(), bad)), "public")
    receipt = at.send("merchant", ("epcis.capture", both))
    assert receipt.status == "EpcisInvalid"
    assert not at.indexes
    assert list(EVENTS.items(at.state)) == []


def test_a_statement_about_anothers_goods_is_a_claim_outside_every_trace() -> None:
    at = World()
    (own,) = captured(at, "merchant", harvest())
    (forged,) = captured(at, "rival", blending(outputEPCList=[serial(1)]))
    (born,) = captured(at, "rival", harvest(epcList=[serial(99)]))
    assert [own.data["claim"], forged.data["claim"], born.data["claim"]] == [False, True, True]
    assert steps(at, serial(99)) == 0
    assert steps(at, lot("L1")) == 0
    assert steps(at, serial(1)) == 1


def test_what_nobody_holds_and_what_is_not_made_may_be_stated() -> None:
    at = World()
    foreign = harvest(epcList=["urn:epc:id:sgtin:4012345.012345.1"])
    seen = harvest(action="OBSERVE", epcList=[serial(1)])
    for event in (foreign, seen, packing()):
        (reported,) = captured(at, "rival", event)
        assert not reported.data["claim"]


@pytest.mark.parametrize(
    "epc",
    [
        serial(1),
        case(1),
        "https://id.gs1.org/01/06901234123456/21/1",
        "urn:epc:id:grai:6901234.00000.17",
        "urn:epc:id:giai:6901234.x",
        "urn:epc:id:itip:6901234.012345.01.02.9",
    ],
)
def test_a_prefix_is_recognised_in_every_kind_of_key(epc: str) -> None:
    at = World()
    (read,) = read_document(data(document(harvest(epcList=[epc])))).events
    summary = summarise(read)
    assert may_state(at.state, account("merchant"), summary)
    assert not may_state(at.state, account("rival"), summary)


def test_a_declared_error_leaves_the_trace_and_stays_known_before() -> None:
    at = World()
    captured(at, "merchant", harvest())
    before = at.height
    captured(at, "rival", harvest(action="OBSERVE"))
    declaration = {"declarationTime": "2026-01-01T00:00:00Z", "reason": "did_not_occur"}
    (declared,) = captured(at, "merchant", harvest(errorDeclaration=declaration))
    assert steps(at, serial(1)) == 1
    assert steps(at, serial(1), before) == 1
    (entry,) = DECLARATIONS.items(at.state)
    assert entry[1].event_key == declared.data["event_key"]
    assert steps(at, serial(2)) == 1


def test_nobody_can_declare_anothers_statement_an_error() -> None:
    at = World()
    captured(at, "merchant", harvest())
    declaration = {"declarationTime": "2026-01-01T00:00:00Z", "reason": "did_not_occur"}
    captured(at, "rival", harvest(errorDeclaration=declaration))
    assert steps(at, serial(1)) == 1


def test_an_error_declaration_voids_whatever_the_document_leaves_out_of_hashes() -> None:
    at = World()
    captured(at, "merchant", harvest(**{"tea:scanner": "s7"}))
    declaration = {"declarationTime": "2026-01-01T00:00:00Z"}
    declared = harvest(errorDeclaration=declaration, **{"tea:scanner": "s7"})
    ignoring = {**document(declared), "tea:ignoreFields": ["tea:scanner"]}
    at.send("merchant", ("epcis.capture", EpcisCapture(data(ignoring), "public")))
    assert steps(at, serial(1)) == 0


@needs_outside_data
def test_the_examples_of_gs1_are_captured_and_read_back_equal() -> None:
    at = World()
    accepted = 0
    for path in outside("epcis/JSON"):
        carried = EpcisCapture(path.read_bytes(), "public")
        sent = at.send("merchant", ("epcis.capture", carried))
        accepted += sent.status == OK
        assert sent.status in (OK, "EpcisInvalid"), path
    assert accepted == 41
