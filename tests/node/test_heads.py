"""Signed heads: what members state of themselves, and what a proof may make of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from chain.block import Header
from chain.crypto import verify
from chain.head import HeadStatement, check_heads
from node import heads as module
from node.heads import HeadForged, Heads
from p2p import messages as wire
from tests.chain.world import GENESIS_MS, World, key
from tests.node.parts import issue

NAMES = ("m0", "m1", "m2", "m3")


def node_key(name: str) -> bytes:
    return key(f"node of {name}").public_key


@dataclass
class Circle:
    """Members on one chain; what one sends another has at once, unless `lost`."""

    world: World
    names: Sequence[str] = NAMES
    sent: list[tuple[str, str, wire.Message]] = field(default_factory=list)
    nodes: dict[str, Heads] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    stale: set[str] = field(default_factory=set)
    time_ms: int = GENESIS_MS + 60_000

    def __post_init__(self) -> None:
        for name in self.names:
            self.join(name, self.world)

    def join(self, name: str, world: World) -> Heads:
        """A node whose own ledger is that of a world."""

        def send(peer: bytes, message: wire.Message) -> None:
            self.send(name, peer, message)

        def connected() -> tuple[bytes, ...]:
            return tuple(node_key(other) for other in self.nodes if other != name)

        made = Heads(
            world.ledger,
            key(f"node of {name}"),
            (send, connected),
            lambda: self.time_ms,
            lambda: name not in self.stale,
        )
        self.nodes[name] = made
        return made

    def send(self, source: str, peer: bytes, message: wire.Message) -> None:
        (to,) = (name for name in self.nodes if node_key(name) == peer)
        self.sent.append((source, to, message))
        assert isinstance(message, wire.HeadRequest | wire.Head)
        if source not in self.lost:
            loop = asyncio.get_running_loop()
            loop.call_soon(self.nodes[to].received, node_key(source), message)

    def questions(self) -> int:
        """How many were asked so far."""
        return sum(isinstance(message, wire.HeadRequest) for _, _, message in self.sent)

    @property
    def newest(self) -> Header:
        return self.world.ledger.tip.header


def resting() -> World:
    world = World()
    world.decide(issue(world))
    world.decide()
    return world


def members_of(found: Sequence[HeadStatement], world: World) -> list[str]:
    """Whose statements they are; each holds."""
    header, committee = world.ledger.tip.header, world.ledger.chain.committee
    check_heads(found, header, committee, verify)
    return [committee.members[entry.member].name for entry in found]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are a quarter as long."""
    monkeypatch.setattr(module, "WAIT_S", 0.5)
    monkeypatch.setattr(module, "ROUND_S", 0.25)
    monkeypatch.setattr(module, "GRACE_S", 0.02)


@pytest.mark.asyncio
async def test_a_quorum_states_its_newest_header_and_each_statement_verifies() -> None:
    circle = Circle(resting())
    found = await circle.nodes["m2"].about(circle.newest)
    names = members_of(found, circle.world)
    assert "m2" in names, "its own counts too"
    assert len(names) >= 3
    assert {entry.time_ms for entry in found} == {circle.time_ms}


@pytest.mark.asyncio
async def test_one_question_serves_every_proof_that_waits() -> None:
    circle = Circle(resting())
    asking = [circle.nodes["m0"].about(circle.newest) for _ in range(50)]
    assert len({tuple(found) for found in await asyncio.gather(*asking)}) == 1
    assert circle.questions() == 3
    # Its answers hold as long as no next question may be asked.
    await circle.nodes["m0"].about(circle.newest)
    assert circle.questions() == 3


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_after_a_moment_f_plus_1_are_enough() -> None:
    circle = Circle(resting())
    circle.lost |= {"m2", "m3"}
    assert members_of(await circle.nodes["m0"].about(circle.newest), circle.world) == ["m0", "m1"]


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_with_fewer_the_proof_gets_what_there_is_when_the_time_is_over() -> None:
    circle = Circle(resting())
    circle.lost |= {"m1", "m2", "m3"}
    assert members_of(await circle.nodes["m0"].about(circle.newest), circle.world) == ["m0"]
    assert circle.questions() > 3, "it asked more than once"


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_members_that_are_behind_or_know_it_vouch_for_nothing() -> None:
    circle = Circle(resting())
    behind = World()
    behind.decide(issue(behind))
    circle.join("m1", behind)
    circle.stale |= {"m2", "m3"}
    assert members_of(await circle.nodes["m0"].about(circle.newest), circle.world) == ["m0"]
    assert not any(
        isinstance(message, wire.Head) for source, _, message in circle.sent if source != "m0"
    )


@pytest.mark.asyncio
async def test_a_header_whose_results_no_header_carries_yet_is_stated_by_nobody() -> None:
    world = resting()
    world.decide(issue(world, "bank-2"))
    circle = Circle(world)
    circle.nodes["m0"].received(node_key("m1"), wire.HeadRequest())
    assert circle.sent == []
    world.decide()
    circle.nodes["m0"].received(node_key("m2"), wire.HeadRequest())
    (_, _, told), *_ = circle.sent
    assert isinstance(told, wire.Head)
    assert told.height == world.ledger.tip.height


@pytest.mark.asyncio
async def test_who_is_above_the_header_is_not_asked_about_it() -> None:
    world = resting()
    old = world.ledger.tip.header
    world.decide()
    circle = Circle(world)
    assert await circle.nodes["m0"].about(old) == ()
    assert circle.sent == []


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_an_observer_states_nothing_and_is_not_asked() -> None:
    circle = Circle(resting(), (*NAMES, "observer"))
    found = await circle.nodes["observer"].about(circle.newest)
    assert members_of(found, circle.world) == list(NAMES)
    assert all(to != "observer" for _, to, message in circle.sent if message == wire.HeadRequest())
    circle.sent.clear()
    circle.nodes["observer"].received(node_key("m0"), wire.HeadRequest())
    assert circle.sent == []


@pytest.mark.asyncio
async def test_a_peer_that_asks_without_end_is_answered_now_and_then() -> None:
    circle = Circle(resting())
    for _ in range(100):
        circle.nodes["m0"].received(node_key("m1"), wire.HeadRequest())
    assert len(circle.sent) == 1
    circle.nodes["m0"].received(node_key("m2"), wire.HeadRequest())
    assert len(circle.sent) == 2, "the others are answered"


async def statement_of(circle: Circle, name: str) -> wire.Head:
    """What a member answers."""
    circle.nodes[name].received(node_key("m0"), wire.HeadRequest())
    told = circle.sent.pop()[2]
    assert isinstance(told, wire.Head)
    return told


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_a_forged_statement_ends_the_connection_and_counts_for_nothing() -> None:
    circle = Circle(resting(), ("m0", "m1"))
    good = await statement_of(circle, "m1")
    circle.lost.add("m1")
    asking = asyncio.ensure_future(circle.nodes["m0"].about(circle.newest))
    await asyncio.sleep(0)
    with pytest.raises(HeadForged):
        circle.nodes["m0"].received(node_key("m1"), replace(good, time_ms=good.time_ms + 1))
    # One answer a question: nobody makes this node verify without end.
    circle.nodes["m0"].received(node_key("m1"), replace(good, time_ms=good.time_ms + 2))
    assert members_of(await asking, circle.world) == ["m0"]


@pytest.mark.asyncio
async def test_what_nobody_asked_for_is_not_looked_at() -> None:
    circle = Circle(resting(), ("m0", "m1"))
    good = await statement_of(circle, "m1")
    circle.nodes["m0"].received(node_key("m1"), replace(good, signature=bytes(64)))
    assert circle.nodes["m0"]._told == {}


@pytest.mark.asyncio
@pytest.mark.usefixtures("hurried")
async def test_a_statement_about_another_header_or_epoch_is_no_statement_about_this_one() -> None:
    circle = Circle(resting(), ("m0", "m1"))
    other = World()
    other.decide(issue(other, "another history"))
    other.decide()
    circle.join("m1", other)
    assert members_of(await circle.nodes["m0"].about(circle.newest), circle.world) == ["m0"]
    asked = [message for _, to, message in circle.sent if to == "m0"]
    assert any(isinstance(message, wire.Head) for message in asked), "it was answered"
    told = await statement_of(circle, "m1")
    circle.nodes["m0"]._heard.clear()
    circle.nodes["m0"].received(node_key("m1"), replace(told, epoch=9))
