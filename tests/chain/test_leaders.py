"""Blames and rosters as agreed state: written where a header changes them, and only there."""

from dataclasses import replace

from chain.block import Header
from chain.genesis import genesis_header
from chain.leaders import LEADERS, ROSTERS_MAX, LeaderRules, Leaders, PeriodRoster
from chain.merkle import EMPTY_ROOT
from chain.state import Overlay
from tests.commerce.world import Memory, World, genesis

FOUNDERS = genesis().committee()
PARAMETERS = replace(genesis().consensus, leader_period=4)
RULES = LeaderRules.of(FOUNDERS, 1, PARAMETERS)


def header(height: int, parent_view: int = 0) -> Header:
    founded = genesis_header(genesis())
    time_ms = founded.time_ms + 1_000 * height
    return replace(founded, height=height, parent_view=parent_view, time_ms=time_ms)


def extended(rules: LeaderRules, views: list[int]) -> Leaders:
    """After headers 1, 2, … with these views of their parents."""
    leaders, below = rules.start(), 0
    for height, view in enumerate(views, 1):
        leaders, below = rules.extend(leaders, header(height, view), below), view
    return leaders


def test_as_long_as_nobody_fails_there_is_no_row() -> None:
    state = Overlay(Memory())
    for height in range(1, 40):
        RULES.record(state, header(height), 0)
    assert state.changes == {}
    RULES.record(state, header(40, parent_view=1), 0)
    assert state.changes.keys() == {b"leaders/"}


def test_the_row_says_what_the_headers_say() -> None:
    views = [0, 0, 1, 1, 2, 0, 0, 3, 0, 0, 0, 1]
    state, below = Overlay(Memory()), 0
    for height, view in enumerate(views, 1):
        RULES.record(state, header(height, view), below)
        below = view
    assert RULES.read(state) == extended(RULES, views)
    assert RULES.read(state).blames


def test_the_row_of_another_epoch_says_nothing() -> None:
    state = Overlay(Memory())
    LEADERS.store(state, extended(RULES, [0, 0, 1, 1]))
    following = LeaderRules.of(replace(FOUNDERS, epoch=1), 5, PARAMETERS)
    assert following.read(state) == following.start()
    assert following.start() == Leaders(1, (), (PeriodRoster(1, (0, 1, 2, 3)),))


def test_who_is_suspended_never_leads_and_counts_among_the_excluded() -> None:
    members = tuple(replace(m, suspended=i == 1) for i, m in enumerate(FOUNDERS.members))
    rules = LeaderRules.of(replace(FOUNDERS, members=members), 1, PARAMETERS)
    assert (rules.able, rules.blame.excluded_max) == ((0, 2, 3), 0)
    assert extended(rules, [0, 1, 2, 3]).rosters[-1].members == (0, 2, 3)


def test_a_roster_holds_until_another_one_follows() -> None:
    leaders = extended(RULES, [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    # 0 failed at height 1, and is left out from period 1 on; 3 at height 10.
    assert [(entry.period, entry.members) for entry in leaders.rosters] == [
        (0, (0, 1, 2, 3)),
        (1, (1, 2, 3)),
        (3, (0, 1, 2)),
    ]
    assert leaders.of_period(2) == (1, 2, 3)


def test_the_newest_rosters_are_kept() -> None:
    # In each period the first leader fails once.
    leaders = extended(RULES, [int(height % 4 == 2) for height in range(1, 60)])
    assert len(leaders.rosters) == ROSTERS_MAX
    assert leaders.of_period(leaders.rosters[0].period - 1) is None


def test_a_block_keeps_the_row_up() -> None:
    world = World()
    world.block()
    founded = genesis_header(world.genesis)
    failed = replace(
        founded, height=2, parent_view=1, transactions_root=EMPTY_ROOT, time_ms=world.time_ms
    )
    assert LEADERS.prefix in world.execute(failed, ()).changes
