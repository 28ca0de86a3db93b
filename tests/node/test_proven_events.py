"""A proven event is told as it was captured, if its transaction is proven beside it."""

from dataclasses import replace

from chain.bundle import encode_bundle
from chain.bundle_check import Verified, verify_bundle
from node.proven_events import captured_event
from tests.vectors.make_epcis import epcis
from tests.vectors.material import genesis
from tests.vectors.proof_chain import ABSENT, CAPTURED, PRESENT, SEAL, made_chain

CHAIN = made_chain()


def proven(*keys: bytes, heights: tuple[int, ...] = (4,)) -> Verified:
    """State of these keys, with the first transactions of some blocks."""
    sent = [CHAIN.sent(height, 0) for height in heights]
    bundle = CHAIN.bundle(*sent, CHAIN.states(SEAL, *keys))
    return verify_bundle(encode_bundle(bundle), genesis())


def test_the_event_is_found_in_its_transaction() -> None:
    made = proven(CAPTURED)
    event = captured_event(made.states[0], made)
    assert event is not None
    assert event.text == epcis()[0]["canonical"]


def test_without_its_transaction_there_is_only_the_row() -> None:
    made = proven(CAPTURED, heights=())
    assert captured_event(made.states[0], made) is None
    other = proven(CAPTURED, heights=(5,))
    assert captured_event(other.states[0], other) is None


def test_other_rows_and_absent_ones_are_no_events() -> None:
    made = proven(PRESENT, ABSENT)
    assert [captured_event(fact, made) for fact in made.states] == [None, None]
    absent = replace(made.states[0], key=b"epcis/" + bytes(32), value=None)
    assert captured_event(absent, made) is None


def test_a_row_that_names_another_place_or_key_is_not_believed() -> None:
    """No correct chain has such rows; whoever reads them must not show another event."""
    made = proven(CAPTURED)
    (fact,) = made.states
    assert fact.value is not None
    moved = replace(fact, key=b"epcis/" + b"\x07" * 32)
    assert captured_event(moved, made) is None
    assert captured_event(replace(fact, value=b"\x01"), made) is None
    wrong_operation = fact.value[:35] + b"\x05" + fact.value[36:]
    assert captured_event(replace(fact, value=wrong_operation), made) is None
