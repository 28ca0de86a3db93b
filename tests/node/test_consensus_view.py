"""The picture with names: who is this node, who is connected, whose signature is whose."""

from node.api.status_models import CONSENSUS_MODEL
from tests.consensus.cluster import Cluster
from tests.consensus.stub_chain import change_to
from tests.node.places import place


def test_the_view_has_its_documented_form_in_every_phase() -> None:
    cluster = Cluster(4)
    CONSENSUS_MODEL.model_validate(place(cluster, 0))
    cluster.submit(b"one")
    CONSENSUS_MODEL.model_validate(place(cluster, 0))
    cluster.run(lambda: cluster.height() == 2)
    CONSENSUS_MODEL.model_validate(place(cluster, 0))


def test_members_are_told_as_this_node_sees_them() -> None:
    cluster = Cluster(4)
    cluster.crash(3)
    told = place(cluster, 1, away=[2])["members"]
    assert [member["name"] for member in told if member["is_self"]] == ["m1"]
    assert [member["connected"] for member in told] == [True, True, False, False]
    assert all(member["leads"] and not member["suspended"] for member in told)


def test_blocks_that_are_decided_and_not_written_are_counted() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() == 2)
    del cluster.nodes[0].chain[-1:]
    assert place(cluster, 0)["writing"] == 1


def test_the_signers_of_another_committees_block_are_told_by_its_names() -> None:
    cluster = Cluster(4, spares=1)
    cluster.submit(change_to(0, 1, 2, 4))
    cluster.run(lambda: cluster.nodes[0].replica.height >= 2)
    cluster.drain()
    told = place(cluster, 0)
    assert (told["epoch"], told["height"]) == (1, 3)
    assert set(told["decided"]["signers"]) <= {"m0", "m1", "m2", "m3"}
    assert len(told["decided"]["signers"]) >= 3
    assert [member["name"] for member in told["members"]] == ["m0", "m1", "m2", "m4"]


def test_a_deadline_and_a_pool_are_work() -> None:
    cluster = Cluster(4)
    cluster.crash(0)
    cluster.submit(b"one", b"two", to=[1])
    work = place(cluster, 1)["work"]
    assert (work["pool_count"], work["pool_bytes"], work["seal_due"]) == (2, 6, False)
