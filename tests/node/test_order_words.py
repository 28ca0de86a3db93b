"""Orders, cases and disputes in plain words, from what the API tells of real ones."""

from typing import Any

import pytest

from commerce.aftersale.case_views import case_view
from commerce.disputes.phases import EDGES as DISPUTE_EDGES
from commerce.disputes.phases import Phase
from commerce.disputes.views import dispute_view
from commerce.escrow import EDGES, Money, State
from commerce.order_views import order_view
from node import order_words as words
from node.api.render import render_fields
from node.commands.root import load_noun
from node.money_text import format_amount
from tests.commerce.disputes.court import Court
from tests.commerce.shop import Shop

H, D = 3_600_000, 86_400_000


def told_at(now_ms: int) -> words.Told:
    return words.Told(now_ms, lambda text: f"<{text[:8]}>", amount)


def amount(value: object, symbol: str) -> str:
    return format_amount(int(str(value)), 2, symbol)


def order_lines(shop: Shop, order_id: bytes) -> list[str]:
    record = render_fields(order_view(shop.state, order_id))
    return list(words.order_words(record, told_at(shop.time_ms)))


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [
        (3 * D + 4 * H + 59 * 60_000, "3 d 4 h"),
        (3 * D + 59 * 60_000, "3 d"),
        (90_000, "1 min 30 s"),
        (999, "0 s"),
        (H, "1 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(duration_ms: int, text: str) -> None:
    assert words.span(duration_ms) == text


def test_a_time_is_shanghais_and_how_far_away() -> None:
    time_ms = 1_767_225_600_000
    assert words.until(time_ms, time_ms - 5 * H) == "2026-01-01 08:00:00 +08:00, in 5 h"
    assert words.until(time_ms, time_ms) == "2026-01-01 08:00:00 +08:00, due now"


@pytest.mark.parametrize(
    ("letters", "text"),
    [
        ("B", "buyer"),
        ("S + C", "seller and carrier together"),
        ("B or S", "buyer or seller"),
        ("any", "anybody"),
        ("B, S or a witness", "buyer, seller or a witness"),
        ("loser", "whoever didn't get everything"),
    ],
)
def test_parties_are_told_by_their_roles(letters: str, text: str) -> None:
    assert words.who(letters) == text


def test_there_are_words_for_everything_that_the_automata_know() -> None:
    assert set(words.STATES) == {state.value for state in State}
    assert set(words.PHASES) == {phase.value for phase in Phase}
    assert set(words.MONEY) == {money.value for money in Money if money is not Money.STAYS}
    acts = {edge.trigger.value for edge in EDGES if edge.who != "–"} - {"recall.open"}
    acts |= {edge.cause.value for edge in DISPUTE_EDGES if edge.who != "–"}
    assert set(words.ACTIONS) == acts
    clocks = {edge.cause.value for edge in DISPUTE_EDGES if edge.who == "–"}
    assert set(words.CLOCKS) == clocks


def test_a_paid_order_tells_who_can_do_what_and_when_the_clock_acts() -> None:
    shop = Shop()
    lines = order_lines(shop, shop.paid((shop.tea, 3)))
    assert lines[1] == "  paid, waits to be shipped (HELD)"
    assert (
        "  total CNY 30.00, paid CNY 30.00: held CNY 30.00, released CNY 0.00, refunded CNY 0.00"
        in lines
    )
    acts = lines[lines.index("what can happen next") + 1 : lines.index("by itself")]
    assert (
        "  seller and carrier together: ship (hushang shipment create), 3 units"
        " → on its way (IN_TRANSIT)" in acts
    )
    assert (
        "  buyer and seller together: cancel (hushang order cancel), 3 units"
        " → the money goes back to who paid (REFUNDED)" in acts
    )
    (clock,) = lines[lines.index("by itself") + 1 :]
    assert clock.endswith("in 3 d, 3 units: paid and late: not shipped in the promised time (LATE)")


def test_parcels_and_cases_have_clocks_of_their_own_earliest_first() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 3))
    shop.ship(order_id, (0, 1))
    lines = order_lines(shop, order_id)
    clocks = lines[lines.index("by itself") + 1 :]
    assert ["LATE" in clocks[0], "of parcel" in clocks[1]] == [True, True]
    assert clocks == sorted(clocks)
    assert "in 30 d" in clocks[1]


def test_an_order_that_is_over_says_so() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 1))
    shop.wait(400 * D)
    lines = order_lines(shop, order_id)
    assert lines[-4:] == ["what can happen next", "  nothing more", "by itself", "  nothing"]


def test_a_disputed_case_points_to_its_dispute_which_tells_the_votes() -> None:
    court = Court()
    dispute_id = court.seated()
    first, *_ = court.panel(dispute_id)
    told = told_at(court.time_ms)
    case = list(words.case_words(render_fields(case_view(court.state, dispute_id)), told))
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
    return list(words.dispute_words(record, told_at(court.time_ms)))


def test_what_a_coupon_pays_is_told_with_its_funder() -> None:
    shop = Shop()
    order_id = shop.paid((shop.tea, 2))
    record: dict[str, Any] = dict(render_fields(order_view(shop.state, order_id)))
    (line,) = record["lines"]
    funding = {"funder": "hs1funder", "coupon_id": "ab" * 32, "amount_minor": "500"}
    line |= {"funded_minor": "500", "funding": [funding]}
    lines = list(words.order_words(record, told_at(shop.time_ms)))
    assert f"    CNY 5.00 from <hs1funde>, coupon {'ab' * 32}" in lines
    assert "    CNY 15.00 from whoever pays" in lines


def test_every_command_that_is_named_exists() -> None:
    for name in words.ACTIONS:
        command = words.COMMANDS.get(name, name.replace(".", " "))
        if command:
            noun, verb = command.split()
            assert verb in load_noun(noun).commands, command
