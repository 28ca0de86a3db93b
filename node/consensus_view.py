"""Where the next decision stands, with names: what a replica and its shell see, put together.

Of this node alone: it knows no more of the others than what reached it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.committee import Committee, Member
from consensus.picture import Picture
from node.consensus_place import (
    ConsensusPlace,
    DecidedPlace,
    MemberPlace,
    ProposalPlace,
    TimerPlace,
    WorkPlace,
)
from node.service import PeerView, SyncView


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the shell knows besides the replica; `committee_of`: that of an epoch there is;
    `decided_ms`: when the newest decision came.
    """

    name: str
    public_key: bytes
    committee_of: Callable[[int], Committee]
    peers: Sequence[PeerView]
    withheld: str
    pool: tuple[int, int]
    bodies_missing: int
    decided_ms: int | None
    written: int
    sync: SyncView
    now_ms: int


def place_of(picture: Picture, around: Surroundings) -> ConsensusPlace:
    """The picture with names."""
    committee = around.committee_of(picture.epoch)
    peers = {peer.public_key: peer for peer in around.peers}

    def name(index: int) -> str:
        return committee.members[index].name

    return ConsensusPlace(
        name=around.name,
        time_ms=around.now_ms,
        height=picture.height,
        epoch=picture.epoch,
        view=picture.view,
        phase=picture.phase.value,
        quorum=committee.quorum,
        f=committee.f,
        primary="" if picture.primary is None else name(picture.primary),
        roster=[name(index) for index in picture.roster],
        withheld=around.withheld,
        members=[
            _member(picture, around, (index, member), peers.get(member.node_key))
            for index, member in enumerate(committee.members)
        ],
        proposal=_proposal(picture, around, name),
        work=WorkPlace(*around.pool, picture.seal_due, picture.deadline_ms),
        timers=_timers(picture),
        decided=_decided(picture, around),
        target=max(picture.target, around.sync.target),
        eta_ms=around.sync.eta_ms,
        reached=picture.reached,
        writing=max(0, picture.height - 1 - around.written),
        wanted=picture.wanted,
    )


def _member(
    picture: Picture, around: Surroundings, place: tuple[int, Member], peer: PeerView | None
) -> MemberPlace:
    index, member = place
    seen = picture.members[index]
    is_self = member.node_key == around.public_key
    return MemberPlace(
        name=member.name,
        public_key=member.node_key,
        is_self=is_self,
        connected=is_self or (peer is not None and peer.connected),
        height=picture.height - 1 if is_self else peer.height if peer else None,
        last_seen_ms=around.now_ms if is_self else peer.last_seen_ms if peer else None,
        prepared=seen.prepared,
        committed=seen.committed,
        voted_otherwise=seen.voted_otherwise,
        changed_to=seen.changed_to,
        against=seen.against,
        leads=index in picture.roster,
        suspended=member.suspended,
        blamed=index in picture.blamed,
    )


def _proposal(
    picture: Picture, around: Surroundings, name: Callable[[int], str]
) -> ProposalPlace | None:
    seen = picture.proposal
    if seen is None:
        return None
    return ProposalPlace(
        digest=seen.digest,
        proposer=name(seen.proposer),
        view=seen.view,
        time_ms=seen.time_ms,
        transactions=seen.transactions,
        # The shell knows of bodies only what it was asked to get.
        bodies_missing=0 if seen.checked or seen.has_bodies else around.bodies_missing,
        checked=seen.checked,
        refusal=seen.refusal,
    )


def _timers(picture: Picture) -> TimerPlace:
    left_ms = picture.left_ms if picture.runs else {}
    soonest = None if picture.complained else min(left_ms.values(), default=None)
    return TimerPlace(picture.runs, picture.complained, soonest, left_ms)


def _decided(picture: Picture, around: Surroundings) -> DecidedPlace:
    took_ms, signers = None, around.committee_of(picture.signer_epoch)
    if around.decided_ms is not None:
        took_ms = max(0, around.decided_ms - picture.block_time_ms)
    return DecidedPlace(
        height=picture.height - 1,
        time_ms=picture.block_time_ms,
        took_ms=took_ms,
        view=picture.decided_view,
        parent_view=picture.parent_view,
        # An epoch's first height stands above a block of another committee's.
        signers=[signers.members[index].name for index in picture.signers],
    )
