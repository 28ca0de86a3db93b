"""Where a node stands before the next decision, as it tells it: `GET /v1/consensus`."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemberPlace:
    """One member of the committee at the active height.

    `prepared`, `committed`, `voted_otherwise`: its votes in this node's view. `changed_to`: the
    view of its newest ViewChange, 0 if none; `against`: the highest view that it wants to leave.
    `leads`: is it in this period's roster? `height`: what it was last heard to have decided.
    """

    name: str
    public_key: bytes
    is_self: bool
    connected: bool
    height: int | None
    last_seen_ms: int | None
    prepared: bool
    committed: bool
    voted_otherwise: bool
    changed_to: int
    against: int | None
    leads: bool
    suspended: bool
    blamed: bool


@dataclass(frozen=True, slots=True)
class ProposalPlace:
    """The proposal of this node's view. `bodies_missing`: its transactions that aren't here."""

    digest: bytes
    proposer: str
    view: int
    time_ms: int
    transactions: int
    bodies_missing: int
    checked: bool
    refusal: str


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """What there is to do: the pool, a block to seal, a deadline of the ledger."""

    pool_count: int
    pool_bytes: int
    seal_due: bool
    deadline_ms: int | None


@dataclass(frozen=True, slots=True)
class TimerPlace:
    """How long patience lasts yet, by the kind of work; `next_complaint_ms` is the shortest.

    `runs`: does the view's timer run? `complained`: this node has asked for another view, which
    comes once f+1 members have.
    """

    runs: bool
    complained: bool
    next_complaint_ms: int | None
    left_ms: dict[str, int]


@dataclass(frozen=True, slots=True)
class DecidedPlace:
    """The newest decided block: `took_ms` from its first proposal, by its primary's clock, until
    it was decided here, None for one that came as history; `view` that of its certificate,
    `parent_view` that of its parent's.
    """

    height: int
    time_ms: int
    took_ms: int | None
    view: int
    parent_view: int
    signers: Sequence[str]


@dataclass(frozen=True, slots=True)
class ConsensusPlace:
    """Where a node stands before the decision at `height`.

    `phase` names what it waits for (docs/protocol-api.md). `target`: the greatest certified height
    that it knows, `eta_ms` the time until it is there, None if that isn't known. `reached`: what
    its journal has decided; `writing`: decided blocks that its store doesn't have yet. `wanted`:
    the block of `height` is decided and asked of peers.
    """

    name: str
    time_ms: int
    height: int
    epoch: int
    view: int
    phase: str
    quorum: int
    f: int
    primary: str
    roster: Sequence[str]
    withheld: str
    members: Sequence[MemberPlace]
    proposal: ProposalPlace | None
    work: WorkPlace
    timers: TimerPlace
    decided: DecidedPlace
    target: int
    eta_ms: int | None
    reached: int
    writing: int
    wanted: bool
