"""A cluster in memory: n replicas, a queue of what is under way, a fake ledger, a count of ticks.

Nothing happens by itself: a test delivers, drops, crashes and lets ticks pass. Every event checks
agreement, and that no honest member ever signs two votes for one slot, across restarts too.
"""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from chain.block import Certificate, Header, VoteType
from chain.crypto import sha256
from chain.errors import ProtocolError
from chain.genesis import ConsensusParameters
from chain.merkle import EMPTY_ROOT
from chain.transaction import body_hash
from consensus.config import TICK_MS, ChainTip, ReplicaConfig
from consensus.input import Checked, FetchedBlock, Input, Proposal, Work
from consensus.output import (
    BuildRequest,
    CheckRequest,
    Decided,
    FetchBlock,
    FetchBlocks,
    Output,
    Results,
)
from consensus.records import Record, decode_record, encode_record
from consensus.replica import Replica
from tests.consensus.chain_history import ChainHistory
from tests.consensus.stub_chain import (
    GENESIS_HASH,
    START_MS,
    committee,
    execute,
    genesis_header,
    key,
    sign_as,
    verify_stub,
    vote_parts,
)


@dataclass(frozen=True)
class Envelope:
    """Something under way: from whom, to whom, and what arrives there."""

    source: int
    target: int
    event: Input | FetchBlock | FetchBlocks | CheckRequest


class Observer:
    """Sees everything that happens; this one does not care."""

    def on_output(self, node: "Node", output: Output) -> None:
        """A replica wants this done."""

    def on_delivery(self, envelope: Envelope) -> None:
        """This arrives now."""


@dataclass
class Node:
    """One replica, its disk (`journal`, `chain`) and what its shell remembers."""

    index: int
    replica: Replica
    journal: list[bytes] = field(default_factory=list)
    chain: list[Decided] = field(default_factory=list)
    # Waiting transactions, with the tick of their arrival.
    pool: dict[bytes, int] = field(default_factory=dict)
    # A censor's: transactions it never proposes.
    hidden: set[bytes] = field(default_factory=set)
    executed: list[bytes] = field(default_factory=list)
    build: BuildRequest | None = None
    deadline_ms: int | None = None
    alive: bool = True
    evidence: list[object] = field(default_factory=list)
    # Votes in its name that it didn't cast: a test forged them.
    foreign: list[object] = field(default_factory=list)
    wake_at: int = 0
    # Blocks that came before the ones below them.
    fetched: dict[int, FetchedBlock] = field(default_factory=dict)
    turn: int = 0
    # The journal was cut below this height, since the store had it for certain.
    synced: int = 0


class Cluster:
    """Deliver what is under way, let ticks pass, submit transactions, crash and restart members."""

    def __init__(
        self,
        n: int,
        parameters: ConsensusParameters | None = None,
        faulty: Iterable[int] = (),
        observer: Observer | None = None,
        spares: int = 0,
    ) -> None:
        """`spares` more nodes follow the chain, in no committee at first."""
        self.observer = observer or Observer()
        self.parameters = parameters or ConsensusParameters()
        self.committee = committee(n)
        self.committees = {0: self.committee}
        self.genesis = genesis_header()
        self.genesis_results = Results(sha256(b"founded"), EMPTY_ROOT, needs_seal=False)
        self.now_ms = START_MS
        self.tick = 0
        self.queue: list[Envelope] = []
        self.log: list[str] = []
        self.decided: dict[int, bytes] = {}
        # By (node, kind, view, height or 0 if once per view), and the epoch unless it is 0.
        self.signed: dict[tuple[int, ...], bytes] = {}
        self.nonces = itertools.count(1)
        self.counts: dict[str, int] = {}
        # Bodies somebody has; a test removes one to make it unavailable.
        self.bodies: dict[bytes, bytes] = {}
        self.corrupt: set[int] = set()
        self.faulty = frozenset(faulty)
        self.nodes: list[Node] = []
        for i in range(n + spares):
            self.nodes.append(Node(i, self._replica(i, ChainTip(*self._tip([])), [])))
        self.numbers = {key(node.index): node.index for node in self.nodes}
        for node in self.nodes:
            node.alive = node.index not in self.faulty
        for node in self.up():
            self.obey(node, node.replica.tick(self.now_ms, 0))

    def up(self) -> list[Node]:
        return [node for node in self.nodes if node.alive]

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def config(self, index: int) -> ReplicaConfig:
        return ReplicaConfig(
            genesis_hash=GENESIS_HASH,
            node_key=key(index),
            parameters=self.parameters,
            sign=self._signer(index),
            verify=verify_stub,
            # Only a restart asks the others for its own votes.
            nonce=next(self.nonces) if index < len(self.nodes) else None,
        )

    def _signer(self, index: int) -> Callable[[bytes], bytes]:
        def sign(message: bytes) -> bytes:
            epoch, kind, view, height, body = vote_parts(message)
            later = (epoch,) if epoch else ()
            if kind in {VoteType.PRE_PREPARE, VoteType.PREPARE, VoteType.COMMIT}:
                kind = max(kind, VoteType.PREPARE)
                earlier = self.signed.setdefault((index, kind, view, height, *later), body)
                assert earlier == body, f"{index} signs two digests at view {view} height {height}"
            if kind in {VoteType.VIEW_CHANGE, VoteType.NEW_VIEW}:
                earlier = self.signed.setdefault((index, kind, view, 0, *later), body)
                assert earlier == body, f"{index} signs two view changes to {view}"
                self.count(VoteType(kind).name)
            return sign_as(index, message)

        return sign

    def _tip(self, chain: list[Decided]) -> tuple[Header, Certificate, Results]:
        if not chain:
            genesis = Certificate(0, 0, self.genesis.digest(), ())
            return self.genesis, genesis, self.genesis_results
        return chain[-1].block.header, chain[-1].certificate, chain[-1].results

    def _replica(self, index: int, tip: ChainTip, records: list[Record]) -> Replica:
        nodes = self.nodes
        chain = partial(lambda at: nodes[at].chain if at < len(nodes) else [], index)
        history = ChainHistory(self.genesis, self.committee, chain, self.parameters)
        return Replica.restore(self.config(index), tip, history, records)

    def crash(self, index: int) -> None:
        """It loses everything but its disk, and what was under way to it."""
        self.nodes[index].alive = False
        self.queue = [entry for entry in self.queue if entry.target != index]

    def restart(self, index: int, *, unwritten: int = 0, compact: bool = False) -> None:
        """Start from the disk. `unwritten`: so many blocks never reached the store."""
        node = self.nodes[index]
        if unwritten:
            del node.chain[-unwritten:]
        if compact and not unwritten:
            node.journal = [encode_record(record) for record in node.replica.records()]
            node.synced = len(node.chain)
        records = [decode_record(data) for data in node.journal]
        node.replica = self._replica(index, ChainTip(*self._tip(node.chain)), records)
        node.build = None
        node.alive = True
        self.count("restart")
        self.obey(node, node.replica.tick(self.now_ms, 0))
        self.tell(node)

    # --- work

    def submit(self, *bodies: bytes, to: Iterable[int] | None = None) -> None:
        """Transactions reach these members' pools (all by default)."""
        members = range(len(self.nodes)) if to is None else to
        for body in bodies:
            self.bodies[body_hash(body)] = body
        for index in members:
            self.nodes[index].pool |= dict.fromkeys(bodies, self.tick)
            if self.nodes[index].alive:
                self.tell(self.nodes[index])

    def tell(self, node: Node) -> None:
        """Tell the replica what there is to do, and build if it may."""
        self.feed(node, Work(bool(node.pool), self._skipped_ms(node), node.deadline_ms))

    def _skipped_ms(self, node: Node) -> int:
        """Since when a transaction waits that the last block could have held."""
        if not node.chain:
            return 0
        proposed = (node.chain[-1].block.header.time_ms - START_MS) // TICK_MS
        oldest = min(node.pool.values(), default=proposed)
        return (self.tick - oldest) * TICK_MS if oldest < proposed else 0

    def feed(self, node: Node, event: Input) -> None:
        """One step of one replica."""
        self.obey(node, node.replica.step(event, self.now_ms))

    def pass_ticks(self, ticks: int = 1) -> None:
        """Time passes for all replicas that are up, tick by tick."""
        for _ in range(ticks):
            self.tick += 1
            self.now_ms += TICK_MS
            for node in self.up():
                self.obey(node, node.replica.tick(self.now_ms))

    # --- obeying an Output

    def obey(self, node: Node, output: Output) -> None:
        """Persist, then send, then write."""
        self.observer.on_output(node, output)
        node.wake_at = output.wake_at
        node.journal += [encode_record(record) for record in output.persist]
        self._speak(node, output)
        for decided in output.decided:
            self._write(node, decided)
        for check in output.check:
            self.queue.append(Envelope(node.index, node.index, check))
        if output.build is not None:
            node.build = output.build
        node.evidence += output.evidence
        node.foreign += output.foreign
        if output.decided:
            self.tell(node)
            following = node.fetched.pop(node.replica.height + 1, None)
            if following is not None:
                self.queue.append(Envelope(node.index, node.index, following))
        self._try_build(node)

    def _speak(self, node: Node, output: Output) -> None:
        others = [i for i in range(len(self.nodes)) if i != node.index]
        for item in output.send:
            named = [self.numbers[peer] for peer in item.recipients]
            for target in named or others:
                self.queue.append(Envelope(node.index, target, item.message))
        for served in output.serve:
            for height in range(served.first, served.last + 1):
                self._answer(node, self.numbers[served.peer], height)
        for fetch in output.fetch:
            asked = [self.numbers[peer] for peer in fetch.peers]
            # Anybody: somebody else every time.
            node.turn += not asked
            for target in asked or others[node.turn % len(self.nodes) - 1 :][:1]:
                self.queue.append(Envelope(node.index, target, fetch))

    def _answer(self, node: Node, target: int, height: int) -> None:
        if height <= len(node.chain):
            known = node.chain[height - 1]
            answer = FetchedBlock(known.block, known.body_hashes, known.certificate)
            self.queue.append(Envelope(node.index, target, answer))

    def _write(self, node: Node, decided: Decided) -> None:
        header, committee = decided.block.header, decided.results.next_committee
        if committee is not None:
            self.committees[committee.epoch] = committee
        assert header.height == len(node.chain) + 1, "written in order, once"
        first = self.decided.setdefault(header.height, decided.digest)
        assert first == decided.digest, f"{node.index} decides another block at {header.height}"
        node.chain.append(decided)
        for body in decided.block.bodies:
            node.pool.pop(body, None)
        if node.deadline_ms is not None and header.time_ms >= node.deadline_ms:
            node.deadline_ms = None
        if decided.certificate.view != header.view:
            self.count("re-proposal")
        self.log.append(f"{node.index} decides {header.height}")

    def _try_build(self, node: Node) -> None:
        request = node.build
        if request is None:
            return
        bodies = tuple(body for body in node.pool if body not in node.hidden)
        if not bodies and not request.at_once:
            return
        node.build = None
        proposal = Proposal(
            height=request.height,
            view=request.view,
            parent=request.parent,
            time_ms=max(self.now_ms, request.time_ms_min),
            body_hashes=tuple(body_hash(body) for body in bodies),
            bodies=bodies,
        )
        self.feed(node, proposal)

    # --- the network

    def deliver(self, envelope: Envelope) -> None:
        """One thing arrives (it must have been taken off the queue)."""
        node = self.nodes[envelope.target]
        if not node.alive:
            return
        self.observer.on_delivery(envelope)
        event = envelope.event
        match event:
            case CheckRequest():
                self._check(node, event)
            case FetchBlock():
                self._find(node, envelope.source, event)
            case FetchBlocks():
                for height in range(event.first, event.last + 1):
                    self._answer(node, envelope.source, height)
            case _:
                self._take(node, envelope.source, event)

    def _take(self, node: Node, source: int, event: Input) -> None:
        if isinstance(event, FetchedBlock) and event.certificate is not None:
            height = event.block.header.height
            if height > node.replica.height + 1:
                node.fetched[height] = event
                return
        try:
            self.feed(node, event)
        except ProtocolError:
            assert source in self.faulty, "an honest member's message is refused"
            self.count("refused")

    def _check(self, node: Node, request: CheckRequest) -> None:
        bodies = request.bodies
        if bodies is None:
            if any(entry not in self.bodies for entry in request.body_hashes):
                return
            bodies = tuple(self.bodies[entry] for entry in request.body_hashes)
        header = request.header
        if header.height != len(node.chain) + 1:
            return
        node.executed.append(request.digest)
        results = execute(self._tip(node.chain)[2], header, bodies)
        due = node.deadline_ms is not None and node.deadline_ms <= header.time_ms
        if results is not None and due:
            results = replace(results, needs_seal=True)
        if results is not None and node.index in self.corrupt:
            results = replace(results, state_root=sha256(results.state_root))
        self.feed(node, Checked(header.height, request.view, request.digest, bodies, results))

    def _find(self, node: Node, source: int, request: FetchBlock) -> None:
        if request.height <= len(node.chain):
            self._answer(node, source, request.height)
            return
        held = node.replica.held_block(request.digest)
        if held is not None:
            answer = FetchedBlock(held[0], held[1], None)
            self.queue.append(Envelope(node.index, source, answer))

    def run(
        self,
        until: Callable[[], bool],
        *,
        ticks: int = 3000,
        passes: Callable[[Envelope], bool] = lambda _: True,
    ) -> int:
        """Deliver everything that `passes`, tick after tick, until it holds; how many ticks."""
        for passed in range(ticks):
            self.drain(passes)
            if until():
                return passed
            self.pass_ticks()
        raise AssertionError(f"no progress in {ticks} ticks: {self.where()}")

    def drain(self, passes: Callable[[Envelope], bool] = lambda _: True) -> None:
        """Deliver what is under way, in order, with all that follows; the rest is lost."""
        while self.queue:
            envelope = self.queue.pop(0)
            if envelope.source == envelope.target or passes(envelope):
                self.deliver(envelope)

    def where(self) -> list[tuple[int, int, int]]:
        """(member, view, height) of those that are up."""
        return [(node.index, node.replica.view, node.replica.height) for node in self.up()]

    def height(self) -> int:
        """The lowest decided height of those that are up."""
        return min(node.replica.height for node in self.up())
