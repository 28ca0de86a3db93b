"""The committee changes at a height boundary: 4→5→4→7, while members lag, die and change views."""

from dataclasses import replace

import pytest

from chain.votes import ViewChange
from consensus.input import FetchedBlock
from consensus.messages import Commit, MessageInvalid, NewView, PrePrepare
from consensus.signing import signing_bytes
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED
from tests.consensus.stub_chain import GENESIS_HASH, change_to, key, sign_as


def epochs(cluster: Cluster) -> list[int]:
    return [node.replica.epoch for node in cluster.up()]


def grow(cluster: Cluster, *members: int) -> int:
    """Decide a change and the block that certifies it; the first height of the new committee."""
    epoch = max(epochs(cluster))
    cluster.submit(change_to(*members))
    cluster.run(lambda: epochs(cluster) == [epoch + 1] * len(cluster.up()), ticks=400)
    return max(cluster.decided) + 1


def signers(cluster: Cluster, height: int) -> set[bytes]:
    """Who signed the certificate of a decided block, by node key."""
    node = next(node for node in cluster.up() if len(node.chain) >= height)
    epoch = node.chain[height - 1].block.header.epoch
    members = cluster.committees[epoch].members
    certificate = node.chain[height - 1].certificate
    return {members[entry.member].node_key for entry in certificate.signatures}


def test_a_change_governs_two_heights_later_and_the_header_between_names_it() -> None:
    cluster = Cluster(4, spares=1)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    first = grow(cluster, 0, 1, 2, 3, 4)
    chain = cluster.nodes[0].chain
    changed = next(d for d in chain if d.results.next_committee is not None)
    height = changed.block.header.height
    assert first == height + 2
    assert chain[height].block.header.next_committee_hash == cluster.committees[1].hash()
    assert chain[height].block.header.epoch == 0
    cluster.submit(b"two")
    cluster.run(lambda: cluster.height() >= first)
    assert chain[first - 1].block.header.epoch == 1
    assert chain[first - 1].block.header.next_committee_hash == bytes(32)


def test_trap_15_four_five_four_seven_and_every_one_of_them_votes() -> None:
    cluster = Cluster(4, spares=3)
    for members in ((0, 1, 2, 3, 4), (0, 2, 3, 4), (0, 2, 3, 4, 1, 5, 6)):
        first = grow(cluster, *members)
        cluster.submit(b"in epoch %d" % max(epochs(cluster)))
        cluster.run(lambda: cluster.height() >= first)  # noqa: B023 - it runs now
        assert signers(cluster, first) <= {key(member) for member in members}
    # With f of seven dead the newcomers are needed.
    for member in (0, 2):
        cluster.crash(member)
    cluster.submit(b"without two founders")
    cluster.run(lambda: cluster.height() > first, ticks=1000)
    assert {key(5), key(6)} <= signers(cluster, cluster.height())


def test_trap_15_a_removed_member_follows_and_its_votes_count_no_more() -> None:
    cluster = Cluster(5)
    first = grow(cluster, 0, 1, 2, 3)
    assert cluster.nodes[4].replica._state.index is None
    cluster.submit(b"more")
    cluster.run(lambda: cluster.height() >= first)
    assert not [k for k in cluster.signed if k[0] == 4 and k[-1] == 1 and len(k) == 5]
    # Half of the four and the one removed are no quorum.
    cluster.crash(0)
    cluster.crash(1)
    cluster.submit(b"never")
    for _ in range(300):
        cluster.drain()
        cluster.pass_ticks()
    assert max(cluster.decided) == cluster.height()
    cluster.restart(0)
    cluster.run(lambda: cluster.height() > first, ticks=1000)


def test_trap_15_a_removed_primary_leads_no_more() -> None:
    cluster = Cluster(4, spares=1)
    primary = cluster.nodes[0].replica.primary
    assert primary is not None
    others = [member for member in range(5) if member != primary]
    first = grow(cluster, *others)
    cluster.submit(b"more")
    cluster.run(lambda: cluster.height() >= first)
    header = cluster.nodes[0].chain[first - 1].block.header
    assert cluster.committees[1].members[header.proposer].node_key != key(primary)


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_trap_15_who_slept_through_several_epochs_catches_up(behind: int) -> None:
    """Nobody that it knows is left in charge: it believes certificates, committee by committee."""
    cluster = Cluster(4, spares=4)
    cluster.crash(3)
    for epoch in range(behind):
        members = (0, 1, 2, 3, 4 + epoch) if epoch % 2 == 0 else (0, 1, 2, 3)
        first = grow(cluster, *members)
        cluster.submit(b"in epoch %d" % epoch)
        cluster.run(lambda: cluster.height() >= first)  # noqa: B023 - it runs now
    cluster.restart(3)
    cluster.run(lambda: cluster.nodes[3].replica.height == max(cluster.decided), ticks=2000)
    assert cluster.nodes[3].replica.epoch == behind


def test_trap_15_messages_of_the_old_epoch_die_with_it() -> None:
    """One member is left in the old epoch with all its words; the new one needs none of them."""
    cluster = Cluster(4, spares=1)
    late = 3
    cluster.submit(change_to(0, 1, 2, 3, 4))
    kept: list[Envelope] = []
    for _ in range(100):
        kept += [e for e in cluster.queue if late in (e.source, e.target) and e.source != e.target]
        cluster.drain(lambda e: late not in (e.source, e.target))
        cluster.pass_ticks()
    assert {node.replica.epoch for node in cluster.nodes if node.index != late} == {1}
    assert cluster.nodes[late].replica.epoch == 0
    # Everything of before arrives now, in any order.
    cluster.queue += kept[::-1]
    cluster.submit(b"more")
    cluster.run(lambda: cluster.height() == max(cluster.decided) > 2, ticks=2000)
    assert set(epochs(cluster)) == {1}


def test_views_begin_anew_in_an_epoch_and_grow_again() -> None:
    cluster = Cluster(4, spares=1)
    cluster.crash(0)
    cluster.submit(b"first")
    cluster.run(lambda: cluster.height() >= 2, ticks=1000)
    assert cluster.nodes[1].replica.view > 0
    cluster.restart(0)
    first = grow(cluster, 0, 1, 2, 3, 4)
    assert {node.replica.view for node in cluster.nodes} == {0}
    primary = cluster.nodes[1].replica.primary
    assert primary is not None
    cluster.crash(primary)
    cluster.submit(b"second")
    cluster.run(lambda: cluster.height() >= first, ticks=1000)
    assert cluster.nodes[(primary + 1) % 5].replica.view > 0


def test_trap_15_view_changes_of_the_old_epoch_begin_no_view_of_the_new_one() -> None:
    """The old members' ViewChanges show nothing of what the new ones prepared: a NewView that
    counts them by their indexes would be free to fork.
    """
    cluster = Cluster(4, spares=1)
    changes: dict[int, ViewChange] = {}

    def note(envelope: Envelope) -> bool:
        if isinstance(envelope.event, ViewChange):
            changes[envelope.event.member] = envelope.event
        return True

    cluster.crash(0)
    cluster.submit(b"first")
    cluster.run(lambda: cluster.height() >= 2, ticks=1000, passes=note)
    assert {(change.member, change.view) for change in changes.values()} == {(1, 1), (2, 1), (3, 1)}
    cluster.restart(0)
    first = grow(cluster, 3, 4, 2, 1)
    state = cluster.nodes[1].replica._state
    primary = state.roster.primary(1, first)
    assert primary is not None
    node = cluster.numbers[state.era.key(primary)]
    own = ViewChange(1, primary, state.tip.certificate, None, UNSIGNED)
    own = replace(own, signature=sign_as(node, signing_bytes(own, GENESIS_HASH, 1)))
    old = [changes[member] for member in sorted(changes) if member != primary][:2]
    shown = tuple(sorted([own, *old], key=lambda entry: entry.member))
    message = NewView(1, first, primary, shown, UNSIGNED)
    message = replace(message, signature=sign_as(node, signing_bytes(message, GENESIS_HASH, 1)))
    with pytest.raises(MessageInvalid, match="earlier epoch"):
        cluster.nodes[1].replica.step(message, cluster.now_ms)
    assert state.views.view == 0


def test_a_committee_of_strangers_gets_the_last_block_of_the_one_before() -> None:
    """The founders have left with it: they vote no more, say no Status, and keep no Commit."""
    cluster = Cluster(1, spares=4)
    cluster.submit(change_to(1, 2, 3, 4))
    # The newcomers have the change and not the block that certifies it.
    while cluster.height() < 1:
        cluster.drain()
        cluster.pass_ticks()
    for _ in range(20):
        cluster.drain(lambda e: e.source != 0)
        cluster.pass_ticks()
    assert cluster.where() == [(0, 0, 2), *((member, 0, 1) for member in range(1, 5))]
    cluster.submit(b"now the others")
    cluster.run(lambda: cluster.height() >= 3, ticks=1000)
    assert signers(cluster, 3) <= {key(member) for member in range(1, 5)}


def test_a_restart_between_two_epochs_keeps_both_promises() -> None:
    """Votes of the new epoch stand in the journal above blocks that the store never had."""
    cluster = Cluster(4, spares=1)
    first = grow(cluster, 0, 1, 2, 3, 4)
    cluster.submit(b"more")
    # The first block of the epoch is prepared and not decided.
    for _ in range(3):
        cluster.drain(lambda e: not isinstance(e.event, Commit))
    before = dict(cluster.signed)
    for member in range(5):
        cluster.crash(member)
    for member in range(5):
        cluster.restart(member, unwritten=2)
    assert cluster.nodes[1].replica.height < first - 1
    cluster.run(lambda: cluster.height() >= first, ticks=2000)
    assert before.items() <= cluster.signed.items()
    assert cluster.nodes[4].replica.epoch == 1


def test_an_observer_signs_nothing_and_decides_all() -> None:
    cluster = Cluster(4, spares=1)
    for number in range(5):
        cluster.submit(b"tx %d" % number)
        cluster.run(lambda: cluster.height() >= number + 1, ticks=400)  # noqa: B023 - it runs now
    assert cluster.nodes[4].replica.height == cluster.nodes[0].replica.height
    assert not [k for k in cluster.signed if k[0] == 4]
    assert cluster.nodes[4].replica.withheld


def test_the_words_of_an_observer_count_nowhere() -> None:
    cluster = Cluster(4, spares=1)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 1)
    said = [e for e in cluster.queue if e.source == 4]
    assert not [e for e in said if isinstance(e.event, PrePrepare | Commit | ViewChange)]


def test_the_last_words_of_a_committee_that_leaves_as_a_whole_may_be_lost() -> None:
    """It decides the last block of its epoch and says nothing more: the newcomers must ask."""
    cluster = Cluster(1, spares=2)
    cluster.submit(change_to(1, 2))
    # Nothing of the leaving member arrives but what it is asked for.
    cluster.run(
        lambda: epochs(cluster) == [1, 1, 1],
        passes=lambda e: e.source != 0 or isinstance(e.event, FetchedBlock),
    )
    cluster.submit(b"more")
    cluster.run(lambda: cluster.height() >= 3)
    assert signers(cluster, 3) == {key(1), key(2)}
