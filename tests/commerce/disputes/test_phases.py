"""The automaton of disputes as a table: complete, and with an end that silence reaches."""

import itertools

import pytest

from commerce.disputes.errors import PhaseForbids
from commerce.disputes.limits import ROUNDS_MAX
from commerce.disputes.phases import (
    CLOCKS,
    EDGES,
    Cause,
    Phase,
    When,
    edge_of,
    require_phase,
)
from commerce.registry import TRANSITIONS, TYPES
from commerce.timers import TIMERS
from tests.commerce.disputes.court import Court, arbiter

CLOCK_EDGES = [edge for edge in EDGES if edge.who == "–"]


def test_a_phase_a_cause_and_a_circumstance_lead_to_one_edge() -> None:
    table = {(edge.source, edge.cause, edge.when): edge for edge in EDGES}
    assert len(table) == len(EDGES)
    for place, edge in table.items():
        assert edge_of(*place) is edge


@pytest.mark.parametrize(("phase", "cause"), list(itertools.product(Phase, Cause)))
def test_what_no_edge_allows_is_refused(phase: Phase, cause: Cause) -> None:
    if any((edge.source, edge.cause) == (phase, cause) for edge in EDGES):
        require_phase(phase.value, cause)
    else:
        with pytest.raises(PhaseForbids, match=phase.value):
            require_phase(phase.value, cause)


def test_every_cause_is_a_registered_type_or_transition() -> None:
    names = {entry.name for entry in TYPES} | {entry.kind for entry in TRANSITIONS}
    assert {cause.value for cause in Cause} <= names
    assert {edge.cause for edge in EDGES} == set(Cause)
    assert {edge.when for edge in EDGES} == set(When)


def test_every_phase_has_a_clock_of_its_own_and_the_cap_but_the_end_has_neither() -> None:
    live = {phase.value for phase in Phase} - {"SPLIT"}
    assert set(CLOCKS) == live
    capped = {edge.source.value for edge in EDGES if edge.cause is Cause.CAP_CLOCK}
    assert capped == live
    assert not [edge for edge in EDGES if edge.source is Phase.SPLIT]


def test_only_an_appeal_or_another_try_to_draw_leads_back() -> None:
    rank = {phase: index for index, phase in enumerate(Phase)}
    back = [edge for edge in EDGES if rank[edge.target] < rank[edge.source]]
    assert [(edge.source, edge.cause) for edge in back] == [(Phase.DECIDED, Cause.APPEAL)]
    stays = {edge.cause for edge in CLOCK_EDGES if edge.target is edge.source}
    assert stays == {Cause.DRAW_CLOCK}


def longest_ms(phase: Phase, durations: dict[Phase, int]) -> int:
    """The longest time that clocks alone take from a phase to the end, in commercial ms."""
    following = {edge.target for edge in CLOCK_EDGES if edge.source is phase} - {phase}
    return durations[phase] + max(
        [longest_ms(target, durations) for target in following if target is not Phase.SPLIT],
        default=0,
    )


def test_with_everybody_silent_each_phase_ends_and_even_all_appeals_stay_below_the_cap() -> None:
    timer = {rule.name: rule.default_ms for rule in TIMERS}
    durations = {
        # The tries to reserve a secret, then the draw itself.
        Phase.DRAWING: 2 * timer["draw_ms"],
        Phase.EVIDENCE: timer["evidence_ms"],
        Phase.COMMIT: timer["commit_ms"],
        Phase.REVEAL: timer["reveal_ms"],
        Phase.COMMIT_AGAIN: timer["reveal_ms"],
        Phase.REVEAL_AGAIN: timer["reveal_ms"],
        Phase.DECIDED: timer["appeal_ms"],
    }
    heard_ms = longest_ms(Phase.EVIDENCE, durations)
    round_ms = durations[Phase.DRAWING] + heard_ms
    assert heard_ms == sum(durations.values()) - durations[Phase.DRAWING]
    assert ROUNDS_MAX * round_ms - durations[Phase.DECIDED] < timer["dispute_cap_ms"]


def until(court: Court, dispute_id: bytes, phase: Phase) -> None:
    """Lead a dispute with a panel into a phase."""
    panel = court.panel(dispute_id)
    if phase is Phase.EVIDENCE:
        return
    court.heard(dispute_id)
    if phase is Phase.COMMIT:
        return
    if phase is Phase.DECIDED:
        for name in panel:
            court.commit(dispute_id, name, 500)
        for name in panel:
            court.reveal(dispute_id, name, 500)
        return
    court.commit(dispute_id, panel[0], 500)
    court.pass_phase(dispute_id)
    if phase is Phase.REVEAL:
        return
    court.reveal(dispute_id, panel[0], 500)
    court.pass_phase(dispute_id)
    if phase is Phase.REVEAL_AGAIN:
        court.pass_phase(dispute_id)


# What the buyer gets of ¥30, by the phase from which on everybody is silent: the goods are with the
# buyer, so the default rule gives it nothing; one vote for a half is a ruling.
SILENT = [
    (Phase.DRAWING, "default", 0),
    (Phase.EVIDENCE, "default", 0),
    (Phase.COMMIT, "default", 0),
    (Phase.REVEAL, "default", 0),
    (Phase.COMMIT_AGAIN, "ruling", 1_500),
    (Phase.REVEAL_AGAIN, "ruling", 1_500),
    (Phase.DECIDED, "ruling", 1_500),
]


@pytest.mark.parametrize(("phase", "how", "refund_minor"), SILENT)
def test_from_every_phase_silence_ends_a_dispute_within_the_cap(
    phase: Phase, how: str, refund_minor: int
) -> None:
    court = Court()
    dispute_id = court.disputed()
    opened_ms, had_minor = court.time_ms, court.money("buyer")
    if phase is not Phase.DRAWING:
        court.drawn(dispute_id)
        until(court, dispute_id, phase)
    assert court.dispute(dispute_id).phase == phase
    steps = 0
    while court.dispute(dispute_id).clock() is not None:
        court.pass_phase(dispute_id)
        steps += 1
    assert steps <= len(Phase)
    ended = court.dispute(dispute_id)
    assert ended.ending is not None
    assert (ended.phase, ended.ending.how) == (Phase.SPLIT, how)
    assert court.time_ms - opened_ms < ended.cap_ms - opened_ms
    assert court.money("buyer") - had_minor == refund_minor
    assert all(court.arbiter(arbiter(number)).seats == 0 for number in range(8))
