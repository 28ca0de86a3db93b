"""epcis.capture in blocks: idempotent, checked by every replica, rivals' goods only as claims."""

from collections.abc import Iterator

import pytest

from chain.block import OK, Event
from chain.context import PROVEN_INDEX
from chain.errors import IndexUnproven
from commerce.custody import Hands
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
from commerce.epcis.stored_index import EVENT, StoredIndex, keys_by_event_id, keys_by_hash
from commerce.epcis.summary import summarise
from commerce.epcis.trace import Direction, trace
from commerce.rights import GcpGrant, LocationRegister
from tests.commerce.attempts import Attempt, Row, play
from tests.commerce.epcis.statements import (
    Members,
    blending,
    case,
    data,
    document,
    fitting,
    harvest,
    lot,
    needs_outside_data,
    ordering,
    outside,
    packing,
    serial,
    without,
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


RIVALS, NOBODYS = "urn:epc:id:sgtin:4012345.012345.1", "urn:epc:id:sgtin:0614141.107346.9"
RIVALS_PALLET = "urn:epc:id:sscc:4012345.1234567890"


def rivals() -> World:
    """The rival holds a company prefix of its own; the merchant has made two items."""
    at = World()
    grant = GcpGrant("4012345", account("rival"), None)
    at.done("regulator", ("gcp.grant", grant), with_=("rival",))
    (made,) = captured(at, "merchant", harvest())
    (own,) = captured(at, "rival", harvest(epcList=[RIVALS, RIVALS_PALLET]))
    assert (made.data["claim"], own.data["claim"]) == (False, False)
    return at


@pytest.mark.parametrize(
    "stated",
    [
        harvest(epcList=[RIVALS, serial(9)]),
        harvest(epcList=[RIVALS, NOBODYS]),
        harvest(epcList=[RIVALS, "urn:uuid:9"]),
        harvest(action="DELETE", bizStep="destroying", epcList=[serial(1)]),
        harvest(action="OBSERVE", bizStep="shipping", epcList=[serial(1)]),
        harvest(action="OBSERVE", bizStep="inspecting", epcList=[serial(1)]),
        packing(parentID=RIVALS_PALLET, childEPCs=[serial(1)]),
        packing(parentID=case(7), childEPCs=[RIVALS]),
        packing(parentID=RIVALS_PALLET, action="OBSERVE", childEPCs=[RIVALS, serial(1)]),
        packing(
            parentID=RIVALS_PALLET, childQuantityList=[{"epcClass": lot("L1")}], childEPCs=[RIVALS]
        ),
        fitting(parentID=serial(1), childEPCs=[RIVALS]),
        ordering(epcList=[serial(1)]),
        ordering(epcList=[RIVALS], parentID=case(7)),
        blending(inputEPCList=[serial(1)], inputQuantityList=[], outputEPCList=[RIVALS]),
        blending(inputEPCList=[RIVALS], inputQuantityList=[], outputEPCList=[serial(9)]),
        blending(outputEPCList=[RIVALS]),
    ],
)
def test_nobody_states_more_than_a_claim_about_what_it_never_had(stated: Members) -> None:
    at = rivals()
    before = [steps(at, uri) for uri in (serial(1), RIVALS, RIVALS_PALLET)]
    (reported,) = captured(at, "rival", stated)
    assert reported.data["claim"]
    assert [steps(at, uri) for uri in (serial(1), RIVALS, RIVALS_PALLET)] == before


@pytest.mark.parametrize(
    "stated",
    [
        harvest(action="DELETE", bizStep="destroying", epcList=[RIVALS]),
        packing(parentID=RIVALS_PALLET, childEPCs=[RIVALS]),
        blending(inputEPCList=[RIVALS], inputQuantityList=[], outputEPCList=[RIVALS_PALLET]),
    ],
)
def test_the_holder_of_every_prefix_in_an_event_states_a_fact(stated: Members) -> None:
    (reported,) = captured(rivals(), "rival", stated)
    assert not reported.data["claim"]


def test_what_has_a_prefix_that_nobody_holds_is_a_claim() -> None:
    (reported,) = captured(World(), "rival", harvest(epcList=[NOBODYS]))
    assert reported.data["claim"]


def test_the_holder_of_a_place_may_only_observe_there() -> None:
    at = rivals()
    gln = "4012345000009"
    place = {"id": f"https://id.gs1.org/414/{gln}"}
    register = LocationRegister(gln, account("rival"), None)
    at.done("regulator", ("location.register", register), with_=("rival",))
    seen = harvest(action="OBSERVE", bizStep="receiving", readPoint=place)
    (observed,) = captured(at, "rival", seen)
    assert not observed.data["claim"]
    shipping = "https://ref.gs1.org/cbv/BizStep-shipping"
    for other in (
        harvest(action="DELETE", readPoint=place),
        harvest(action="OBSERVE", bizStep="shipping", readPoint=place),
        harvest(action="OBSERVE", bizStep=shipping, readPoint=place),
        harvest(action="OBSERVE", bizStep="receiving"),
        packing(action="OBSERVE", bizStep="receiving", readPoint=place),
    ):
        (reported,) = captured(at, "rival", other)
        assert reported.data["claim"], other


def test_a_rival_cannot_join_anothers_transformation() -> None:
    """By its transformationID: its bad goods would become inputs of another's products."""
    at = rivals()
    joined: Members = {"transformationID": "urn:x:blend:7"}
    made = blending(**joined)
    bad = without(blending(inputEPCList=[RIVALS], inputQuantityList=[], **joined), "outputEPCList")
    for sender, stated in (("merchant", made), ("rival", bad)):
        (reported,) = captured(at, sender, stated)
        assert not reported.data["claim"]
    reached = trace(index_of(at), identity(RIVALS), Direction.FORWARD).things
    assert identity(serial(31, "077777")) not in reached
    reached = trace(index_of(at), identity(lot("L1")), Direction.FORWARD).things
    assert identity(serial(31, "077777")) in reached


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
    assert may_state(Hands(at.state, account("merchant")), summary)
    assert not may_state(Hands(at.state, account("rival")), summary)


def test_a_declared_error_leaves_the_trace_and_stays_known_before() -> None:
    at = World()
    captured(at, "merchant", harvest())
    before = at.height
    captured(at, "merchant", harvest(action="OBSERVE"))
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


def test_the_state_proves_every_index_entry_of_captured_events() -> None:
    at = World()
    declared = harvest(errorDeclaration={"declarationTime": "2026-01-01T00:00:00Z"})
    captured(at, "merchant", harvest(eventID="urn:uuid:1"), packing(), blending(), declared)
    captured(at, "rival", ordering())
    require_proven(at)
    written = at.indexes
    required = list(at.rules.required_entries(at.state))
    assert len(required) == 5
    for key in required:
        with pytest.raises(IndexUnproven):
            list(at.rules.proven_entries(at.state, key, written[key][:-1] + b"\x09"))
    with pytest.raises(IndexUnproven):
        list(at.rules.proven_entries(at.state, EVENT + bytes(32), written[required[0]]))


def require_proven(at: World) -> None:
    """Every entry of events in the index follows from a record that the state names."""
    written = {key: value for key, value in at.indexes.items() if key.startswith(PROVEN_INDEX)}
    derived: dict[bytes, bytes] = {}
    for key, value in written.items():
        derived |= dict(at.rules.proven_entries(at.state, key, value))
    assert derived == written
