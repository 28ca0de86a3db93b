"""The workload `provenance`."""

import json

from chain.transaction import read_transaction
from commerce.registry import Registry
from node.bench.workloads.provenance import captures
from tests.chain.world import account
from tests.node.bench.market import keys, plan, run

NOW_MS = 1_767_225_600_000


def test_a_document_has_100_events_of_900_bytes_with_5_epcs_and_a_sensor_element() -> None:
    (step,) = next(captures(plan("provenance", 1), keys(), NOW_MS)).steps
    received = read_transaction(step.raw, Registry())
    document = json.loads(received.payloads[0].document)  # type: ignore[attr-defined]
    events = document["epcisBody"]["eventList"]
    assert (len(events), step.operations) == (100, 100)
    sizes = [len(json.dumps(event, separators=(",", ":"))) for event in events]
    assert 890 <= min(sizes) <= max(sizes) <= 910
    assert {len(event["epcList"]) for event in events} == {5}
    assert {len(event["sensorElementList"]) for event in events} == {1}


def test_every_event_is_new_and_counts_because_the_merchant_holds_the_prefix() -> None:
    decided = run(plan("provenance", 3))
    captured = [event.data for _, receipt in decided for event in receipt.events]
    assert len({event["event_key"] for event in captured}) == 300
    assert {(event["known"], event["claim"]) for event in captured} == {(False, False)}


def test_without_a_merchant_s_key_the_one_that_is_there_states_it() -> None:
    roles = ["buyer"]
    (step,) = next(captures(plan("provenance", 1, roles), keys(roles), NOW_MS)).steps
    assert read_transaction(step.raw, Registry()).transaction.sender == account("buyer")
