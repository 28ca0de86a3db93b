"""Named regressions of where others fell, part floods: memory over time and under attack, work.

Memory is measured by the objects that can be reached from a replica, so that nothing is forgotten.
Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

import gc
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FunctionType, ModuleType

import pytest
from typing_extensions import override

from chain.block import VoteType, transactions_root
from chain.genesis import ConsensusParameters
from chain.transaction import body_hash
from chain.votes import ViewChange
from consensus.config import TICK_MS, ReplicaConfig
from consensus.input import FetchedBlock, Proposal
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
    Status,
)
from consensus.output import Output, Results
from tests.consensus.cluster import Cluster, Envelope, Node, Observer
from tests.consensus.forging import UNSIGNED, block_on, certificate, pre_prepare, sign
from tests.consensus.samples import header_on
from tests.consensus.stub_chain import execute, key, verify_stub

SHARED = (type, ModuleType, FunctionType, Cluster, Node)
DIGEST = bytes(range(32))


def footprint(root: object) -> int:
    """How many objects the replica keeps: all that is reachable and no code or test's own."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        item = stack.pop()
        if id(item) in seen or isinstance(item, SHARED):
            continue
        seen.add(id(item))
        stack += gc.get_referents(item)
    return len(seen)


class Solitude:
    """A committee of one: the quickest chain there is, a step a height, without disk or network."""

    def __init__(self) -> None:
        cluster = Cluster(1)
        self.replica = cluster.nodes[0].replica
        self.now_ms = cluster.now_ms
        self.height = 0
        self.parent = cluster.genesis.digest()

    def grow_to(self, height: int) -> None:
        """Empty blocks after the first, each sealing the one before."""
        while self.height < height:
            self.now_ms += TICK_MS
            if self.height % 8 == 0:
                self.replica.tick(self.now_ms)
            output = self.replica.step(self.proposal(), self.now_ms)
            (decided,) = output.decided
            self.height, self.parent = decided.block.header.height, decided.digest

    def proposal(self) -> Proposal:
        # The genesis needs no seal: the first block has a transaction.
        bodies = () if self.height else (b"first",)
        hashes = tuple(body_hash(body) for body in bodies)
        results = Results(self.parent, self.parent, needs_seal=True)
        place = self.height + 1, 0, self.parent
        return Proposal(*place, self.now_ms, hashes, bodies, results)


def test_trap_4_memory_is_flat_over_a_hundred_thousand_heights() -> None:
    """Trap 4 (Sawtooth): what a decided block leaves behind is nothing, at height 10^5 too."""
    alone = Solitude()
    sizes = []
    # Every height measured is the first of a leader's period.
    for height in (1_600, 16_000, 100_000):
        alone.grow_to(height)
        sizes.append(footprint(alone.replica))
    # A small integer is shared, a large one is an object.
    assert max(sizes) - min(sizes) < 8


def test_trap_4_memory_is_flat_where_views_change_and_members_come_and_go() -> None:
    """Trap 4 (Sawtooth): votes, view changes and blames of the past are let go too."""
    parameters = ConsensusParameters(
        leader_period=4, blame_ms=2_000, request_timeout_ms=50, view_timeout_ms=50, resend_ms=50
    )
    cluster = Cluster(4, parameters)
    peaks = []
    for number in range(120):
        victim = number % 4
        cluster.crash(victim)
        cluster.submit(b"tx %d" % number)
        cluster.run(lambda: not any(node.pool for node in cluster.up()))
        cluster.restart(victim, compact=True)
        newest = max(cluster.decided)
        cluster.run(lambda h=newest: cluster.height() >= h)  # type: ignore[misc]
        cluster.nodes[victim].journal.clear()
        peaks.append(max(footprint(node.replica) for node in cluster.up()))
    assert cluster.counts["NEW_VIEW"] > 30
    assert max(peaks[80:]) <= 1.1 * max(peaks[40:80])


# (Those of the last 16 decided heights are compared: they may convict.)
WINDOW = {-20: False, 1: True, 2: True, 3: False, 2**32: False}


@pytest.mark.parametrize(("above", "is_read"), WINDOW.items(), ids=map(str, WINDOW))
@pytest.mark.parametrize("kind", [Prepare, Commit])
def test_trap_4_votes_outside_the_window_are_dropped_before_they_cost_anything(
    kind: type[Prepare] | type[Commit],
    above: int,
    is_read: bool,  # noqa: FBT001
) -> None:
    """Trap 4 (Sawtooth): only votes at decided+1 and decided+2 are verified, and kept."""
    cluster = Counting(4)
    for number in range(20):
        cluster.submit(b"tx %d" % number)
        cluster.run(lambda h=2 * number: cluster.height() >= h + 2)  # type: ignore[misc]
    cluster.crash(3)
    replica = cluster.nodes[0].replica
    replica.step(sign(Prepare(0, 3, DIGEST, 3, UNSIGNED)), cluster.now_ms)
    before, size = cluster.verified, footprint(replica)
    height = cluster.height() + above
    message: Prepare | Commit = sign(Prepare(0, height, DIGEST, 3, UNSIGNED))
    if kind is Commit:
        message = sign(Commit(0, height, DIGEST, 3, UNSIGNED))
    output = replica.step(message, cluster.now_ms)
    assert not output.send
    assert cluster.verified == before + is_read
    # The highest height that was dropped unread is one number.
    assert (footprint(replica) > size + 1) == is_read


class Counting(Cluster):
    """It counts how many signatures its members verify."""

    verified = 0

    @override
    def config(self, index: int) -> ReplicaConfig:
        def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
            self.verified += 1
            return verify_stub(public_key, message, signature)

        return replace(super().config(index), verify=verify)


def flood_of(cluster: Cluster) -> dict[str, Callable[[int], Message]]:
    """Rightly signed messages of the faulty member 3, as many different ones as are wanted."""
    state = cluster.nodes[0].replica._state
    tip = state.tip.certificate
    height = state.slot.height
    block = block_on(state, 3, 3, b"far", cluster.now_ms)

    def proposal(number: int) -> PrePrepare:
        header = replace(block.header, view=3 + 4 * number)
        return pre_prepare(cluster, replace(block, header=header), 3, 3 + 4 * number, tip)

    def ahead(number: int) -> PrePrepare:
        header = header_on(replace(block.header, time_ms=block.header.time_ms + number))
        proof = certificate([0, 1, 2], number, block.header)
        made = replace(header, parent_hash=proof.digest)
        return sign(PrePrepare(number, 3, made, (), proof, UNSIGNED))

    def change(number: int) -> ViewChange:
        return sign(ViewChange(number + 1, 3, tip, None, UNSIGNED))

    return {
        "Prepare": lambda i: sign(Prepare(i, height, DIGEST, 3, UNSIGNED)),
        "Commit": lambda i: sign(Commit(i, height, DIGEST, 3, UNSIGNED)),
        "Prepare ahead": lambda i: sign(Prepare(i, height + 1, DIGEST, 3, UNSIGNED)),
        "Commit ahead": lambda i: sign(Commit(i, height + 1, DIGEST, 3, UNSIGNED)),
        "PrePrepare": proposal,
        "ViewChange": change,
        "Complaint": lambda i: sign(Complaint(i, height, 3, UNSIGNED)),
        "Status": lambda i: sign(
            Status(i, 3, started=bool(i % 2), certificate=tip, signature=UNSIGNED)
        ),
        "RecoveryQuery": lambda i: sign(RecoveryQuery(i, i % 5, i, 3, UNSIGNED)),
        "RecoveryReply": lambda i: sign(
            RecoveryReply(i, key(0), i, 3, tip, (), change(i + 1), UNSIGNED)
        ),
        "far Prepare": lambda i: sign(Prepare(0, 10 + i, DIGEST, 3, UNSIGNED)),
        "unproven PrePrepare": ahead,
        "NewView of its own": lambda i: sign(
            NewView(4 * i + 3, height, 3, (change(4 * i + 2),), UNSIGNED)
        ),
    }


@pytest.mark.parametrize("what", list(flood_of(Cluster(4))))
def test_trap_18_a_flood_of_one_member_fills_no_memory_and_stops_nothing(what: str) -> None:
    """Trap 18 (FISCO FIB-129, FIB-131, FIB-115): thousands of different, rightly signed messages
    of every kind, for views and heights far away; what is kept of them is bounded.
    """
    cluster = Cluster(4)
    cluster.crash(3)
    cluster.faulty = frozenset({3})
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    make = flood_of(cluster)[what]
    replica = cluster.nodes[0].replica
    sizes = [footprint(replica)]
    for start in (0, 300, 600):
        cluster.queue += [Envelope(3, 0, make(start + i)) for i in range(300)]
        cluster.drain()
        sizes.append(footprint(replica))
    assert sizes[3] <= sizes[1] + 40, "a tripled flood leaves no more than a single one"
    assert sizes[3] <= sizes[0] + 2_500
    cluster.submit(b"two")
    assert cluster.run(lambda: cluster.height() >= 4) <= 50 + 100


def repeated(cluster: Cluster) -> Iterator[Message]:
    """What an honest member re-sends, of every kind."""
    state = cluster.nodes[0].replica._state
    tip, height = state.tip.certificate, state.slot.height
    yield sign(Prepare(0, height, DIGEST, 3, UNSIGNED))
    yield sign(Commit(0, height, DIGEST, 3, UNSIGNED))
    yield sign(Complaint(0, height, 3, UNSIGNED))
    yield sign(ViewChange(2, 3, tip, None, UNSIGNED))


def test_trap_18_what_was_heard_before_is_not_verified_again() -> None:
    """Trap 18 (FISCO FIB-129, FIB-131, FIB-115): a repeated message costs no
    signature to verify, whoever repeats it.
    """
    cluster = Counting(4)
    cluster.crash(3)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    replica = cluster.nodes[0].replica
    for message in repeated(cluster):
        replica.step(message, cluster.now_ms)
        before = cluster.verified
        for _ in range(100):
            replica.step(message, cluster.now_ms)
        assert cluster.verified == before, type(message).__name__


class OneInFlight(Observer):
    """No vote ever leaves for a height but the one above its sender's decided height."""

    def __init__(self) -> None:
        self.votes = 0

    @override
    def on_output(self, node: Node, output: Output) -> None:
        known = {len(node.chain), *(entry.block.header.height for entry in output.decided)}
        for item in output.send:
            if isinstance(item.message, PrePrepare | Prepare | Commit):
                assert item.message.height - 1 in known
                self.votes += 1


def test_trap_3_whatever_happens_one_height_is_in_flight() -> None:
    """Trap 3 (PBFT §4.4): no gap can arise, so none is ever filled."""
    observer = OneInFlight()
    cluster = Cluster(4, ConsensusParameters(leader_period=2), observer=observer)
    for number in range(12):
        cluster.crash(number % 4)
        cluster.submit(b"tx %d" % number, b"more %d" % number)
        cluster.run(lambda: not any(node.pool for node in cluster.up()))
        cluster.restart(number % 4)
    assert observer.votes > 60
    heights = {slot[3] for slot in cluster.signed if slot[1] != VoteType.VIEW_CHANGE} - {0}
    assert heights == set(range(1, max(heights) + 1))


def test_trap_3_a_justified_proposal_for_the_height_after_the_next_gets_no_vote_yet() -> None:
    """Trap 3 (PBFT §4.4): it is kept, and voted for once the gap is closed."""
    cluster = Cluster(4, faulty=[0, 2, 3])
    node = cluster.nodes[1]
    first = block_on(node.replica._state, 0, 0, b"one", cluster.now_ms)
    after = execute(cluster.genesis_results, first.header, first.bodies)
    assert after is not None
    second = replace(
        header_on(first.header),
        transactions_root=transactions_root(()),
        transactions_count=0,
        state_root=after.state_root,
        receipts_root=after.receipts_root,
    )
    proof = certificate([0, 2, 3], 0, first.header)
    cluster.feed(node, sign(PrePrepare(0, 0, second, (), proof, UNSIGNED)))
    cluster.drain()
    assert not voted_at(cluster)
    cluster.feed(node, FetchedBlock(first, (body_hash(b"one"),), proof))
    cluster.drain()
    assert voted_at(cluster) == {2}


def voted_at(cluster: Cluster) -> set[int]:
    return {slot[3] for slot in cluster.signed if slot[1] in {VoteType.PREPARE, VoteType.COMMIT}}
