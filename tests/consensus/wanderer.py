"""Random schedules in which committees change, journals are lost and everybody restarts.

`wander(seed)` raises AssertionError on any violation; the same seed does the same. At most f of
every committee that may still decide are faulty: dead, a pair of twins, one that forgets its
journal and does not say so, or honest ones that lost theirs and are silent until it is safe.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

from typing_extensions import override

from chain import evidence as convictions
from chain.committee import fault_limit
from consensus.config import ChainTip, ReplicaConfig
from consensus.records import SilenceRecord, encode_record
from tests.consensus.cluster import Cluster, Node, Observer
from tests.consensus.explorer import FAST, Explorer
from tests.consensus.stub_chain import GENESIS_HASH, change_to, key, sign_as, verify_stub

# More than without changes: several committees may have to follow each other.
HEAL_TICKS_MAX = 1_600


class MovingCluster(Cluster):
    """A cluster with observers, and perhaps one node more: the copy of `twin`, with its key."""

    def __init__(self, n: int, spares: int, faulty: Iterable[int], *, twin: int | None) -> None:
        self.twin, self.copy = twin, n + spares
        super().__init__(n, FAST, faulty, Observer(), spares)
        if twin is not None:
            self.faulty |= {self.copy}
            replica = self._replica(self.copy, ChainTip(*self._tip([])), [])
            self.nodes.append(Node(self.copy, replica))

    def owner(self, index: int) -> int:
        """Whose key the node has."""
        return self.twin if self.twin is not None and index == self.copy else index

    @override
    def config(self, index: int) -> ReplicaConfig:
        own = super().config(self.owner(index))
        # The faulty ask nobody what they have signed.
        return replace(own, nonce=None) if index in self.faulty else own

    @override
    def _signer(self, index: int) -> Callable[[bytes], bytes]:
        if index in self.faulty:
            return lambda message: sign_as(index, message)
        return super()._signer(index)


class Wanderer(Explorer):
    """One run: changes, losses and restarts between bouts of chaos."""

    heal_ticks_max = HEAL_TICKS_MAX

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        rng = self.rng
        n = rng.choice((4, 4, 4, 5, 6, 7, 7, 1, 2, 3))
        spares = rng.choice((0, 1, 2, 3))
        faulty = rng.sample(range(n), rng.randint(0, fault_limit(n)))
        self.kinds = {member: rng.choice(("dead", "twin", "forgets")) for member in faulty}
        twins = [member for member, kind in self.kinds.items() if kind == "twin"]
        self.cluster = MovingCluster(n, spares, faulty, twin=twins[0] if twins else None)
        cluster = self.cluster
        self.members = range(n + spares)
        for member, kind in self.kinds.items():
            if kind != "dead":
                self._start(member)
        if twins:
            self._start(n + spares)
        self.liars = []
        self.submitted = 0
        self.loss = rng.choice((0.0, 0.05, 0.2))
        self.crashes = rng.choice((0.0, 0.01, 0.04))
        self.time = rng.choice((0.05, 0.1, 0.2))
        self.lies = 0.0
        self.blocked: set[int] = set()
        cluster.count(f"n = {n}")

    def _start(self, index: int) -> None:
        node = self.cluster.nodes[index]
        node.alive = True
        self.cluster.obey(node, node.replica.tick(self.cluster.now_ms, 0))

    # --- who may still be faulty

    def _lost(self, node: Node) -> bool:
        """Is it honest, and silent since it does not know what it signed?"""
        state = node.replica._state
        questions = state.questions
        return questions.lost or state.slot.height <= questions.silent_until

    def _bears(self, members: Iterable[int], more: int | None = None) -> bool:
        """Are at most f of these faulty, or silent, also with this one more?"""
        members = set(members)
        bad = {node.index for node in self.cluster.up() if self._lost(node)} | {*self.kinds}
        bad |= set() if more is None else {more}
        return len(bad & members) <= fault_limit(len(members))

    def _committees(self) -> list[set[int]]:
        """All that may still decide something, also those that are only wanted."""
        numbers, found = self.cluster.numbers, []
        oldest = min(node.replica.epoch for node in self.cluster.up())
        for epoch, committee in self.cluster.committees.items():
            if epoch >= oldest:
                found.append({numbers[member.node_key] for member in committee.members})
        return found + [set(body.removeprefix(b"committee ")) for body in self._wanted()]

    def _wanted(self) -> set[bytes]:
        """Changes that somebody may still propose or decide."""
        cluster = self.cluster
        pooled = {body for node in cluster.nodes for body in node.pool}
        low = min(node.replica.height for node in cluster.up())
        longest = max((node.chain for node in cluster.up()), key=len)
        done = {body for decided in longest[:low] for body in decided.block.bodies}
        wanted = pooled | (set(cluster.bodies.values()) - done)
        return {body for body in wanted if body.startswith(b"committee ")}

    # --- what happens

    def event(self) -> None:
        what = self.rng.random()
        if what < 0.45:
            self._change()
        elif what < 0.7:
            self._lose()
        elif what < 0.8:
            self._power_cut()
        elif what < 0.9:
            self._forget()
        else:
            self.blocked.clear()
            self.cluster.pass_ticks(30)

    def _change(self) -> None:
        rng = self.rng
        size = rng.choice((1, 2, 3, 4, 4, 5, 6, 7))
        members = rng.sample(self.members, min(size, len(self.members)))
        if self._bears(members):
            self.cluster.count("change")
            self.cluster.submit(change_to(*members))

    def _lose(self) -> None:
        """An honest one loses its journal, perhaps its chain; it knows."""
        cluster, rng = self.cluster, self.rng
        node = rng.choice([node for node in cluster.up() if node.index in self.members])
        if node.index in self.kinds:
            return
        if not all(self._bears(m, node.index) for m in self._committees() if node.index in m):
            return
        cluster.count("loss")
        if rng.random() < 0.7:
            cluster.crash(node.index)
        if rng.random() < 0.5:
            node.chain.clear()
            node.fetched.clear()
        node.synced = len(node.chain)
        node.journal = [encode_record(SilenceRecord(None))]
        cluster.restart(node.index)

    def _power_cut(self) -> None:
        cluster = self.cluster
        cluster.count("power cut")
        for node in cluster.up():
            cluster.crash(node.index)
            node.alive = True
        for node in cluster.up():
            self._bounce(node)

    def _forget(self) -> None:
        """A faulty one forgets what it signed, and goes on."""
        cluster = self.cluster
        for member, kind in self.kinds.items():
            if kind == "forgets":
                cluster.count("forgotten")
                node = cluster.nodes[member]
                node.journal, node.synced = [], len(node.chain)
                cluster.restart(member)

    @override
    def check_end(self) -> None:
        """Every chain links, no honest one is accused of anything or told of a foreign vote."""
        cluster = self.cluster
        bad = {key(member) for member in self.kinds}
        for node in cluster.up():
            parent = cluster.genesis.digest()
            for decided in node.chain:
                header = decided.block.header
                assert header.parent_hash == parent
                parent = header.digest()
            if node.index not in cluster.faulty:
                assert not node.foreign, f"{node.index} is told of a foreign vote"
            for entry in node.evidence:
                assert isinstance(entry, convictions.Equivocation | convictions.HiddenCommit)
                committee = cluster.committees[entry.epoch]
                culprit = committee.members[convictions.culprit(entry)].node_key
                assert culprit in bad, "an honest member is convicted"
                assert convictions.proves(entry, committee, GENESIS_HASH, verify_stub)
                cluster.count("evidence")


def wander(seed: int) -> dict[str, int]:
    """One whole run; what happened in it."""
    run = Wanderer(seed)
    for _ in range(run.rng.choice((2, 4, 8))):
        run.chaos(run.rng.choice((10, 40, 120)))
        run.event()
    run.blocked.clear()
    ticks = run.heal()
    run.check_end()
    counts = run.cluster.counts
    counts["heal ticks"] = ticks
    counts["decisions"] = len(run.cluster.decided)
    counts["epochs"] = max(run.cluster.committees)
    return counts
