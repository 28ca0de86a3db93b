"""What became of transactions, as plain data for JSON: the hot path of the API.

A busy node tells thousands of outcomes a second. The views of `node.api.models` describe the same
data, field by field in the same order, for the OpenAPI document, and are not built for it.
"""

from collections.abc import Mapping

from chain.block import OK, Event
from chain.errors import HushangError
from node.api.problems import TYPE_PREFIX, problem_json, rule_of
from node.rendering import Json, render
from node.service import Decided, Submitted


def event_json(event: Event) -> dict[str, Json]:
    """The data of an `EventView`."""
    return {"type": event.type, "data": {k: render(v, k) for k, v in event.data.items()}}


def receipt_json(decided: Decided, tip_height: int) -> dict[str, Json]:
    """The data of a `ReceiptView`."""
    receipt, place = decided.receipt, decided.place
    return {
        "id": receipt.id.hex(),
        "status": receipt.status,
        "failed_operation": receipt.failed_operation,
        "rule": None if receipt.status == OK else _rule_json(receipt.status),
        "height": place.height,
        "index": place.index,
        "block_hash": decided.block_hash.hex(),
        "time_ms": decided.time_ms,
        "certified": place.height < tip_height,
        "events": [event_json(event) for event in receipt.events],
        "raw": decided.row.hex(),
    }


def _rule_json(status: str) -> dict[str, Json]:
    title, hint = rule_of(status) or (status, "")
    return {"type": TYPE_PREFIX + status, "title": title, "hint": hint or None}


def submission_json(
    transaction_id: bytes, decided: Decided | None, tip_height: int
) -> dict[str, Json]:
    """The data of a `SubmissionView`."""
    return {
        "id": transaction_id.hex(),
        "state": "pending" if decided is None else "decided",
        "receipt": None if decided is None else receipt_json(decided, tip_height),
    }


def item_json(
    index: int,
    item: Submitted | HushangError,
    outcomes: Mapping[bytes, Decided],
    tip_height: int,
) -> dict[str, Json]:
    """The data of a `BatchItemView`."""
    if isinstance(item, HushangError):
        return {
            "index": index,
            "id": None,
            "state": "refused",
            "receipt": None,
            "problem": problem_json(item),
        }
    decided = item.decided or outcomes.get(item.id)
    return {"index": index, **submission_json(item.id, decided, tip_height), "problem": None}
