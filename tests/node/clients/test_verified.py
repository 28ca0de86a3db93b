"""Verified events: each liar is named, and the whole truth comes all the same."""

from contextlib import AsyncExitStack
from typing import Any

import pytest

from node.api.event_pages import EventFilter
from node.clients.errors import NodeUnreachable
from node.clients.verified import BEHIND_S, EveryNodeDistrusted
from tests.chain.world import account
from tests.node.api.committee_story import change, grow
from tests.node.api.service import Served, served
from tests.node.clients.liars import Lie, Nodes, dead, honest

pytestmark = pytest.mark.asyncio


async def trade(node: Served, blocks: int = 4, first: int = 1) -> None:
    """Blocks of two payments each with an empty one between, and one above all of them."""
    for number in range(first, first + blocks):
        service = node.service
        await service.submit(service.issue("buyer", 10 + number, f"bank {number}").raw)
        await service.submit(service.issue("merchant", 20 + number, f"till {number}").raw)
        await service.decide()
        await service.decide()


async def told_by_node(node: Served) -> list[Any]:
    """What the node itself tells of the same."""
    _, page = await node.get("/v1/events?limit=1000")
    events: list[Any] = page["events"]
    return events


def wrong(path: str, part: str) -> bool:
    return path.startswith("/v1/blocks/") and path.partition("?")[0].endswith(part)


def flip(text: str) -> str:
    """Hex with its middle digit changed."""
    middle = len(text) // 2
    return text[:middle] + ("0" if text[middle] != "0" else "1") + text[middle + 1 :]


def altered(path: str, told: Any) -> Any:
    if wrong(path, "/receipts") and told["receipts"]:
        told["receipts"][0] = flip(told["receipts"][0])
    return told


def omitted(path: str, told: Any) -> Any:
    if wrong(path, "/receipts"):
        told["receipts"] = told["receipts"][1:]
    return told


def emptied(path: str, told: Any) -> Any:
    return {**told, "receipts": []} if wrong(path, "/receipts") else told


def doubled(path: str, told: Any) -> Any:
    if wrong(path, "/receipts"):
        told["receipts"] = told["receipts"] * 2
    return told


def endless(path: str, told: Any) -> Any:
    return {**told, "next": 0, "receipts": []} if wrong(path, "/receipts") else told


def another_root(path: str, told: Any) -> Any:
    if path.startswith("/v1/blocks?"):
        told["blocks"][1]["receipts_root"] = flip(told["blocks"][1]["receipts_root"])
    return told


def newest_root(path: str, told: Any) -> Any:
    """The last header in the list, which no parent hash covers."""
    if path.startswith("/v1/blocks?"):
        told["blocks"][-1]["receipts_root"] = flip(told["blocks"][-1]["receipts_root"])
    return told


def skipping(path: str, told: Any) -> Any:
    if path.startswith("/v1/blocks?"):
        del told["blocks"][1]
    return told


def uncertified(path: str, told: Any) -> Any:
    if path.startswith("/v1/headers/"):
        told["raw_certificate"] = flip(told["raw_certificate"])
    return told


def nonsense(path: str, told: Any) -> Any:
    return ["nothing"] if path.startswith("/v1/blocks?") else told


LIES = [
    (altered, "ProofInvalid"),
    (omitted, "ProofInvalid"),
    (emptied, "NodeFailed"),
    (doubled, "ProofInvalid"),
    (endless, "NodeFailed"),
    (another_root, "HeadersContradict"),
    (newest_root, "HeadersContradict"),
    (skipping, "NodeFailed"),
    (uncertified, "CertificateInvalid"),
    (nonsense, "NodeFailed"),
]


async def test_verified_events_are_those_that_an_honest_node_tells() -> None:
    async with served() as node:
        await trade(node)
        nodes = Nodes([node], [honest])
        found = await nodes.events()
        assert [event.json() for event in found] == await told_by_node(node)
        assert all(event.verified for event in found)
        assert len(found) == 8
        resumed = await Nodes([node], [honest]).events(found[2].next)
        assert resumed == found[3:]


@pytest.mark.parametrize(("lie", "caught"), LIES, ids=[lie.__name__ for lie, _ in LIES])
async def test_a_liar_is_named_and_the_others_tell_everything(lie: Lie, caught: str) -> None:
    async with served() as node:
        await trade(node, 2)
        nodes = Nodes([node], [lie, honest])
        found = await nodes.events()
        assert [event.json() for event in found] == await told_by_node(node)
        assert nodes.named == {0: caught}


async def test_where_all_lie_nothing_is_handed_over() -> None:
    async with served() as node:
        await trade(node)
        nodes = Nodes([node], [altered, omitted])
        with pytest.raises(EveryNodeDistrusted, match=r"node-1.*ProofInvalid"):
            await nodes.events()
        assert set(nodes.named) == {0, 1}


async def test_a_node_that_is_down_is_passed_over_and_not_named() -> None:
    async with served() as node:
        await trade(node)
        nodes = Nodes([node], [dead, honest])
        assert len(await nodes.events()) == 8
        assert nodes.named == {}
        with pytest.raises(NodeUnreachable):
            await Nodes([node], [dead, dead]).events()


async def test_a_fork_with_true_certificates_is_caught_by_whoever_saw_the_other_chain() -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(served())
        other = await stack.enter_async_context(served())
        await trade(one, 2)
        await trade(other, 2, first=50)
        assert one.service.chain.genesis_hash == other.service.chain.genesis_hash
        nodes = Nodes([one, other], [honest, honest])
        first = await nodes.events()
        assert [event.json() for event in first] == await told_by_node(one)
        await trade(other, 1, first=60)
        # The first one answered that it has no more: now it is the other's turn.
        assert await nodes.events(first[-1].next) == []
        assert nodes.named == {1: "FeedForked"}
        await trade(one, 1, first=70)
        assert len(await nodes.events(first[-1].next)) == 2


async def test_a_stale_node_is_passed_over_while_others_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as node:
        await trade(node, 2)

        def stale(path: str, told: Any) -> Any:
            if path.startswith("/v1/blocks?"):
                kept = [entry for entry in told["blocks"] if entry["height"] <= 2]
                return {**told, "blocks": kept, "height": 2}
            return told

        nodes = Nodes([node], [honest, stale])
        found = await nodes.events()
        assert [event.json() for event in found] == await told_by_node(node)
        place = found[-1].next
        # At the end they are asked in turns, so the stale one can hold nothing back.
        for _ in range(4):
            assert await nodes.events(place) == []
            nodes.time_s += BEHIND_S
        assert "node-1:80 is stale" in caplog.text
        nodes.asked.clear()
        for _ in range(4):
            assert await nodes.events(place) == []
        assert set(nodes.asked) == {0}
        assert nodes.named == {}


async def test_the_committees_are_followed_through_their_changes() -> None:
    async with served() as node:
        world = node.service.world
        await trade(node, 1)
        grow(world)
        await node.service.decide()
        world.decide(change(world, remove=(account("m3"),)))
        await node.service.decide()
        await trade(node, 2)
        told = await told_by_node(node)
        assert [event.json() for event in await Nodes([node], [honest]).events()] == told
        half = len(told) // 2
        middle = told[half - 1]["next"]
        late = [event.json() for event in await Nodes([node], [honest]).events(middle)]
        assert late == told[half:]

        def founders(path: str, shown: Any) -> Any:
            if path.startswith("/v1/committee/"):
                shown["committee"]["raw"] = flip(shown["committee"]["raw"])
            return shown

        nodes = Nodes([node], [founders, honest])
        assert [event.json() for event in await nodes.events()] == told
        assert set(nodes.named) == {0}


async def test_a_filter_leaves_out_what_is_not_wanted_and_no_more() -> None:
    async with served() as node:
        await trade(node, 2)
        wanted = EventFilter(("asset.issued",), account("merchant"))
        found = await Nodes([node], [honest], wanted).events()
        assert [event.data["amount_minor"] for event in found] == ["21", "22"]


async def test_from_now_on_begins_after_the_newest_proven_block() -> None:
    async with served() as node:
        await trade(node, 2)
        nodes = Nodes([node], [uncertified, honest])
        assert await nodes.events("latest") == []
        assert nodes.named == {0: "CertificateInvalid"}


async def test_many_blocks_come_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.clients.verified.HEADERS_MAX", 3)
    async with served() as node:
        await trade(node, 3)
        found = await Nodes([node], [honest]).events()
        assert [event.json() for event in found] == await told_by_node(node)
