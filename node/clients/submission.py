"""Handing a transaction in until it is decided: always the very same bytes, to any node.

The chain remembers the id of a decided transaction until its `valid_until_ms`, and after it the
transaction is refused by its window: so no number of repetitions has it done twice.
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chain.errors import HushangError
from node.clients.errors import (
    BrokeOff,
    NodeBusy,
    NodeFailed,
    NodeFailedInside,
    NodeRefused,
    NodeUnreachable,
    OutcomeUnknown,
    ServerUntrusted,
)
from node.clients.wire import (
    OCTETS,
    REQUEST_TIMEOUT_S,
    Asked,
    Pause,
    Place,
    Steps,
    ask,
    with_query,
)

# How long one request lets the node wait for a decision before it is asked again.
WAIT_STEP_S: Final = 5.0
RETRY_FIRST_S: Final = 0.1
RETRY_MAX_S: Final = 2.0
EXPIRED: Final = "TransactionExpired"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a transaction, as one node tells it. `receipt` is None while it is pending."""

    id: str
    receipt: Mapping[str, Any] | None

    @property
    def is_decided(self) -> bool:
        """Is its block synced on the answering node?"""
        return self.receipt is not None

    @property
    def status(self) -> str:
        """`ok`, the broken rule's name, or `pending`."""
        return "pending" if self.receipt is None else str(self.receipt["status"])

    @property
    def height(self) -> int:
        """The height of its block."""
        assert self.receipt is not None
        return int(self.receipt["height"])

    @property
    def events(self) -> Sequence[Mapping[str, Any]]:
        """What happened, in order."""
        return () if self.receipt is None else list(self.receipt["events"])

    def event(self, name: str) -> Mapping[str, Any]:
        """The data of the first event of this type; the caller knows that it happened."""
        found = next((entry["data"] for entry in self.events if entry["type"] == name), None)
        if found is None:
            raise NodeFailed(f"transaction {self.id} brought no event {name}")
        data: Mapping[str, Any] = found
        return data


@dataclass(slots=True)
class Backoff:
    """Pauses that double up to a limit, each shortened by up to a half at random.

    The draw keeps a thousand clients that one restart turned away from coming back all at once.
    """

    draw: Callable[[], float] = random.random
    pause_s: float = RETRY_FIRST_S
    limit_s: float = RETRY_MAX_S

    def next_s(self, at_least_s: float = 0.0) -> float:
        """How long to wait before the next try."""
        drawn_s = self.pause_s * (1 + self.draw()) / 2
        self.pause_s = min(2 * self.pause_s, self.limit_s)
        return max(drawn_s, at_least_s)


def submitted(
    places: Sequence[Place],
    raw: bytes,
    deadline_s: float,
    *,
    decided: bool = True,
    timeout_s: float = REQUEST_TIMEOUT_S,
) -> Steps[Outcome]:
    """Hand the bytes in until a node tells what became of them, or `time.monotonic()` is over.

    Raises the door's refusal as `NodeRefused`; `OutcomeUnknown` after the deadline if the bytes may
    have reached a node; what kept them from every node if they reached none.
    """
    unsure: OutcomeUnknown | None = None
    backoff = Backoff()
    while True:
        try:
            wait_s = _wait_s(deadline_s) if decided else None
            outcome = yield from _hand_in(places, raw, wait_s, timeout_s)
        except (NodeUnreachable, NodeRefused, NodeFailedInside) as error:
            unsure = _doubt(error, unsure)
            if _is_final(error, unsure):
                raise
            failure: HushangError = unsure or error
            pause_s = backoff.next_s(getattr(error, "retry_after_s", 0.0))
        else:
            if outcome.is_decided or not decided:
                return outcome
            words = f"transaction {outcome.id} is not decided yet"
            failure = unsure = OutcomeUnknown(words, outcome.id)
            # A node that has no place for one more to wait answers at once.
            backoff = Backoff()
            pause_s = backoff.next_s()
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise failure
        yield Pause(min(pause_s, left_s))


def _wait_s(deadline_s: float) -> float:
    return min(max(0.0, deadline_s - time.monotonic()), WAIT_STEP_S)


def _doubt(error: HushangError, before: OutcomeUnknown | None) -> OutcomeUnknown | None:
    """The bytes may have reached a node, now or before; what was told of them stays told."""
    if isinstance(error, BrokeOff | NodeFailedInside):
        return before or OutcomeUnknown(str(error))
    return before


def _is_final(error: HushangError, unsure: OutcomeUnknown | None) -> bool:
    """A refusal, or nobody to trust. Of bytes that a node may have taken another one's refusal
    tells nothing, but that their time is over: then the chain can be asked.
    """
    if isinstance(error, NodeRefused) and not isinstance(error, NodeBusy):
        return unsure is None or error.told_code == EXPIRED
    return unsure is None and isinstance(error, ServerUntrusted)


def _hand_in(
    places: Sequence[Place], raw: bytes, wait_s: float | None, timeout_s: float
) -> Steps[Outcome]:
    query = {"wait": "accepted"}
    if wait_s is not None:
        query = {"wait": "decided", "timeout_ms": str(int(wait_s * 1000))}
    path = with_query("/v1/transactions", query)
    asked = Asked("POST", path, raw, OCTETS, timeout_s=timeout_s + (wait_s or 0.0))
    body = (yield from ask(places, asked)).body
    return read_outcome(body)


def read_outcome(body: Any) -> Outcome:
    """The outcome in what a node tells of a transaction."""
    try:
        return Outcome(str(body["id"]), body["receipt"])
    except (TypeError, KeyError):
        raise NodeFailed("the node's answer is none about a transaction") from None
