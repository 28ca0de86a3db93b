"""Named regressions of where others fell, part members: who may speak, and for which committee.

Numbers are those of the table of traps in the protocol's design (docs/traps.md).
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import pytest

from chain.block import Certificate, CommitSignature, VoteType
from chain.errors import ProtocolError
from consensus.input import FetchedBlock
from consensus.messages import (
    Commit,
    Message,
    MessageSignatureInvalid,
    NewView,
    NotAMember,
    Prepare,
    PrePrepare,
    RecoveryQuery,
    RecoveryReply,
)
from consensus.signing import signing_bytes
from tests.consensus.cluster import Cluster, Envelope
from tests.consensus.forging import UNSIGNED, block_on, certificate, pre_prepare, prepared, sign
from tests.consensus.samples import CHANGES, samples
from tests.consensus.stub_chain import GENESIS_HASH, change_to, key, sign_as

# A node outside the committee of four: an observer, a stranger, a member that was removed.
OUTSIDER = 4


M = TypeVar("M", bound=Message)


def by_outsider(message: M, named: int) -> M:
    """The message in the name of member `named`, signed with a key outside the committee."""
    claimed = replace(message, member=named)
    return replace(claimed, signature=sign_as(OUTSIDER, signing_bytes(claimed, GENESIS_HASH, 0)))


@pytest.mark.parametrize("message", samples(), ids=lambda m: type(m).__name__)
def test_trap_12_nothing_that_an_outsider_signs_is_taken_for_a_members_word(
    message: Message,
) -> None:
    """Trap 12 (FISCO#2447): a valid signature by a key that is in no committee, of every kind of
    message, in its own name and in a member's.
    """
    cluster = Cluster(4)
    replica = cluster.nodes[0].replica
    if isinstance(message, Prepare | Commit):
        # Those that samples speak of are for later heights, and dropped unread.
        message = replace(message, height=1)
    if isinstance(message, RecoveryReply):
        # Answers are read by who has asked for them.
        cluster.restart(0)
        replica = cluster.nodes[0].replica
        queries = [e.event for e in cluster.queue if isinstance(e.event, RecoveryQuery)]
        message = replace(message, asker=key(0), nonce=queries[0].nonce)
    for named in (OUTSIDER, 2**16 - 1):
        with pytest.raises(NotAMember):
            replica.step(by_outsider(message, named), cluster.now_ms)
    with pytest.raises(MessageSignatureInvalid):
        replica.step(by_outsider(message, 1), cluster.now_ms)
    assert replica.view == 0


class Proposed:
    """Member 1 of four has a proposal; all other voices are the test's."""

    def __init__(self) -> None:
        self.cluster = cluster = Cluster(4, faulty=[0, 2, 3])
        self.replica = cluster.nodes[1].replica
        state = self.replica._state
        self.block = block_on(state, 0, 0, b"one", cluster.now_ms)
        self.digest = self.block.header.digest()
        message = pre_prepare(cluster, self.block, 0, 0, state.tip.certificate)
        self.hear(message)

    def hear(self, message: PrePrepare | Prepare | Commit) -> None:
        self.cluster.queue.append(Envelope(0, 1, message))
        self.cluster.drain()

    @property
    def commits(self) -> int:
        """How many Commits member 1 has signed."""
        return len([slot for slot in self.cluster.signed if slot[1] == VoteType.COMMIT])


def test_trap_12_neither_outsiders_nor_repetitions_help_a_quorum() -> None:
    """Trap 12 (FISCO#2447): at each step everybody who has no say says it again and again."""
    scene = Proposed()
    prepare = Prepare(0, 1, scene.digest, 2, UNSIGNED)
    commit = Commit(0, 1, scene.digest, 2, UNSIGNED)
    signature = sign_as(OUTSIDER, signing_bytes(prepare, GENESIS_HASH, 0))
    for member in (2, 3, OUTSIDER):
        scene.hear(replace(prepare, member=member, signature=signature))
    assert scene.commits == 0
    scene.hear(sign(prepare))
    assert scene.commits == 1
    signature = sign_as(OUTSIDER, signing_bytes(commit, GENESIS_HASH, 0))
    for _ in range(3):
        scene.hear(sign(commit))
        for member in (0, 3, OUTSIDER):
            scene.hear(replace(commit, member=member, signature=signature))
    assert scene.replica.height == 0
    scene.hear(sign(replace(commit, member=3)))
    assert scene.replica.height == 1


def outsiders_certificate(good: Certificate) -> Certificate:
    """Its last signature is an outsider's, in its own name."""
    message = signing_bytes(
        Commit(good.view, good.height, good.digest, OUTSIDER, UNSIGNED), GENESIS_HASH, 0
    )
    entry = CommitSignature(OUTSIDER, sign_as(OUTSIDER, message))
    return replace(good, signatures=(*good.signatures[:-1], entry))


def in_anothers_name(good: Certificate) -> Certificate:
    """Its last signature is an outsider's, in the name of the last member."""
    signed = outsiders_certificate(good).signatures[-1].signature
    last = replace(good.signatures[-1], signature=signed)
    return replace(good, signatures=(*good.signatures[:-1], last))


@pytest.mark.parametrize("spoil", [outsiders_certificate, in_anothers_name])
def test_trap_12_an_outsiders_signature_is_worth_nothing_inside_a_proof_either(
    spoil: Callable[[Certificate], Certificate],
) -> None:
    """Trap 12 (FISCO#2447): in certificates of blocks and of what was prepared, in NewViews."""
    scene = Proposed()
    cluster, header = scene.cluster, scene.block.header
    proof = spoil(certificate([0, 2, 3], 0, header))
    good = prepared([2, 3], 0, 0, header)
    votes = spoil(Certificate(1, 0, scene.digest, good.prepares)).signatures
    change = replace(CHANGES[2], certificate=scene.replica._state.tip.certificate, prepared=None)
    with pytest.raises(ProtocolError):
        scene.replica.step(FetchedBlock(scene.block, (), proof), cluster.now_ms)
    shown = sign(replace(change, prepared=replace(good, prepares=votes)))
    with pytest.raises(ProtocolError):
        scene.replica.step(shown, cluster.now_ms)
    changes = [sign(replace(change, member=member)) for member in (0, 1, 2)]
    changes[2] = by_outsider(changes[2], OUTSIDER if spoil is outsiders_certificate else 2)
    opening = sign(NewView(1, 1, 2, tuple(changes), UNSIGNED))
    with pytest.raises(ProtocolError):
        scene.replica.step(replace(opening, member=2), cluster.now_ms)
    assert (scene.replica.height, scene.replica.view) == (0, 0)


@pytest.mark.parametrize("epoch", [1, 2**40])
def test_trap_15_a_vote_for_another_committee_is_no_vote_here(epoch: int) -> None:
    """Trap 15 (FISCO#2191, FIB-137): the same member, key, height, view, block, another epoch."""
    scene = Proposed()
    for kind in (Prepare, Commit):
        for member in (2, 3):
            vote: Prepare | Commit = kind(0, 1, scene.digest, member, UNSIGNED)
            signature = sign_as(member, signing_bytes(vote, GENESIS_HASH, epoch))
            with pytest.raises(MessageSignatureInvalid):
                scene.replica.step(replace(vote, signature=signature), scene.cluster.now_ms)
    assert scene.commits == 0
    assert scene.replica.height == 0


def test_trap_12_a_removed_members_key_speaks_for_nobody_in_the_next_epoch() -> None:
    """Trap 12 (FISCO#2447): node 3 was member 3, now node 4 is; what the one signs as member 3 of
    the new committee is refused, and what the other signs counts.
    """
    cluster = Cluster(4, spares=1)
    cluster.submit(change_to(0, 1, 2, 4))
    cluster.run(lambda: cluster.height() >= 2)
    cluster.submit(b"the first of the new committee")
    cluster.run(lambda: cluster.height() >= 4)
    replica = cluster.nodes[1].replica
    for kind in (Prepare, Commit):
        vote: Prepare | Commit = kind(0, 5, bytes(32), 3, UNSIGNED)
        signed = signing_bytes(vote, GENESIS_HASH, 1)
        with pytest.raises(MessageSignatureInvalid):
            replica.step(replace(vote, signature=sign_as(3, signed)), cluster.now_ms)
        replica.step(replace(vote, signature=sign_as(4, signed)), cluster.now_ms)
    assert not [slot for slot in cluster.signed if slot[0] == 3 and slot[3] > 2]
    assert [slot for slot in cluster.signed if slot[0] == 4 and slot[3] > 2]
