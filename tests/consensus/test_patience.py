"""What is waited for, when it is complained about, and what is said again."""

from chain.genesis import ConsensusParameters
from chain.votes import ViewChange
from consensus.input import Work
from consensus.messages import Commit, Complaint, NewView, Prepare, PrePrepare, Status
from consensus.output import ALL
from consensus.patience import outstanding
from consensus.timers import Watch
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, sign
from tests.consensus.stub_chain import START_MS


def nothing(_envelope: Envelope) -> bool:
    return False


def complaints(cluster: Cluster) -> set[int]:
    return {entry.source for entry in cluster.queue if isinstance(entry.event, Complaint)}


def test_a_resting_chain_waits_for_nothing_and_complains_of_nobody() -> None:
    cluster = Cluster(4)
    for _ in range(500):
        cluster.drain()
        cluster.pass_ticks()
    assert all(outstanding(node.replica._state) == {} for node in cluster.nodes)
    assert {view for _, view, _ in cluster.where()} == {0}
    assert all(node.wake_at == node.replica._state.timers.resend_at for node in cluster.nodes)


def test_a_waiting_transaction_is_a_request_and_the_primary_times_it_too() -> None:
    cluster = Cluster(4)
    cluster.nodes[0].hidden.add(b"one")
    cluster.submit(b"one")
    cluster.pass_ticks(50)
    assert complaints(cluster) == set()
    cluster.pass_ticks(2)
    assert complaints(cluster) == {0, 1, 2, 3}
    assert cluster.nodes[0].wake_at == 53


def test_a_missing_seal_is_timed_from_the_decision() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain()
    cluster.crash(0)
    decided = cluster.tick
    cluster.run(lambda: cluster.height() >= 2)
    assert 50 <= cluster.tick - decided < 60
    assert not cluster.nodes[1].chain[1].block.bodies


def test_a_seal_follows_within_50_ms_and_nothing_follows_the_seal() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain()
    cluster.pass_ticks(4)
    cluster.drain()
    assert cluster.height() == 1
    cluster.pass_ticks()
    cluster.drain()
    assert cluster.height() == 2
    cluster.pass_ticks(400)
    cluster.drain()
    assert cluster.height() == 2


def test_new_transactions_ride_along_with_the_seal_without_waiting_for_it() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain()
    cluster.submit(b"two")
    cluster.drain()
    assert cluster.height() == 2
    assert cluster.nodes[0].chain[1].block.bodies == (b"two",)


def test_a_deadline_wakes_the_chain_by_the_primary() -> None:
    cluster = Cluster(4)
    for node in cluster.nodes:
        node.deadline_ms = START_MS + 730
        cluster.tell(node)
    cluster.pass_ticks(72)
    cluster.drain()
    assert cluster.height() == 0
    assert cluster.nodes[0].wake_at == 73
    cluster.pass_ticks()
    cluster.drain()
    assert cluster.height() == 1
    assert cluster.nodes[0].chain[0].block.header.time_ms >= START_MS + 730


def test_backups_time_a_deadline_from_the_drift_after_it() -> None:
    cluster = Cluster(4, ConsensusParameters(clock_drift_max_ms=1_000))
    for node in cluster.nodes:
        node.deadline_ms = START_MS + 10
        cluster.tell(node)
    cluster.crash(0)
    cluster.pass_ticks(100)
    cluster.drain(nothing)
    cluster.pass_ticks(50)
    assert complaints(cluster) == set()
    cluster.pass_ticks(3)
    assert complaints(cluster) == {1, 2, 3}
    cluster.run(lambda: cluster.height() >= 1)


def test_one_complaint_for_each_view_however_long_it_lasts() -> None:
    cluster = Cluster(4)
    state = cluster.nodes[1].replica._state
    cluster.nodes[1].pool[b"never"] = 0
    cluster.tell(cluster.nodes[1])
    cluster.pass_ticks(400)
    views = [m.event.view for m in cluster.queue if isinstance(m.event, Complaint)]
    assert set(views) == {0}
    assert state.views.complaint(1) == 0
    assert state.views.view == 0, "alone it moves nothing"


def test_a_view_that_nobody_else_reached_is_not_timed() -> None:
    cluster = Cluster(4, faulty=[3])
    tip = cluster.nodes[0].replica._state.tip
    # Two Complaints, its own counted, drag member 1 to view 1; nobody follows.
    cluster.nodes[1].pool[b"only here"] = 0
    cluster.tell(cluster.nodes[1])
    cluster.pass_ticks(51)
    cluster.queue.clear()
    cluster.feed(cluster.nodes[1], sign(Complaint(0, 1, 3, UNSIGNED)))
    assert cluster.nodes[1].replica.view == 1
    cluster.queue.clear()
    cluster.pass_ticks(2_000)
    assert not [m for m in cluster.queue if isinstance(m.event, Complaint) and m.event.view == 1]
    # With a quorum there, itself included, the timer runs.
    for member in (0, 2):
        there = Status(1, member, started=False, certificate=tip.certificate, signature=UNSIGNED)
        cluster.feed(cluster.nodes[1], sign(there))
    cluster.queue.clear()
    cluster.pass_ticks(110)
    assert [m for m in cluster.queue if isinstance(m.event, Complaint) and m.event.view == 1]


def test_without_progress_the_newest_words_are_said_again() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one")
    # View 1 begins, its proposal is prepared and committed to, and no Commit arrives.
    cluster.run(
        lambda: any(key[1:] == (3, 1, 1) for key in cluster.signed),
        passes=lambda e: not isinstance(e.event, Commit),
    )
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    cluster.pass_ticks(51)
    said = {i: {type(m.event) for m in cluster.queue if m.source == i} for i in (1, 2)}
    assert said[1] >= {ViewChange, NewView, PrePrepare, Commit, Status}
    assert said[2] >= {ViewChange, Prepare, Commit, Status}
    assert NewView not in said[2]


def test_skipped_transactions_age_from_when_they_came() -> None:
    cluster = Cluster(4)
    cluster.pass_ticks(100)
    replica = cluster.nodes[1].replica
    replica.step(Work(waiting=True, skipped_ms=300), cluster.now_ms)
    assert outstanding(replica._state)[Watch.SKIPPED] == 70
    assert ALL == ()


def test_whoever_was_alone_in_a_view_gives_it_its_time_once_it_begins() -> None:
    """What passed before a quorum was there is not this view's primary's time."""
    cluster = Cluster(4, faulty=[3])
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 1)
    cluster.queue.clear()
    ahead = cluster.nodes[2]
    tip = ahead.replica._state.tip
    assert tip.results.needs_seal
    view = ahead.replica.view + 1
    # Two others complain to it alone, and it changes its view alone.
    for member in (0, 3):
        cluster.feed(ahead, sign(Complaint(view - 1, tip.height + 1, member, UNSIGNED)))
    assert ahead.replica.view == view
    for _ in range(300):
        cluster.tick += 1
        cluster.now_ms += 10
        cluster.obey(ahead, ahead.replica.tick(cluster.now_ms))
    cluster.queue.clear()
    for member in (0, 1):
        change = ViewChange(view, member, tip.certificate, None, UNSIGNED)
        cluster.feed(ahead, sign(change))
    cluster.obey(ahead, ahead.replica.tick(cluster.now_ms))
    assert complaints(cluster) == set()
    patience = ahead.replica._state.timers.patience(Watch.SEAL)
    for _ in range(patience - 2):
        cluster.obey(ahead, ahead.replica.tick(cluster.now_ms))
    assert complaints(cluster) == set()
    for _ in range(2):
        cluster.obey(ahead, ahead.replica.tick(cluster.now_ms))
    assert complaints(cluster) == {2}
