"""Named regressions of where others fell, part views: view changes, timers, locks, censorship.

Numbers are those of the table of traps in the protocol's design.
"""

from dataclasses import replace
from itertools import combinations

import pytest

from chain.votes import ViewChange
from consensus.messages import Commit, Complaint, NewView, Prepare, PrePrepare, Status
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, block_on, pre_prepare, prepared, sign

TIMEOUT_TICKS = 50
CAP_TICKS = 1600


def decide_alone(cluster: Cluster, who: int) -> bytes:
    """Height 1 is decided by one member only: all Commits but those to it are lost."""
    cluster.submit(b"one")
    cluster.drain(lambda e: not isinstance(e.event, Commit) or e.target == who)
    assert [node.replica.height for node in cluster.nodes if node.index != who] == [0] * (
        len(cluster.nodes) - 1
    )
    return cluster.decided[1]


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_trap_1_what_one_decided_the_others_decide_for_every_quorum(n: int) -> None:
    """Trap 1 (Sawtooth): the one is cut off, all choices of the others who are left decide the
    same, for n = 4 to 7.
    """
    quorum = Cluster(n).committee.quorum
    for members in combinations(range(1, n), quorum):
        cluster = Cluster(n)
        digest = decide_alone(cluster, 0)
        for node in cluster.nodes:
            if node.index not in members:
                cluster.crash(node.index)
        cluster.run(
            lambda c=cluster: c.height() >= 1,  # type: ignore[misc]
            passes=lambda e: not isinstance(e.event, Commit) or e.event.view > 0,
        )
        assert {node.chain[0].digest for node in cluster.up()} == {digest}
        assert all(view >= 1 for _, view, _ in cluster.where())


class ViewOne:
    """Four members, height 1 proposed in view 0 and prepared by those of `prepared_at`; then all
    but the faulty member 1, the primary of view 1, have changed to view 1.
    """

    def __init__(self, prepared_at: tuple[int, ...]) -> None:
        self.cluster = cluster = Cluster(4)
        cluster.submit(b"one")
        cluster.drain(
            lambda e: (
                isinstance(e.event, PrePrepare)
                or (isinstance(e.event, Prepare) and e.target in prepared_at)
            )
        )
        cluster.nodes[1].alive = False
        cluster.faulty = frozenset({1})
        self.changes: dict[int, ViewChange] = {}
        while len(self.changes) < 3:
            cluster.pass_ticks()
            for entry in cluster.queue:
                if isinstance(entry.event, ViewChange):
                    self.changes[entry.source] = entry.event
            cluster.drain(lambda e: isinstance(e.event, Complaint))
        tip = cluster.nodes[0].replica._state.tip
        self.changes[1] = sign(ViewChange(1, 1, tip.certificate, None, UNSIGNED))

    def new_view(self, *members: int, **replaced: ViewChange) -> NewView:
        changes = tuple(replaced.get(f"m{m}", self.changes[m]) for m in sorted(members))
        return sign(NewView(1, 1, 1, changes, UNSIGNED))

    def free_proposal(self) -> PrePrepare:
        """A block that member 1 would like better."""
        state = self.cluster.nodes[0].replica._state
        block = block_on(state, 1, 1, b"mine", self.cluster.now_ms)
        return pre_prepare(self.cluster, block, 1, 1, state.tip.certificate)

    def lie(self, *messages: NewView | PrePrepare) -> None:
        for message in messages:
            for node in self.cluster.up():
                self.cluster.queue.append(Envelope(1, node.index, message))
        self.cluster.drain()

    def prepared_by(self) -> dict[int, bytes]:
        """Whose Prepare for height 1 in view 1 was signed, on which digest."""
        return {key[0]: d for key, d in self.cluster.signed.items() if key[1:] == (2, 1, 1)}

    def decides_later(self) -> bytes:
        self.cluster.run(lambda: self.cluster.height() >= 1)
        assert all(view >= 2 for _, view, _ in self.cluster.where())
        return self.cluster.decided[1]


def test_the_forged_new_view_would_be_accepted_if_it_were_honest() -> None:
    scene = ViewOne(prepared_at=())
    scene.lie(scene.new_view(0, 1, 2), scene.free_proposal())
    assert scene.prepared_by().keys() == {0, 2, 3}


def test_trap_2_a_new_primary_that_omits_what_was_prepared_is_refused() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): omitted."""
    scene = ViewOne(prepared_at=(2,))
    shown = scene.changes[2].prepared
    assert shown is not None
    scene.lie(scene.new_view(0, 1, 2), scene.free_proposal())
    assert scene.prepared_by() == {}
    assert scene.decides_later() == shown.header.digest()


def test_trap_2_a_swapped_view_change_is_refused() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): swapped."""
    scene = ViewOne(prepared_at=(2,))
    stripped = replace(scene.changes[2], prepared=None)
    scene.lie(scene.new_view(0, 1, 2, m2=stripped), scene.free_proposal())
    assert scene.cluster.counts["refused"] > 0
    assert scene.prepared_by() == {}


def test_trap_2_an_unjustified_re_proposal_is_refused() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): added."""
    scene = ViewOne(prepared_at=(2,))
    candidate = scene.cluster.nodes[2].replica._state.slot
    shown = scene.changes[2].prepared
    assert candidate.prepared is not None
    assert shown is not None
    held = candidate.blocks[shown.header.digest()]
    again = sign(
        PrePrepare(1, 1, held.header, held.body_hashes, scene.changes[0].certificate, UNSIGNED)
    )
    # The quorum 0, 1, 3 shows nothing prepared: the choice is free, so an old block is not it.
    scene.lie(scene.new_view(0, 1, 3), again)
    assert scene.prepared_by() == {}


def test_trap_2_a_proposal_without_new_view_is_not_voted_for() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): unjustified."""
    scene = ViewOne(prepared_at=())
    scene.lie(scene.free_proposal())
    assert scene.prepared_by() == {}


def test_trap_2_a_quorum_with_a_stranger_or_a_double_is_no_quorum() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): too few."""
    scene = ViewOne(prepared_at=())
    one, two = scene.changes[1], scene.changes[2]
    for changes in ((one, two), (one, two, two), (one, two, replace(two, member=4))):
        scene.lie(sign(NewView(1, 1, 1, changes, UNSIGNED)))
    assert scene.cluster.counts["refused"] == 3 * 3
    assert all(not node.replica._state.started for node in scene.cluster.up())


def test_trap_2_one_garbage_certificate_among_good_ones_masks_nothing() -> None:
    """Trap 2 (FISCO FIB-124, concord-bft#50): the next view shows what was prepared."""
    scene = ViewOne(prepared_at=(2,))
    cluster = scene.cluster
    shown = scene.changes[2].prepared
    assert shown is not None
    state = cluster.nodes[0].replica._state
    # Member 1 claims a block prepared under itself, which did not lead view 0.
    garbage = prepared([0, 2], 1, 0, block_on(state, 1, 0, b"mine", cluster.now_ms).header)
    claim = ViewChange(2, 1, state.tip.certificate, garbage, UNSIGNED)
    for node in cluster.up():
        cluster.queue.append(Envelope(1, node.index, sign(claim)))
    assert scene.decides_later() == shown.header.digest()


def test_trap_5_f_members_far_ahead_move_nobody() -> None:
    """Trap 5 (FISCO#2211, besu#7642): one member in view 2^32."""
    cluster = Cluster(4, faulty=[3])
    far = 2**32
    tip = cluster.nodes[0].replica._state.tip
    for message in (
        sign(ViewChange(far, 3, tip.certificate, None, UNSIGNED)),
        sign(Complaint(far, 1, 3, UNSIGNED)),
        sign(Status(far, 3, started=True, certificate=tip.certificate, signature=UNSIGNED)),
    ):
        cluster.queue += [Envelope(3, i, message) for i in range(3)]
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    assert {view for _, view, _ in cluster.where()} == {0}


def test_trap_5_after_a_long_partition_the_next_decision_comes_soon() -> None:
    """Trap 5 (FISCO#2211, besu#7642): within two caps."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    # 100 s in halves: two members of each side, no quorum anywhere.
    for _ in range(10_000):
        cluster.drain(lambda e: (e.source < 2) == (e.target < 2))
        cluster.pass_ticks()
    assert cluster.run(lambda: cluster.height() >= 1, ticks=2 * CAP_TICKS) <= 2 * CAP_TICKS


def test_trap_5_after_a_decision_the_timer_is_back_at_base() -> None:
    """Trap 5 (FISCO#2211, besu#7642): two dead primaries, then one."""
    cluster = Cluster(7)
    for member in (0, 1):
        cluster.crash(member)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    assert {view for _, view, _ in cluster.where()} == {2}
    primary = cluster.up()[0].replica.primary
    assert primary is not None
    cluster.restart(0)
    cluster.run(lambda: cluster.height() >= 2)
    cluster.crash(primary)
    cluster.submit(b"two")
    assert cluster.run(lambda: cluster.height() >= 3) <= TIMEOUT_TICKS + 10


def test_trap_6_lost_view_changes_and_new_views_are_sent_again() -> None:
    """Trap 6 (fabric#917, concord#704): all are lost for 5 s."""
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one")
    for _ in range(500):
        cluster.drain(lambda e: not isinstance(e.event, ViewChange | NewView))
        cluster.pass_ticks()
    assert cluster.height() == 0
    cluster.run(lambda: cluster.height() >= 1, ticks=2 * CAP_TICKS)


def test_a_new_view_that_one_member_missed_is_handed_on_by_the_others() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one")
    # Member 3 hears no NewView from the primary of view 1 itself, and its vote is needed.
    passed = cluster.run(
        lambda: cluster.height() >= 2,
        passes=lambda e: not (isinstance(e.event, NewView) and (e.source, e.target) == (1, 3)),
    )
    assert {view for _, view, _ in cluster.where()} == {1}
    assert passed < 2 * TIMEOUT_TICKS + 25


def test_trap_7_a_censor_that_decides_everything_else_is_replaced() -> None:
    """Trap 7 (minbft#97): by its next turn at the latest."""
    cluster = Cluster(4)
    cluster.nodes[0].hidden.add(b"victim")
    cluster.submit(b"victim")
    started = cluster.tick
    drip = 0
    while b"victim" in cluster.nodes[1].pool:
        # The censor keeps deciding others' transactions, so no other timer ever runs out.
        if cluster.tick % 10 == 0:
            drip += 1
            cluster.submit(b"other %d" % drip)
        cluster.drain()
        cluster.pass_ticks()
        for node in cluster.up():
            cluster.tell(node)
        assert cluster.tick < started + 200, "censored"
    assert drip > 3


def test_trap_16_a_prepared_block_is_decided_however_late_the_view_change() -> None:
    """Trap 16 (FISCO FIB-126, plenum#1488): an hour late."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    digest = cluster.nodes[1].replica._state.slot.proposals[0].digest
    cluster.crash(0)
    cluster.now_ms += 3_600_000
    cluster.run(
        lambda: cluster.height() >= 1,
        passes=lambda e: not isinstance(e.event, Commit) or e.event.view > 0,
    )
    assert cluster.decided[1] == digest
    assert cluster.nodes[1].chain[0].certificate.view == 1


@pytest.mark.parametrize("hour_ms", [-3_600_000, 3_600_000])
def test_trap_16_a_primary_whose_clock_is_an_hour_off_is_replaced(hour_ms: int) -> None:
    """Trap 16 (FISCO FIB-126, plenum#1488): its proposal gets no vote."""
    cluster = Cluster(4)
    cluster.now_ms += hour_ms
    cluster.submit(b"one", to=[0])
    cluster.now_ms -= hour_ms
    cluster.submit(b"one", to=[1, 2, 3])
    cluster.run(lambda: cluster.height() >= 1)
    assert all(view == 1 for _, view, _ in cluster.where())
    assert abs(cluster.nodes[1].chain[0].block.header.time_ms - cluster.now_ms) < 5_000


def test_trap_23_f_plus_one_prepared_on_one_block_and_the_rest_on_another() -> None:
    """Trap 23 (IBFT, arXiv 1901.07160): it goes on."""
    cluster = Cluster(4, faulty=[0])
    state = cluster.nodes[1].replica._state
    blocks = [block_on(state, 0, 0, body, cluster.now_ms) for body in (b"a", b"b")]
    first, second = (pre_prepare(cluster, block, 0, 0, state.tip.certificate) for block in blocks)
    # One and two prepare a, three prepares b; nobody reaches a quorum in view 0.
    for target, message in ((1, first), (2, first), (3, second)):
        cluster.queue.append(Envelope(0, target, message))
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)


@pytest.mark.parametrize("n", range(1, 11))
def test_trap_14_live_with_exactly_f_dead_safe_with_one_more_and_live_again(n: int) -> None:
    """Trap 14 (Sawtooth, Iroha): the first members are the dead ones, primaries among them."""
    cluster = Cluster(n)
    quorum = cluster.committee.quorum
    dead = list(range(n - quorum))
    assert len(dead) >= cluster.committee.f
    for member in dead:
        cluster.crash(member)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 1)
    if n == 1:
        return
    last = n - 1
    cluster.crash(last)
    cluster.submit(b"two")
    before = cluster.height()
    for _ in range(300):
        cluster.drain()
        cluster.pass_ticks()
    assert cluster.height() <= before + 1, "only what was under way"
    cluster.restart(last)
    cluster.run(lambda: cluster.height() >= before + 2, ticks=4 * CAP_TICKS)
