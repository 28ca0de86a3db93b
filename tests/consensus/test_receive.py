"""Taking messages in: cheapest checks first, nothing half noted, help for those who lag."""

from dataclasses import replace

import pytest

from chain.errors import ProtocolError
from chain.evidence import Equivocation
from chain.votes import ViewChange
from consensus.input import FetchedBlock
from consensus.messages import (
    Commit,
    Complaint,
    Message,
    MessageInvalid,
    NewView,
    Prepare,
    PrePrepare,
    Status,
)
from consensus.output import FetchBlocks, Output, Serve
from consensus.replica import Replica
from tests.consensus.cluster import Cluster, Node, Observer
from tests.consensus.forging import UNSIGNED, block_on, certificate, pre_prepare, sign
from tests.consensus.samples import DIGEST
from tests.consensus.stub_chain import key, keys


def grown(heights: int = 2) -> Cluster:
    """Four members that have decided this many heights (an even number)."""
    cluster = Cluster(4)
    for i in range(heights // 2):
        cluster.submit(b"grow %d" % i)
        cluster.run(lambda i=i: cluster.height() >= 2 * i + 2)  # type: ignore[misc]
    cluster.queue.clear()
    return cluster


def unasked(replica: Replica) -> list[int]:
    """Make the replica count how often it asks for a signature."""
    asked: list[int] = []
    config = replica._state.config

    def counting(public_key: bytes, message: bytes, signature: bytes) -> bool:
        asked.append(1)
        return config.verify(public_key, message, signature)

    replica._state.config = replace(config, verify=counting)
    return asked


@pytest.mark.parametrize(
    "message",
    [
        Prepare(0, 1, DIGEST, 3, UNSIGNED),
        Prepare(0, 5, DIGEST, 3, UNSIGNED),
        Prepare(0, 2**52, DIGEST, 3, UNSIGNED),
        Commit(0, 1, DIGEST, 3, UNSIGNED),
        Commit(0, 5, DIGEST, 3, UNSIGNED),
        NewView(0, 1, 3, (), UNSIGNED),
        Prepare(0, 2, DIGEST, 0, UNSIGNED),
    ],
    ids=["past", "far", "farther", "past Commit", "far Commit", "view 0", "its own"],
)
def test_garbage_outside_the_window_costs_no_signature_check(message: Message) -> None:
    cluster = grown(2) if message.height != 1 else grown(40)
    replica = cluster.nodes[0].replica
    asked = unasked(replica)
    output = replica.step(message, cluster.now_ms)
    assert asked == []
    assert not output.send


def test_a_repeated_vote_costs_no_second_check() -> None:
    cluster = grown()
    replica = cluster.nodes[0].replica
    asked = unasked(replica)
    vote = sign(Commit(0, 3, DIGEST, 3, UNSIGNED))
    for _ in range(5):
        replica.step(vote, cluster.now_ms)
    complaint = sign(Complaint(0, 3, 3, UNSIGNED))
    for _ in range(5):
        replica.step(complaint, cluster.now_ms)
    assert len(asked) == 2


def test_what_is_refused_changes_nothing() -> None:
    cluster = grown()
    node = cluster.nodes[0]
    state = node.replica._state
    tip = state.tip
    proof = certificate([0, 1, 2], 5, replace(tip.header, height=9))
    forged = replace(proof, signatures=proof.signatures[:2])
    lies: list[Message] = [
        sign(Status(9, 3, started=True, certificate=forged, signature=UNSIGNED)),
        sign(ViewChange(9, 3, forged, None, UNSIGNED)),
        replace(sign(Complaint(9, 3, 3, UNSIGNED)), signature=UNSIGNED),
        replace(sign(Prepare(0, 3, DIGEST, 3, UNSIGNED)), view=4),
    ]
    for lie in lies:
        with pytest.raises(ProtocolError):
            node.replica.step(lie, cluster.now_ms)
    assert state.views.view == 0
    assert state.views.complaint(3) == -1
    assert state.views.newest_change(3) == 0
    assert state.errands.chase.target is None
    assert state.views.present(9) == 1


def test_only_certificates_count_as_height() -> None:
    cluster = grown()
    replica = cluster.nodes[0].replica
    tip = replica._state.tip
    far = certificate([0, 1, 2], 0, replace(tip.header, height=10**9))
    liar = replace(far, signatures=far.signatures[:1])
    claim = Status(0, 3, started=True, certificate=liar, signature=UNSIGNED)
    with pytest.raises(MessageInvalid):
        replica.step(sign(claim), cluster.now_ms)
    claim = Status(0, 3, started=True, certificate=far, signature=UNSIGNED)
    (fetch,) = replica.step(sign(claim), cluster.now_ms).fetch
    assert fetch == FetchBlocks(3, 10**9, keys(1, 2))


def status(member: int, cluster: Cluster, *, height: int, started: bool = True) -> Status:
    """An honest Status of somebody at that height."""
    chain = cluster.nodes[1].chain
    tip = cluster._tip(chain[:height])
    return sign(Status(0, member, started=started, certificate=tip[1], signature=UNSIGNED))


def test_a_member_two_behind_is_helped_at_once_one_behind_only_when_things_have_settled() -> None:
    cluster = grown(4)
    replica = cluster.nodes[0].replica
    one = status(3, cluster, height=3)
    assert not replica.step(one, cluster.now_ms).serve
    (serve,) = replica.step(status(2, cluster, height=1), cluster.now_ms).serve
    assert (serve.peer, serve.first, serve.last) == (key(2), 2, 3)
    for _ in range(30):
        replica.tick(cluster.now_ms)
    output = replica.step(one, cluster.now_ms)
    assert [(item.first, item.last) for item in output.serve] == [(4, 4)]
    assert [item.recipients for item in output.send] == [keys(3)]


def test_a_member_is_answered_once_in_half_a_resend_interval() -> None:
    cluster = grown(4)
    replica = cluster.nodes[0].replica
    far_behind = status(3, cluster, height=0)
    served: list[Serve] = []
    for _ in range(100):
        served += replica.step(far_behind, cluster.now_ms).serve
        replica.tick(cluster.now_ms)
    assert len(served) == 4


def test_a_member_that_is_as_far_as_we_are_gets_no_answer() -> None:
    cluster = grown(4)
    output = cluster.nodes[0].replica.step(status(3, cluster, height=4), cluster.now_ms)
    assert not output.serve
    assert not output.send


def test_the_proposal_of_the_next_height_decides_the_one_below_by_its_certificate() -> None:
    cluster = grown(2)
    # Member 3 hears no Commit of height 3, but the PrePrepare of height 4.
    cluster.submit(b"three")
    cluster.drain(lambda e: e.target != 3 or not isinstance(e.event, Commit))
    assert cluster.nodes[3].replica.height == 2
    cluster.pass_ticks(5)
    cluster.drain()
    assert cluster.nodes[3].replica.height == 4, "and the buffered votes of height 4 counted"


def test_a_block_nobody_asked_for_is_not_kept() -> None:
    cluster = grown(2)
    state = cluster.nodes[0].replica._state
    block = block_on(state, 3, 0, b"unasked", cluster.now_ms)
    hashes = block_hashes(cluster, block.bodies)
    cluster.nodes[0].replica.step(FetchedBlock(block, hashes, None), cluster.now_ms)
    assert state.slot.blocks == {}


def block_hashes(cluster: Cluster, bodies: tuple[bytes, ...]) -> tuple[bytes, ...]:
    cluster.submit(*bodies, to=[])
    return tuple(digest for digest, body in cluster.bodies.items() if body in bodies)


def test_evidence_of_a_late_vote_against_an_earlier_one_at_a_decided_height() -> None:
    cluster = grown(2)
    replica = cluster.nodes[0].replica
    book = replica._state.past[-1]
    member = next(m for m in (1, 2, 3) if list(book.commits_of(m)))
    late = sign(Commit(0, 2, DIGEST, member, UNSIGNED))
    (found,) = replica.step(late, cluster.now_ms).evidence
    assert isinstance(found, Equivocation)
    forged = replace(late, signature=UNSIGNED)
    with pytest.raises(ProtocolError):
        replica.step(forged, cluster.now_ms)


def test_a_hidden_commit_is_found_in_either_order() -> None:
    for change_first in (True, False):
        cluster = Cluster(4, faulty=[3])
        cluster.submit(b"one")
        cluster.drain()
        node = cluster.nodes[0]
        vote = sign(Commit(0, 2, DIGEST, 3, UNSIGNED))
        hiding = sign(ViewChange(1, 3, cluster._tip([])[1], None, UNSIGNED))
        for message in (hiding, vote) if change_first else (vote, hiding):
            cluster.feed(node, message)
        assert [type(item).__name__ for item in node.evidence] == ["HiddenCommit"]


def test_a_new_view_above_the_own_height_waits_for_its_blocks() -> None:
    cluster = Cluster(4)
    cluster.crash(3)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    cluster.queue.clear()
    tip = cluster._tip(cluster.nodes[0].chain)
    changes = tuple(sign(ViewChange(1, m, tip[1], None, UNSIGNED)) for m in (0, 1, 2))
    late = cluster.nodes[3]
    late.alive = True
    message = sign(NewView(1, 3, 1, changes, UNSIGNED))
    cluster.feed(late, message)
    assert late.replica.view == 0
    assert late.replica._state.views.waiting
    cluster.run(lambda: late.replica.height >= 2, ticks=200)
    assert late.replica.view == 1
    assert late.replica._state.started


def test_proposals_of_anyone_but_the_primary_are_ignored() -> None:
    cluster = Cluster(4, faulty=[2])
    state = cluster.nodes[0].replica._state
    block = block_on(state, 2, 0, b"usurper", cluster.now_ms)
    cluster.feed(cluster.nodes[1], pre_prepare(cluster, block, 2, 0, state.tip.certificate))
    assert cluster.nodes[1].replica._state.slot.proposals == {}


class Proposals(Observer):
    """Keeps every PrePrepare that is sent."""

    def __init__(self) -> None:
        self.sent: list[PrePrepare] = []

    def on_output(self, node: Node, output: Output) -> None:  # type: ignore[explicit-override]
        messages = [item.message for item in output.send]
        self.sent += [m for m in messages if isinstance(m, PrePrepare) and m.member == node.index]


def test_a_proposal_one_height_ahead_is_taken_up_when_its_height_comes() -> None:
    proposals = Proposals()
    cluster = Cluster(4, observer=proposals)
    cluster.crash(3)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    cluster.queue.clear()
    late = cluster.nodes[3]
    late.alive = True
    first, second = proposals.sent
    cluster.feed(late, first)
    cluster.feed(late, second)
    assert late.replica.height == 0, "decided by the second's certificate, and not executed yet"
    cluster.drain(lambda _: False)
    assert late.replica.height == 1
    assert cluster.signed[3, 2, 0, 2] == second.header.digest()


def test_the_primarys_prepare_before_its_proposal_does_no_harm_and_counts_once() -> None:
    cluster = Cluster(4, faulty=[0])
    node = cluster.nodes[1]
    state = node.replica._state
    block = block_on(state, 0, 0, b"one", cluster.now_ms)
    digest = block.header.digest()
    cluster.feed(node, sign(Prepare(0, 1, digest, 0, UNSIGNED)))
    cluster.feed(node, pre_prepare(cluster, block, 0, 0, state.tip.certificate))
    cluster.drain(lambda _: False)
    assert (1, 2, 0, 1) in cluster.signed
    assert (1, 3, 0, 1) not in cluster.signed
    cluster.feed(node, sign(Prepare(0, 1, digest, 2, UNSIGNED)))
    assert (1, 3, 0, 1) in cluster.signed


def test_trap_16_an_own_prepare_is_worth_its_proposal_whatever_the_clock_says_later() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    (proposal,) = {e.event for e in cluster.queue if isinstance(e.event, PrePrepare)}
    cluster.drain(lambda e: isinstance(e.event, PrePrepare))
    cluster.crash(1)
    cluster.restart(1)
    cluster.now_ms += 3_600_000
    node = cluster.nodes[1]
    cluster.feed(node, proposal)
    assert node.replica._state.slot.proposals.keys() == {0}
    other = cluster.nodes[2]
    other.replica._state.slot.proposals.clear()
    cluster.feed(other, proposal)
    assert other.replica._state.slot.proposals.keys() == {0}


def test_of_two_waiting_new_views_the_higher_is_entered() -> None:
    cluster = Cluster(4)
    cluster.crash(3)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    cluster.queue.clear()
    tip = cluster._tip(cluster.nodes[0].chain)
    late = cluster.nodes[3]
    late.alive = True
    for view in (2, 1):
        changes = tuple(sign(ViewChange(view, m, tip[1], None, UNSIGNED)) for m in (0, 1, 2))
        cluster.feed(late, sign(NewView(view, 3, view, changes, UNSIGNED)))
    assert len(late.replica._state.views.waiting) == 2
    cluster.run(lambda: late.replica.height >= 2, ticks=200)
    assert late.replica.view == 2
