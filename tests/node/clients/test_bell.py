"""A stream that only rings: what it says is proven as ever, and silence hides nothing for long."""

import json
from collections.abc import Sequence

import pytest

from node.clients.bell import PROVEN_WITHIN_S
from node.clients.feed import AsyncFeed
from tests.node.api.service import Served, served
from tests.node.clients.liars import Lie, Nodes, honest
from tests.node.clients.test_verified import altered

pytestmark = pytest.mark.asyncio


async def page(node: Served, cursor: str) -> bytes:
    """What a stream says at a cursor: as a page."""
    _, told = await node.get(f"/v1/events?cursor={cursor}")
    return json.dumps(told).encode()


async def amounts(feed: AsyncFeed, count: int) -> list[str]:
    return [(await anext(feed)).data["amount_minor"] for _ in range(count)]


async def begun(node: Served, lies: Sequence[Lie]) -> tuple[Nodes, AsyncFeed]:
    """A feed that has read the first of two blocks."""
    await node.service.fund("buyer", 1)
    await node.service.decide()
    nodes = Nodes([node], list(lies))
    feed = AsyncFeed(nodes.run, nodes.source, "0.0.0")
    assert await amounts(feed, 1) == ["1"]
    return nodes, feed


async def test_nothing_is_asked_until_a_ring_and_who_rang_is_asked_first() -> None:
    async with served() as node:
        nodes, feed = await begun(node, [honest, honest])
        asked: list[int] = []

        async def ring() -> bytes:
            asked.extend(nodes.asked)
            nodes.asked.clear()
            await node.service.fund("buyer", 2)
            await node.service.decide()
            return await page(node, "2.0.0")

        nodes.says = [ring]
        assert await amounts(feed, 1) == ["2"]
        # It listened to the node that had told it that there is no more.
        assert asked[-1] == -asked[-2]
        assert nodes.asked[0] == asked[-2]


async def test_after_a_ring_there_are_looks_until_the_block_above_is_there() -> None:
    async with served() as node:
        nodes, feed = await begun(node, [honest])
        looks = 0

        async def ring() -> bytes:
            await node.service.fund("buyer", 2)
            return await page(node, "2.0.0")

        async def decided(path: str) -> None:
            nonlocal looks
            if path.startswith("/v1/blocks?"):
                looks += 1
                if looks == 5:
                    await node.service.decide()

        nodes.before = decided
        nodes.says = [ring]
        began_s = nodes.time_s
        assert await amounts(feed, 1) == ["2"]
        # Pauses of up to 20, 40, 80 … ms, each shortened by up to a half.
        assert 0 < nodes.time_s - began_s < 1


async def test_a_liar_that_rings_is_named_and_listened_to_no_more() -> None:
    async with served() as node:
        nodes, feed = await begun(node, [honest, honest])

        async def ring() -> bytes:
            await node.service.fund("buyer", 2)
            await node.service.decide()
            nodes.lies[-nodes.asked[-1]] = altered
            return await page(node, "2.0.0")

        nodes.says = [ring, ring]
        assert await amounts(feed, 1) == ["2"]
        (liar,) = nodes.named
        assert nodes.named == {liar: "ProofInvalid"}
        place = nodes.source._bell.hearing.place
        assert place is None or place.host != f"node-{liar}"


async def test_a_ring_for_what_nobody_can_prove_is_looked_after_for_a_while_only() -> None:
    async with served() as node:
        nodes, feed = await begun(node, [honest])

        async def false_alarm() -> bytes:
            told = json.loads(await page(node, "1.0.0"))
            for entry in told["events"]:
                entry["cursor"], entry["next"] = "900.0.0", "900.0.1"
            return json.dumps(told).encode()

        async def quiet() -> bytes:
            listened_s.append(nodes.time_s)
            await node.service.fund("buyer", 2)
            await node.service.decide()
            return await page(node, "900.0.0")

        listened_s: list[float] = []
        nodes.says = [false_alarm, quiet]
        assert await amounts(feed, 1) == ["2"]
        assert PROVEN_WITHIN_S <= listened_s[0] < PROVEN_WITHIN_S + 1
