"""The agent of one node against a ledger of its own, and of four nodes over real TLS."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from chain.block import Receipt
from chain.errors import HushangError, PolicyNotSatisfied
from chain.ledger import Ledger
from chain.state import StateReader
from chain.store_contract import StorageFailed
from chain.stored_chain import ReceiptPlace
from chain.transaction import Operation, read_transaction
from commerce.assets import AssetIssue
from commerce.beacon import duties
from commerce.beacon.draws import is_drawing
from commerce.beacon.duties import STOCK_WANTED
from commerce.beacon.records import DEALERS, Dealer
from commerce.disputes.arbiters import ArbiterBond, has_arbiters
from commerce.roles import RoleGrant
from node import beacon_agent
from node.beacon_agent import BeaconAgent
from node.node import Node
from node.service import Decided, Submitted
from tests.chain.world import World, account, key
from tests.node.cluster import Cluster, cluster
from tests.node.draws import beginning, operation, registry

T = TypeVar("T")
DRAW = bytes([7]) * 32
WAIT_MS = 20_000
BOND_MINOR = 10_000_000


@pytest.fixture(autouse=True)
def arbiters(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Those that could be drawn; a test may take them away."""
    bonded = ["an arbiter"]
    monkeypatch.setattr(duties, "has_arbiters", lambda _state: bool(bonded))
    return bonded


def stock(state: StateReader, member: int) -> Dealer:
    return DEALERS.load(state, account(f"m{member}")) or Dealer(0, 0, (), ())


@dataclass
class Alone:
    """The only member's node, which decides at once what it is sent, unless told otherwise."""

    world: World = field(default_factory=lambda: World(members=1, rules=registry()))
    # What the next submissions meet instead of a decision; None: the transaction is lost.
    troubles: list[HushangError | None] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    agent: BeaconAgent | None = None
    full: asyncio.Event = field(default_factory=asyncio.Event)
    full_at: int = STOCK_WANTED
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    async def submit(self, raw: bytes) -> Submitted:
        received = read_transaction(raw, self.world.rules)
        self.sent.append(received.types[0])
        if self.troubles:
            trouble = self.troubles.pop(0)
            if trouble is not None:
                raise trouble
            return Submitted(received.id, None)
        self.world.decide(received)
        receipt = self.receipts()[-1]
        if stock(self.world.ledger.state, 0).next_number >= self.full_at:
            self.full.set()
        place = ReceiptPlace(self.world.ledger.tip.height, 0)
        return Submitted(received.id, Decided(place, receipt, b"", bytes(32), 0))

    async def wait_decided(self, transaction_id: bytes, timeout_ms: int) -> Decided | None:
        assert len(transaction_id) == 32
        assert timeout_ms > beacon_agent.LIFETIME_MS
        return None

    async def look(self, job: Callable[[Ledger], T]) -> T:
        self.looked.set()
        return job(self.world.ledger)

    async def block(self) -> None:
        """An empty block, and the agent's look at the state after it."""
        assert self.agent is not None
        self.world.decide()
        self.looked.clear()
        self.agent.block_written()
        await self.looked.wait()

    def receipts(self) -> Sequence[Receipt]:
        return self.world.ledger.receipts(self.world.ledger.tip.height)

    def do(self, sender: str, name: str, payload: object) -> Receipt:
        self.world.decide(self.world.signed(sender, operation(name, payload)))
        return self.receipts()[-1]


async def during(alone: Alone, until: Callable[[], Awaitable[object]]) -> None:
    """Run the agent until something has happened."""
    alone.agent = BeaconAgent(key("node of m0"), alone, lambda: 0, lambda: True)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(alone.agent.run())
        await until()
        running.cancel()


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    monkeypatch.setattr(beacon_agent, "PAUSE_S", 0.001)


@pytest.mark.asyncio
async def test_a_node_alone_deals_until_its_stock_is_full() -> None:
    alone = Alone()
    await during(alone, alone.full.wait)
    assert stock(alone.world.ledger.state, 0).ready == tuple(range(STOCK_WANTED))
    assert alone.sent == ["beacon.share"] * STOCK_WANTED


@pytest.mark.asyncio
async def test_a_draw_is_revealed_and_its_secret_dealt_anew() -> None:
    alone = Alone()
    await during(alone, alone.full.wait)
    assert alone.do("buyer", *beginning(DRAW)).events[0].data == {"began": True}
    alone.full.clear()
    alone.full_at += 1
    alone.sent.clear()
    await during(alone, alone.full.wait)
    assert alone.sent == ["beacon.reveal", "beacon.share"]
    assert not is_drawing(alone.world.ledger.state, DRAW)


@pytest.mark.asyncio
@pytest.mark.usefixtures("brief")
async def test_what_was_lost_or_refused_is_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    alone = Alone(troubles=[None, PolicyNotSatisfied("no scope"), None])
    with caplog.at_level(logging.WARNING):
        await during(alone, alone.full.wait)
    assert alone.sent == ["beacon.share"] * (STOCK_WANTED + 3)
    told = [record.getMessage() for record in caplog.records]
    assert "not decided in time" in told[0]
    assert "PolicyNotSatisfied: no scope" in told[1]
    assert beacon_agent.NOT_DELEGATED in told[1]
    assert len(told) == 3


@pytest.mark.asyncio
async def test_a_failure_is_not_repeated_before_its_pause_is_over() -> None:
    alone = Alone(troubles=[PolicyNotSatisfied("no scope")] * 9)

    async def many_blocks() -> None:
        # The first is sent and refused; each block gives the agent news, and it sends nothing.
        for _ in range(20):
            await alone.block()

    await during(alone, many_blocks)
    assert alone.sent == ["beacon.share"]


@pytest.mark.asyncio
@pytest.mark.usefixtures("brief")
async def test_pauses_double_up_to_a_limit_and_begin_anew(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(beacon_agent, "PAUSE_MAX_S", 0.004)
    alone = Alone(troubles=[None] * 4)
    await during(alone, alone.full.wait)
    assert alone.agent is not None
    alone.troubles.append(None)
    alone.full.clear()
    alone.full_at += 1
    alone.do("buyer", *beginning(DRAW))
    with caplog.at_level(logging.WARNING):
        await during(alone, alone.full.wait)
    told = [record.getMessage().partition("again in ")[2] for record in caplog.records]
    assert told == [f"{pause_s} s if need be" for pause_s in (0.001, 0.002, 0.004, 0.004, 0.001)]


@pytest.mark.asyncio
async def test_a_storage_error_ends_the_node() -> None:
    alone = Alone(troubles=[StorageFailed("the disk is gone")])
    with pytest.raises(ExceptionGroup) as caught:
        await during(alone, alone.full.wait)
    assert caught.group_contains(StorageFailed)


@pytest.mark.asyncio
async def test_where_nobody_could_be_drawn_nothing_is_sent(arbiters: list[str]) -> None:
    arbiters.clear()
    alone = Alone()

    async def blocks() -> None:
        for _ in range(5):
            await alone.block()

    await during(alone, blocks)
    assert alone.sent == []


@pytest.mark.asyncio
async def test_a_node_that_lacks_blocks_waits_for_them() -> None:
    alone, asked = Alone(), asyncio.Event()

    def is_level() -> bool:
        first = not asked.is_set()
        asked.set()
        return not first

    agent = BeaconAgent(key("node of m0"), alone, lambda: 0, is_level)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(agent.run())
        await asked.wait()
        assert alone.sent == []
        assert not alone.looked.is_set()
        agent.block_written()
        await alone.full.wait()
        running.cancel()


# Four nodes.


async def until(net: Cluster, done: Callable[[Node], bool]) -> None:
    """Wait until it is so at every running node."""
    async with asyncio.timeout(30):
        for node in net.nodes:
            while not done(node):
                await node.wait_height(node.ledger.tip.height + 1, 1_000)


def full(node: Node, members: int = 3) -> bool:
    """Have the first of the members as many ready secrets as they want?"""
    return all(len(stock(node.ledger.state, m).ready) >= STOCK_WANTED for m in range(members))


async def decide(net: Cluster, sender: str, *sent: Operation, with_: Sequence[str] = ()) -> Receipt:
    submitted = await net.nodes[0].submit(net.signed(sender, *sent, with_=with_))
    decided = await net.nodes[0].wait_decided(submitted.id, WAIT_MS)
    assert decided is not None
    assert decided.receipt.status == "ok", decided.receipt
    return decided.receipt


async def begin(net: Cluster, draw_id: bytes) -> None:
    receipt = await decide(net, "buyer", operation(*beginning(draw_id)))
    assert receipt.events[0].data == {"began": True}


def seeds(node: Node) -> dict[bytes, bytes]:
    """By draw, from the receipts of all blocks."""
    told = [
        event.data
        for height in range(1, node.ledger.tip.height + 1)
        for receipt in node.ledger.receipts(height)
        for event in receipt.events
        if event.type == "beacon.seed"
    ]
    assert len({data["draw_id"] for data in told}) == len(told)
    return {data["draw_id"]: data["seed"] for data in told}


@pytest.mark.asyncio
async def test_draws_complete_with_one_member_down_and_another_restarted(tmp_path: Path) -> None:
    first, second = bytes([1]) * 32, bytes([2]) * 32
    async with cluster(tmp_path, kind="leveldb", rules=registry) as net:
        await until(net, full)
        await net.stop(3)
        await begin(net, first)
        await until(net, lambda node: first in seeds(node))
        await until(net, full)
        dealt = stock(net.nodes[0].ledger.state, 2).next_number
        await begin(net, second)
        await net.stop(2)
        restarted = await net.start(2)
        await until(net, lambda node: second in seeds(node))
        await until(net, full)
        assert stock(restarted.ledger.state, 2).next_number == dealt + 1, "it goes on counting"
        assert len({tuple(seeds(node).items()) for node in net.nodes}) == 1
        await net.level()


def types_in(node: Node) -> Counter[str]:
    """How many operations of each type all blocks hold."""
    found: Counter[str] = Counter()
    for height in range(1, node.ledger.tip.height + 1):
        block = node.ledger.block(height)
        assert block is not None
        for raw in block.bodies:
            found.update(read_transaction(raw, node.ledger.rules).types)
    return found


@pytest.mark.asyncio
async def test_a_network_deals_from_its_first_bonded_arbiter_on_and_then_rests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "has_arbiters", has_arbiters)
    async with cluster(tmp_path, n=2) as net:
        grant = operation("role.grant", RoleGrant(account("buyer"), "arbiter", "", None))
        await decide(net, "m0", grant, with_=("m1",))
        bond = operation("arbiter.bond", ArbiterBond("CNY", BOND_MINOR))
        issue = operation("asset.issue", AssetIssue("CNY", account("buyer"), BOND_MINOR, "bank-1"))
        await decide(net, "issuer", issue)
        await net.level()
        # Nothing of the beacon came of these two blocks, nor of their seals.
        assert set(types_in(net.nodes[0])) == {"role.grant", "asset.issue"}
        await decide(net, "buyer", bond)
        await until(net, lambda node: full(node, 2))
        await net.level()
        found = types_in(net.nodes[0])
        assert found["beacon.share"] == 2 * STOCK_WANTED
        assert 0 < found["beacon.acknowledge"] <= 2 * STOCK_WANTED
        assert found["beacon.reveal"] == 0
        for number in (2, 3):
            await decide(net, "issuer", _issue_again(number))
        await net.level()
        assert types_in(net.nodes[0])["beacon.share"] == 2 * STOCK_WANTED


def _issue_again(number: int) -> Operation:
    made = AssetIssue("CNY", account("buyer"), 1, f"bank-{number}")
    return operation("asset.issue", made)
