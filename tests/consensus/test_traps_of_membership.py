"""Named regressions of where others fell, part membership: who decides changes at one height.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from dataclasses import replace

import pytest
from typing_extensions import override

from chain.block import VoteType, check_certificate
from chain.committee import Committee, fault_limit
from chain.errors import CertificateInvalid
from chain.genesis import ConsensusParameters
from chain.votes import ViewChange
from consensus.messages import Commit, Complaint, NewView, Prepare, PrePrepare
from consensus.output import Output
from tests.consensus.cluster import Cluster, Envelope, Node, Observer
from tests.consensus.forging import block_on, pre_prepare
from tests.consensus.stub_chain import GENESIS_HASH, change_to, committee_of, verify_stub

FAST = ConsensusParameters(
    leader_period=4,
    request_timeout_ms=100,
    seal_timeout_ms=100,
    seal_delay_ms=20,
    view_timeout_ms=200,
    view_timeout_max_ms=800,
    resend_ms=50,
)
ONE_LEADER = replace(FAST, leader_period=2**20)


def change(cluster: Cluster, *members: int) -> int:
    """Make these the committee, and go on until it has decided; its first height."""
    epoch = epoch_of(cluster) + 1
    cluster.submit(change_to(*members))
    reach(cluster, epoch)
    chain = cluster.up()[0].chain
    return next(e.block.header.height for e in chain if e.block.header.epoch == epoch)


def reach(cluster: Cluster, epoch: int) -> None:
    """There is always something to decide, until all have decided in this epoch."""
    for _ in range(800):
        cluster.drain()
        if epoch_of(cluster) >= epoch:
            return
        if not any(node.pool for node in cluster.up()):
            cluster.submit(b"work at %d" % cluster.tick)
        cluster.pass_ticks()
    raise AssertionError(f"not in epoch {epoch}: {cluster.where()}")


def epoch_of(cluster: Cluster) -> int:
    """The epoch of the newest block that all have."""
    return min(node.chain[-1].block.header.epoch if node.chain else 0 for node in cluster.up())


def verifies(cluster: Cluster, height: int, committee: Committee) -> bool:
    """Is the certificate of this height one of this committee?"""
    entry = cluster.up()[0].chain[height - 1]
    try:
        check_certificate(entry.certificate, committee, GENESIS_HASH, verify_stub)
    except CertificateInvalid:
        return False
    return True


def test_trap_15_a_change_takes_effect_two_heights_above_the_block_that_decides_it() -> None:
    """Trap 15 (FISCO#2191, FIB-137): decided in h, certified in h+1 by the old committee, which
    names the new one; from h+2 on only the new one decides, as in every light client's book.
    """
    cluster = Cluster(4, FAST, spares=1)
    cluster.submit(b"before")
    cluster.run(lambda: cluster.height() >= 2)
    first = change(cluster, 0, 1, 2, 3, 4)
    old, new = cluster.committee, committee_of(range(5), 1)
    chain = cluster.up()[0].chain
    decided_in = next(entry for entry in chain if entry.results.next_committee is not None)
    assert first == decided_in.block.header.height + 2
    named = chain[first - 2].block.header
    assert (named.epoch, named.next_committee_hash) == (0, new.hash())
    assert chain[first - 1].block.header.next_committee_hash == bytes(32)
    assert verifies(cluster, first - 1, old)
    assert not verifies(cluster, first - 1, new)
    assert verifies(cluster, first, new)
    assert not verifies(cluster, first, old)


def test_trap_15_a_chain_grows_and_shrinks_and_grows_again() -> None:
    """Trap 15 (FISCO#2191, FIB-137): 4→5→4 and 4→7, each size with its own f dead, and live."""
    cluster = Cluster(4, FAST, spares=3)
    for members in ((0, 1, 2, 3, 4), (0, 1, 2, 3), (0, 1, 2, 3, 4, 5, 6), (3, 4, 5, 6), (6,)):
        change(cluster, *members)
        dead = members[: fault_limit(len(members))]
        for member in dead:
            cluster.crash(member)
        before = max(cluster.decided)
        cluster.submit(b"with %d dead of %d" % (len(dead), len(members)))
        cluster.run(lambda h=before: cluster.height() >= h + 2, ticks=800)  # type: ignore[misc]
        for member in dead:
            cluster.restart(member)
        highest = max(cluster.decided)
        cluster.run(lambda h=highest: cluster.height() >= h, ticks=400)  # type: ignore[misc]


@pytest.mark.parametrize("removed", range(4))
def test_trap_15_a_removed_member_is_missed_by_nobody_least_of_all_as_primary(
    removed: int,
) -> None:
    """Trap 15 (FISCO#2191, FIB-137): the primary of the moment or of the next turn is removed; no
    timer runs out, and the removed follows as an observer that signs nothing more.
    """
    cluster = Cluster(5, FAST)
    first = change(cluster, *(m for m in range(5) if m != removed))
    for number in range(2 * FAST.leader_period):
        cluster.submit(b"after %d" % number)
        target = cluster.height() + 2
        cluster.run(lambda h=target: cluster.height() >= h, ticks=30)  # type: ignore[misc]
    assert cluster.counts.get("VIEW_CHANGE", 0) == 0
    later = [slot for slot in cluster.signed if slot[0] == removed and slot[3] >= first]
    assert later == []
    assert cluster.nodes[removed].replica.height == cluster.height()


def test_trap_15_a_removed_members_votes_and_an_added_ones_early_votes_count_for_nothing() -> None:
    """Trap 15 (FISCO#2191, FIB-137): with the removed in the place of one that is needed the
    chain stands still, and goes on when that one returns.
    """
    cluster = Cluster(4, FAST, spares=1)
    change(cluster, 0, 1, 2, 4)
    cluster.run(lambda: len({node.replica.height for node in cluster.up()}) == 1)
    for member in (1, 2):
        cluster.crash(member)
    before = max(cluster.decided)
    cluster.submit(b"three of five nodes, two of four members")
    for _ in range(200):
        cluster.drain()
        cluster.pass_ticks()
    assert max(cluster.decided) <= before + 1, "only what was under way"
    before = max(cluster.decided)
    cluster.restart(2)
    cluster.run(lambda: cluster.height() > before, ticks=400)


def test_trap_15_late_words_of_the_old_committee_mean_nothing_to_the_new_one() -> None:
    """Trap 15 (FISCO#2191, FIB-137): every message of the old epoch arrives once more, and some
    for the first time, after the change: none counts, none is held against its sender.
    """
    cluster = Cluster(4, FAST, spares=1)
    said: list[Envelope] = []
    cluster.submit(b"before")

    def note(envelope: Envelope) -> bool:
        if isinstance(envelope.event, PrePrepare | Prepare | Commit | Complaint | ViewChange):
            said.append(envelope)
        return True

    # A view change in the old epoch, so that there are words about views too.
    cluster.crash(0)
    cluster.run(lambda: cluster.height() >= 2, passes=note, ticks=800)
    cluster.restart(0)
    cluster.run(lambda: cluster.height() >= 2, passes=note)
    assert cluster.nodes[1].replica.view > 0
    cluster.submit(change_to(1, 2, 3, 4))
    cluster.drain(note)
    reach(cluster, 1)
    assert {type(envelope.event) for envelope in said} >= {PrePrepare, Commit, ViewChange}
    places = cluster.where()
    cluster.queue += said
    cluster.drain()
    assert [view for _, view, _ in cluster.where()] == [view for _, view, _ in places]
    cluster.submit(b"after")
    cluster.run(lambda: cluster.height() > max(h for _, _, h in places), ticks=100)


def test_trap_15_a_new_committee_begins_in_view_zero_with_nothing_held_against_it() -> None:
    """Trap 15 (FISCO#2191, FIB-137): the old one had left view 0 behind, and blamed its primary."""
    cluster = Cluster(4, FAST, spares=1)
    cluster.crash(0)
    cluster.submit(b"before")
    cluster.run(lambda: cluster.height() >= 2, ticks=800)
    assert {view for _, view, _ in cluster.where()} != {0}
    cluster.restart(0)
    first = change(cluster, 0, 1, 2, 3, 4)
    cluster.run(lambda: cluster.height() >= first)
    decided = cluster.up()[0].chain[first - 1]
    assert decided.certificate.view == 0
    assert {view for _, view, _ in cluster.where()} == {0}


@pytest.mark.parametrize("victim", range(5))
def test_trap_15_a_crash_at_any_moment_of_a_change_harms_nothing(victim: int) -> None:
    """Trap 15 (FISCO#2191, FIB-137): each member, and the one that is added, restarts at each tick
    around the change, with and without what its database had not written yet.
    """
    for tick in range(12):
        for unwritten in (0, 1):
            cluster = Cluster(4, FAST, spares=1)
            cluster.submit(b"before", change_to(0, 1, 2, 3, 4))
            for _ in range(tick):
                cluster.drain()
                cluster.pass_ticks()
            lost = min(unwritten, len(cluster.nodes[victim].chain))
            cluster.crash(victim)
            cluster.restart(victim, unwritten=lost)
            reach(cluster, 1)
            cluster.submit(b"after")
            target = max(cluster.decided) + 2
            cluster.run(lambda c=cluster, h=target: c.height() >= h, ticks=800)  # type: ignore[misc]


def test_trap_15_who_slept_through_several_changes_follows_them_all() -> None:
    """Trap 15 (FISCO#2191, FIB-137): by certificates, each under the committee of its time."""
    cluster = Cluster(4, FAST, spares=2)
    cluster.crash(3)
    for members in ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3)):
        change(cluster, *members)
    before = cluster.height()
    cluster.restart(3)
    cluster.run(lambda: cluster.height() >= before, ticks=400)
    cluster.crash(0)
    cluster.submit(b"its vote is needed")
    cluster.run(lambda: cluster.height() > before, ticks=800)


def test_trap_15_nobody_signs_for_two_committees_at_one_height() -> None:
    """Trap 15 (FISCO#2191, FIB-137): where one epoch's heights end the next one's begin."""
    cluster = Cluster(4, FAST, spares=3)
    for members in ((0, 1, 2, 3, 4, 5, 6), (3, 4, 5, 6), (0, 4, 5, 6)):
        change(cluster, *members)
    epochs: dict[int, set[int]] = {}
    for slot in cluster.signed:
        if slot[1] in {VoteType.PREPARE, VoteType.COMMIT}:
            epochs.setdefault(slot[3], set()).add(slot[4] if len(slot) > 4 else 0)
    assert all(len(found) == 1 for found in epochs.values())
    assert set.union(*epochs.values()) == {0, 1, 2, 3}


@pytest.mark.parametrize("lie", [b"\x00" * 32, b"\x07" * 32], ids=["none", "another"])
def test_trap_15_a_header_that_names_another_next_committee_gets_no_vote(lie: bytes) -> None:
    """Trap 15 (FISCO#2191, FIB-137): the primary above a change hides it, or names a committee of
    its own; the next view names the right one.
    """
    cluster = Cluster(4, spares=1)
    cluster.submit(change_to(0, 1, 2, 3, 4))
    cluster.drain()
    assert {height for _, _, height in cluster.where()} == {1}
    cluster.nodes[0].alive = False
    cluster.faulty = frozenset({0})
    state = cluster.nodes[1].replica._state
    honest = block_on(state, 0, 0, b"mine", cluster.now_ms)
    assert honest.header.next_committee_hash == bytes(32)
    block = replace(honest, header=replace(honest.header, next_committee_hash=lie))
    message = pre_prepare(cluster, block, 0, 0, state.tip.certificate)
    cluster.queue += [Envelope(0, member, message) for member in (1, 2, 3)]
    cluster.drain()
    assert not [slot for slot in cluster.signed if slot[1] == VoteType.PREPARE and slot[3] == 2]
    cluster.run(lambda: cluster.height() >= 2, ticks=400)
    header = cluster.up()[0].chain[1].block.header
    assert header.next_committee_hash == committee_of(range(5), 1).hash()


def test_trap_15_a_restart_after_the_change_brings_no_view_of_the_old_epoch_back() -> None:
    """Trap 15 (FISCO#2191, FIB-137): votes and ViewChanges of view 1 stand in the journal, and
    the new epoch is in view 0.
    """
    cluster = Cluster(4, FAST, spares=1)
    cluster.crash(0)
    cluster.submit(b"before")
    cluster.run(lambda: cluster.height() >= 2, ticks=800)
    cluster.restart(0)
    change(cluster, 0, 1, 2, 3, 4)
    for member in range(5):
        cluster.crash(member)
        cluster.restart(member)
        cluster.submit(b"after %d" % member)
        target = max(cluster.decided) + 1
        cluster.run(lambda h=target: cluster.height() >= h, ticks=60)  # type: ignore[misc]
        assert {view for _, view, _ in cluster.where()} == {0}


class Order(Observer):
    """The proposals and NewViews of later views, in the order in which they were sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, int]] = []

    @override
    def on_output(self, node: Node, output: Output) -> None:
        for item in output.send:
            if isinstance(item.message, PrePrepare | NewView) and item.message.view > 0:
                kind = type(item.message).__name__
                self.sent.append((kind, node.index, item.message.view))


def test_trap_15_a_certificate_of_the_old_epochs_view_starts_no_view_of_the_new_one() -> None:
    """Trap 15 (FISCO#2191, FIB-137): the newest block was decided in view 1 of the old epoch; that
    is no reason to begin view 1 of the new one without a NewView.
    """
    order = Order()
    cluster = Cluster(4, ONE_LEADER, spares=1, observer=order)
    cluster.crash(0)
    cluster.submit(b"before")
    cluster.run(lambda: cluster.height() >= 2, ticks=800)
    cluster.restart(0)
    cluster.submit(change_to(0, 1, 2, 3, 4))
    cluster.run(lambda: cluster.height() >= 4, ticks=100)
    tip = cluster.nodes[1].chain[3]
    assert (tip.certificate.view, tip.block.header.next_committee_hash != bytes(32)) == (1, True)
    order.sent.clear()
    primary = cluster.nodes[1].replica.primary
    assert primary is not None
    cluster.crash(primary)
    cluster.submit(b"after")
    cluster.run(lambda: cluster.height() >= 5, ticks=800)
    assert order.sent[0][0] == "NewView"
    assert cluster.up()[0].chain[4].certificate.view == 1
