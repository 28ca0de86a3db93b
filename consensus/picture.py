"""What a replica sees of the undecided height, for people to read: a copy of facts, no new ones.

`GET /v1/consensus` and `hushang consensus why` are made of it. Nothing here changes the replica;
its size is bounded by the committee's.
"""

from dataclasses import dataclass
from enum import Enum

from chain.block import VoteType
from consensus import patience
from consensus.config import TICK_MS
from consensus.slot import Candidate, HeldBlock
from consensus.state import State


class Phase(Enum):
    """How far the active height is here; each waits for the one thing that its comment names."""

    # Nothing: there is no work.
    REST = "rest"
    # Blocks of the own journal that the store lacks, from there or from the peers.
    RECALLING = "recalling"
    # Blocks of greater heights that are certified.
    BEHIND = "behind"
    # ViewChanges of a quorum, and the NewView of the view's primary.
    VIEW_CHANGE = "view change"
    # The primary's proposal.
    PROPOSAL = "proposal"
    # The bodies of the proposal, and its execution.
    CHECK = "check"
    # Another view: the proposal here was refused.
    REFUSED = "refused"
    # Prepares of a quorum.
    PREPARE = "prepare"
    # Commits of a quorum.
    COMMIT = "commit"
    # The block that a quorum has decided, or its execution.
    CERTIFIED = "certified"


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """What a member has said that counts now. Votes are those of the own view at the active height.

    `against`: the highest view that it wants to leave, by a Complaint or ViewChange; None: none.
    """

    prepared: bool
    committed: bool
    voted_otherwise: bool
    changed_to: int
    against: int | None


@dataclass(frozen=True, slots=True)
class ProposalSeen:
    """The proposal of the own view. `refusal` is empty unless this replica refused it."""

    digest: bytes
    proposer: int
    view: int
    time_ms: int
    transactions: int
    has_bodies: bool
    checked: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A replica at one moment. `height` is the active one, above the decided; `members` by index.

    `roster`: who leads, in turn. `left_ms`: patience left for each kind of work that is watched;
    `runs`: does the timer of the view run? `complained`: this replica has asked for another view.
    `target`: the greatest certified height known; `reached`: what the journal says was decided.
    `wanted`: the active height's block is decided and asked of peers. `block_time_ms`,
    `decided_view`, `parent_view`, `signers` (of the committee of `signer_epoch`): of the newest
    decided block.
    """

    height: int
    epoch: int
    view: int
    phase: Phase
    index: int | None
    primary: int | None
    roster: tuple[int, ...]
    blamed: tuple[int, ...]
    members: tuple[MemberSeen, ...]
    proposal: ProposalSeen | None
    left_ms: dict[str, int]
    runs: bool
    complained: bool
    seal_due: bool
    deadline_ms: int | None
    target: int
    reached: int
    wanted: bool
    block_time_ms: int
    decided_view: int
    parent_view: int
    signers: tuple[int, ...]
    signer_epoch: int


def picture_of(state: State) -> Picture:
    """What this replica sees now. Cheap: a few look-ups for each member."""
    slot, views, tip, chase = state.slot, state.views, state.tip, state.errands.chase
    candidate = slot.proposals.get(views.view)
    index = state.index
    left = state.timers.left()
    return Picture(
        height=slot.height,
        epoch=state.epoch,
        view=views.view,
        phase=_phase(state),
        index=index,
        primary=state.primary_now(),
        roster=state.roster.of_height(slot.height),
        blamed=tuple(blame.member for blame in state.roster.leaders.blames),
        members=tuple(_seen(state, candidate, member) for member in range(state.committee.n)),
        proposal=None if candidate is None else _proposal(state, candidate),
        left_ms={watch.name.lower(): ticks * TICK_MS for watch, ticks in left.items()},
        runs=patience.may_run(state),
        complained=index is not None and views.complaint(index) >= views.view,
        seal_due=tip.results.needs_seal,
        deadline_ms=state.work.deadline_ms,
        target=max(tip.height, 0 if chase.target is None else chase.target.height),
        reached=state.recovered.reached,
        wanted=slot.wanted is not None,
        block_time_ms=tip.header.time_ms,
        decided_view=tip.certificate.view,
        parent_view=tip.header.parent_view,
        signers=tuple(entry.member for entry in tip.certificate.signatures),
        signer_epoch=tip.header.epoch,
    )


def _phase(state: State) -> Phase:
    """A flat ladder: what keeps all below it from mattering comes first."""
    slot, views = state.slot, state.views
    if state.recovered.reached > state.tip.height:
        return Phase.RECALLING
    if slot.certificate is not None:
        return Phase.CERTIFIED
    if state.errands.chase.target is not None:
        return Phase.BEHIND
    if not state.started:
        return Phase.VIEW_CHANGE
    candidate = slot.proposals.get(views.view)
    if candidate is not None:
        return _voting(state, candidate)
    return Phase.PROPOSAL if patience.outstanding(state) else Phase.REST


def _voting(state: State, candidate: Candidate) -> Phase:
    held = state.slot.blocks.get(candidate.digest)
    if held is not None and held.refusal is not None:
        return Phase.REFUSED
    if held is None or held.results is None:
        return Phase.CHECK
    view, votes = state.views.view, state.slot.votes
    prepares = votes.signatures(VoteType.PREPARE, view, candidate.digest)
    # The primary's own vote is its PrePrepare, never counted among the Prepares.
    if len(prepares) + 1 < state.committee.quorum:
        return Phase.PREPARE
    return Phase.COMMIT


def _seen(state: State, candidate: Candidate | None, member: int) -> MemberSeen:
    views, votes = state.views, state.slot.votes
    digest = None if candidate is None else candidate.digest
    prepare = votes.earlier(VoteType.PREPARE, views.view, member)
    commit = votes.earlier(VoteType.COMMIT, views.view, member)
    changed = views.newest_change(member)
    against = max(views.complaint(member), changed - 1)
    return MemberSeen(
        prepared=prepare is not None and prepare.digest == digest,
        committed=commit is not None and commit.digest == digest,
        voted_otherwise=any(v is not None and v.digest != digest for v in (prepare, commit)),
        changed_to=changed,
        against=None if against < 0 else against,
    )


def _proposal(state: State, candidate: Candidate) -> ProposalSeen:
    header = candidate.message.header
    held: HeldBlock | None = state.slot.blocks.get(candidate.digest)
    return ProposalSeen(
        digest=candidate.digest,
        proposer=header.proposer,
        view=header.view,
        time_ms=header.time_ms,
        transactions=header.transactions_count,
        has_bodies=held is not None and held.bodies is not None,
        checked=held is not None and held.results is not None,
        refusal=(held.refusal or "") if held is not None else "",
    )
