"""The hot path says what the views say, byte for byte, and what was stored is what was executed."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.block import OK, Event, Receipt
from chain.codec import decode, encode
from chain.errors import EncodingInvalid, HushangError
from chain.stored_chain import ReceiptPlace
from node.api.cursors import BEGINNING
from node.api.event_pages import EventFilter, read_page
from node.api.models import (
    BatchItemView,
    BatchView,
    EventPageView,
    EventView,
    ReceiptView,
    RuleView,
    SubmissionView,
)
from node.api.outcomes import item_json, receipt_json, submission_json
from node.api.problems import BodyInvalid, problem_json, rule_of
from node.api.replies import json_bytes
from node.rendering import ACCOUNT_FIELDS, render
from node.service import Decided, PoolFull, Submitted
from tests.node.api.market import trade
from tests.node.api.service import FakeService

BLOCK = bytes(range(32))
TIME_MS = 1_767_225_600_000


def decided(receipt: Receipt, height: int = 3, index: int = 2) -> Decided:
    return Decided(ReceiptPlace(height, index), receipt, encode(receipt), BLOCK, TIME_MS)


def view_of(one: Decided, tip_height: int) -> ReceiptView:
    """The view, built field by field as a model."""
    receipt = one.receipt
    told = rule_of(receipt.status) or (receipt.status, "")
    rule = RuleView(
        type=f"urn:hushang:problem:{receipt.status}", title=told[0], hint=told[1] or None
    )
    return ReceiptView(
        id=receipt.id.hex(),
        status=receipt.status,
        failed_operation=receipt.failed_operation,
        rule=None if receipt.status == OK else rule,
        height=one.place.height,
        index=one.place.index,
        block_hash=one.block_hash.hex(),
        time_ms=one.time_ms,
        certified=one.place.height < tip_height,
        events=[
            EventView(type=event.type, data={k: render(v, k) for k, v in event.data.items()})
            for event in receipt.events
        ],
        raw=encode(receipt).hex(),
    )


def assert_same(told: dict[str, Any], one: Decided, tip_height: int) -> None:
    text = json_bytes(told)
    assert text == view_of(one, tip_height).model_dump_json().encode()
    assert ReceiptView.model_validate_json(text).model_dump_json().encode() == text
    # And as any other encoder of compact JSON writes it.
    assert text == json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.asyncio
async def test_receipts_of_a_whole_trade_are_what_their_views_say() -> None:
    service = FakeService()
    await trade(service)
    await service.submit(service.pay("carrier", "buyer", 7).raw)
    await service.decide()
    types, height = set(), service.ledger.tip.height
    for at in range(height + 1):
        for index, receipt in enumerate(service.ledger.receipts(at)):
            one = decided(receipt, at, index)
            assert_same(receipt_json(one, height), one, height)
            types |= {event.type for event in receipt.events}
    assert len(types) >= 10
    page = json_bytes(read_page(service.ledger, BEGINNING, 1000, EventFilter()).json())
    assert EventPageView.model_validate_json(page).model_dump_json().encode() == page


NAMES = sorted(
    {*ACCOUNT_FIELDS, *(f"{name}s" for name in ACCOUNT_FIELDS)}
    | {"amount_minor", "nonce", "hash", "hashes", "quantity", "lines", "title", "due_ms"}
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=12)
    | st.sampled_from(["\x7f\u2028\u2029", '"\\/\b\f\n\r\t\x00\x1f', "茶 🍵", "<script>&'"])
    | st.binary(max_size=40)
    | st.binary(min_size=32, max_size=32),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=6,
)


# Where nothing is cached yet the library makes its table of characters first.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
    st.sampled_from([OK, "InsufficientFunds", "NoSuchRule"]),
    st.integers(2, 4),
)
def test_any_plain_data_is_written_as_the_views_write_it(
    data: dict[str, Any], status: str, tip_height: int
) -> None:
    failed = None if status == OK else 0
    one = decided(Receipt(BLOCK, status, failed, (Event("a.b", data), Event("c", {}))))
    assert_same(receipt_json(one, tip_height), one, tip_height)


@pytest.mark.asyncio
async def test_the_receipt_that_the_news_carries_is_the_one_that_is_stored() -> None:
    service = FakeService()
    await service.fund("buyer", 1_000)
    sent = [service.pay("buyer", "merchant", 5), service.pay("carrier", "buyer", 7)]
    executed = service.world.execute(*sent)
    live = executed.result.receipts
    stored = [decode(Receipt, row) for row in executed.result.receipt_rows]
    # Also the order of the members: an event's data is sorted when it is made.
    assert [json_bytes(receipt_json(decided(receipt), 9)) for receipt in live] == [
        json_bytes(receipt_json(decided(receipt), 9)) for receipt in stored
    ]


REFUSALS: list[HushangError] = [
    PoolFull("no room", 1500),
    EncodingInvalid('odd "text"\n茶'),
    BodyInvalid("expected bytes", "body#[3]"),
]


def test_items_and_submissions_are_what_their_views_say() -> None:
    receipt = Receipt(BLOCK, OK, None, (Event("pay.transferred", {"to": BLOCK}),))
    known, waited = decided(receipt), decided(receipt, 4, 0)
    taken: list[Submitted | HushangError] = [*REFUSALS]
    taken[:0] = [Submitted(BLOCK, known), Submitted(bytes(32), None), Submitted(b"\x01" * 32, None)]
    outcomes = {bytes(32): waited}
    items = [item_json(at, item, outcomes, 4) for at, item in enumerate(taken)]
    text = json_bytes({"results": [*items]})
    view = BatchView.model_validate_json(text)
    assert view.model_dump_json().encode() == text
    states = [item.state for item in view.results]
    assert states == ["decided", "decided", "pending", "refused", "refused", "refused"]
    assert view.results[0].receipt == view_of(known, 4)
    assert view.results[1].receipt == view_of(waited, 4)
    for found in (None, known):
        told = json_bytes(submission_json(BLOCK, found, 4))
        assert SubmissionView.model_validate_json(told).model_dump_json().encode() == told


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: error.code)
def test_a_refused_item_carries_the_same_problem_as_a_refused_request(error: HushangError) -> None:
    told = json.loads(json_bytes(item_json(7, error, {}, 1)))
    assert told["problem"] == problem_json(error)
    assert BatchItemView.model_validate(told).index == 7
