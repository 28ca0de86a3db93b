"""The picture shows each phase as it is, and looking changes nothing."""

from consensus.messages import Commit, Prepare, PrePrepare
from consensus.picture import Phase, Picture
from tests.consensus.cluster import Cluster


def picture(cluster: Cluster, index: int = 1) -> Picture:
    return cluster.nodes[index].replica.picture()


def proposed() -> Cluster:
    cluster = Cluster(4)
    cluster.submit(b"one")
    return cluster


def test_a_height_goes_through_its_phases() -> None:
    cluster = Cluster(4)
    assert picture(cluster).phase is Phase.REST
    cluster.submit(b"one", to=[1, 2, 3])
    assert picture(cluster).phase is Phase.PROPOSAL
    cluster.submit(b"one", to=[0])
    # Nobody has its body any more.
    cluster.bodies.clear()
    cluster.drain(lambda e: isinstance(e.event, PrePrepare))
    seen = picture(cluster)
    assert seen.phase is Phase.CHECK
    assert seen.proposal is not None
    assert (seen.proposal.transactions, seen.proposal.checked) == (1, False)


def test_votes_are_shown_by_member_and_count_up_to_the_phases_end() -> None:
    cluster = proposed()
    cluster.drain(lambda e: isinstance(e.event, PrePrepare))
    seen = picture(cluster)
    assert seen.phase is Phase.PREPARE
    assert [member.prepared for member in seen.members] == [True, True, False, False]
    cluster = proposed()
    cluster.drain(lambda e: isinstance(e.event, (PrePrepare, Prepare)))
    seen = picture(cluster)
    assert seen.phase is Phase.COMMIT
    assert [member.committed for member in seen.members] == [False, True, False, False]
    cluster = proposed()
    cluster.drain(lambda e: not isinstance(e.event, Commit) or e.target == 1)
    assert (picture(cluster).height, picture(cluster, 2).height) == (2, 1)
    assert picture(cluster).signers


def test_complaints_and_view_changes_are_shown_with_their_views() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one", to=[1, 2, 3])
    cluster.pass_ticks(52)
    assert picture(cluster).complained
    assert picture(cluster).members[1].against == 0
    cluster.run(lambda: cluster.nodes[2].replica.view == 1)
    assert picture(cluster, 2).members[2].changed_to == 1
    cluster.run(lambda: cluster.height() == 2)
    assert (picture(cluster).decided_view, picture(cluster).parent_view) == (1, 1)


def test_patience_runs_down_and_is_told_for_each_kind_of_work() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one", to=[1, 2, 3])
    cluster.pass_ticks(5)
    early = picture(cluster).left_ms["request"]
    cluster.pass_ticks(20)
    assert 0 < picture(cluster).left_ms["request"] == early - 200


def test_a_look_changes_nothing() -> None:
    looked, other = proposed(), proposed()
    for cluster in (looked, other):
        for _ in range(40):
            cluster.drain(lambda e: isinstance(e.event, PrePrepare))
            cluster.pass_ticks()
            if cluster is looked:
                for node in cluster.nodes:
                    node.replica.picture()
    assert looked.where() == other.where()
    assert looked.log == other.log
    assert [node.journal for node in looked.nodes] == [node.journal for node in other.nodes]
