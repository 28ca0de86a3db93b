"""What is asked of the shell and of peers: once, and again where it matters."""

from consensus.messages import Commit, Status
from consensus.output import FetchBlock, FetchBlocks
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, block_on, certificate, sign
from tests.consensus.one_proposal import checks, proposed
from tests.consensus.samples import FIRST, header_on
from tests.consensus.stub_chain import keys


def test_a_check_becomes_urgent_when_the_block_turns_out_to_be_certified() -> None:
    cluster, digest = proposed()
    for member in (0, 2, 3):
        cluster.feed(cluster.nodes[1], sign(Commit(0, 1, digest, member, UNSIGNED)))
    first, second = checks(cluster, 1)
    assert (first.certified, second.certified) == (False, True)
    assert second.sources == keys(0, 2, 3)
    cluster.deliver(Envelope(1, 1, second))
    assert cluster.nodes[1].replica.height == 1
    assert not [key for key in cluster.signed if key[0] == 1], "no vote where it is decided"


def test_a_certified_block_that_is_not_held_is_asked_of_its_signers() -> None:
    cluster = Cluster(4)
    cluster.queue.clear()
    state = cluster.nodes[0].replica._state
    block = block_on(state, 0, 0, b"one", cluster.now_ms)
    for member in (0, 2, 3):
        vote = Commit(0, 1, block.header.digest(), member, UNSIGNED)
        cluster.feed(cluster.nodes[1], sign(vote))
    asked = {e.target for e in cluster.queue if isinstance(e.event, FetchBlock)}
    assert asked == {0, 2, 3}
    cluster.queue.clear()
    cluster.pass_ticks(51)
    assert {e.target for e in cluster.queue if isinstance(e.event, FetchBlock)} == asked


def test_blocks_up_to_a_certificate_are_asked_for_again_until_they_come() -> None:
    cluster = Cluster(4, faulty=[3])
    second = header_on(FIRST)
    proof = certificate([0, 1, 2], 0, second)
    node = cluster.nodes[1]
    there = Status(0, 3, started=True, certificate=proof, signature=UNSIGNED)
    cluster.feed(node, sign(there))

    def asked() -> set[FetchBlocks]:
        found = {e.event for e in cluster.queue if isinstance(e.event, FetchBlocks)}
        cluster.queue.clear()
        return found

    assert asked() == {FetchBlocks(1, 2, keys(0, 2))}
    cluster.pass_ticks(49)
    cluster.feed(node, sign(there))
    assert asked() == set()
    cluster.pass_ticks(2)
    assert asked() == {FetchBlocks(1, 2, keys(0, 2))}
