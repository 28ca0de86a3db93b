"""A lost or older journal: the question after a start, the answers, the silence that follows."""

from dataclasses import replace

import pytest

from chain.block import VoteType
from chain.votes import ViewChange
from consensus.inquiry import withheld
from consensus.messages import (
    Commit,
    MessageInvalid,
    NewView,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
)
from consensus.records import SilenceRecord, VoteRecord, decode_record, encode_record
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import sign

PROMISES = (PrePrepare, Prepare, Commit, ViewChange, NewView)


def decided(n: int, blocks: int) -> Cluster:
    """A cluster that has decided so many blocks and their seal, and rests."""
    cluster = Cluster(n)
    for number in range(blocks):
        cluster.submit(b"tx %d" % number)
        cluster.run(lambda: cluster.height() >= number + 1, ticks=400)  # noqa: B023 - it runs now
    cluster.run(lambda: not cluster.nodes[0].replica._state.tip.results.needs_seal, ticks=400)
    return cluster


def silence(cluster: Cluster, member: int) -> list[SilenceRecord]:
    records = [decode_record(data) for data in cluster.nodes[member].journal]
    return [record for record in records if isinstance(record, SilenceRecord)]


def lose(cluster: Cluster, member: int) -> None:
    """Its disk is gone: it starts from nothing, and knows that it lost its journal."""
    cluster.crash(member)
    node = cluster.nodes[member]
    node.chain.clear()
    node.journal = [encode_record(SilenceRecord(None))]
    cluster.restart(member)


def answers(cluster: Cluster, member: int) -> list[Envelope]:
    """The answers under way to it."""
    found = cluster.queue
    return [e for e in found if e.target == member and isinstance(e.event, RecoveryReply)]


def test_a_restart_casts_no_vote_before_a_quorum_less_itself_has_answered() -> None:
    cluster = decided(4, 2)
    cluster.crash(3)
    cluster.restart(3)
    cluster.submit(b"more")
    cluster.drain(lambda e: not (e.target == 3 and isinstance(e.event, RecoveryReply)))
    assert cluster.nodes[3].replica.withheld.startswith("asks the members")
    height = cluster.nodes[0].replica.height
    assert not [k for k in cluster.signed if k[0] == 3 and k[3] == height]
    assert cluster.nodes[3].replica.height == height, "it decides all the same"
    cluster.pass_ticks(60)
    cluster.drain()
    assert cluster.nodes[3].replica.withheld == ""
    cluster.submit(b"even more")
    cluster.run(lambda: cluster.height() > height)
    assert [k for k in cluster.signed if k[0] == 3 and k[3] > height]


def test_the_question_is_repeated_also_while_the_others_decide() -> None:
    cluster = decided(4, 2)
    cluster.crash(3)
    cluster.restart(3)
    cluster.drain(lambda e: not (e.target == 3 and isinstance(e.event, RecoveryReply)))
    for number in range(12):
        # Far more often than anything else is sent again.
        cluster.pass_ticks(10)
        cluster.submit(b"more %d" % number)
        cluster.drain()
    assert cluster.nodes[3].replica.withheld == ""


def test_two_that_restart_beside_a_dead_one_answer_each_other() -> None:
    cluster = decided(4, 2)
    cluster.crash(0)
    for member in (1, 2):
        cluster.crash(member)
        cluster.restart(member)
    cluster.submit(b"more")
    cluster.run(lambda: cluster.height() > 3, ticks=1000)


def test_all_may_restart_at_once() -> None:
    cluster = decided(4, 2)
    for member in range(4):
        cluster.crash(member)
    for member in range(4):
        cluster.restart(member, unwritten=1)
    cluster.submit(b"more")
    cluster.run(lambda: cluster.height() > 3, ticks=1000)


@pytest.mark.parametrize("n", [4, 5, 6, 7])
def test_a_lost_journal_keeps_it_silent_up_to_two_above_what_it_was_told(n: int) -> None:
    cluster = decided(n, 3)
    height = cluster.height()
    lose(cluster, n - 1)
    cluster.run(lambda: not cluster.nodes[n - 1].replica._state.questions.asking, ticks=400)
    assert [record.until for record in silence(cluster, n - 1)] == [None, height + 2]
    before = {k for k in cluster.signed if k[0] == n - 1}
    for number in range(4):
        cluster.submit(b"later %d" % number)
        cluster.run(lambda: cluster.height() > height + number, ticks=1000)  # noqa: B023
        signed = {k for k in cluster.signed if k[0] == n - 1} - before
        assert all(k[3] > height + 2 for k in signed if k[1] != VoteType.STATUS)
    cluster.submit(b"last")
    cluster.run(lambda: cluster.nodes[n - 1].replica.height > height + 5, ticks=1000)
    assert {k for k in cluster.signed if k[0] == n - 1 and k[3] > height + 2}, "then it votes again"
    assert cluster.nodes[n - 1].replica.withheld == ""


def test_the_silence_outlives_another_restart_and_a_rewritten_journal() -> None:
    cluster = decided(4, 2)
    height = cluster.height()
    lose(cluster, 3)
    cluster.run(lambda: not cluster.nodes[3].replica._state.questions.asking, ticks=400)
    cluster.run(lambda: cluster.nodes[3].replica.height == height, ticks=400)
    cluster.crash(3)
    cluster.restart(3, compact=True)
    cluster.run(lambda: not cluster.nodes[3].replica._state.questions.asking, ticks=400)
    assert cluster.nodes[3].replica._state.questions.silent_until >= height + 2


def test_an_older_journal_is_noticed_by_a_vote_that_it_lacks() -> None:
    """The disk was restored from a backup made before the newest votes."""
    cluster = decided(4, 2)
    node = cluster.nodes[3]
    backup = list(node.journal), list(node.chain)
    cluster.submit(b"more")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    assert [k for k in cluster.signed if k[0] == 3 and k[3] == 4], "it votes at height 4"
    cluster.crash(3)
    node.journal, node.chain[:] = backup
    cluster.restart(3)
    cluster.run(lambda: not cluster.nodes[3].replica._state.questions.asking, ticks=400)
    assert node.replica._state.questions.silent_until == 3 + 2
    assert "silent up to height 5" in node.replica.withheld
    cluster.run(lambda: cluster.height() >= 4, ticks=1000)


def test_a_forgotten_view_change_is_noticed_too() -> None:
    cluster = decided(4, 2)
    node = cluster.nodes[3]
    backup = list(node.journal), list(node.chain)
    leader = cluster.nodes[0].replica.primary
    assert leader is not None
    dead = leader if leader != 3 else 0
    cluster.crash(dead)
    cluster.submit(b"more")
    cluster.run(lambda: node.replica.view > 0, ticks=1000)
    cluster.drain()
    cluster.crash(3)
    node.journal, node.chain[:] = backup
    cluster.restart(dead)
    cluster.restart(3)
    cluster.run(lambda: not node.replica._state.questions.asking, ticks=1000)
    assert node.replica._state.questions.silent_until > 3


def test_an_intact_journal_knows_all_that_is_shown() -> None:
    cluster = decided(4, 2)
    cluster.submit(b"more")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    cluster.crash(3)
    cluster.restart(3)
    cluster.run(lambda: not cluster.nodes[3].replica._state.questions.asking, ticks=400)
    assert silence(cluster, 3) == []
    assert cluster.nodes[3].replica.withheld == ""


def test_without_an_f_to_spare_a_lost_journal_means_silence_for_good() -> None:
    cluster = decided(3, 2)
    lose(cluster, 2)
    for number in range(6):
        cluster.submit(b"later %d" % number)
        cluster.run(lambda: cluster.height() >= 3 + number, ticks=2000)  # noqa: B023
    state = cluster.nodes[2].replica._state
    assert "accept-loss" in withheld(state)
    assert not [k for k in cluster.signed if k[0] == 2 and k[3] > 4]


def test_answers_to_another_start_and_those_of_liars_do_not_count() -> None:
    cluster = decided(4, 2)
    cluster.submit(b"more")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    cluster.crash(3)
    cluster.restart(3)
    cluster.drain(lambda e: not isinstance(e.event, RecoveryReply) and e.target != 3)
    node = cluster.nodes[3]
    asked = node.replica._state.config.nonce
    assert asked is not None
    cluster.pass_ticks(60)
    queries = [e.event for e in cluster.queue if isinstance(e.event, RecoveryQuery)]
    cluster.drain(lambda e: e.source == 3 and isinstance(e.event, RecoveryQuery))
    assert queries
    cluster.feed(cluster.nodes[1], queries[0])
    cluster.pass_ticks(30)
    cluster.feed(cluster.nodes[1], queries[0])
    (envelope,) = answers(cluster, 3)
    reply = envelope.event
    assert isinstance(reply, RecoveryReply)
    assert reply.votes
    cluster.feed(node, sign(replace(reply, nonce=asked + 1)))
    assert node.replica._state.questions.answers == {}
    stranger = tuple(replace(vote, member=2) for vote in reply.votes)
    for bad in (replace(reply, votes=stranger), replace(reply, view_change=_change_of(2))):
        with pytest.raises(MessageInvalid):
            node.replica.step(sign(bad), cluster.now_ms)
    assert node.replica._state.questions.answers == {}
    cluster.feed(node, reply)
    assert len(node.replica._state.questions.answers) == 1


def _change_of(member: int) -> ViewChange:
    cluster = Cluster(4)
    certificate = cluster.nodes[0].replica._state.tip.certificate
    return sign(ViewChange(1, member, certificate, None, bytes(64)))


def test_a_question_is_answered_with_the_newest_votes_first_and_not_too_often() -> None:
    cluster = decided(4, 4)
    query = sign(RecoveryQuery(0, 0, 9, 3, bytes(64)))
    (item,) = cluster.nodes[0].replica.step(query, cluster.now_ms).send
    reply = item.message
    assert isinstance(reply, RecoveryReply)
    heights = [vote.height for vote in reply.votes]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) >= 4
    assert {vote.member for vote in reply.votes} == {3}
    assert not cluster.nodes[0].replica.step(query, cluster.now_ms).send


def test_a_vote_that_another_host_cast_under_the_own_key_is_told() -> None:
    """Two hosts, one key: the other one's Commit stands in a certificate of the active height."""
    cluster = decided(4, 2)
    cluster.submit(b"more")
    height = cluster.height() + 1
    # Member 3 hears nothing; somebody with its key votes.
    cluster.drain(lambda e: e.target != 3 and e.source not in {2, 3})
    (proposed,) = cluster.nodes[1].replica._state.slot.proposals.values()
    for node in cluster.nodes[:2]:
        cluster.feed(node, sign(Prepare(0, height, proposed.digest, 3, bytes(64))))
        cluster.feed(node, sign(Commit(0, height, proposed.digest, 3, bytes(64))))
    cluster.run(lambda: cluster.nodes[3].replica.height >= height or cluster.nodes[3].foreign != [])
    assert cluster.nodes[3].foreign


def test_an_own_vote_in_a_certificate_is_no_other_hosts() -> None:
    cluster = decided(4, 3)
    assert all(node.foreign == [] for node in cluster.nodes)
    votes = [decode_record(data) for data in cluster.nodes[2].journal]
    assert any(isinstance(record, VoteRecord) for record in votes)


def forgetful(cluster: Cluster) -> None:
    """Member 3 has changed to view 1 with the others, loses its journal, and is silent no more."""
    cluster.crash(0)
    cluster.submit(b"in view 1")
    cluster.run(lambda: cluster.height() >= 2, ticks=1000)
    cluster.restart(0)
    lose(cluster, 3)
    for number in range(6):
        cluster.submit(b"later %d" % number)
        target = max(cluster.decided) + 1
        cluster.run(lambda h=target: cluster.height() >= h, ticks=1000)  # type: ignore[misc]
    assert cluster.nodes[3].replica.withheld == ""


def test_a_forgotten_view_change_is_told_once_and_binds_again() -> None:
    cluster = Cluster(4)
    forgetful(cluster)
    known = cluster.nodes[3].replica._state.promises.view_change
    assert known is not None
    assert known.view == 1
    cluster.pass_ticks(100)
    cluster.crash(3)
    cluster.restart(3)
    cluster.run(lambda: not cluster.nodes[3].replica._state.questions.asking, ticks=400)
    assert cluster.nodes[3].replica.withheld == "", "the journal knows it now"


def test_a_forgotten_view_change_is_no_other_hosts() -> None:
    """All others have restarted and nobody tells it; then the primary repeats its NewView."""
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"in view 1")
    cluster.run(lambda: cluster.height() >= 2, ticks=1000)
    cluster.restart(0)
    for member in range(3):
        cluster.crash(member)
    cluster.queue.clear()
    for member in range(3):
        cluster.restart(member)

    def passes(envelope: Envelope) -> bool:
        return envelope.target != 3 or not isinstance(envelope.event, NewView | ViewChange)

    lose(cluster, 3)
    for number in range(6):
        cluster.submit(b"later %d" % number)
        target = max(cluster.decided) + 1
        cluster.run(lambda h=target: cluster.height() >= h, ticks=1000, passes=passes)  # type: ignore[misc]
    assert cluster.nodes[3].replica.withheld == ""
    for _ in range(300):
        cluster.drain()
        cluster.pass_ticks()
    assert cluster.nodes[3].foreign == []
    known = cluster.nodes[3].replica._state.promises.view_change
    assert known is not None
    assert known.view == 1
