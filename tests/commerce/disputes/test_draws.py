"""A draw for each round, under an id of its own, known for as long as it is under way."""

from commerce.beacon.draws import is_drawing
from commerce.disputes.draws import WAITING, Waiting, begin, draw_id_of, give_up, take_drawn
from tests.commerce.disputes.court import Court

DISPUTE = bytes([9]) * 32
CAP_MS = 1_000


def nobody() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    return (), ()


def test_each_round_of_each_dispute_has_a_draw_of_its_own() -> None:
    ids = {
        draw_id_of(dispute_id, number) for dispute_id in (DISPUTE, bytes(32)) for number in range(3)
    }
    assert len(ids) == 6


def test_a_draw_that_ended_is_handed_over_once() -> None:
    context = Court().nodes.context()
    assert begin(context, DISPUTE, 0, CAP_MS, nobody)
    draw_id = draw_id_of(DISPUTE, 0)
    assert is_drawing(context.state, draw_id)
    assert take_drawn(context, draw_id) == Waiting(DISPUTE, (), ())
    assert take_drawn(context, draw_id) is None


def test_without_secrets_no_draw_begins_and_none_is_waited_for() -> None:
    context = Court().nodes.context()
    assert begin(context, DISPUTE, 0, CAP_MS, nobody)
    assert not begin(context, DISPUTE, 1, CAP_MS, nobody)
    assert [waiting.dispute_id for _, waiting in WAITING.items(context.state)] == [DISPUTE]


def test_what_is_given_up_is_under_way_no_more() -> None:
    context = Court().nodes.context()
    begin(context, DISPUTE, 0, CAP_MS, nobody)
    give_up(context, DISPUTE, 0, CAP_MS)
    assert not is_drawing(context.state, draw_id_of(DISPUTE, 0))
    assert take_drawn(context, draw_id_of(DISPUTE, 0)) is None
