"""Disputes in plain words, from what the API tells of real ones."""

from commerce.aftersale.case_views import case_view
from commerce.aftersale.kinds import KINDS as CASE_KINDS
from commerce.disputes.phases import Phase
from commerce.disputes.subjects import KINDS as SUBJECT_KINDS
from commerce.disputes.views import dispute_view
from node import order_words
from node.api.render import render_fields
from node.dispute_words import KINDS, PHASES, dispute_words
from node.order_words import case_words
from tests.commerce.disputes.court import Court
from tests.node.test_order_words import told_at


def test_there_are_words_for_every_phase_and_every_kind_of_subject() -> None:
    assert set(PHASES) == {phase.value for phase in Phase}
    assert set(KINDS) == set(SUBJECT_KINDS)
    assert set(order_words.KINDS) == {kind.name for kind in CASE_KINDS}


def test_a_disputed_case_points_to_its_dispute_which_tells_the_votes() -> None:
    court = Court()
    dispute_id = court.seated()
    first, *_ = court.panel(dispute_id)
    told = told_at(court.time_ms)
    case = list(case_words(render_fields(case_view(court.state, dispute_id)), told))
    assert f"  arbiters, parties: see hushang dispute show {dispute_id.hex()}" in case
    assert case[-1].endswith("the arbiters vote")
    court.heard(dispute_id)
    for name in court.panel(dispute_id):
        court.commit(dispute_id, name, 400)
    court.reveal(dispute_id, first, 400)
    lines = dispute_lines(court, dispute_id)
    votes = [line for line in lines if line.startswith("  arbiter <") and "hushang" not in line]
    assert [line.rpartition(": ")[2] for line in votes] == ["voted 400 ‰"] + 2 * ["has committed"]
    (act,) = [line for line in lines if line.endswith("reveal a vote (hushang dispute reveal)")]
    assert act.count("arbiter <") == len(("the second", "the third"))
    court.settle(dispute_id, 500)
    assert dispute_lines(court, dispute_id)[-1] == "  ended by settlement: 500 ‰ to the buyer"


def dispute_lines(court: Court, dispute_id: bytes) -> list[str]:
    record = render_fields(dispute_view(court.state, dispute_id))
    return list(dispute_words(record, told_at(court.time_ms)))
