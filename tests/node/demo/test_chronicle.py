"""Events since a story began: read page by page, found by type and content, waited for."""

import pytest

from node.client import NodeFailed
from node.demo.chronicle import Chronicle, placed_claims
from tests.node.demo.people import paged, placed

EVENTS = [
    placed(5, "order.created", order_id="a"),
    placed(6, "order.paid", order_id="a"),
    placed(7, "order.created", order_id="b"),
]


def test_all_pages_are_read_and_read_once() -> None:
    chronicle = Chronicle(lambda: paged(EVENTS, 2), "0", "order")
    chronicle.read()
    chronicle.read()
    assert chronicle.events == EVENTS


def test_an_event_is_found_by_its_type_and_content() -> None:
    chronicle = Chronicle(lambda: paged(EVENTS, 2), "0", "order")
    assert chronicle.wait(0.0, "order.created", order_id="b") == EVENTS[2]
    assert chronicle.wait(0.0, "order.created") == EVENTS[0]
    assert chronicle.found("order.paid", order_id="b") is None


def test_what_does_not_happen_in_time_is_named() -> None:
    chronicle = Chronicle(lambda: paged(EVENTS, 2), "0", "order")
    with pytest.raises(NodeFailed, match=r"order.closed of .*'order_id': 'a'"):
        chronicle.wait(0.0, "order.closed", order_id="a")


def test_what_is_claimed_of_an_event_is_its_place_and_its_fields() -> None:
    claims = placed_claims(EVENTS[1], "order_id")
    assert {claim.path for claim in claims} == {f"/v1/receipts/{6:064x}"}
    assert {claim.pointer: claim.value for claim in claims} == {
        "/id": f"{6:064x}",
        "/status": "ok",
        "/height": 6,
        "/events/1/type": "order.paid",
        "/events/1/data/order_id": "a",
    }
