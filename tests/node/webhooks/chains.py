"""A chain with captured events, and a standing query over it, for the tests of subscriptions."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from chain.ledger import Ledger
from chain.stored_chain import ReceiptPlace
from commerce.epcis.capture import EVENTS, EpcisCapture
from commerce.epcis.document import read_document
from node.webhooks.batches import StandingQuery
from tests.node.api.epcis.gateway import document, observed
from tests.node.api.market import done
from tests.node.api.service import FakeService


async def capture(service: FakeService, *numbers: int, step: str = "storing") -> None:
    """The merchant captures events of these items in a block of its own."""
    events = [observed(number, bizStep=step) for number in numbers]
    await done(service, "merchant", "epcis.capture", EpcisCapture(document(*events), "public"))


def item_of(event: dict[str, Any]) -> int:
    """The number of the item that an event is about."""
    return int(event["epcList"][0].rpartition(".")[2])


class StepQuery(StandingQuery):
    """Finds the events of a business step."""

    def __init__(self, step: str = "storing") -> None:
        self.step = step

    @override
    def select(self, ledger: Ledger, event_key: bytes) -> str | None:
        """See `StandingQuery`."""
        captured = EVENTS.load(ledger.state, event_key)
        assert captured is not None
        received = ledger.find_body(ReceiptPlace(captured.height, 0), captured.transaction_id)
        assert received is not None
        payload = received.payloads[captured.operation_index]
        assert isinstance(payload, EpcisCapture)
        members = read_document(payload.document).events[captured.event_index].members
        if members.get("bizStep") != self.step:
            return None
        return json.dumps({"bizStep": self.step, "epcList": members["epcList"]})

    @override
    def document(self, subscription_id: str | None, events: Sequence[str], time_ms: int) -> bytes:
        """See `StandingQuery`."""
        told = {"subscriptionID": subscription_id, "events": [*map(json.loads, events)]}
        return json.dumps({**told, "time_ms": time_ms}).encode()


@dataclass(slots=True)
class Clock:
    """A clock that only the test moves; who pauses waits for it."""

    now_ms: int
    pauses: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    _moved: "asyncio.Condition" = field(default_factory=asyncio.Condition)

    def read(self) -> int:
        """The time."""
        return self.now_ms

    async def pause(self, seconds: float) -> None:
        """Return when the clock has moved on so far."""
        end_ms = self.now_ms + seconds * 1000
        async with self._moved:
            self.pauses.append(seconds)
            self.asked.append(seconds)
            self._moved.notify_all()
            await self._moved.wait_for(lambda: self.now_ms >= end_ms)

    async def paused(self) -> None:
        """Return once somebody pauses."""
        async with asyncio.timeout(20), self._moved:
            await self._moved.wait_for(lambda: bool(self.pauses))

    async def move(self, seconds: float) -> None:
        """Once somebody pauses, let so much time pass."""
        async with asyncio.timeout(20), self._moved:
            await self._moved.wait_for(lambda: bool(self.pauses))
            self.pauses.clear()
            self.now_ms += int(seconds * 1000)
            self._moved.notify_all()
