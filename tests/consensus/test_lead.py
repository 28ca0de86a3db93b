"""What a primary proposes, and when it asks for a block."""

from dataclasses import replace

from consensus.input import Proposal, Work
from consensus.messages import Commit
from consensus.output import Results
from tests.consensus.cluster import Cluster, Envelope

IDLE = Results(bytes(32), bytes(32), needs_seal=False)


def test_a_new_primary_without_the_prepared_block_fetches_and_checks_it_first() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    # Member 1 hears nothing; 2 and 3 prepare and commit; no Commit arrives; then 0 dies.
    cluster.drain(lambda e: e.target != 1 and not isinstance(e.event, Commit))
    digest = cluster.nodes[2].replica._state.slot.proposals[0].digest
    cluster.crash(0)
    cluster.run(lambda: cluster.height() >= 1, passes=lambda e: not is_old_commit(e))
    assert cluster.decided[1] == digest
    assert cluster.nodes[1].chain[0].certificate.view == 1
    assert cluster.nodes[1].executed[0] == digest


def is_old_commit(entry: Envelope) -> bool:
    return isinstance(entry.event, Commit) and entry.event.view == 0


def test_requests_to_build_are_made_once_and_again_when_urgent() -> None:
    cluster = Cluster(4)
    node = cluster.nodes[0]
    assert node.build is not None
    assert not node.build.at_once
    node.build = None
    cluster.pass_ticks(100)
    assert node.build is None
    node.deadline_ms = cluster.now_ms + 50
    cluster.tell(node)
    assert node.build is None
    cluster.pass_ticks(5)
    assert (0, 1) in {key[::3][:2] for key in cluster.signed}


def test_the_primary_proposes_no_block_that_nobody_would_vote_for() -> None:
    cluster = Cluster(4)
    replica = cluster.nodes[0].replica
    tip = replica._state.tip
    empty = Proposal(1, 0, tip.digest, cluster.now_ms, (), ())
    for results in (None, IDLE):
        assert not replica.step(replace(empty, results=results), cluster.now_ms).send
    output = replica.step(Work(waiting=False, deadline_ms=cluster.now_ms), cluster.now_ms)
    assert output.build is not None
    assert output.build.at_once
    # The shell finds that the deadline is gone: the permission to propose stays.
    output = replica.step(replace(empty, results=IDLE), cluster.now_ms)
    assert output.build is not None
    assert not output.build.at_once
