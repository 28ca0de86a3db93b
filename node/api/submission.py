"""Submitting transactions, one or many, and waiting for their decision.

200 is an outcome, also of a transaction that broke a rule of commerce: the receipt's status says
which. 202 is "taken, not decided yet": safe to repeat or to ask for by id. What is refused at the
door (bytes, size, signature, chain, window) is a 4xx and leaves no receipt.
"""

import asyncio
from collections.abc import Mapping, Sequence

from chain.codec import unpack
from chain.transaction import TRANSACTION_SIZE_MAX
from node.api.body import JSON, MSGPACK, OCTETS, body_of, json_form, media_type
from node.api.connections import BEGAN
from node.api.models import BatchForm, SubmissionForm
from node.api.outcomes import item_json, submission_json
from node.api.parameters import choice, number
from node.api.problems import BodyInvalid
from node.api.replies import Reply, json_reply
from node.api.routing import Call
from node.service import Decided, Submitted

BATCH_ITEMS_MAX = 1000
WAIT_DEFAULT_MS = 10_000
WAIT_MAX_MS = 60_000

WAIT = choice(
    "wait",
    ("decided", "accepted"),
    "decided: answer when the block is synced on this node, or 202 when the time is over; "
    "accepted: answer once the transaction is in the pool",
)
TIMEOUT_MS = number(
    "timeout_ms", 0, WAIT_MAX_MS, WAIT_DEFAULT_MS, "how long to wait for the decision"
)

ONE_TAKES = {MSGPACK: None, OCTETS: None, JSON: SubmissionForm}
MANY_TAKES = {MSGPACK: None, JSON: BatchForm}


async def submit(call: Call) -> Reply:
    """POST /v1/transactions: take one transaction."""
    settings, service = call.edge.settings, call.service
    await call.edge.visitors.require_submitter(call.request, is_batch=False)
    kind = media_type(call.request, ONE_TAKES)
    size_max, timeout_s = settings.body_size_max, settings.body_timeout_s
    async with body_of(call.request, call.edge.bodies, size_max, timeout_s) as data:
        raw = _hex(json_form(data, SubmissionForm).transaction) if kind == JSON else data
        submitted = await service.submit(raw)
    decided = submitted.decided
    if decided is None and _may_wait(call):
        with call.edge.waits.place():
            decided = await service.wait_decided(submitted.id, _wait_ms(call))
        if decided is not None:
            took_s = asyncio.get_running_loop().time() - call.request[BEGAN]
            call.edge.metrics.chain.decision_seconds.observe(took_s)
    told = submission_json(submitted.id, decided, service.ledger.tip.height)
    place = {"Location": f"/v1/transactions/{told['id']}"}
    return json_reply(told, 202 if decided is None else 200, place)


async def submit_many(call: Call) -> Reply:
    """POST /v1/transactions/batch: take up to 1000; a bad one leaves the others alone."""
    settings, service = call.edge.settings, call.service
    await call.edge.visitors.require_submitter(call.request, is_batch=True)
    kind = media_type(call.request, MANY_TAKES)
    size_max, timeout_s = settings.batch_size_max, settings.body_timeout_s
    async with body_of(call.request, call.edge.bodies, size_max, timeout_s) as data:
        raws = _batch_json(data) if kind == JSON else _batch_msgpack(data, size_max)
        taken = await service.submit_batch(raws)
    waiting = [item.id for item in taken if isinstance(item, Submitted) and item.decided is None]
    outcomes: Mapping[bytes, Decided] = {}
    if waiting and _may_wait(call):
        with call.edge.waits.place():
            outcomes = await service.wait_all_decided(waiting, _wait_ms(call))
    height = service.ledger.tip.height
    results = [item_json(index, item, outcomes, height) for index, item in enumerate(taken)]
    pending = any(result["state"] == "pending" for result in results)
    return json_reply({"results": [*results]}, 202 if pending else 200)


def _hex(text: str) -> bytes:
    # That it is hex and nothing else the form's pattern said already, in linear time and without
    # memory; a pattern of Python's keeps 100 bytes of state for each pair of digits.
    return bytes.fromhex(text)


def _batch_json(data: bytes) -> Sequence[bytes]:
    return [_hex(text) for text in json_form(data, BatchForm).transactions]


def _batch_msgpack(data: bytes, size_max: int) -> Sequence[bytes]:
    # Some more than may be, so that who sent too many is told so.
    items = unpack(data, size_max=size_max, nodes_max=2 * BATCH_ITEMS_MAX)
    if type(items) is not tuple or not 1 <= len(items) <= BATCH_ITEMS_MAX:
        msg = f"expected an array of 1 to {BATCH_ITEMS_MAX} transactions"
        raise BodyInvalid(msg, "body#")
    for index, item in enumerate(items):
        if type(item) is not bytes:
            msg = "expected bytes"
            raise BodyInvalid(msg, f"body#[{index}]")
        if len(item) > TRANSACTION_SIZE_MAX:
            msg = f"expected at most {TRANSACTION_SIZE_MAX} bytes"
            raise BodyInvalid(msg, f"body#[{index}]")
    return items


def _may_wait(call: Call) -> bool:
    """Wants to wait, and a place is free; without one the answer is 202 at once."""
    return call.get(WAIT) == "decided" and call.edge.waits.free


def _wait_ms(call: Call) -> int:
    return min(call.get(TIMEOUT_MS), int(call.edge.settings.wait_max_s * 1000))
