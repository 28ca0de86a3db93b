"""A database is lost and the journal is whole: no promise is lost with it."""

import pytest

from consensus.config import JournalIncomplete
from consensus.messages import Commit
from consensus.records import VoteRecord, decode_record, encode_record
from consensus.recovery import silence_without_store
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.stub_chain import change_to


def lose_store(cluster: Cluster, index: int) -> None:
    """Power off; the database is moved aside, the journal told so (`hushang repair`)."""
    node = cluster.nodes[index]
    node.journal = [encode_record(record) for record in node.replica.records()]
    cluster.crash(index)
    node.chain.clear()
    node.synced = 0


def tell_journal(cluster: Cluster, index: int) -> None:
    node = cluster.nodes[index]
    records = [decode_record(data) for data in node.journal]
    node.journal.append(encode_record(silence_without_store(records)))


def grown(n: int, *, spares: int = 0) -> Cluster:
    cluster = Cluster(n, spares=spares)
    for i in range(6):
        cluster.submit(b"%d" % i)
        cluster.run(lambda i=i: cluster.height() >= 2 * i + 2)  # type: ignore[misc]
    return cluster


def test_without_a_word_about_it_such_a_journal_is_refused() -> None:
    cluster = grown(4)
    lose_store(cluster, 1)
    with pytest.raises(JournalIncomplete):
        cluster.restart(1)


@pytest.mark.parametrize("n", [2, 4])
def test_it_catches_up_and_is_the_one_whose_vote_is_needed(n: int) -> None:
    cluster = grown(n)
    reached = cluster.height()
    lose_store(cluster, 1)
    tell_journal(cluster, 1)
    if n == 4:
        # Three of four are a quorum: nothing is decided without the one that lost its store.
        cluster.crash(2)
    cluster.restart(1)
    before = len(cluster.nodes[1].journal)
    cluster.submit(b"more")
    cluster.run(lambda: cluster.nodes[1].replica.height > reached, ticks=2_000)
    added = [decode_record(data) for data in cluster.nodes[1].journal[before:]]
    assert min(vote.height for vote in added if isinstance(vote, VoteRecord)) > reached


def test_what_it_had_voted_for_binds_it_still() -> None:
    cluster = grown(4)
    node, slot = cluster.nodes[1], cluster.height() + 1
    cluster.submit(b"undecided")

    def cast() -> set[tuple[int, int, bytes]]:
        votes = node.replica._state.promises.votes()
        return {(vote.height, vote.type, vote.digest) for vote in votes}

    cluster.run(lambda: bool(cast()), passes=without_commits)
    before = cast()
    assert {height for height, _, _ in before} == {slot}
    lose_store(cluster, 1)
    tell_journal(cluster, 1)
    cluster.restart(1)
    assert cast() == set(), "not before it knows in which era"
    cluster.run(lambda: node.replica.height == slot - 1, ticks=2_000, passes=without_commits)
    assert before <= cast()


def without_commits(envelope: Envelope) -> bool:
    return not isinstance(envelope.event, Commit)


def test_its_promises_are_of_the_epoch_that_it_had_reached() -> None:
    cluster = grown(4, spares=1)
    cluster.submit(change_to(0, 1, 2, 3, 4))
    cluster.run(lambda: cluster.nodes[1].replica.epoch == 1, ticks=1_000)
    cluster.submit(b"in the new epoch")
    cluster.run(lambda: cluster.nodes[1].replica.height >= cluster.height(), ticks=1_000)
    reached = cluster.nodes[1].replica.height
    lose_store(cluster, 1)
    tell_journal(cluster, 1)
    cluster.restart(1)
    assert cluster.nodes[1].replica.epoch == 0
    cluster.submit(b"more")
    cluster.run(lambda: cluster.nodes[1].replica.height > reached, ticks=2_000)
    assert cluster.nodes[1].replica.epoch == 1
