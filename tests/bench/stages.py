"""What a transaction goes through, on fixed keys and numbers: each stage with its calls counted.

A scenario makes its own chain, uses public functions only, and does everything once before it
counts, so that what a node has at hand after a while is there.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
from typing_extensions import override

from chain.block import Block, Header
from chain.codec import pack
from chain.transaction import ReceivedTransaction
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from consensus.output import BuildRequest, CheckRequest, Decided, Results
from node.api.epcis.desk import open_desk
from node.api.server import ApiServer
from node.api.settings import ApiSettings
from node.bodies import Bodies
from node.clock import now_ms
from node.door import Door
from node.ledger_queue import LedgerQueue
from node.mempool import Mempool
from node.metrics import NodeMetrics
from node.service import Submitted
from node.verifier import TransactionVerifier
from p2p.frames import Channel
from p2p.gossip import GossipLimits, Spread
from p2p.messages import read_message
from tests.bench.counting import Counting
from tests.bench.quiet import QuietCluster
from tests.chain.world import World, account
from tests.node.api.service import FakeService

TRANSFERS: Final = 100
EMPTY_BLOCKS: Final = 10
HEIGHTS: Final = 10
NODES: Final = 4
FUNDS_MINOR: Final = 1_000_000_000
POOL_SIZE_MAX: Final = 64 * 1024 * 1024
PEERS: Final = (b"peer 1", b"peer 2", b"peer 3")
PAYERS: Final = ("buyer", "merchant", "carrier", "issuer")
UNKNOWN: Final = Results(bytes(32), bytes(32), needs_seal=False)


def fund(world: World) -> None:
    """Money for every payer."""
    issues = (AssetIssue("CNY", account(to), FUNDS_MINOR, to) for to in PAYERS)
    world.decide(*(world.signed("issuer", operation("asset.issue", one)) for one in issues))


def transfers(world: World, count: int) -> list[ReceivedTransaction]:
    """Each payer in turn pays the one after it."""
    made = []
    for turn in range(count):
        sender, payee = PAYERS[turn % len(PAYERS)], PAYERS[(turn + 1) % len(PAYERS)]
        pay = PayTransfer(account(payee), "CNY", 1, None)
        made.append(world.signed(sender, operation("pay.transfer", pay)))
    return made


@dataclass(frozen=True, slots=True)
class Parts:
    """What of a node takes transactions in and puts them into blocks."""

    world: World
    pool: Mempool
    door: Door
    queue: LedgerQueue


@asynccontextmanager
async def parts_of(world: World) -> AsyncIterator[Parts]:
    """Parts around a world's ledger; their threads begin here."""
    pool = Mempool(POOL_SIZE_MAX, NODES)
    # One thread, so that the slices are the same in every run.
    verifier = TransactionVerifier(world.rules, 1)
    bodies = Bodies(pool, verifier, lambda *_: None)
    door = Door(
        world.ledger, pool, bodies, verifier, lambda: world.now_ms, lambda _received, _peer: None
    )
    queue = LedgerQueue(world.ledger)
    try:
        yield Parts(world, pool, door, queue)
    finally:
        queue.close()
        verifier.close()


async def transfer(counting: Counting) -> None:
    """From a client's or a peer's bytes to a written block."""
    world = World()
    fund(world)
    async with parts_of(world) as parts:
        for _ in range(2):
            await _admit(counting, parts)
            await _gossip(counting, parts)
            await _block(counting, parts, TRANSFERS, "transfer")
        await _empty(counting, parts)


async def _admit(counting: Counting, parts: Parts) -> None:
    """A client's transactions, all at once; they leave the pool again."""
    raws = [received.raw for received in transfers(parts.world, TRANSFERS)]
    with counting.stage("door, from a client", TRANSFERS):
        submitted = await asyncio.gather(*(parts.door.admit(raw) for raw in raws))
    parts.pool.discard([one.id for one in submitted])


async def _gossip(counting: Counting, parts: Parts) -> None:
    """A batch of a peer's, and the same spread to peers."""
    received = transfers(parts.world, TRANSFERS)
    spread = Spread(GossipLimits())
    for peer in PEERS:
        spread.connected(peer)
    with counting.stage("gossip, to three peers", TRANSFERS):
        for one in received:
            spread.add(one.raw, one.body_hash, None)
        (batch,) = spread.take()
    with counting.stage("door, from a peer", TRANSFERS):
        message = read_message(Channel.TRANSACTIONS, batch.payload)
        refused = await parts.door.admit_all(message.raws, PEERS[0])  # type: ignore[union-attr]
    assert refused == 0
    assert len(parts.pool) == TRANSFERS


async def _block(counting: Counting, parts: Parts, count: int, what: str) -> None:
    """Propose what is in the pool, execute it, write it."""
    world, ledger, units = parts.world, parts.world.ledger, max(1, count)
    tip, time_ms = ledger.tip, world.now_ms
    request = BuildRequest(tip.height + 1, 0, tip.digest, tip.header.time_ms + 1, at_once=False)
    with counting.stage(f"build, a {what}", units):
        limits = ledger.chain.genesis.consensus
        picked = parts.pool.pick(
            request.height, limits.block_transactions_max, limits.block_size_max
        )
        built = await parts.queue.build(request, picked, time_ms)
    assert built is not None
    hashes, bodies = built.proposal.body_hashes, built.proposal.bodies
    assert len(bodies) == count
    found = [parts.pool.by_body(one) for one in hashes]
    received = tuple(one for one in found if one is not None)
    header = world.header(received, time_ms)
    check = CheckRequest(0, header.digest(), header, hashes, None, (), certified=False)
    with counting.stage(f"execute, a {what}", units):
        checked = await parts.queue.check(check, received)
    assert checked is not None
    assert checked.results is not None
    decided = _decided(world, header, bodies, hashes)
    with counting.stage(f"write, a {what}", units):
        written = await parts.queue.write(decided)
        parts.pool.discard([one.id for one in written.executed.transactions])
    assert [one.status for one in written.executed.result.receipts] == ["ok"] * count


def _decided(
    world: World, header: Header, bodies: tuple[bytes, ...], hashes: tuple[bytes, ...]
) -> Decided:
    block, certificate = Block(header, bodies), world.certify(header)
    return Decided(block, hashes, header.digest(), certificate, UNKNOWN)


async def _empty(counting: Counting, parts: Parts) -> None:
    """What a block costs whatever is in it."""
    for _ in range(EMPTY_BLOCKS):
        await _block(counting, parts, 0, "block of nothing")


class _Knowing(FakeService):
    """A node in which everything is decided already: what is left is the answer."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[bytes, Submitted] = {}

    @override
    async def submit(self, raw: bytes) -> Submitted:
        return self.known[raw]


async def answer(counting: Counting) -> None:
    """A batch's answer with its receipts, and that to one question, over HTTP."""
    service = _Knowing()
    fund(service.world)
    received = transfers(service.world, TRANSFERS)
    service.world.decide(*received)
    service.known = {one.raw: Submitted(one.id, service.decided(one.id)) for one in received}
    server = ApiServer(service, NodeMetrics(), ApiSettings(), open_desk(service, now_ms), None)
    port = await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            for _ in range(2):
                await _ask(counting, http, received)
    finally:
        await server.stop()


async def _ask(
    counting: Counting, http: aiohttp.ClientSession, received: list[ReceivedTransaction]
) -> None:
    batch = pack(tuple(one.raw for one in received))
    kind = {"Content-Type": "application/msgpack"}
    with counting.stage("answer, to a batch", TRANSFERS):
        async with http.post("/v1/transactions/batch", data=batch, headers=kind) as response:
            told: dict[str, Any] = await response.json()
    assert {item["receipt"]["status"] for item in told["results"]} == {"ok"}
    with counting.stage("answer, to one question", TRANSFERS):
        for one in received:
            async with http.get(f"/v1/transactions/{one.id.hex()}") as response:
                told = await response.json()
    assert told["receipt"]["status"] == "ok"


async def consensus(counting: Counting) -> None:
    """A whole height, at all four replicas: a block of one transfer and its seal are two."""
    cluster = QuietCluster(NODES)
    for _ in range(2):
        payments = cluster.payments(HEIGHTS // 2)
        with counting.stage("agree on a height, four replicas", HEIGHTS):
            heights = sum(cluster.decide([payment]) for payment in payments)
        assert heights == HEIGHTS
