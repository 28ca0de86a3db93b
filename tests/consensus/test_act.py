"""What follows from the facts: when to propose, check, prepare, commit, decide, and when not."""

from dataclasses import replace

import pytest

from chain.votes import ViewChange
from consensus.config import StateDiverged
from consensus.input import Checked, FetchedBlock
from consensus.messages import Commit, NewView, Prepare
from consensus.output import Results
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import (
    UNSIGNED,
    block_on,
    certificate,
    pre_prepare,
    prepared,
    sign,
)
from tests.consensus.one_proposal import checks, proposed
from tests.consensus.stub_chain import keys

IDLE = Results(bytes(32), bytes(32), needs_seal=False)


def test_a_proposal_is_checked_once_and_voted_for_after_that() -> None:
    cluster, digest = proposed()
    (request,) = checks(cluster, 1)
    assert (request.digest, request.certified, request.sources) == (digest, False, keys(0))
    assert not [key for key in cluster.signed if key[0] == 1]
    cluster.deliver(Envelope(1, 1, request))
    assert cluster.signed[1, 2, 0, 1] == digest


def test_an_invalid_block_gets_no_prepare_and_the_timer_runs() -> None:
    cluster, digest = proposed()
    cluster.feed(cluster.nodes[1], Checked(1, 0, digest, (b"one",), None, "BlockInvalid"))
    assert not [key for key in cluster.signed if key[0] == 1]
    cluster.feed(cluster.nodes[1], Checked(1, 0, digest, (b"one",), IDLE))
    assert not [key for key in cluster.signed if key[0] == 1], "the first verdict stands"


def test_an_empty_block_that_fires_and_seals_nothing_gets_no_prepare() -> None:
    cluster, digest = proposed()
    cluster.feed(cluster.nodes[1], Checked(1, 0, digest, (b"one",), IDLE))
    assert not [key for key in cluster.signed if key[0] == 1]


def test_a_certified_block_the_own_execution_refuses_stops_the_node() -> None:
    cluster, digest = proposed()
    cluster.feed(cluster.nodes[1], Checked(1, 0, digest, (b"one",), None, "BlockInvalid"))
    for member in (0, 2):
        cluster.feed(cluster.nodes[1], sign(Commit(0, 1, digest, member, UNSIGNED)))
    with pytest.raises(StateDiverged):
        cluster.feed(cluster.nodes[1], sign(Commit(0, 1, digest, 3, UNSIGNED)))


@pytest.mark.parametrize("field", ["state_root", "receipts_root"])
def test_a_certified_root_other_than_the_own_stops_the_node(field: str) -> None:
    cluster = Cluster(4)
    state = cluster.nodes[1].replica._state
    block = block_on(state, 0, 0, b"one", cluster.now_ms)
    root = {field: b"\x01" * 32}
    other = replace(block, header=replace(block.header, **root))  # type: ignore[arg-type]
    message = pre_prepare(cluster, other, 0, 0, state.tip.certificate)
    proof = certificate([0, 2, 3], 0, other.header)
    with pytest.raises(StateDiverged):
        cluster.feed(cluster.nodes[1], FetchedBlock(other, message.body_hashes, proof))


def test_two_certified_blocks_at_one_height_stop_the_node() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain()
    header = cluster.nodes[1].chain[0].block.header
    fork = certificate([0, 2, 3], 1, replace(header, time_ms=header.time_ms + 1))
    with pytest.raises(StateDiverged):
        cluster.feed(cluster.nodes[1], sign(ViewChange(2, 3, fork, None, UNSIGNED)))


def test_a_commit_waits_for_the_own_prepare_and_the_own_view() -> None:
    cluster, digest = proposed()
    node = cluster.nodes[1]
    for member in (2, 3):
        cluster.feed(node, sign(Prepare(0, 1, digest, member, UNSIGNED)))
    assert (1, 3, 0, 1) not in cluster.signed, "prepared by a quorum, but not by itself"
    (request,) = checks(cluster, 1)
    cluster.deliver(Envelope(1, 1, request))
    assert cluster.signed[1, 3, 0, 1] == digest


def test_a_lower_view_is_never_voted_in_again() -> None:
    cluster, digest = proposed()
    node = cluster.nodes[1]
    tip = node.replica._state.tip
    for member in (2, 3):
        cluster.feed(node, sign(ViewChange(4, member, tip.certificate, None, UNSIGNED)))
    assert node.replica.view == 4
    (request,) = checks(cluster, 1)
    cluster.deliver(Envelope(1, 1, request))
    for member in (2, 3):
        cluster.feed(node, sign(Prepare(0, 1, digest, member, UNSIGNED)))
    assert not [key for key in cluster.signed if key[0] == 1 and key[1] in (2, 3)]


def test_a_new_view_is_not_opened_below_what_a_view_change_shows_decided() -> None:
    cluster = Cluster(4)
    cluster.crash(1)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    cluster.queue.clear()
    tip = cluster.nodes[0].replica._state.tip
    behind = cluster.nodes[1]
    behind.alive = True
    for member in (0, 2, 3):
        message = sign(ViewChange(1, member, tip.certificate, None, UNSIGNED))
        cluster.feed(behind, message)
    assert behind.replica.view == 1
    assert not [e for e in cluster.queue if isinstance(e.event, NewView)]
    cluster.run(lambda: behind.replica.height >= 2, ticks=200)
    assert [key for key in cluster.signed if key[0] == 1 and key[1] == 5], "then it opens it"


def test_a_restart_takes_the_leaders_from_the_state() -> None:
    cluster = Cluster(1)
    for i in range(130):
        cluster.submit(b"%d" % i)
        cluster.drain()
        cluster.pass_ticks(5)
        cluster.drain()
    before = cluster.nodes[0].replica._state.roster.leaders
    cluster.crash(0)
    cluster.restart(0)
    after = cluster.nodes[0].replica._state.roster.leaders
    assert after == before


def test_no_commit_is_signed_where_another_certificate_is_known() -> None:
    cluster, digest = proposed()
    node = cluster.nodes[1]
    (request,) = checks(cluster, 1)
    cluster.deliver(Envelope(1, 1, request))
    state = node.replica._state
    rival = block_on(state, 0, 0, b"rival", cluster.now_ms).header.digest()
    for member in (0, 2, 3):
        cluster.feed(node, sign(Commit(0, 1, rival, member, UNSIGNED)))
    for member in (2, 3):
        cluster.feed(node, sign(Prepare(0, 1, digest, member, UNSIGNED)))
    assert (1, 3, 0, 1) not in cluster.signed


def test_after_a_restart_another_proposal_of_the_same_view_is_no_ground_to_commit() -> None:
    cluster, digest = proposed()
    (request,) = checks(cluster, 1)
    cluster.deliver(Envelope(1, 1, request))
    cluster.crash(1)
    cluster.restart(1)
    node = cluster.nodes[1]
    state = node.replica._state
    block = block_on(state, 0, 0, b"rival", cluster.now_ms)
    rival = pre_prepare(cluster, block, 0, 0, state.tip.certificate)
    cluster.feed(node, rival)
    cluster.feed(node, sign(Prepare(0, 1, block.header.digest(), 2, UNSIGNED)))
    cluster.feed(node, sign(Prepare(0, 1, digest, 3, UNSIGNED)))
    assert node.replica._state.slot.proposals[0].digest == block.header.digest()
    cluster.drain(lambda _: False)
    # Two Prepares on the own digest, and a PrePrepare on another one, are no quorum.
    assert (1, 3, 0, 1) not in cluster.signed


def test_a_primary_that_knows_of_a_decision_above_opens_no_view_below_it() -> None:
    cluster = Cluster(7)
    node = cluster.nodes[1]
    tip = node.replica._state.tip
    hidden = block_on(node.replica._state, 0, 0, b"hidden", cluster.now_ms).header.digest()
    changes = [sign(ViewChange(1, m, tip.certificate, None, UNSIGNED)) for m in (0, 2, 3, 4)]
    for change in changes[:3]:
        cluster.feed(node, change)
    assert node.replica.view == 1
    # Its own ViewChange is out when it hears that height 1 is decided; then comes the fifth one.
    for member in (0, 2, 3, 4, 5):
        cluster.feed(node, sign(Commit(0, 1, hidden, member, UNSIGNED)))
    cluster.feed(node, changes[3])
    assert not [key for key in cluster.signed if key[0] == 1 and key[1] == 5]


def wrongly_prepared(cluster: Cluster, member: int) -> ViewChange:
    """It shows a block as prepared in view 0 under member 3, which did not lead there."""
    state = cluster.nodes[1].replica._state
    header = block_on(state, 3, 0, b"mine", cluster.now_ms).header
    shown = prepared([0, 2], 3, 0, header)
    return sign(ViewChange(1, member, state.tip.certificate, shown, UNSIGNED))


def test_a_view_change_that_shows_a_wrong_primary_is_left_out_of_the_new_view() -> None:
    cluster = Cluster(4, faulty=[3])
    node = cluster.nodes[1]
    tip = node.replica._state.tip
    cluster.feed(node, wrongly_prepared(cluster, 3))
    cluster.feed(node, sign(ViewChange(1, 0, tip.certificate, None, UNSIGNED)))
    assert node.replica.view == 1
    assert not [e for e in cluster.queue if isinstance(e.event, NewView)], "two are no quorum"
    cluster.feed(node, sign(ViewChange(1, 2, tip.certificate, None, UNSIGNED)))
    (opened,) = {e.event for e in cluster.queue if isinstance(e.event, NewView)}
    assert [entry.member for entry in opened.view_changes] == [0, 1, 2]


def test_a_new_view_that_shows_a_wrong_primary_is_not_entered() -> None:
    cluster = Cluster(4, faulty=[1])
    tip = cluster.nodes[0].replica._state.tip
    good = [sign(ViewChange(1, m, tip.certificate, None, UNSIGNED)) for m in (1, 2)]
    bad = wrongly_prepared(cluster, 0)
    message = sign(NewView(1, 1, 1, (bad, *good), UNSIGNED))
    cluster.feed(cluster.nodes[3], message)
    assert cluster.nodes[3].replica.view == 0
