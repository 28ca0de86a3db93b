"""Named regressions of where others fell, part catching up: being behind is no mode.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from chain.block import Block, Certificate, transactions_root
from chain.codec import decode, encode
from chain.errors import ProtocolError
from chain.ledger import Executed, Ledger
from chain.store_memory import MemoryStore
from chain.transaction import read_transaction
from commerce.registry import Registry
from consensus.config import TICK_MS
from consensus.input import Checked, FetchedBlock
from consensus.messages import Prepare, Status
from consensus.output import Decided, FetchBlock, Output, Results
from consensus.replica import Replica
from consensus.signing import signing_bytes
from node.journal import Journal
from node.sync import Sync
from p2p import messages as wire
from p2p.messages import Blocks, BlocksRequest, CertifiedBlock
from tests.chain.world import World, key
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, certificate
from tests.consensus.samples import header_on
from tests.consensus.stub_chain import execute
from tests.node import drivers
from tests.node.behind import forge
from tests.node.parts import issue

OWNER = bytes(range(32))


def chain_of(cluster: Cluster, height: int) -> list[Decided]:
    """Empty blocks of member 0, certified by members 0, 1 and 2."""
    chain: list[Decided] = []
    parent, results = cluster.genesis, cluster.genesis_results
    for _ in range(height):
        header = replace(
            header_on(parent),
            transactions_root=transactions_root(()),
            transactions_count=0,
            state_root=results.state_root,
            receipts_root=results.receipts_root,
        )
        after = execute(results, header, ())
        assert after is not None
        proof = certificate([0, 1, 2], 0, header)
        chain.append(Decided(Block(header, ()), (), proof.digest, proof, after))
        parent, results = header, after
    return chain


def with_history(height: int) -> Cluster:
    """Members 0, 1 and 2 have this height, member 3 has nothing and is down."""
    cluster = Cluster(4)
    for member in range(4):
        cluster.crash(member)
    chain = chain_of(cluster, height)
    cluster.decided = {entry.block.header.height: entry.digest for entry in chain}
    for member in (0, 1, 2):
        cluster.nodes[member].chain = list(chain)
        cluster.restart(member)
    return cluster


@pytest.mark.parametrize("behind", [1, 2, 3, 15, 16, 17, 300, 10_000])
def test_trap_8_a_replica_any_number_of_heights_behind_rejoins_and_votes(behind: int) -> None:
    """Trap 8 (FISCO FIB-127, besu#8307): from 1 to 10^4 heights, with no snapshot and no mode;
    then its vote is the one that is needed.
    """
    cluster = with_history(behind)
    cluster.restart(3)
    cluster.run(lambda: cluster.height() >= behind, ticks=200)
    cluster.crash(1)
    cluster.submit(b"it votes again")
    cluster.run(lambda: cluster.height() >= behind + 2, ticks=400)


@pytest.mark.parametrize("behind", [1, 2, 40])
def test_trap_8_a_replica_that_stays_behind_catches_up_while_the_others_go_on(behind: int) -> None:
    """Trap 8 (FISCO FIB-127, besu#8307): the tip that it chases moves all the time."""
    cluster = with_history(behind)
    cluster.restart(3)
    for number in range(12):
        cluster.submit(b"meanwhile %d" % number, to=[0, 1, 2])
        cluster.drain(lambda e: e.target != 3 or cluster.tick % 3 == 0)
        cluster.pass_ticks(5)
    cluster.run(lambda: cluster.height() == max(cluster.decided), ticks=200)


@dataclass
class Reader:
    """The real sync and replica of the last member, beside peers that the test answers for."""

    source: World
    answer: Callable[[object, CertifiedBlock], CertifiedBlock]
    replica: Replica
    ledger: Ledger

    def __post_init__(self) -> None:
        self.executed: dict[bytes, Executed] = {}
        self.inbox: list[FetchedBlock] = []
        self.now_ms = self.source.now_ms
        self.asked: list[tuple[object, BlocksRequest]] = []
        self.refused = 0
        members = self.source.ledger.chain.committee.members
        others = tuple(member.node_key for member in members[:-1])
        self.sync = Sync(
            self.ledger, self._send, self.inbox.append, lambda: self.now_ms, lambda: others
        )

    def _send(self, peer: object, message: wire.Message) -> None:
        if isinstance(message, BlocksRequest):
            self.asked.append((peer, message))

    def obey(self, output: Output) -> None:
        for decided in output.decided:
            self.ledger.write(self.executed.pop(decided.digest), decided.certificate)
        for decided in output.decided:
            self.sync.decided(decided.block.header.height)
        for fetch in output.fetch:
            if not isinstance(fetch, FetchBlock):
                self.sync.fetch(fetch)
        for asked in output.check:
            bodies = [read_transaction(raw, self.ledger.rules) for raw in asked.bodies or ()]
            done = self.executed[asked.digest] = self.ledger.execute(asked.header, bodies)
            roots = done.staged.root, done.result.receipts_root
            results = Results(*roots, needs_seal=done.needs_seal)
            place = asked.header.height, asked.view, asked.digest
            checked = Checked(*place, asked.bodies or (), results)
            self.obey(self.replica.step(checked, self.now_ms))

    def hear(self, status: Status) -> None:
        self.obey(self.replica.step(status, self.now_ms))

    def turn(self) -> None:
        """One peer's answer, or the next fetched block."""
        if self.inbox:
            block = self.inbox.pop(0)
            try:
                self.obey(self.replica.step(block, self.now_ms))
            except ProtocolError:
                self.refused += 1
                self.sync.disbelieved(block)
            return
        if not self.asked:
            self.now_ms += 1_500
            self.obey(self.replica.tick(self.now_ms, 150))
            return
        peer, request = self.asked.pop(0)
        blocks = []
        for height in range(request.start_height, request.start_height + request.count):
            stored = self.source.ledger.block_bytes(height)
            proof = self.source.ledger.certificate_bytes(height)
            assert stored is not None
            assert proof is not None
            blocks.append(self.answer(peer, CertifiedBlock(stored, proof)))
        try:
            self.sync.arrived(peer, Blocks(request.start_height, tuple(blocks)))  # type: ignore[arg-type]
        except ProtocolError:
            self.refused += 1


def no_bodies(entry: CertifiedBlock) -> CertifiedBlock:
    return replace(entry, block=encode(replace(decode(Block, entry.block), bodies=())))


def short_certificate(entry: CertifiedBlock) -> CertifiedBlock:
    proof = decode(Certificate, entry.certificate)
    return replace(entry, certificate=encode(replace(proof, signatures=proof.signatures[1:])))


def forged_certificate(entry: CertifiedBlock) -> CertifiedBlock:
    """A block of the liar's own, with a certificate that fits it, signed by nobody."""
    block = decode(Block, entry.block)
    header = replace(block.header, time_ms=block.header.time_ms + 1)
    proof = replace(decode(Certificate, entry.certificate), digest=header.digest())
    return CertifiedBlock(encode(replace(block, header=header)), encode(proof))


def garbage(entry: CertifiedBlock) -> CertifiedBlock:
    return replace(entry, block=b"\xc1" + entry.block)


LIES = [forge, no_bodies, short_certificate, forged_certificate, garbage]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
def test_trap_8_a_lying_peers_block_is_refused_and_another_peer_is_used(
    lie: Callable[[CertifiedBlock], CertifiedBlock], tmp_path: Path
) -> None:
    """Trap 8 (FISCO FIB-127, besu#8307): the real sync over peers of which the first that is
    asked lies in all it sends; the chain arrives all the same, and no lie of it.
    """
    source = World()
    for number in range(12):
        source.decide(issue(source, f"bank-{number}"))
    liars: list[object] = []

    def answer(peer: object, entry: CertifiedBlock) -> CertifiedBlock:
        if not liars:
            liars.append(peer)
        return lie(entry) if peer in liars else entry

    ledger = Ledger(MemoryStore(), source.genesis, Registry())
    journal = Journal(tmp_path, OWNER)
    journal.close()
    reader = Reader(source, answer, drivers.restore(ledger, 3, journal), ledger)
    tip = source.ledger.tip
    status = Status(0, 0, started=True, certificate=tip.certificate, signature=UNSIGNED)
    signed = signing_bytes(status, source.ledger.chain.genesis_hash, 0)
    reader.obey(reader.replica.tick(reader.now_ms))
    reader.hear(replace(status, signature=key("node of m0").sign(signed)))
    for _ in range(200):
        if ledger.tip.height == tip.height:
            break
        reader.turn()
    assert ledger.tip.digest == tip.digest
    assert ledger.tip.state_root == tip.state_root
    assert reader.refused >= 1
    assert len(liars) == 1


def hold_back(cluster: Cluster, member: int) -> list[Envelope]:
    """Deliver to all but the slow one, for a few ticks; what is under way to it, in order."""
    held: list[Envelope] = []
    for _ in range(8):
        while cluster.queue:
            envelope = cluster.queue.pop(0)
            if envelope.target == member:
                held.append(envelope)
            else:
                cluster.deliver(envelope)
        cluster.pass_ticks()
    return held


def slow(cluster: Cluster, member: int, height: int) -> list[Envelope]:
    """The others decide up to this height; what is under way to the slow one."""
    held: list[Envelope] = []
    while min(node.replica.height for node in cluster.up() if node.index != member) < height:
        cluster.submit(b"number %d" % next(cluster.nonces))
        held += hold_back(cluster, member)
    return held


@pytest.mark.parametrize("behind", [1, 2, 3, 4, 6])
def test_who_comes_after_and_is_to_lead_does_not_wait_for_others_to_repeat_themselves(
    behind: int,
) -> None:
    """What was about heights too far ahead is dropped unread, and nobody says it again before a
    resend interval has passed: whoever has come after asks at once whether there is more.
    """
    cluster = Cluster(4)
    period = cluster.parameters.leader_period
    slow(cluster, 4, period - 1 - behind)
    cluster.queue += slow(cluster, 1, period - 1)
    passed = cluster.run(lambda: cluster.height() >= period)
    assert cluster.nodes[0].chain[period - 1].block.header.proposer == 1
    assert passed * TICK_MS < cluster.parameters.resend_ms // 4
    assert not any(node.replica.view for node in cluster.nodes)


def test_who_comes_after_and_is_needed_for_a_quorum_is_told_the_votes_that_it_dropped() -> None:
    cluster = Cluster(4)
    slow(cluster, 4, 4)
    held = slow(cluster, 1, 8)
    cluster.crash(3)
    cluster.submit(b"two members have voted for it")
    cluster.queue += held + hold_back(cluster, 1)
    assert cluster.nodes[0].replica.height == 8
    passed = cluster.run(lambda: cluster.height() >= 9)
    assert passed * TICK_MS < cluster.parameters.resend_ms // 4


def test_claims_of_heights_far_ahead_cost_a_word_now_and_then() -> None:
    """Nobody has verified them: a liar must not make others talk at every message of his."""
    cluster = Cluster(4)
    replica, said = cluster.nodes[1].replica, 0
    claims = [Prepare(0, height, bytes(32), 3, UNSIGNED) for height in (3, 10**9)]
    for _ in range(cluster.parameters.resend_ms // TICK_MS):
        outputs = [replica.tick(cluster.now_ms)]
        outputs += [replica.step(claim, cluster.now_ms) for claim in claims]
        said += sum(isinstance(s.message, Status) for o in outputs for s in o.send)
    # In half a second: twice, and what is said again anyway at its begin and end.
    assert said <= 2 + 2
