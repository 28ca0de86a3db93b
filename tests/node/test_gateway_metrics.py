"""Captures, queries and webhooks are counted where they happen."""

import pytest

from node.api.epcis.desk import open_desk
from node.webhooks.book import Progress, Subscription
from tests.node.api.service import FakeService


@pytest.mark.asyncio
async def test_a_desk_tells_how_much_of_each_there_is() -> None:
    service = FakeService()
    desk = open_desk(service, service.clock_ms)
    empty = desk.counts(7)
    assert (empty.subscriptions, empty.webhooks_behind, empty.capture_jobs) == (0, 0, 0)
    subscription = Subscription("s1", "q", bytes(32), "https://x.example/", None, (), False, 0, 0)  # noqa: FBT003
    desk.subscriptions.add(subscription, Progress(5, 0, 0))
    desk.courier.sent, desk.courier.failed, desk.gateway.refused = 3, 2, 1
    told = desk.counts(7)
    assert (told.subscriptions, told.webhooks_sent, told.webhooks_failed) == (1, 3, 2)
    assert told.captures_refused == 1
    # It was told all below height 5: 5, 6 and 7 are to come.
    assert told.webhooks_behind == 3
    desk.subscriptions.move("s1", Progress(8, 0, 0))
    assert desk.counts(7).webhooks_behind == 0
