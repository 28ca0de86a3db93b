"""The vocabulary of trades: whole for the automata; durations, times and parties in words."""

import pytest

from commerce.disputes.phases import EDGES as DISPUTE_EDGES
from commerce.escrow import EDGES, Money, State
from node import trade_words as words
from node.commands.root import load_noun

H, D = 3_600_000, 86_400_000


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
    assert set(words.MONEY) == {money.value for money in Money if money is not Money.STAYS}
    acts = {edge.trigger.value for edge in EDGES if edge.who != "–"} - {"recall.open"}
    acts |= {edge.cause.value for edge in DISPUTE_EDGES if edge.who != "–"}
    assert set(words.ACTIONS) == acts
    clocks = {edge.cause.value for edge in DISPUTE_EDGES if edge.who == "–"}
    assert set(words.CLOCKS) == clocks


def test_every_command_that_is_named_exists() -> None:
    for name in words.ACTIONS:
        command = words.COMMANDS.get(name, name.replace(".", " "))
        if command:
            noun, verb = command.split()
            assert verb in load_noun(noun).commands, command


def test_every_clock_of_goods_and_of_disputes_has_words() -> None:
    clocks = {edge.trigger.value for edge in EDGES if edge.who == "–"} | set(words.CLOCKS)
    told = {clock: words.clock_words(clock) for clock in clocks}
    assert not [clock for clock, text in told.items() if text == clock]
    assert words.clock_words("sys.unheard.of") == "sys.unheard.of"
