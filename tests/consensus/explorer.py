"""Random schedules from a seed: chaos with Byzantine members, then healing with progress demanded.

`explore(seed, n)` raises AssertionError on any violation; the same seed does the same.
"""

import random
from dataclasses import replace

from chain import evidence as convictions
from chain.genesis import ConsensusParameters
from tests.consensus.cluster import Cluster, Envelope, Node
from tests.consensus.liar import Liar
from tests.consensus.stub_chain import GENESIS_HASH, verify_stub

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


class Explorer:
    """One run: a cluster, perhaps a liar, and the schedule."""

    heal_ticks_max = HEAL_TICKS_MAX

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
        for passed in range(self.heal_ticks_max):
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
            assert not node.foreign, "nobody else has an honest member's key"
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
