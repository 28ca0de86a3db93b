"""Random schedules from a seed: chaos with a Byzantine member, then healing with progress demanded.

The Byzantine member sees everything that is ever sent and signs whatever it likes with its own key:
equivocating proposals, votes for anything, ViewChanges that hide or lie, NewViews of its choice,
replays. `explore(seed, n)` raises AssertionError on any violation; the same seed does the same.
"""

import random
from dataclasses import replace

from chain.block import (
    Block,
    Certificate,
    CommitSignature,
    Header,
    VoteType,
    transactions_root,
    vote_bytes,
)
from chain.genesis import ConsensusParameters
from chain.transaction import body_hash
from consensus import evidence as convictions
from consensus.input import FetchedBlock
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Status,
    ViewChange,
)
from consensus.output import FetchBlock
from consensus.signing import signing_bytes
from consensus.state import State
from consensus.view_change import choose
from tests.consensus.cluster import (
    GENESIS_HASH,
    Cluster,
    Envelope,
    Node,
    sign_as,
    verify_stub,
)

FAST = ConsensusParameters(
    leader_period=2,
    request_timeout_ms=100,
    seal_timeout_ms=100,
    seal_delay_ms=20,
    view_timeout_ms=200,
    view_timeout_max_ms=1_600,
    resend_ms=100,
)
HEAL_TICKS_MAX = 2 * 160 + 480
QUEUE_MAX = 400


class Liar:
    """The Byzantine member: what it has seen, and what it says."""

    def __init__(self, cluster: Cluster, member: int, rng: random.Random) -> None:
        self.cluster = cluster
        self.member = member
        self.rng = rng
        self.proposals: dict[tuple[int, int, bytes], PrePrepare] = {}
        self.votes: dict[tuple[type[Message], int, int, bytes], dict[int, bytes]] = {}
        self.changes: dict[int, dict[int, ViewChange]] = {}
        self.seen: list[Message] = []
        self.blocks: dict[bytes, Block] = {}
        self.bodies = 0

    def hear(self, event: object) -> None:
        """Everything that is sent comes to its ears."""
        match event:
            case PrePrepare():
                digest = event.header.digest()
                self.proposals[event.view, event.height, digest] = event
            case Prepare() | Commit():
                votes = self.votes.setdefault(
                    (type(event), event.view, event.height, event.digest), {}
                )
                votes[event.member] = event.signature
            case ViewChange():
                self.changes.setdefault(event.view, {})[event.member] = event
            case NewView() | Status() | Complaint():
                pass
            case _:
                return
        self.seen.append(event)

    def act(self) -> None:
        """One lie, or one truth told to some."""
        what = self.rng.random()
        if what < 0.25:
            self._propose()
        elif what < 0.5:
            self._vote()
        elif what < 0.7:
            self._change_view()
        elif what < 0.88:
            self._new_view()
        elif what < 0.94:
            state = self._somebody()
            self._say(Complaint(state.views.view, state.slot.height, self.member, bytes(64)))
        elif self.seen:
            replayed = self.rng.choice(self.seen)
            for target in self._some():
                self.cluster.queue.append(Envelope(self.member, target, replayed))

    def _somebody(self) -> State:
        return self.rng.choice(self.cluster.up()).replica._state

    def _some(self) -> list[int]:
        members = [node.index for node in self.cluster.up()]
        if self.rng.random() < 0.35:
            return members
        return [m for m in members if self.rng.random() < 0.5] or [self.rng.choice(members)]

    def _say(self, message: Message, targets: list[int] | None = None) -> Message:
        epoch = self.cluster.committee.epoch
        signature = sign_as(self.member, signing_bytes(message, GENESIS_HASH, epoch))
        signed = replace(message, signature=signature)
        self.hear(signed)
        for target in self._some() if targets is None else targets:
            self.cluster.queue.append(Envelope(self.member, target, signed))
        return signed

    def _header(self, state: State, view: int, certificate: Certificate) -> Header:
        self.bodies += 1
        body = b"lie %d" % self.bodies
        if self.rng.random() < 0.1:
            body = b"bad %d" % self.bodies
        hashes = (body_hash(body),)
        self.cluster.bodies[hashes[0]] = body
        tip = state.tip
        header = Header(
            version=1,
            genesis_hash=GENESIS_HASH,
            height=tip.height + 1,
            parent_hash=tip.digest,
            view=view,
            parent_view=certificate.view,
            time_ms=max(self.cluster.now_ms, tip.header.time_ms + 1),
            proposer=self.member,
            epoch=0,
            transactions_root=transactions_root(hashes),
            transactions_count=1,
            state_root=tip.results.state_root,
            receipts_root=tip.results.receipts_root,
            next_committee_hash=bytes(32),
        )
        self.blocks[header.digest()] = Block(header, (body,))
        return header

    def _propose(self) -> None:
        state = self._somebody()
        height, view = state.slot.height, state.views.view
        if self.rng.random() < 0.2:
            view = self.rng.randint(0, 4)
        if state.roster.primary(view, height) != self.member:
            return
        self.cluster.count("byzantine PrePrepare")
        known = [
            (m.header, m.body_hashes)
            for (_, h, _), m in self.proposals.items()
            if h == height and m.header.parent_hash == state.tip.digest and m.header.view <= view
        ]
        certificate = self.rng.choice([state.tip.certificate, state.tip.newest])
        for _ in range(self.rng.choice((1, 2, 2))):
            if known and self.rng.random() < 0.5:
                header, hashes = self.rng.choice(known)
            else:
                header = self._header(state, view, certificate)
                hashes = (body_hash(self.blocks[header.digest()].bodies[0]),)
            self._pre_prepare(view, header, hashes, certificate)

    def _pre_prepare(
        self, view: int, header: Header, hashes: tuple[bytes, ...], certificate: Certificate
    ) -> None:
        message = PrePrepare(view, self.member, header, hashes, certificate, bytes(64))
        self._say(message)
        if self.rng.random() < 0.5:
            digest = header.digest()
            self._say(Commit(view, header.height, digest, self.member, bytes(64)))

    def _vote(self) -> None:
        if not self.proposals:
            return
        view, height, digest = self.rng.choice(list(self.proposals)[-6:])
        self.cluster.count("byzantine vote")
        if self.rng.random() < 0.7:
            self._say(Prepare(view, height, digest, self.member, bytes(64)))
        if self.rng.random() < 0.6:
            self._say(Commit(view, height, digest, self.member, bytes(64)))

    def _prepared(self, state: State, below: int) -> PreparedCertificate | None:
        """A prepared certificate on top of the somebody's tip that can be put together."""
        found = []
        quorum = self.cluster.committee.quorum
        for (view, height, digest), message in self.proposals.items():
            if height != state.slot.height or view >= below:
                continue
            if message.header.parent_hash != state.tip.digest:
                continue
            votes = dict(self.votes.get((Prepare, view, height, digest), {}))
            signed = vote_bytes(GENESIS_HASH, 0, VoteType.PREPARE, view, height, digest)
            votes[self.member] = sign_as(self.member, signed)
            votes.pop(message.member, None)
            if len(votes) + 1 >= quorum:
                prepares = tuple(CommitSignature(m, votes[m]) for m in sorted(votes))
                header, primary = message.header, message.member
                found.append(
                    PreparedCertificate(view, header, primary, message.signature, prepares)
                )
        return self.rng.choice(found) if found else None

    def _own_change(self, view: int) -> ViewChange:
        state = self._somebody()
        prepared = self._prepared(state, view) if self.rng.random() < 0.6 else None
        message = ViewChange(view, self.member, state.tip.certificate, prepared, bytes(64))
        signature = sign_as(self.member, signing_bytes(message, GENESIS_HASH, 0))
        return replace(message, signature=signature)

    def _change_view(self) -> None:
        view = max(1, self._somebody().views.view + self.rng.randint(0, 1))
        self.cluster.count("byzantine ViewChange")
        self._say(self._own_change(view))

    def _new_view(self) -> None:
        quorum = self.cluster.committee.quorum
        views = [v for v, c in self.changes.items() if len(c.keys() - {self.member}) >= quorum - 1]
        if not views:
            return
        view = max(views) if self.rng.random() < 0.7 else self.rng.choice(views)
        others = [c for m, c in sorted(self.changes[view].items()) if m != self.member]
        chosen = self.rng.sample(others, min(len(others), quorum))
        if len(chosen) < quorum or self.rng.random() < 0.6:
            chosen = [*chosen[: quorum - 1], self._own_change(view)]
        chosen.sort(key=lambda entry: entry.member)
        height = max(entry.height for entry in chosen)
        state = self._somebody()
        if len(chosen) < quorum or state.roster.primary(view, height) != self.member:
            return
        self.cluster.count("byzantine NewView")
        targets = self._some()
        self._say(NewView(view, height, self.member, tuple(chosen), bytes(64)), targets)
        if state.slot.height != height:
            return
        forced = choose(chosen).prepared
        certificate = state.tip.certificate
        if forced is not None and self.rng.random() < 0.75:
            known = self.proposals.get((forced.view, height, forced.header.digest()))
            if known is not None:
                self._pre_prepare(view, known.header, known.body_hashes, certificate)
            return
        header = self._header(state, view, certificate)
        hashes = (body_hash(self.blocks[header.digest()].bodies[0]),)
        self._pre_prepare(view, header, hashes, certificate)

    def answer(self, envelope: Envelope) -> None:
        """Asked for a block it has, it mostly gives it."""
        if not isinstance(envelope.event, FetchBlock) or self.rng.random() < 0.3:
            return
        block = self.blocks.get(envelope.event.digest)
        if block is not None:
            hashes = tuple(body_hash(body) for body in block.bodies)
            answer = FetchedBlock(block, hashes, None)
            self.cluster.queue.append(Envelope(self.member, envelope.source, answer))


class Explorer:
    """One run: a cluster, perhaps a liar, and the schedule."""

    def __init__(self, seed: int, n: int) -> None:
        self.rng = random.Random(seed * 7919 + n)
        rng = self.rng
        f = (n - 1) // 3
        faulty = rng.sample(range(n), f)
        drift_ms = rng.choice((5_000, 5_000, 200))
        self.cluster = Cluster(n, replace(FAST, clock_drift_max_ms=drift_ms), faulty)
        self.liars = [Liar(self.cluster, m, rng) for m in faulty if rng.random() < 0.85]
        self.submitted = 0
        self.heard = 0
        self.loss = rng.choice((0.0, 0.05, 0.2))
        self.crashes = rng.choice((0.0, 0.01, 0.04))
        self.time = rng.choice((0.05, 0.1, 0.2))
        self.lies = rng.choice((0.02, 0.05, 0.15))
        self.blocked: set[int] = set()

    def submit(self) -> None:
        self.submitted += 1
        self.cluster.submit(b"tx %d" % self.submitted)

    def listen(self) -> None:
        """Liars hear what honest members sent since the last time."""
        for entry in self.cluster.queue:
            for liar in self.liars:
                if entry.source != liar.member:
                    liar.hear(entry.event)

    def chaos(self, steps: int) -> None:
        cluster, rng = self.cluster, self.rng
        self.submit()
        for _ in range(steps):
            what = rng.random()
            if what < 0.03:
                self._partition()
            elif what < 0.03 + self.crashes:
                self._bounce(rng.choice(cluster.up()))
            elif what < 0.08 + self.time:
                cluster.pass_ticks(rng.choice((1, 1, 3, 12)))
            elif what < 0.08 + self.time + self.lies and self.liars:
                self.listen()
                rng.choice(self.liars).act()
            elif what > 0.97:
                self.submit()
            else:
                self._deliver_some()
            if len(cluster.queue) > QUEUE_MAX:
                self.listen()
                own = [entry for entry in cluster.queue if entry.source == entry.target]
                cluster.queue[:] = own + rng.sample(cluster.queue, QUEUE_MAX // 2)

    def _partition(self) -> None:
        up = [node.index for node in self.cluster.up()]
        size = self.rng.choice((0, 1, 1, 2))
        self.blocked = set(self.rng.sample(up, min(size, len(up))))
        self.cluster.count("partition")

    def _bounce(self, node: Node) -> None:
        node.alive = False
        if self.rng.random() < 0.4:
            self.cluster.restart(node.index, compact=True)
            return
        lost = min(len(node.chain) - node.synced, self.rng.choice((0, 0, 1, 2)))
        self.cluster.restart(node.index, unwritten=lost)

    def _deliver_some(self) -> None:
        rng, queue = self.rng, self.cluster.queue
        for _ in range(3):
            if not queue:
                return
            near = rng.random() < 0.5
            at = rng.randrange(len(queue)) if near else rng.randrange(min(6, len(queue)))
            entry = queue[at]
            local = entry.source == entry.target
            if not local and (entry.source in self.blocked) != (entry.target in self.blocked):
                if rng.random() < 0.3:
                    del queue[at]
                continue
            if local or rng.random() > 0.04:
                del queue[at]
            if local or rng.random() >= self.loss:
                self._arrive(entry)

    def _arrive(self, entry: Envelope) -> None:
        for liar in self.liars:
            liar.hear(entry.event)
            if entry.target == liar.member:
                liar.answer(entry)
        self.cluster.deliver(entry)

    def heal(self) -> int:
        """A quorum is connected: two more blocks in bounded time, whatever liars still say."""
        cluster, rng = self.cluster, self.rng
        rng.shuffle(cluster.queue)
        own = [entry for entry in cluster.queue if entry.source == entry.target]
        cluster.queue[:] = own + cluster.queue[:30]
        target = max(node.replica.height for node in cluster.up()) + 2
        active = self.liars if rng.random() < 0.4 else []
        self.submit()
        for passed in range(HEAL_TICKS_MAX):
            arriving, cluster.queue[:] = list(cluster.queue), []
            if rng.random() < 0.5:
                rng.shuffle(arriving)
            for entry in arriving:
                self._arrive(entry)
            for liar in active:
                if rng.random() < 0.2:
                    liar.act()
            if cluster.height() >= target:
                return passed
            if passed % 20 == 19:
                self.submit()
            cluster.pass_ticks()
        raise AssertionError(f"no progress after healing: {cluster.where()}, target {target}")

    def check_end(self) -> None:
        """Every honest chain links, and no evidence speaks against an honest member."""
        cluster = self.cluster
        for node in cluster.up():
            parent = cluster.genesis.digest()
            for decided in node.chain:
                header = decided.block.header
                assert header.parent_hash == parent
                parent = header.digest()
            for entry in node.evidence:
                assert isinstance(entry, convictions.Equivocation | convictions.HiddenCommit)
                vote = entry.first if isinstance(entry, convictions.Equivocation) else entry.commit
                assert vote.member in cluster.faulty, "an honest member is convicted"
                assert convictions.proves(entry, cluster.committee, GENESIS_HASH, verify_stub)
                cluster.count("evidence")


def explore(seed: int, n: int) -> dict[str, int]:
    """One whole run; what happened in it."""
    explorer = Explorer(seed, n)
    explorer.chaos(explorer.rng.choice((100, 300, 600)))
    explorer.blocked.clear()
    ticks = explorer.heal()
    explorer.check_end()
    counts = explorer.cluster.counts
    counts["heal ticks"] = ticks
    counts["decisions"] = len(explorer.cluster.decided)
    counts["views"] = max(view for _, view, _ in explorer.cluster.where())
    return counts
