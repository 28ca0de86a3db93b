"""One member's node, assembled: network, door, pool, driver, ledger; what the API asks of it.

A `Node` is complete when constructed; `run` starts everything and ends when a part fails or the
task is cancelled. Nothing is decided here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from chain.context import Chain
from chain.crypto import PrivateKey
from chain.errors import HushangError, InvariantBreach, ResultMalformed
from chain.ledger import Ledger
from chain.transaction import ReceivedTransaction
from consensus.input import FetchedBlock
from node.beacon_agent import BeaconAgent
from node.bodies import Bodies
from node.clock import now_ms
from node.config import PeerAddress
from node.consensus_place import ConsensusPlace
from node.consensus_view import Surroundings, place_of
from node.door import Door
from node.driver import Driver, Parts
from node.evidence_book import EvidenceBook
from node.heads import Heads
from node.hearsay import Hearsay
from node.joining import require_near
from node.journal import Journal
from node.ledger_queue import LedgerQueue, Written
from node.membership import Membership, role_of
from node.mempool import Mempool
from node.pace import Pace
from node.peer_network import PeerViews, certificate_state, make_network, own_version
from node.proofs import Prover
from node.pruner import PrunePolicy, Pruner
from node.restored import restored
from node.router import Router, Routes
from node.service import Decided, NodeStatus, PeerView, PoolFull, ProtocolView, Submitted
from node.snapshot_server import SnapshotServer
from node.snapshots import Snapshots, SnapshotSettings
from node.sync import Sync
from node.sync_progress import describe
from node.transport import Transport
from node.verifier import TransactionVerifier
from node.waiters import Waiters
from p2p.gossip import Gossip
from p2p.tls import NodeIdentity

logger = logging.getLogger(__name__)

T = TypeVar("T")

POOL_SIZE_MAX = 64 * 1024 * 1024
VERIFY_THREADS = 2
# A rule of our own was broken and the transaction undone: people must look.
ALARMS = frozenset((InvariantBreach.__name__, ResultMalformed.__name__))


class AddressUnusable(HushangError):
    """The node can't listen where its settings say."""

    hint = "another process listens there, or the address is not this machine's"


@dataclass(frozen=True, slots=True)
class NodeSetup:
    """What a node is made of: opened, and closed, by `node.server`."""

    name: str
    key: PrivateKey
    membership: Membership
    listen: tuple[str, int]
    ledger: Ledger
    journal: Journal
    evidence: EvidenceBook
    # Tells this start of the node from every other.
    nonce: int
    # Draws from [0, 1), for the delays of reconnecting.
    jitter: Callable[[], float]
    # Told the receipts' statuses of each synced block.
    block_written: Callable[[Iterable[str]], None]
    snapshots: SnapshotSettings
    # None: every block stays.
    prune: PrunePolicy | None = None
    # A new node that hears of a long chain ends with `FarBehind`, to join by a snapshot.
    may_join: bool = False


class Node:
    """A running member; `NodeService` for the API."""

    def __init__(self, setup: NodeSetup) -> None:
        ledger = setup.ledger
        self._setup = setup
        self._started_ms = now_ms()
        self._p2p_port = setup.listen[1]
        self._pool_refused = 0
        self._transport = Transport()
        self._waiters = Waiters(self.is_pending, self.decided)
        self._verifier = TransactionVerifier(ledger.rules, VERIFY_THREADS)
        self._mempool = Mempool(POOL_SIZE_MAX, ledger.chain.committee.n, Pace(now_ms))
        self.snapshots = Snapshots(setup.snapshots, ledger, now_ms)
        self._queue = LedgerQueue(ledger, self.snapshots.block_written)
        self._bodies = bodies = Bodies(self._mempool, self._verifier, self._transport.ask_bodies)
        self._peers = PeerViews(Hearsay())
        transport = self._transport
        ask, names = (transport.send, self._feed, now_ms), setup.membership.name_of
        self._sync = Sync(ledger, *ask, transport.connected, names)
        self._door = Door(ledger, self._mempool, bodies, self._verifier, now_ms, self._admitted)
        self._replica = restored(ledger, setup.journal, setup.key, setup.nonce)
        self._driver = self._drive(bodies)
        self._gossip = Gossip(self._transport)
        asking = transport.send, transport.connected
        heads = Heads(ledger, setup.key, asking, now_ms, lambda: not self._not_ready_because())
        self._prover = Prover(self._queue, heads, self.wait_height)
        self._beacon = BeaconAgent(setup.key, self, now_ms, self._is_level)
        routes = Routes(
            ledger,
            self._replica,
            self._driver,
            self._door,
            self._mempool,
            bodies,
            self._sync,
            self._gossip,
            heads,
            SnapshotServer(self.snapshots.folder, transport.send),
            self._transport,
            self._peers.hearsay,
            self._met,
        )
        self._router = Router(routes)
        self._network = make_network(
            NodeIdentity(setup.name, setup.key.seed),
            ledger.chain.genesis_hash,
            setup.listen,
            setup.jitter,
            setup.membership.nodes,
            self._router,
        )
        self._transport.network = self._network

    def _drive(self, bodies: Bodies) -> Driver:
        parts = Parts(
            replica=self._replica,
            journal=self._setup.journal,
            ledger=self.ledger,
            queue=self._queue,
            mempool=self._mempool,
            bodies=bodies,
            sync=self._sync,
            clock_ms=now_ms,
            send_votes=self._transport.send_votes,
            spread_again=self._spread_again,
            written=self._written,
            convict=self._setup.evidence.add,
        )
        return Driver(parts)

    async def run(self, started: Callable[[], Awaitable[None]]) -> None:
        """Run until cancelled or until a part fails; `started` is awaited once peers can come."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._listen(group)
                group.create_task(self._driver.run(), name="driver")
                group.create_task(self._gossip.run(), name="gossip")
                group.create_task(self.snapshots.run(), name="snapshots")
                group.create_task(self._beacon.run(), name="beacon")
                if self._setup.prune is not None:
                    pruner = Pruner(self.ledger, self._setup.prune, self._queue.tidy)
                    group.create_task(pruner.run(), name="pruner")
                await started()
        finally:
            self._verifier.close()
            self._queue.close()

    async def _listen(self, group: asyncio.TaskGroup) -> None:
        try:
            await self._network.start(group)
            self._p2p_port = self._network.address[1]
        except OSError as error:
            host, port = self._setup.listen
            raise AddressUnusable(f"p2p {host}:{port}: {error}") from error

    @property
    def address(self) -> tuple[str, int]:
        """Where peers reach this node."""
        return self._network.address

    def _met(self, claims: Sequence[int]) -> None:
        """Peers say how high they are: a new node may be better off with a snapshot."""
        setup, height = self._setup, self.ledger.tip.height
        if setup.may_join:
            is_member = self.chain.committee.index_of(setup.key.public_key) is not None
            doubt = self.chain.committee.f if is_member else 0
            require_near(height, claims, doubt)

    def _feed(self, block: FetchedBlock) -> None:
        self._driver.post(block)

    def _admitted(self, received: ReceivedTransaction, origin: bytes | None) -> None:
        self._gossip.add(received.raw, received.body_hash, origin)
        self._driver.work_changed()

    def _spread_again(self, ids: Sequence[bytes]) -> None:
        for transaction_id in ids:
            received = self._mempool.get(transaction_id)
            if received is not None:
                self._gossip.spread_again(received.raw)

    def _written(self, written: Written) -> None:
        membership = self._setup.membership
        if membership.changed(written):
            self._network.set_members(membership.nodes)
        # A committee of another size may have the same nodes: they were admitted before it.
        self._mempool.share_among(self.chain.committee.n)
        if self._sync.target <= written.tip.height:
            self._mempool.taken(written.executed.transactions)
        self._waiters.written(written.tip, written.executed.result)
        receipts = written.executed.result.receipts
        for receipt in receipts:
            if receipt.status in ALARMS:
                height, name = written.tip.height, receipt.id.hex()
                told = {"event": "invariant_alarm", "rule": receipt.status, "height": height}
                words = "alarm: %s of %s at height %s"
                logger.critical(words, receipt.status, name, height, extra=told)
        self._setup.block_written(receipt.status for receipt in receipts)
        self._beacon.block_written()
        # At once, and not only when somebody has something to decide.
        self.ledger.require_software()

    def set_peers(self, peers: Sequence[PeerAddress]) -> None:
        """From now on the settings name these addresses."""
        self._setup.membership.set_peers(peers)
        self._network.set_members(self._setup.membership.nodes)

    def _is_level(self) -> bool:
        """No more than the block in flight is missing."""
        return max(self._sync.target, self._replica.reached) <= self.ledger.tip.height + 1

    # What the API asks of the node.

    @property
    def ledger(self) -> Ledger:
        """The ledger; its readers may be called freely."""
        return self._setup.ledger

    @property
    def evidence(self) -> EvidenceBook:
        """What this node found against members."""
        return self._setup.evidence

    @property
    def proofs(self) -> Prover:
        """What proofs take besides the ledger."""
        return self._prover

    @property
    def chain(self) -> Chain:
        """The constants of the chain."""
        return self._setup.ledger.chain

    async def submit(self, raw: bytes) -> Submitted:
        """Take raw signed transaction bytes through the door."""
        try:
            return await self._door.admit(raw)
        except PoolFull:
            self._pool_refused += 1
            raise

    async def submit_batch(self, raws: Sequence[bytes]) -> Sequence[Submitted | HushangError]:
        """Take many through the door at once, each refused for itself."""
        answers = await self._door.admit_batch(raws)
        self._pool_refused += sum([isinstance(answer, PoolFull) for answer in answers])
        return answers

    def decided(self, transaction_id: bytes) -> Decided | None:
        """The outcome if it is known here already."""
        return self._door.decided(transaction_id)

    def is_pending(self, transaction_id: bytes) -> bool:
        """Is the transaction in the pool?"""
        return transaction_id in self._mempool

    async def wait_decided(self, transaction_id: bytes, timeout_ms: int) -> Decided | None:
        """The outcome once the block is synced here; None when the time is over."""
        found = await self._waiters.outcomes((transaction_id,), timeout_ms)
        return found.get(transaction_id)

    async def wait_all_decided(
        self, ids: Collection[bytes], timeout_ms: int
    ) -> Mapping[bytes, Decided]:
        """The outcomes once all are synced here; those there are when the time is over."""
        return await self._waiters.outcomes(ids, timeout_ms)

    async def wait_height(self, height: int, timeout_ms: int) -> int:
        """The newest height, as soon as it is at least `height` or the time is over."""
        deadline_ms = now_ms() + timeout_ms
        while self.ledger.tip.height < height and (left_ms := deadline_ms - now_ms()) > 0:
            await self._waiters.block(left_ms)
            if self._waiters.is_over:
                break
        return self.ledger.tip.height

    def end_waits(self) -> None:
        """Answer all who wait, now."""
        self._waiters.end()

    async def look(self, job: Callable[[Ledger], T]) -> T:
        """What a quick reader of the ledger finds between two blocks."""
        return await self._queue.look(job)

    async def make_snapshot(self) -> dict[str, Any]:
        """A snapshot of now, told as JSON once it is complete."""
        return await self.snapshots.outcome(await self._queue.look(self.snapshots.begin))

    def status(self) -> NodeStatus:
        """What the node says of itself now."""
        tip = self.ledger.tip
        reasons = self._not_ready_because()
        return NodeStatus(
            name=self._setup.name,
            version=own_version(),
            store=self.ledger.store.kind,
            time_ms=now_ms(),
            started_ms=self._started_ms,
            height=tip.height,
            block_hash=tip.digest,
            state_root=tip.state_root,
            view=self._replica.view,
            primary=self._primary_name(),
            member_index=self.chain.committee.index_of(self._setup.key.public_key),
            pool_count=len(self._mempool),
            pool_bytes=self._mempool.bytes,
            ready=not reasons,
            not_ready_because=reasons,
            peers=self._peer_views(),
            refused_connections=self._network.door().refused,
            evidence_count=len(self._setup.evidence.found),
            role=role_of(self.chain.committee, self._setup.key.public_key),
            epoch=self.chain.committee.epoch,
            withheld=self._replica.withheld,
            first_block=self.ledger.base.first_block,
            sync=self._sync.view(),
            protocol=ProtocolView.of(self.ledger),
            certificates=(certificate_state(self._network),),
            snapshots=tuple(held.view() for held in self.snapshots.held),
            p2p_port=self._p2p_port,
            node_key=self._setup.key.public_key,
            pool_refused=self._pool_refused,
            beacon_duties=self._beacon.outcomes,
            block_lag_ms=self._sync.lag_ms,
        )

    def consensus(self) -> ConsensusPlace:
        """Where the node stands before the next decision."""
        around = Surroundings(
            name=self._setup.name,
            public_key=self._setup.key.public_key,
            committee_of=self.ledger.committee_of,
            peers=self._peer_views(),
            withheld=self._replica.withheld,
            pool=(len(self._mempool), self._mempool.bytes),
            bodies_missing=self._bodies.missing,
            decided_ms=self._sync.lived_ms,
            written=self.ledger.tip.height,
            sync=self._sync.view(),
            now_ms=now_ms(),
        )
        return place_of(self._replica.picture(), around)

    def _peer_views(self) -> tuple[PeerView, ...]:
        committee = self.chain.committee
        return tuple(self._peers.of(peer, committee) for peer in self._network.peers())

    def _primary_name(self) -> str:
        """The member that leads the own view; empty while the replica can't tell yet."""
        primary = self._replica.primary
        return "" if primary is None else self.chain.committee.members[primary].name

    def _not_ready_because(self) -> tuple[str, ...]:
        committee = self.chain.committee
        present = {self._setup.key.public_key, *self._router.heights}
        connected = sum(member.node_key in present for member in committee.members)
        quorum = committee.quorum
        height, target = self.ledger.tip.height, self._sync.target
        reasons = []
        if connected < quorum:
            reasons.append(f"{connected} of the {quorum} members of a quorum are connected")
        # A silence that ends by itself takes nothing from its clients.
        if self._replica.unsure:
            reasons.append(self._replica.withheld)
        if (reached := self._replica.reached) > height:
            reasons.append(f"writing what its journal has decided: {height} of {reached}")
        if target > height:
            reasons.append(f"catching up: {describe(self._sync.view())}")
        return tuple(reasons)
