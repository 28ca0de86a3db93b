"""Rules of parameter.change, and that no vote moves a running clock."""

# ruff: noqa: E501 (the rule table is aligned)

import pytest

from commerce.banking.parameter_change import ParameterChange, pending_change
from commerce.parameters import TimerValue, current_parameters
from commerce.shanghai import day_of, longest_run
from commerce.timers import TIMERS
from tests.commerce.attempts import Attempt, Row, Wait, play
from tests.commerce.shop import Shop
from tests.commerce.world import DAY_MS, GENESIS_MS, MINUTE_MS, QUORUM, World, genesis

CHANGE = "parameter.change"
WEEK_MS = 7 * DAY_MS
START_MS = GENESIS_MS + WEEK_MS
LONGEST = {rule.name: rule.max_ms for rule in TIMERS}


def change(
    *timers: tuple[str, int], days: tuple[int, ...] | None = None, at_ms: int = START_MS
) -> ParameterChange:
    return ParameterChange(tuple(TimerValue(*pair) for pair in timers), days, at_ms)


def all_longest() -> ParameterChange:
    return change(*sorted(LONGEST.items()))


# fmt: off
PAY = ("pay_ms", 30 * MINUTE_MS)
TABLE: list[Row] = [
    #       sender  type    payload                                      with    outcome
    Attempt("m0",   CHANGE, change(("ship_ms", DAY_MS), PAY),            QUORUM, "TimersUnsorted"),
    Attempt("m0",   CHANGE, change(PAY, PAY),                            QUORUM, "TimersUnsorted"),
    Attempt("m0",   CHANGE, change(("coffee_ms", 1)),                    QUORUM, "TimerUnknown"),
    Attempt("m0",   CHANGE, change(("pay_ms", DAY_MS + 1)),              QUORUM, "TimerOutOfRange"),
    # What a law sets can't be voted away: 侵害消费者权益行为处罚办法 art. 8, 电子商务法 art. 34.
    Attempt("m0",   CHANGE, change(("answer_shipped_ms", 16 * DAY_MS)),  QUORUM, "TimerOutOfRange"),
    Attempt("m0",   CHANGE, change(("notice_ms", 6 * DAY_MS)),           QUORUM, "TimerOutOfRange"),
    Attempt("m0",   CHANGE, change(days=(5, 5)),                         QUORUM, "HolidaysUnsorted"),
    Attempt("m0",   CHANGE, change(days=tuple(range(11))),               QUORUM, "HolidaysTooLong"),
    Attempt("m0",   CHANGE, change(PAY),                                 ("m1",), "CosignerMissing"),
    Attempt("m0",   CHANGE, change(),                                    QUORUM, "UpdateEmpty"),
    Attempt("m0",   CHANGE, change(PAY, at_ms=START_MS - 1),             QUORUM, "NoticeTooShort"),
    Attempt("m0",   CHANGE, change(PAY, at_ms=GENESIS_MS + 90 * DAY_MS + 1), QUORUM, "NoticeTooLong"),
    Attempt("m0",   CHANGE, all_longest(),                               QUORUM, "LifeTooLong"),
    Attempt("m0",   CHANGE, change(PAY, days=tuple(range(10))),          QUORUM, "ok"),
    Attempt("m0",   CHANGE, change(),                                    QUORUM, "ok"),
    Attempt("m0",   CHANGE, change(),                                    QUORUM, "UpdateEmpty"),
]
# fmt: on


def announced(world: World, payload: ParameterChange) -> None:
    world.done("m0", (CHANGE, payload), with_=QUORUM)


def test_a_quorum_changes_timers_and_holidays_with_notice() -> None:
    world = World()
    play(world, TABLE)
    assert world.wait(90 * DAY_MS) == ()
    assert current_parameters(world.state).version == 0


def test_a_change_takes_effect_by_itself_at_its_time() -> None:
    world = World()
    announced(world, change(PAY, days=(3, 4)))
    assert world.wait(WEEK_MS - 1) == ()
    assert current_parameters(world.state).version == 0
    (receipt,) = world.wait(1)
    assert receipt.events[0].data["version"] == 1
    found = current_parameters(world.state)
    assert (found.version, found.since_ms, found.holidays) == (1, START_MS, (3, 4))
    assert dict(found.own) == {"pay_ms": 30 * MINUTE_MS}
    assert found.timers.pay_ms == 30 * MINUTE_MS
    assert pending_change(world.state) is None


def test_a_change_that_waits_is_replaced_whole() -> None:
    world = World()
    announced(world, change(PAY, days=(3,)))
    world.wait(DAY_MS)
    announced(world, change(("ship_ms", DAY_MS), at_ms=START_MS + DAY_MS))
    assert world.wait(6 * DAY_MS) == ()
    world.wait(DAY_MS)
    found = current_parameters(world.state)
    assert dict(found.own) == {"ship_ms": DAY_MS}
    assert found.holidays == ()


def test_later_changes_keep_what_earlier_ones_set() -> None:
    world = World(genesis(timers={"lost_ms": 20 * DAY_MS}))
    announced(world, change(PAY))
    world.wait(WEEK_MS)
    announced(world, change(days=(9,), at_ms=START_MS + WEEK_MS))
    world.wait(WEEK_MS)
    found = current_parameters(world.state)
    assert dict(found.own) == {"lost_ms": 20 * DAY_MS, "pay_ms": 30 * MINUTE_MS}
    assert (found.version, found.holidays) == (2, (9,))


def test_an_order_keeps_the_clocks_it_began_with() -> None:
    shop = Shop()
    announced(shop, change(("lost_ms", 15 * DAY_MS), at_ms=shop.time_ms + WEEK_MS))
    before = shop.promised(40 * DAY_MS)
    old = shop.paid((before, 1))
    shop.wait(WEEK_MS)
    new = shop.paid((before, 1))
    assert shop.parcel(shop.ship(old)).due_ms == shop.time_ms + 30 * DAY_MS
    assert shop.parcel(shop.ship(new)).due_ms == shop.time_ms + 15 * DAY_MS


def test_a_change_that_is_overdue_counts_before_the_next_vote() -> None:
    world = World()
    announced(world, change(PAY))
    world.limit_deadlines(0)
    rows: list[Row] = [
        Wait(WEEK_MS),
        Attempt("m0", CHANGE, change(PAY, at_ms=START_MS + WEEK_MS), QUORUM, "UpdateEmpty"),
    ]
    play(world, rows)
    assert current_parameters(world.state).version == 1


def test_a_change_that_waited_its_turn_counts_since_its_time() -> None:
    world = World()
    announced(world, change(PAY))
    world.wait(WEEK_MS + DAY_MS)
    assert current_parameters(world.state).since_ms == START_MS


def test_a_longer_notice_binds_the_next_change() -> None:
    world = World()
    announced(world, change(("notice_ms", 30 * DAY_MS)))
    world.wait(WEEK_MS)
    rows: list[Row] = [
        Attempt("m0", CHANGE, change(PAY, at_ms=START_MS + 29 * DAY_MS), QUORUM, "NoticeTooShort"),
        Attempt("m0", CHANGE, change(PAY, at_ms=START_MS + 30 * DAY_MS), QUORUM, "ok"),
    ]
    play(world, rows)


def test_the_calendar_of_two_years_is_one_change() -> None:
    world = World()
    first = day_of(world.time_ms, 1)
    weekends = tuple(day for day in range(first, first + 730) if (day + 4) % 7 in (0, 6))
    announced(world, change(days=weekends))
    world.wait(WEEK_MS)
    assert current_parameters(world.state).holidays == weekends


@pytest.mark.parametrize(("days", "run"), [((), 0), ((4,), 1), ((1, 2, 4, 5, 6, 9), 3)])
def test_a_run_of_holidays_is_counted(days: tuple[int, ...], run: int) -> None:
    assert longest_run(days) == run
