"""Patience: doubling up to the cap, base after a decision, nobody blamed for a standstill."""

import pytest

from chain.genesis import ConsensusParameters
from consensus.timers import LOOK_TICKS, STANDSTILL_TICKS, Timers, Watch


def timers(entered: int = 0) -> Timers:
    made = Timers(ConsensusParameters())
    for _ in range(entered):
        made.entered_view()
    return made


@pytest.mark.parametrize(
    ("entered", "waiting", "proposal"),
    [
        (0, 50, 100),
        (1, 100, 100),
        (2, 200, 200),
        (3, 400, 400),
        (5, 1600, 1600),
        (6, 1600, 1600),
        (4096, 1600, 1600),
    ],
)
def test_trap_5_patience_doubles_with_each_view_up_to_the_cap(
    entered: int, waiting: int, proposal: int
) -> None:
    made = timers(entered)
    assert made.patience(Watch.REQUEST) == waiting
    assert made.patience(Watch.PROPOSAL) == proposal
    made.decided()
    assert made.patience(Watch.REQUEST) == 50


def test_each_kind_of_work_has_its_own_start() -> None:
    made = timers()
    assert not made.watch({Watch.REQUEST: 0})
    made.advance(1)
    for _ in range(48):
        made.advance(1)
        assert not made.watch({Watch.REQUEST: made.tick, Watch.SEAL: made.tick})
    made.advance(1)
    assert made.watch({Watch.REQUEST: made.tick, Watch.SEAL: made.tick})
    assert not made.watch({Watch.SEAL: made.tick})


def test_work_that_went_away_starts_anew_when_it_comes_back() -> None:
    made = timers()
    made.watch({Watch.REQUEST: 0})
    for _ in range(49):
        made.advance(1)
    made.watch({})
    made.advance(1)
    assert not made.watch({Watch.REQUEST: made.tick})


def test_entering_a_view_gives_its_primary_its_own_time() -> None:
    made = timers()
    made.watch({Watch.SKIPPED: 0})
    for _ in range(40):
        made.advance(1)
    made.entered_view()
    made.advance(10)
    assert not made.watch({Watch.SKIPPED: 0})
    for _ in range(90):
        made.advance(1)
    assert made.watch({Watch.SKIPPED: 0})


def test_a_decision_gives_what_still_waits_new_time() -> None:
    made = timers()
    made.watch({Watch.REQUEST: 0})
    for _ in range(40):
        made.advance(1)
    made.decided()
    for _ in range(49):
        assert not made.watch({Watch.REQUEST: made.tick})
        made.advance(1)
    made.advance(1)
    assert made.watch({Watch.REQUEST: made.tick})


def test_a_decision_does_not_reset_a_start_that_is_told_again() -> None:
    made = timers()
    for _ in range(50):
        made.advance(1)
    made.decided()
    assert made.watch({Watch.SKIPPED: 0}), "a censor gains nothing by deciding other blocks"


def test_an_own_standstill_counts_as_little_time() -> None:
    made = timers()
    made.watch({Watch.REQUEST: 0})
    made.advance(5_000)
    assert not made.watch({Watch.REQUEST: 0})
    for _ in range(50 - STANDSTILL_TICKS):
        made.advance(1)
    assert made.watch({Watch.REQUEST: 0})


def test_sending_again_is_due_at_the_start_and_then_every_interval_without_progress() -> None:
    made = timers()
    due = []
    for _ in range(130):
        if made.resend_due():
            due.append(made.tick)
        made.advance(1)
    assert due == [0, 50, 100]
    made.decided()
    assert made.resend_at == made.tick + 50


def test_new_work_is_looked_at_in_the_next_tick_and_watched_work_now_and_then() -> None:
    made, work = timers(), {Watch.REQUEST: 0}
    assert made.look_at(work) == 1
    assert not made.watch(work)
    assert made.look_at(work) == LOOK_TICKS
    for _ in range(12):
        made.advance(LOOK_TICKS)
    assert made.look_at(work) == 50, "no later than patience ends"
    made.advance(2)
    assert made.look_at(work) == 51, "a complaint is repeated by looking on"


def test_looks_are_so_close_that_none_of_them_is_taken_for_a_standstill() -> None:
    assert 2 * LOOK_TICKS < STANDSTILL_TICKS


def test_what_is_left_of_patience_is_told_for_what_was_watched() -> None:
    made = timers()
    assert made.left() == {}
    made.watch({Watch.REQUEST: 0, Watch.PROPOSAL: 0})
    made.advance(5)
    assert made.left() == {Watch.REQUEST: 45, Watch.PROPOSAL: 95}
    for _ in range(20):
        made.advance(5)
    assert made.left() == {Watch.REQUEST: 0, Watch.PROPOSAL: 0}
