"""Named regressions of where others fell, part votes: what counts, what is kept, what is durable.

Numbers are those of the table of traps in the protocol's design.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from chain.block import Certificate, Header, VoteType
from chain.errors import ProtocolError
from chain.evidence import Equivocation, proves
from consensus.config import ChainTip, JournalIncomplete, StateDiverged
from consensus.input import Checked, FetchedBlock
from consensus.messages import (
    Commit,
    MessageInvalid,
    MessageSignatureInvalid,
    NotAMember,
    Prepare,
    PrePrepare,
)
from consensus.records import decode_record
from consensus.replica import Replica
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, M, block_on, certificate, pre_prepare, sign
from tests.consensus.stub_chain import GENESIS_HASH, verify_stub


def grow(cluster: Cluster, blocks: int) -> None:
    """Decide this many transactions, each with its seal."""
    for i in range(blocks):
        target = cluster.height() + 2
        cluster.submit(b"grow %d at %d" % (i, target))
        cluster.run(lambda target=target: cluster.height() >= target)  # type: ignore[misc]


def test_trap_3_no_height_above_the_next_is_ever_proposed_or_voted() -> None:
    """Trap 3 (PBFT §4.4): a proposal two heights ahead is not even kept."""
    cluster = Cluster(4, faulty=[0])
    state = cluster.nodes[1].replica._state
    block = block_on(state, 0, 0, b"far", cluster.now_ms)
    far = replace(block.header, height=3)
    block = replace(block, header=far)
    proof = certificate([0, 1, 2], 0, replace(far, height=2))
    message = pre_prepare(
        cluster, replace(block, header=replace(far, parent_hash=proof.digest)), 0, 0, proof
    )
    cluster.queue += [Envelope(0, i, message) for i in (1, 2, 3)]
    cluster.drain()
    assert not [slot for slot in cluster.signed if slot[1] != VoteType.VIEW_CHANGE]


def test_trap_4_memory_is_flat_over_many_heights() -> None:
    """Trap 4 (Sawtooth): the tables of four members who vote."""
    cluster = Cluster(4)
    sizes = []
    for _ in range(3):
        grow(cluster, 40)
        sizes.append([footprint(cluster, i) for i in range(4)])
    assert sizes[1] == sizes[2]


def footprint(cluster: Cluster, member: int) -> tuple[int, ...]:
    state = cluster.nodes[member].replica._state
    return (
        len(state.past),
        len(state.slot.blocks) + len(state.slot.proposals),
        len(state.promises.votes()),
        len(state.roster.leaders.rosters),
        len(state.recovered.blocks),
        len(state.errands.proven),
    )


def test_trap_4_votes_outside_the_window_are_dropped_unverified() -> None:
    """Trap 4 (Sawtooth): forged ones are not even noticed."""
    cluster = Cluster(4)
    grow(cluster, 10)
    replica = cluster.nodes[0].replica
    for height in (1, 3, cluster.height() + 3):
        for kind in (Prepare, Commit):
            message = kind(0, height, bytes(32), 3, UNSIGNED)
            assert not replica.step(message, cluster.now_ms).send


def test_trap_8_a_replica_far_behind_catches_up_by_certificates_alone() -> None:
    """Trap 8 (FISCO FIB-127, besu#8307): and then it is the one whose vote is needed."""
    cluster = Cluster(4)
    cluster.crash(3)
    grow(cluster, 60)
    height = cluster.height()
    cluster.restart(3)
    cluster.run(lambda: cluster.height() >= height, ticks=400)
    cluster.crash(0)
    cluster.submit(b"it votes again")
    cluster.run(lambda: cluster.height() > height)


def test_trap_8_a_liars_block_or_certificate_is_refused_and_changes_nothing() -> None:
    """Trap 8 (FISCO FIB-127, besu#8307): by the replica, whoever handed it in."""
    cluster = Cluster(4)
    cluster.crash(3)
    grow(cluster, 1)
    known = cluster.nodes[0].chain[0]
    cluster.nodes[3].alive = True
    replica = cluster.nodes[3].replica
    good = known.certificate
    forged = replace(good.signatures[0], signature=bytes(64))
    lies = [
        FetchedBlock(known.block, known.body_hashes, replace(good, digest=bytes(32))),
        FetchedBlock(known.block, known.body_hashes, replace(good, signatures=good.signatures[1:])),
        FetchedBlock(
            known.block, known.body_hashes, replace(good, signatures=(forged, *good.signatures[1:]))
        ),
        FetchedBlock(replace(known.block, bodies=()), (), good),
        FetchedBlock(replace(known.block, bodies=(b"other",)), (bytes(32),), good),
    ]
    for lie in lies:
        with pytest.raises(ProtocolError):
            replica.step(lie, cluster.now_ms)
    cluster.feed(cluster.nodes[3], FetchedBlock(known.block, known.body_hashes, good))
    cluster.drain()
    assert replica.height >= 1


def test_trap_9_every_prefix_of_the_records_boots() -> None:
    """Trap 9 (cometbft#6031, celo#396): each prefix of the records is enough to
    start from.
    """
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    cluster.crash(0)
    cluster.run(lambda: cluster.height() >= 1)
    for node in cluster.up():
        for end in range(len(node.journal) + 1):
            records = [decode_record(data) for data in node.journal[:end]]
            tip = ChainTip(*cluster._tip([]))
            replica = cluster._replica(node.index, tip, records)
            # The cluster's signer refuses a second digest in any slot that was ever signed.
            for entry in all_messages(cluster):
                try:
                    replica.step(entry, cluster.now_ms)
                except MessageInvalid:
                    pytest.fail("an honest message is refused")
            replica.tick(cluster.now_ms, 2000)


def all_messages(cluster: Cluster) -> list[PrePrepare | Prepare | Commit]:
    """A rival proposal for height 1 in views 0 and 1, of their real primaries."""
    state = cluster.nodes[1].replica._state
    genesis = Certificate(0, 0, cluster.genesis.digest(), ())
    rival = block_on(state, 0, 0, b"rival", cluster.now_ms)
    header = replace(rival.header, height=1, parent_hash=genesis.digest)
    header = replace(
        header,
        state_root=cluster.genesis_results.state_root,
        receipts_root=cluster.genesis_results.receipts_root,
        parent_view=0,
    )
    return [pre_prepare(cluster, replace(rival, header=header), 0, 0, genesis)]


def test_trap_9_a_journal_that_lost_a_decision_refuses_by_name() -> None:
    """Trap 9 (cometbft#6031, celo#396): it voted for more than it holds."""
    cluster = Cluster(4)
    grow(cluster, 2)
    records = [decode_record(data) for data in cluster.nodes[1].journal]
    with pytest.raises(JournalIncomplete):
        cluster._replica(1, ChainTip(*cluster._tip([])), records[6:])


def test_trap_12_votes_of_strangers_and_repeated_votes_never_count() -> None:
    """Trap 12 (FISCO#2447): nor does the primary's Prepare."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain(lambda e: isinstance(e.event, PrePrepare) and e.target == 1)
    replica = cluster.nodes[1].replica
    digest = replica._state.slot.proposals[0].digest
    with pytest.raises(NotAMember):
        replica.step(sign_stranger(digest), cluster.now_ms)
    with pytest.raises(MessageSignatureInvalid):
        replica.step(replace(sign(Prepare(0, 1, digest, 2, UNSIGNED)), member=3), cluster.now_ms)
    # Backup 1 and the primary's PrePrepare are two of three; the primary's Prepare adds none.
    own = sign(Prepare(0, 1, digest, 0, UNSIGNED))
    for message in (own, own):
        assert not replica.step(message, cluster.now_ms).send
    two = sign(Prepare(0, 1, digest, 2, UNSIGNED))
    (commit,) = replica.step(two, cluster.now_ms).send
    assert isinstance(commit.message, Commit)


def sign_stranger(digest: bytes) -> Prepare:
    return sign(Prepare(0, 1, digest, 4, UNSIGNED))


@pytest.mark.parametrize("spoil", ["view", "digest", "double", "stranger"])
def test_trap_13_a_mixed_certificate_is_refused(spoil: str) -> None:
    """Trap 13 (Sawtooth): one that came with a fetched block."""
    cluster = Cluster(4)
    cluster.crash(3)
    grow(cluster, 1)
    known = cluster.nodes[0].chain[0]
    good, header = known.certificate, known.block.header
    other = certificate([2], 1, header) if spoil == "view" else certificate([2], 0, cluster.genesis)
    mixed = {
        "view": (*good.signatures[:2], *other.signatures),
        "digest": (*good.signatures[:2], *other.signatures),
        "double": (*good.signatures[:2], good.signatures[1]),
        "stranger": (*good.signatures[:2], replace(good.signatures[2], member=4)),
    }[spoil]
    with pytest.raises(MessageInvalid):
        cluster.nodes[3].replica.step(
            FetchedBlock(known.block, known.body_hashes, replace(good, signatures=mixed)),
            cluster.now_ms,
        )


def test_trap_17_a_block_is_executed_once_across_a_view_change() -> None:
    """Trap 17 (Sawtooth, SmartBFT): the re-proposed block is not executed again."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    cluster.crash(0)
    cluster.run(
        lambda: cluster.height() >= 2,
        passes=lambda e: not isinstance(e.event, Commit) or e.event.view > 0,
    )
    for node in cluster.up():
        assert node.chain[0].certificate.view == 1
        assert sorted(node.executed) == sorted(set(node.executed))


def test_trap_17_a_verdict_for_another_height_is_dropped() -> None:
    """Trap 17 (Sawtooth, SmartBFT): it comes too late to matter."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    stale = Checked(1, 0, cluster.decided[1], (), None, "too late to refuse it")
    output = cluster.nodes[1].replica.step(stale, cluster.now_ms)
    assert not output.persist
    assert not output.send


def flood(cluster: Cluster, make: Callable[[int], M]) -> None:
    for i in range(2_000):
        cluster.feed(cluster.nodes[0], sign(make(i)))


def test_trap_18_floods_of_one_member_stay_bounded() -> None:
    """Trap 18 (FISCO FIB-129, FIB-131, FIB-115): the tables by name."""
    cluster = Cluster(4, faulty=[3])
    state = cluster.nodes[0].replica._state
    flood(cluster, lambda i: Prepare(i, 1, bytes(32), 3, UNSIGNED))
    flood(cluster, lambda i: Commit(i, 1, bytes(32), 3, UNSIGNED))
    flood(cluster, lambda i: Commit(i, 2, bytes(32), 3, UNSIGNED))
    assert len(state.slot.votes._by_member[3]) <= 32
    assert len(state.slot.votes._by_choice) <= 32
    assert len(state.ahead._by_member[3]) <= 6
    block = block_on(state, 3, 3, b"far", cluster.now_ms)
    tip = state.tip
    flood(
        cluster,
        lambda i: pre_prepare(
            cluster,
            replace(block, header=replace(block.header, view=3 + 4 * i)),
            3,
            3 + 4 * i,
            tip.certificate,
        ),
    )
    assert len(state.slot.proposals) <= 2
    assert state.slot.blocks == {}


def test_trap_19_two_copies_of_a_primary_cannot_fork_and_are_convicted() -> None:
    """Trap 19 (Twins, arXiv 2004.10617): two proposals in one view."""
    cluster = Cluster(4, faulty=[0])
    state = cluster.nodes[1].replica._state
    first, second = (
        pre_prepare(
            cluster, block_on(state, 0, 0, body, cluster.now_ms), 0, 0, state.tip.certificate
        )
        for body in (b"a", b"b")
    )
    for targets, message in (((1, 2), first), ((2, 3), second)):
        cluster.queue += [Envelope(0, target, message) for target in targets]
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 2)
    (found,) = cluster.nodes[2].evidence
    assert isinstance(found, Equivocation)
    assert found.first.member == 0
    assert proves(found, cluster.committee, GENESIS_HASH, verify_stub)


def test_trap_20_a_diverged_replica_stops_itself_and_the_others_go_on() -> None:
    """Trap 20 (any replica): at the first certified header that says otherwise."""
    cluster = Cluster(4)
    cluster.corrupt.add(2)
    cluster.submit(b"one")
    with pytest.raises(StateDiverged):
        cluster.run(lambda: cluster.height() >= 2)
    assert cluster.nodes[2].replica.height == 1
    cluster.crash(2)
    cluster.run(lambda: cluster.height() >= 2)


def test_trap_20_a_garbage_root_in_a_proposal_stops_nobody() -> None:
    """Trap 20 (any replica): it is only not voted for."""
    cluster = Cluster(4, faulty=[0])
    state = cluster.nodes[1].replica._state
    block = block_on(state, 0, 0, b"one", cluster.now_ms)
    garbage = replace(block, header=replace(block.header, state_root=bytes(32)))
    message = pre_prepare(cluster, garbage, 0, 0, state.tip.certificate)
    cluster.queue += [Envelope(0, i, message) for i in (1, 2, 3)]
    cluster.submit(b"one")
    cluster.run(lambda: cluster.height() >= 1)
    assert {view for _, view, _ in cluster.where()} == {1}


def test_trap_24_the_store_may_lag_behind_the_journal() -> None:
    """Trap 24 (concord#1709): what is decided in the journal is decided again."""
    for lost in range(1, 5):
        cluster = Cluster(4)
        grow(cluster, 2)
        cluster.crash(1)
        cluster.restart(1, unwritten=lost)
        cluster.drain(lambda e: e.source == e.target)
        assert cluster.nodes[1].replica.height == 4, "decided again from its own journal"


@pytest.mark.parametrize("name", [field.name for field in fields(Header)])
def test_trap_11_every_field_of_the_header_is_under_the_signature(name: str) -> None:
    """Trap 11 (FISCO FIB-142): an altered proposal gets no further than its signature."""
    cluster = Cluster(4)
    cluster.submit(b"one")
    (message,) = {e.event for e in cluster.queue if isinstance(e.event, PrePrepare)}
    value = getattr(message.header, name)
    other: Any = bytes(31) + b"\x07" if isinstance(value, bytes) else value + 1
    altered = replace(message, header=replace(message.header, **{name: other}))
    replica = cluster.nodes[1].replica
    try:
        output = replica.step(altered, cluster.now_ms)
    except ProtocolError:
        return
    assert not output.check


def test_a_restarted_replica_is_a_new_object_with_the_same_promises() -> None:
    cluster = Cluster(4)
    cluster.submit(b"one")
    cluster.drain(lambda e: not isinstance(e.event, Commit))
    before = cluster.nodes[1].replica
    cluster.crash(1)
    cluster.restart(1, compact=True)
    after = cluster.nodes[1].replica
    assert isinstance(after, Replica)
    assert after is not before
    assert after._state.promises.votes() == before._state.promises.votes()
    assert after._state.slot.prepared == before._state.slot.prepared
