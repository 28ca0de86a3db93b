"""Named regressions of where others fell, part primaries: new ones that lie, old ones that censor.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.block import Block, VoteType
from chain.genesis import ConsensusParameters
from chain.votes import PreparedCertificate, ViewChange
from consensus.messages import Commit, MessageInvalid, NewView, Prepare, PrePrepare
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, block_on, pre_prepare, prepared, sign

# The first primary leads as long as nobody changes the view: no turn helps against a censor.
ONE_LEADER = ConsensusParameters(leader_period=2**20)


class ViewTwo:
    """Honest member 3 among liars. Member 2 opens view 2 with ViewChanges of 0, 1 and itself:
    0 shows `old`, prepared in view 0, and 1 shows `newer`, prepared in view 1.
    """

    def __init__(self) -> None:
        self.cluster = cluster = Cluster(4, faulty=[0, 1, 2])
        self.replica = cluster.nodes[3].replica
        self.state = self.replica._state
        self.old, self.newer = self.block(0, 0, b"old"), self.block(1, 1, b"newer")
        self.tip = self.state.tip.certificate
        self.shown: list[PreparedCertificate | None] = [
            prepared([1, 2], 0, 0, self.old.header),
            prepared([0, 2], 1, 1, self.newer.header),
            None,
        ]

    def block(self, member: int, view: int, body: bytes) -> Block:
        return block_on(self.state, member, view, body, self.cluster.now_ms)

    def changes(self) -> list[ViewChange]:
        return [
            sign(ViewChange(2, member, self.tip, shown, UNSIGNED))
            for member, shown in enumerate(self.shown)
        ]

    def open(self, changes: list[ViewChange]) -> None:
        self.say(sign(NewView(2, 1, 2, tuple(changes), UNSIGNED)))

    def say(self, message: NewView | PrePrepare) -> None:
        self.cluster.queue.append(Envelope(2, 3, message))
        self.cluster.drain()

    def propose(self, block: Block) -> None:
        self.say(pre_prepare(self.cluster, block, 2, 2, self.tip))

    @property
    def prepared_for(self) -> bytes | None:
        """The digest that member 3 signed a Prepare for in view 2."""
        return self.cluster.signed.get((3, VoteType.PREPARE, 2, 1))


def test_trap_2_of_two_prepared_blocks_only_the_one_of_the_higher_view_may_follow() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): the new primary prefers the lower view's block."""
    scenes: dict[str, Callable[[ViewTwo], Block]] = {
        "lower": lambda scene: scene.old,
        "fresh": lambda scene: scene.block(2, 2, b"mine"),
        "highest": lambda scene: scene.newer,
    }
    for name, pick in scenes.items():
        scene = ViewTwo()
        scene.open(scene.changes())
        assert scene.replica.view == 2
        block = pick(scene)
        scene.propose(block)
        assert scene.prepared_for == (block.header.digest() if name == "highest" else None)


def test_trap_2_view_changes_of_another_view_open_none() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): promises for view 1 or 3 are none for view 2."""
    for view in (1, 3):
        scene = ViewTwo()
        scene.shown = [scene.shown[0], None, None]
        changes = scene.changes()
        changes[1] = sign(replace(changes[1], view=view))
        with pytest.raises(MessageInvalid):
            scene.replica.step(sign(NewView(2, 1, 2, tuple(changes), UNSIGNED)), 0)
        scene.propose(scene.old)
        assert scene.prepared_for is None


def test_trap_2_what_was_prepared_under_nobodys_lead_justifies_nothing() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): a certificate whose primary did not lead
    its view is garbage.
    """
    scene = ViewTwo()
    block = scene.block(0, 0, b"mine")
    # Member 1 led view 1, not 0; the header, of view 0, is as it should be.
    scene.shown[1] = prepared([1, 2], 0, 1, block.header)
    scene.open(scene.changes())
    scene.propose(block)
    assert scene.prepared_for is None


def test_trap_2_a_garbage_certificate_costs_the_next_honest_view_nothing() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): one garbage certificate among good ones
    does not mask them.
    """
    cluster = Cluster(4, faulty=[3])
    cluster.submit(b"one")
    cluster.drain(lambda e: isinstance(e.event, PrePrepare | Prepare) and e.target in {1, 2})
    digest = cluster.nodes[1].replica._state.slot.proposals[0].digest
    assert locked_on(cluster, 1) == digest
    cluster.crash(0)
    cluster.restart(0)
    state = cluster.nodes[1].replica._state
    # Member 3 claims its own block of view 0, under itself, before anybody else speaks.
    garbage = prepared([0, 1], 3, 0, block_on(state, 3, 0, b"mine", cluster.now_ms).header)
    claim = sign(ViewChange(1, 3, state.tip.certificate, garbage, UNSIGNED))
    cluster.queue += [Envelope(3, member, claim) for member in (0, 1, 2)]
    cluster.run(
        lambda: cluster.height() >= 1,
        passes=lambda e: not isinstance(e.event, PrePrepare | Prepare | Commit) or e.event.view > 0,
    )
    assert cluster.decided[1] == digest
    assert {view for _, view, _ in cluster.where()} == {1}


def test_trap_7_a_censor_is_replaced_though_it_decides_all_else_and_leads_for_ever() -> None:
    """Trap 7 (minbft#97): one member's transaction is left out, no other timer ever runs out."""
    cluster = Cluster(4, ONE_LEADER)
    cluster.nodes[0].hidden.add(b"victim")
    cluster.submit(b"victim")
    took = drip_until(cluster, lambda: b"victim" not in cluster.nodes[1].pool)
    assert took <= 50 + 100, "the request timer, and a view"
    assert cluster.nodes[1].replica.view == 1
    assert len(cluster.decided) > 5, "others' transactions were decided all the time"


def drip_until(cluster: Cluster, done: Callable[[], bool]) -> int:
    """A fresh transaction of others every 10 ticks; how many ticks until it is done."""
    for passed in range(300):
        if passed % 10 == 0:
            cluster.submit(b"other %d" % passed)
        cluster.drain()
        if done():
            return passed
        cluster.pass_ticks()
        for node in cluster.up():
            cluster.tell(node)
    raise AssertionError("censored")


def test_trap_7_a_primary_that_drips_is_replaced_though_it_always_makes_progress() -> None:
    """Trap 7 (minbft#97): one old transaction every 400 ms, just within every timeout."""
    cluster = Cluster(4, ONE_LEADER)
    backlog = [b"waiting %d" % number for number in range(20)]
    drip = cluster.nodes[0].hidden
    drip.update(backlog)
    cluster.submit(*backlog)
    for passed in range(300):
        if passed % 40 == 0 and drip:
            drip.remove(max(drip))
            cluster.tell(cluster.nodes[0])
        cluster.drain()
        if not any(node.pool for node in cluster.up()):
            assert passed <= 200, "twenty drips would take 800"
            assert cluster.nodes[1].replica.view == 1
            return
        cluster.pass_ticks()
        for node in cluster.up():
            cluster.tell(node)
    raise AssertionError("it drips on")


def test_trap_7_an_honest_primary_under_load_is_not_replaced() -> None:
    """Trap 7 (minbft#97): the watch for skipped transactions blames nobody who skips none."""
    cluster = Cluster(4, ONE_LEADER)
    assert drip_until(cluster, lambda: cluster.height() >= 40) < 300
    assert {view for _, view, _ in cluster.where()} == {0}


def lock_on_two_blocks(cluster: Cluster) -> tuple[bytes, bytes]:
    """f+1 members (1 and 2) prepare block a in view 0, member 3 has voted for b there; their
    Commits are lost. The digests of a and b; primary 0 lied and is silent now.
    """
    state = cluster.nodes[1].replica._state
    blocks = [block_on(state, 0, 0, body, cluster.now_ms) for body in (b"a", b"b")]
    first, second = (pre_prepare(cluster, block, 0, 0, state.tip.certificate) for block in blocks)
    for target, message in ((1, first), (2, first), (3, second)):
        cluster.queue.append(Envelope(0, target, message))
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    a, b = (block.header.digest() for block in blocks)
    assert [locked_on(cluster, member) for member in (1, 2, 3)] == [a, a, None]
    return a, b


def locked_on(cluster: Cluster, member: int) -> bytes | None:
    """The block that the member has prepared at its active height."""
    prepared_there = cluster.nodes[member].replica._state.slot.prepared
    return None if prepared_there is None else prepared_there.header.digest()


def test_trap_23_what_f_plus_one_are_locked_on_is_decided_whatever_the_rest_voted_for() -> None:
    """Trap 23 (IBFT, arXiv 1901.07160): the liar may hold a certificate of a, so b is a fork."""
    cluster = Cluster(4, faulty=[0])
    a, b = lock_on_two_blocks(cluster)
    assert cluster.signed[3, VoteType.PREPARE, 0, 1] == b
    cluster.submit(b"one")
    took = cluster.run(lambda: cluster.height() >= 2)
    assert cluster.decided[1] == a
    assert took < 50 + 100, "one view change is enough"


def test_trap_23_locks_on_blocks_of_different_views_dissolve() -> None:
    """Trap 23 (IBFT, arXiv 1901.07160): one is locked on a in view 0, another on b in view 1;
    IBFT's locked replicas wait for each other for ever.
    """
    cluster = Cluster(4)
    # View 0: only member 2 gets the Prepares.
    cluster.submit(b"one")
    cluster.drain(
        lambda e: (
            isinstance(e.event, PrePrepare) or (isinstance(e.event, Prepare) and e.target == 2)
        )
    )
    a = locked_on(cluster, 2)
    # View 1: member 2 is cut off, so the choice is free; only member 3 gets the Prepares.
    cluster.submit(b"two", to=[0, 1, 3])
    cluster.run(
        lambda: locked_on(cluster, 3) is not None,
        passes=lambda e: 2 not in {e.source, e.target} and is_heard(e, 3),
    )
    b = locked_on(cluster, 3)
    assert None not in {a, b}
    assert a != b
    assert cluster.height() == 0
    cluster.run(lambda: cluster.height() >= 1, ticks=800)
    assert cluster.decided[1] in {a, b}


def is_heard(envelope: Envelope, voter: int) -> bool:
    """Votes of view 1 reach only this member, all else everybody."""
    event = envelope.event
    if not isinstance(event, Prepare | Commit):
        return True
    return event.view == 1 and envelope.target == voter


def test_trap_16_a_block_that_was_prepared_an_hour_ago_may_still_be_proposed_again() -> None:
    """Trap 16 (FISCO FIB-126, plenum#1488): clocks judge first proposals only, else
    view changes never end.
    """
    scene = ViewTwo()
    scene.cluster.now_ms += 3_600_000
    scene.open(scene.changes())
    scene.propose(scene.newer)
    assert scene.prepared_for == scene.newer.header.digest()


@pytest.mark.parametrize(
    ("off_ms", "votes"),
    [(-3_600_000, 0), (-5_001, 0), (-5_000, 3), (5_000, 3), (5_001, 0), (3_600_000, 0)],
)
def test_trap_16_a_first_proposal_beyond_the_drift_gets_no_vote(off_ms: int, votes: int) -> None:
    """Trap 16 (FISCO FIB-126, plenum#1488): neither from the past nor from the future."""
    cluster = Cluster(4, faulty=[0])
    state = cluster.nodes[1].replica._state
    block = block_on(state, 0, 0, b"one", cluster.now_ms + off_ms)
    message = pre_prepare(cluster, block, 0, 0, state.tip.certificate)
    cluster.queue += [Envelope(0, member, message) for member in (1, 2, 3)]
    cluster.drain()
    assert len([slot for slot in cluster.signed if slot[1] == VoteType.PREPARE]) == votes
