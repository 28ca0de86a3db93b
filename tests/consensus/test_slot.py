"""The active height's memory: bounded for each member, and messages that come one height early."""

from dataclasses import replace

from consensus.messages import Commit, Prepare, PrePrepare
from consensus.output import CheckRequest
from consensus.slot import AHEAD_PER_MEMBER_MAX, Ahead, Asked, Candidate, Slot
from tests.consensus.cluster import Cluster, Envelope, Node
from tests.consensus.samples import DIGEST, PROOF, SECOND


def candidate(member: int, view: int) -> Candidate:
    message = PrePrepare(view, member, SECOND, (), PROOF, bytes(64))
    return Candidate(message, SECOND.digest())


def test_of_one_primary_two_proposals_are_kept_and_the_one_for_now_stays() -> None:
    slot = Slot(2, 3)
    for view in (4, 8, 12, 400):
        slot.propose(candidate(0, view), view=4)
    assert sorted(slot.proposals) == [4, 400]


def test_proposals_of_lower_views_are_dropped_with_the_next() -> None:
    slot = Slot(2, 3)
    slot.propose(candidate(0, 4), view=4)
    slot.propose(candidate(1, 5), view=5)
    assert sorted(slot.proposals) == [5]


def test_a_block_is_held_once_and_asked_for_again_when_its_bodies_come() -> None:
    slot = Slot(2, 3)
    slot.propose(candidate(0, 4), view=4)
    digest = SECOND.digest()
    held = slot.find(digest)
    assert held is not None
    assert held.bodies is None
    held.asked = Asked.CERTIFIED
    again = slot.hold(SECOND, digest, (), (b"body",))
    assert again is held
    assert (again.bodies, again.asked) == ((b"body",), Asked.NOT)
    assert slot.find(bytes(32)) is None


def test_leaving_a_view_drops_what_no_vote_rests_on() -> None:
    slot = Slot(2, 3)
    for name in (b"voted", b"seen", b"certified"):
        slot.hold(SECOND, name, (), None)
    slot.blocks[b"voted"].journalled = True
    slot.certificate = replace(PROOF, digest=b"certified")
    slot.leave_view()
    assert slot.blocks.keys() == {b"voted", b"certified"}


def prepare(member: int, view: int, height: int = 2) -> Prepare:
    return Prepare(view, height, DIGEST, member, bytes(64))


def test_messages_one_ahead_are_bounded_for_each_member() -> None:
    ahead = Ahead()
    for view in range(100):
        ahead.add(prepare(1, view))
    ahead.add(prepare(2, 0))
    ahead.add(prepare(2, 0))
    taken = list(ahead.take(2))
    assert [m.view for m in taken if m.member == 1] == list(range(100 - AHEAD_PER_MEMBER_MAX, 100))
    assert len([m for m in taken if m.member == 2]) == 1


def test_proposals_come_out_first_and_other_heights_not_at_all() -> None:
    ahead = Ahead()
    proposal = PrePrepare(0, 3, SECOND, (), PROOF, bytes(64))
    commit = Commit(0, 2, DIGEST, 1, bytes(64))
    for message in (commit, prepare(2, 0), prepare(2, 0, height=9), proposal):
        ahead.add(message)
    assert list(ahead.take(2)) == [proposal, commit, prepare(2, 0)]
    assert list(ahead.take(2)) == []


class Forgetful(Cluster):
    """Nobody answers member 2 for single bodies: the others have decided and let them go."""

    def _check(  # type: ignore[explicit-override]
        self, node: Node, request: CheckRequest
    ) -> None:
        if node.index != 2 or request.bodies is not None:
            super()._check(node, request)


def test_a_certified_block_that_comes_whole_is_executed_though_its_bodies_were_waited_for() -> None:
    cluster = Forgetful(4)
    cluster.submit(b"pay", to=(0, 1, 3))

    def passes(envelope: Envelope) -> bool:
        return envelope.target != 2 or isinstance(envelope.event, PrePrepare | Commit)

    others = [cluster.nodes[index] for index in (0, 1, 3)]
    cluster.run(lambda: all(node.replica.height == 1 for node in others), passes=passes)
    assert cluster.nodes[2].replica.height == 0

    cluster.run(lambda: cluster.nodes[2].replica.height >= 1)
