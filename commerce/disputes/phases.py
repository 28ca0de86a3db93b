"""The automaton of a dispute: one table, from which checks, documentation and tests derive.

Every phase but the last has a clock of its own kind, and all of them stand under the cap: whatever
is silent, a dispute ends. Who may trigger an edge: B buyer, S seller, "loser" the party that didn't
get everything, A an arbiter of the panel, M a member, + both, "–" the clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from commerce.disputes.errors import PhaseForbids


class Phase(StrEnum):
    """Where a dispute is. SPLIT is the end."""

    DRAWING = "DRAWING"
    EVIDENCE = "EVIDENCE"
    COMMIT = "COMMIT"
    REVEAL = "REVEAL"
    # The same again for who took the seats of arbiters that didn't vote; half as long.
    COMMIT_AGAIN = "COMMIT_AGAIN"
    REVEAL_AGAIN = "REVEAL_AGAIN"
    DECIDED = "DECIDED"
    SPLIT = "SPLIT"


class Cause(StrEnum):
    """What moves a dispute along an edge: the transaction or system transition of this name."""

    SEED = "beacon.reveal"
    EVIDENCE = "dispute.evidence"
    RECUSE = "dispute.recuse"
    CHALLENGE = "dispute.challenge"
    COMMIT = "dispute.commit"
    REVEAL = "dispute.reveal"
    APPEAL = "dispute.appeal"
    SETTLE = "dispute.settle"
    DRAW_CLOCK = "sys.dispute.draw"
    EVIDENCE_CLOCK = "sys.dispute.evidence"
    COMMIT_CLOCK = "sys.dispute.commit"
    REVEAL_CLOCK = "sys.dispute.reveal"
    APPEAL_CLOCK = "sys.dispute.appeal"
    CAP_CLOCK = "sys.dispute.cap"


class When(StrEnum):
    """Under which circumstances; "" where there is one edge only."""

    ALWAYS = ""
    PANEL = "enough arbiters"
    TOO_FEW = "too few arbiters"
    NOT_READY = "no secret was ready, and it is not too late"
    NO_SEED = "the seed didn't come"
    SOMEBODY = "somebody sits"
    NOBODY = "nobody sits any more"
    MORE_TO_COME = "others have yet to act"
    ALL_IN = "everybody who has to did"
    REPLACED = "some didn't vote, and others take their seats"
    VOTES = "there are votes, an appeal is possible"
    VOTES_LAST = "there are votes, no appeal is left"
    NO_VOTES = "nobody voted"


@dataclass(frozen=True, slots=True)
class PhaseEdge:
    """From `source` to `target` when `who` triggers it under the circumstances `when`."""

    source: Phase
    cause: Cause
    when: When
    target: Phase
    who: str


_LIVE = tuple(phase for phase in Phase if phase is not Phase.SPLIT)
_VOTED = (
    (When.VOTES, Phase.DECIDED),
    (When.VOTES_LAST, Phase.SPLIT),
)

EDGES: tuple[PhaseEdge, ...] = (
    PhaseEdge(Phase.DRAWING, Cause.SEED, When.PANEL, Phase.EVIDENCE, "M"),
    PhaseEdge(Phase.DRAWING, Cause.SEED, When.TOO_FEW, Phase.SPLIT, "M"),
    PhaseEdge(Phase.DRAWING, Cause.DRAW_CLOCK, When.NOT_READY, Phase.DRAWING, "–"),
    PhaseEdge(Phase.DRAWING, Cause.DRAW_CLOCK, When.NO_SEED, Phase.SPLIT, "–"),
    PhaseEdge(Phase.DRAWING, Cause.EVIDENCE, When.ALWAYS, Phase.DRAWING, "B, S or a witness"),
    PhaseEdge(Phase.EVIDENCE, Cause.EVIDENCE, When.ALWAYS, Phase.EVIDENCE, "B, S or a witness"),
    PhaseEdge(Phase.EVIDENCE, Cause.RECUSE, When.SOMEBODY, Phase.EVIDENCE, "A"),
    PhaseEdge(Phase.EVIDENCE, Cause.RECUSE, When.NOBODY, Phase.SPLIT, "A"),
    PhaseEdge(Phase.EVIDENCE, Cause.CHALLENGE, When.SOMEBODY, Phase.EVIDENCE, "B or S"),
    PhaseEdge(Phase.EVIDENCE, Cause.CHALLENGE, When.NOBODY, Phase.SPLIT, "B or S"),
    PhaseEdge(Phase.EVIDENCE, Cause.EVIDENCE_CLOCK, When.ALWAYS, Phase.COMMIT, "–"),
    PhaseEdge(Phase.COMMIT, Cause.COMMIT, When.MORE_TO_COME, Phase.COMMIT, "A"),
    PhaseEdge(Phase.COMMIT, Cause.COMMIT, When.ALL_IN, Phase.REVEAL, "A"),
    PhaseEdge(Phase.COMMIT, Cause.COMMIT_CLOCK, When.ALWAYS, Phase.REVEAL, "–"),
    PhaseEdge(Phase.REVEAL, Cause.REVEAL, When.MORE_TO_COME, Phase.REVEAL, "A"),
    *(PhaseEdge(Phase.REVEAL, Cause.REVEAL, when, end, "A") for when, end in _VOTED),
    PhaseEdge(Phase.REVEAL, Cause.REVEAL_CLOCK, When.REPLACED, Phase.COMMIT_AGAIN, "–"),
    *(PhaseEdge(Phase.REVEAL, Cause.REVEAL_CLOCK, when, end, "–") for when, end in _VOTED),
    PhaseEdge(Phase.REVEAL, Cause.REVEAL_CLOCK, When.NO_VOTES, Phase.SPLIT, "–"),
    PhaseEdge(Phase.COMMIT_AGAIN, Cause.COMMIT, When.MORE_TO_COME, Phase.COMMIT_AGAIN, "A"),
    PhaseEdge(Phase.COMMIT_AGAIN, Cause.COMMIT, When.ALL_IN, Phase.REVEAL_AGAIN, "A"),
    PhaseEdge(Phase.COMMIT_AGAIN, Cause.COMMIT_CLOCK, When.ALWAYS, Phase.REVEAL_AGAIN, "–"),
    PhaseEdge(Phase.REVEAL_AGAIN, Cause.REVEAL, When.MORE_TO_COME, Phase.REVEAL_AGAIN, "A"),
    *(PhaseEdge(Phase.REVEAL_AGAIN, Cause.REVEAL, when, end, "A") for when, end in _VOTED),
    *(PhaseEdge(Phase.REVEAL_AGAIN, Cause.REVEAL_CLOCK, when, end, "–") for when, end in _VOTED),
    PhaseEdge(Phase.REVEAL_AGAIN, Cause.REVEAL_CLOCK, When.NO_VOTES, Phase.SPLIT, "–"),
    PhaseEdge(Phase.DECIDED, Cause.APPEAL, When.ALWAYS, Phase.DRAWING, "loser"),
    PhaseEdge(Phase.DECIDED, Cause.APPEAL_CLOCK, When.ALWAYS, Phase.SPLIT, "–"),
    *(PhaseEdge(phase, Cause.SETTLE, When.ALWAYS, Phase.SPLIT, "B + S") for phase in _LIVE),
    *(PhaseEdge(phase, Cause.CAP_CLOCK, When.ALWAYS, Phase.SPLIT, "–") for phase in _LIVE),
)

# The system transition at the end of each phase, if the cap doesn't come first.
CLOCKS: Mapping[str, str] = {
    edge.source.value: edge.cause.value
    for edge in EDGES
    if edge.who == "–" and edge.cause is not Cause.CAP_CLOCK
}

_EDGES: Mapping[tuple[str, Cause, When], PhaseEdge] = {
    (edge.source.value, edge.cause, edge.when): edge for edge in EDGES
}
_CAUSES: Mapping[str, tuple[Cause, ...]] = {
    phase.value: tuple(edge.cause for edge in EDGES if edge.source is phase) for phase in Phase
}


def require_phase(phase: str, cause: Cause) -> None:
    """`PhaseForbids` unless some edge of this cause leaves the phase."""
    if cause not in _CAUSES[phase]:
        msg = f"no {cause} in phase {phase}"
        raise PhaseForbids(msg)


def edge_of(phase: str, cause: Cause, when: When = When.ALWAYS) -> PhaseEdge:
    """The edge; the caller has asked `require_phase`, or is the clock."""
    return _EDGES[phase, cause, when]
