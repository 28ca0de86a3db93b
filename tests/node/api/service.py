"""A node's service for the API's tests: a real ledger in memory, real signatures, blocks on demand.

`decide` makes the next block of whatever is in the pool; with `hurried` every submission is decided
at once, as by a quorum that never sleeps.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from chain.block import Header
from chain.codec import encode
from chain.context import Chain, authorise
from chain.crypto import require_valid
from chain.errors import HushangError
from chain.head import HeadStatement, head_bytes
from chain.ledger import Ledger
from chain.stored_chain import Tip
from chain.transaction import ReceivedTransaction, check_window, read_transaction
from commerce.assets import AssetIssue
from commerce.payments import PayTransfer
from commerce.registry import operation
from node.anchors import Anchors
from node.api.epcis.desk import DeskSettings, EpcisDesk, FindQuery, open_desk
from node.api.server import ApiServer, Fatal
from node.api.settings import ApiSettings
from node.consensus_place import ConsensusPlace, DecidedPlace, TimerPlace, WorkPlace
from node.evidence_book import EvidenceBook
from node.ledger_queue import TreeProof
from node.metrics import NodeMetrics
from node.proofs import Prover
from node.service import (
    CertificateState,
    Decided,
    NodeStatus,
    PeerView,
    PoolFull,
    ProtocolView,
    Submitted,
)
from node.waiters import Waiters
from tests.chain.world import GENESIS_MS, World, account, key

POOL_MAX = 2000

PEER = PeerView("m1", bytes(32), True, 7, 1_767_225_600_000, 3, 1, 10, 20, None)  # noqa: FBT003


class FakeService:
    """Implements `NodeService` without consensus."""

    def __init__(self, *, hurried: bool = False, directory: Path | None = None) -> None:
        self.world = World()
        self.hurried = hurried
        self.pool_max = POOL_MAX
        self.pool: dict[bytes, ReceivedTransaction] = {}
        self.reasons: tuple[str, ...] = ()
        self.withheld = ""
        self.first_block = 1
        self.certificates: tuple[CertificateState, ...] = ()
        self.peers = (PEER, replace(PEER, name="m2", connected=False, height=None))
        # Only a test that gave a directory may add to it.
        path = (directory or Path("nowhere")) / "evidence"
        self.book = EvidenceBook(path, self.chain.genesis_hash, lambda: GENESIS_MS)
        # Set once somebody waits for a decision, or for a block.
        self.waited_for = asyncio.Event()
        self.block_waited_for = asyncio.Event()
        self.waiters = Waiters(self.is_pending, self.decided)
        # Of these members' statements there are always some, of this time.
        self.vouching: tuple[int, ...] = (0, 1)
        self.vouched_ms = GENESIS_MS
        self.anchors = Anchors(self.ledger)

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger

    @property
    def evidence(self) -> EvidenceBook:
        return self.book

    @property
    def proofs(self) -> Prover:
        return Prover(self, self, self.wait_height)

    @property
    def chain(self) -> Chain:
        return self.ledger.chain

    async def submit(self, raw: bytes) -> Submitted:
        received = read_transaction(raw, self.ledger.rules)
        for entry in received.signatures:
            require_valid(entry.public_key, received.signing, entry.signature)
        time_ms = self.ledger.tip.header.time_ms
        lifetime_max_ms = self.chain.genesis.consensus.transaction_lifetime_max_ms
        check_window(received.transaction, self.chain.genesis_hash, time_ms, lifetime_max_ms)
        known = self.decided(received.id)
        if known is not None:
            return Submitted(received.id, known)
        authorise(self.ledger.state, received, time_ms)
        if len(self.pool) >= self.pool_max:
            raise PoolFull("the pool is full", 1500)
        self.pool[received.id] = received
        if self.hurried:
            await self.decide()
        return Submitted(received.id, None)

    async def submit_batch(self, raws: Sequence[bytes]) -> Sequence[Submitted | HushangError]:
        return [await self._answer(raw) for raw in raws]

    async def _answer(self, raw: bytes) -> Submitted | HushangError:
        try:
            return await self.submit(raw)
        except HushangError as error:
            return error

    async def decide(self, after_ms: int = 0) -> Tip:
        """The next block, of everything in the pool; `after_ms` later than it would be."""
        time_ms = self.world.now_ms + after_ms
        executed = self.world.execute(*self.pool.values(), time_ms=time_ms)
        tip = self.ledger.write(executed, self.world.certify(executed.header))
        self.anchors.note()
        self.pool.clear()
        self.waiters.written(tip, executed.result)
        return tip

    async def wait_decided(self, transaction_id: bytes, timeout_ms: int) -> Decided | None:
        return (await self.wait_all_decided([transaction_id], timeout_ms)).get(transaction_id)

    async def wait_all_decided(
        self, ids: Collection[bytes], timeout_ms: int
    ) -> Mapping[bytes, Decided]:
        self.waited_for.set()
        return await self.waiters.outcomes(ids, timeout_ms)

    async def wait_height(self, height: int, timeout_ms: int) -> int:
        self.block_waited_for.set()
        loop = asyncio.get_running_loop()
        ends = loop.time() + timeout_ms / 1000
        while self.ledger.tip.height < height and (left_s := ends - loop.time()) > 0:
            await self.waiters.block(int(left_s * 1000) + 1)
            if self.waiters.is_over:
                break
        return self.ledger.tip.height

    def end_waits(self) -> None:
        self.waiters.end()

    def decided(self, transaction_id: bytes) -> Decided | None:
        found = self.ledger.find_receipt(transaction_id)
        if found is None:
            return None
        place, receipt = found
        header = self.ledger.header(place.height)
        assert header is not None
        return Decided(place, receipt, encode(receipt), header.digest(), header.time_ms)

    def is_pending(self, transaction_id: bytes) -> bool:
        return transaction_id in self.pool

    async def prove(self, key: bytes) -> TreeProof:
        """As the ledger's thread does: nothing is written meanwhile."""
        return TreeProof(self.ledger.tip, self.ledger.state.get(key), self.ledger.prove(key))

    async def about(self, header: Header) -> tuple[HeadStatement, ...]:
        about = header.genesis_hash, header.epoch, header.height, header.digest()
        signed = head_bytes(*about, self.vouched_ms)
        keys = ((member, key(f"node of m{member}")) for member in self.vouching)
        return tuple(HeadStatement(at, self.vouched_ms, own.sign(signed)) for at, own in keys)

    def clock_ms(self) -> int:
        """The node's time is the newest block's."""
        return self.ledger.tip.header.time_ms

    def status(self) -> NodeStatus:
        tip = self.ledger.tip
        return NodeStatus(
            name="m0",
            version="0.1.0",
            store="memory",
            time_ms=tip.header.time_ms,
            started_ms=0,
            height=tip.height,
            block_hash=tip.digest,
            state_root=tip.state_root,
            view=3,
            primary="m3",
            member_index=0,
            withheld=self.withheld,
            first_block=self.first_block,
            pool_count=len(self.pool),
            pool_bytes=sum(len(received.raw) for received in self.pool.values()),
            ready=not self.reasons,
            not_ready_because=self.reasons,
            peers=self.peers,
            evidence_count=len(self.book.found),
            protocol=ProtocolView.of(self.ledger),
            certificates=self.certificates,
        )

    def consensus(self) -> ConsensusPlace:
        tip = self.ledger.tip
        return ConsensusPlace(
            name="m0",
            time_ms=tip.header.time_ms,
            height=tip.height + 1,
            epoch=0,
            view=3,
            phase="rest",
            quorum=self.chain.committee.quorum,
            f=self.chain.committee.f,
            primary="m3",
            roster=[member.name for member in self.chain.committee.members],
            withheld=self.withheld,
            members=[],
            proposal=None,
            work=WorkPlace(len(self.pool), 0, tip.needs_seal, None),
            timers=TimerPlace(True, False, None, {}),  # noqa: FBT003
            decided=DecidedPlace(tip.height, tip.header.time_ms, None, 0, 0, ()),
            target=tip.height,
            eta_ms=None,
            reached=tip.height,
            writing=0,
            wanted=False,
        )

    async def fund(self, to: str, amount_minor: int) -> None:
        """Give an account money, in a block of its own."""
        await self.submit(self.issue(to, amount_minor, f"to {to} at {self.ledger.tip.height}").raw)
        if not self.hurried:
            await self.decide()

    # Transactions, ready to send.

    def issue(self, to: str, amount_minor: int, reference: str) -> ReceivedTransaction:
        """Money out of nothing, by its issuer."""
        payload = AssetIssue("CNY", account(to), amount_minor, reference)
        return self.world.signed("issuer", operation("asset.issue", payload))

    def content_of(self, received: ReceivedTransaction) -> bytes:
        """The signed bytes of a transaction."""
        return encode(received.transaction)

    def pay(self, sender: str, to: str, amount_minor: int) -> ReceivedTransaction:
        """A payment."""
        payload = PayTransfer(account(to), "CNY", amount_minor, None)
        return self.world.signed(sender, operation("pay.transfer", payload))


class Served:
    """A served node and a client that talks to it over a real socket."""

    def __init__(
        self,
        service: FakeService,
        server: ApiServer,
        port: int,
        http: aiohttp.ClientSession,
        desk: EpcisDesk,
    ) -> None:
        self.desk = desk
        self.metrics = server.metrics
        self.service = service
        self.server = server
        self.port = port
        self.http = http

    def url(self, path: str) -> URL:
        """A URL whose path and query are sent as they are."""
        return URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    async def get(self, path: str, **headers: str) -> tuple[int, Any]:
        """Status and JSON body of a GET."""
        async with self.http.get(path, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def post(
        self, path: str, data: bytes, kind: str = "application/msgpack"
    ) -> tuple[int, Any]:
        """Status and JSON body of a POST."""
        async with self.http.post(
            path, data=BytesIO(data), headers={"Content-Type": kind}
        ) as response:
            return response.status, await response.json(content_type=None)


@asynccontextmanager
async def served(
    settings: ApiSettings | None = None,
    *,
    hurried: bool = False,
    fatal: Fatal | None = None,
    directory: Path | None = None,
    desk: DeskSettings | None = None,
    find_query: FindQuery | None = None,
) -> AsyncIterator[Served]:
    """A fake node behind a real server on a free port."""
    service = FakeService(hurried=hurried, directory=directory)
    kept = open_desk(service, service.clock_ms, desk, find_query)
    server = ApiServer(service, NodeMetrics(), settings or ApiSettings(), kept, fatal)
    port = await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            yield Served(service, server, port, http, kept)
    finally:
        await server.stop()
