"""From operations to a fate: signed, kept, sent, asked for, and sent anew only where that is safe.

A transaction can stand in blocks up to its `valid_until_ms` only, and block times never go back. So
once a decided block is past it and no block up to there has the transaction, none ever will.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from chain.transaction import Operation
from node.clients.errors import (
    NodeBusy,
    NodeFailed,
    NodeRefused,
    NodeUnreachable,
    NotFound,
    OutcomeUnknown,
)
from node.clients.fates import Fate, Lapsed, Unknown, fate_of
from node.clients.outbox import Entry, Outbox, meaning_of, nonce_of
from node.clients.signing import Made, Signer, sign
from node.clients.submission import EXPIRED, read_outcome, submitted
from node.clients.wire import Asked, Pause, Place, Steps, ask, ask_one, whole

LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Trade:
    """What sending takes: whom to ask, in whose name, for how long."""

    places: Sequence[Place]
    genesis_hash: bytes
    signers: Sequence[Signer]
    valid_for_ms: int
    timeout_s: float
    now_ms: Callable[[], int]

    def asked(self, path: str) -> Asked:
        """A question to a node."""
        return Asked("GET", path, timeout_s=self.timeout_s)


def sent(trade: Trade, operations: Sequence[Operation], nonce: int, wait_s: float) -> Steps[Fate]:
    """Sign and hand in; the fate after this time at most. Raises `NodeRefused` at the door, and
    `NodeUnreachable` or `NodeBusy` where the bytes never came in: then nothing happened.
    """
    made = _signed(trade, operations, nonce)
    return (yield from settled(trade, made, time.monotonic() + wait_s))


def sent_once(
    trade: Trade, outbox: Outbox, reference: str, operations: Sequence[Operation], wait_s: float
) -> Steps[Fate]:
    """As `sent`, for a reference that is never done twice, however often this is run."""
    deadline_s = time.monotonic() + wait_s
    meaning = meaning_of(operations, trade.genesis_hash, trade.signers[0].account)
    entry = outbox.newest(reference, meaning)
    attempt = 1
    while True:
        if entry is None:
            height = yield from _height(trade)
            made = _signed(trade, operations, nonce_of(reference, meaning, attempt))
            entry = outbox.add(Entry(reference, attempt, meaning, height, made))
        if entry.outcome is not None:
            return fate_of(entry.outcome)
        try:
            fate = yield from settled(trade, entry.made, deadline_s, from_height=entry.from_height)
        except (NodeUnreachable, NodeBusy) as error:
            # Another run may have had more luck with these bytes.
            return Unknown(entry.made.id, entry.made.raw, str(error))
        if not isinstance(fate, Lapsed):
            if not isinstance(fate, Unknown):
                outbox.settle(entry, fate.outcome)
            return fate
        attempt = entry.attempt + 1
        entry = None


def _signed(trade: Trade, operations: Sequence[Operation], nonce: int) -> Made:
    valid_until_ms = trade.now_ms() + trade.valid_for_ms
    return sign(operations, trade.genesis_hash, trade.signers, nonce, valid_until_ms)


def _height(trade: Trade) -> Steps[int]:
    told = (yield from ask(trade.places, trade.asked("/v1/status"))).body
    return whole(told, "height")


def settled(
    trade: Trade, made: Made, deadline_s: float, *, from_height: int | None = None
) -> Steps[Fate]:
    """Hand bytes in until their fate is known or the time is over."""
    while True:
        tried = yield from _tried(trade, made, deadline_s)
        if not isinstance(tried, str):
            return tried
        if trade.now_ms() > made.valid_until_ms:
            fate = yield from _looked_up(trade, made, from_height)
            if fate is not None:
                return fate
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            return Unknown(made.id, made.raw, tried)
        yield Pause(min(LOOK_EVERY_S, left_s))


def _tried(trade: Trade, made: Made, deadline_s: float) -> Steps[Fate | str]:
    """The fate, or why it isn't known: that its time is over now says nothing of before."""
    try:
        outcome = yield from submitted(
            trade.places, made.raw, deadline_s, timeout_s=trade.timeout_s
        )
    except OutcomeUnknown as error:
        return str(error)
    except NodeRefused as error:
        if error.told_code != EXPIRED:
            raise
        return str(error)
    return fate_of(outcome)


def _looked_up(trade: Trade, made: Made, from_height: int | None) -> Steps[Fate | None]:
    """The fate of a transaction whose time is over, if it is certain: a receipt of any node, or
    that every node that answers has all blocks of its time and none with it.
    """
    absent, unsure = 0, False
    for place in trade.places:
        is_past = False
        try:
            is_past = yield from _has_all(trade, place, made, from_height)
            told = (yield from ask_one(place, trade.asked(f"/v1/transactions/{made.id}"))).body
        except NotFound:
            absent += is_past
            unsure = unsure or not is_past
        except (NodeUnreachable, NodeRefused, NodeFailed):
            continue
        else:
            outcome = read_outcome(told)
            if outcome.is_decided:
                return fate_of(outcome)
            unsure = True
    return Lapsed(made.id, made.valid_until_ms) if absent and not unsure else None


def _has_all(trade: Trade, place: Place, made: Made, from_height: int | None) -> Steps[bool]:
    """Has the node a block past the transaction's time, and all blocks since it was made?

    Asked before it is asked for the transaction: what is not found then came in no block before.
    """
    status = (yield from ask_one(place, trade.asked("/v1/status"))).body
    told = (yield from ask_one(place, trade.asked("/v1/headers/latest"))).body
    keeps = whole(status, "first_block") <= (from_height or 0) + 1
    return keeps and whole(told["header"], "time_ms") > made.valid_until_ms
