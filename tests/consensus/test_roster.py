"""Who leads: turns, blame, how long it lasts, and that a restart changes nothing."""

from dataclasses import replace

import pytest

from chain.block import Header
from chain.committees import CommitteeRecord
from chain.genesis import ConsensusParameters
from chain.leaders import Blame, BlameRules, Leaders
from consensus.roster import Roster
from tests.consensus.stub_chain import committee, era, genesis_header

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
RULES = BlameRules(MINUTE_MS, HOUR_MS, excluded_max=2)


class Chain:
    """Headers made for the roster alone: only heights, times and parents' views matter."""

    def __init__(self, n: int, period: int) -> None:
        self.headers = [genesis_header()]
        self.parameters = ConsensusParameters(leader_period=period)
        self.era = era(n)
        self.roster = Roster(self.era, self.parameters, self.headers[0])

    def header(self, height: int) -> Header:
        return self.headers[height]

    def committee(self, height: int) -> CommitteeRecord:
        raise AssertionError(height)

    def decide(self, parent_view: int = 0, after_ms: int = 1_000) -> None:
        """One more header; `parent_view` is the view in which the one below was decided."""
        below = self.headers[-1]
        header = replace(
            below,
            height=below.height + 1,
            parent_view=parent_view,
            time_ms=below.time_ms + after_ms,
        )
        self.headers.append(header)
        self.roster.extend(header)

    def leaders(self) -> Leaders | None:
        return self.roster.leaders

    def turns(self, period: int) -> list[int | None]:
        height = period * self.parameters.leader_period
        return [self.roster.primary(view, height) for view in range(self.era.committee.n)]


def test_without_blame_members_take_turns_by_period_and_view() -> None:
    chain = Chain(4, period=2)
    for _ in range(8):
        chain.decide()
    for height in range(2, 9):
        for view in range(6):
            assert chain.roster.primary(view, height) == (view + height // 2) % 4


def test_the_primaries_of_the_views_that_failed_are_blamed_not_the_next_one() -> None:
    chain = Chain(7, period=4)
    for view in (0, 0, 2, 2):
        chain.decide(view)
    # Height 2 was decided in view 2: the primaries of views 0 and 1 failed there.
    assert chain.turns(1)[:5] == [3, 4, 5, 6, 2]


def test_only_headers_below_the_period_count() -> None:
    chain = Chain(4, period=2)
    chain.decide()
    # Header 2, which shows that height 1 took a view change, belongs to period 1 itself.
    chain.decide(1)
    assert chain.turns(1) == [1, 2, 3, 0]
    chain.decide(1)
    assert chain.turns(2) == [3, 1, 2, 3]


def test_at_most_f_are_excluded_the_last_blamed_first() -> None:
    chain = Chain(4, period=8)
    for view in (0, 0, 1, 1, 2, 2, 2):
        chain.decide(view)
    # 0 failed at height 2, 1 at height 4; f = 1, so only 1 is left out.
    assert sorted({leader for leader in chain.turns(1) if leader is not None}) == [0, 2, 3]


def test_with_f_0_nobody_is_ever_excluded() -> None:
    chain = Chain(3, period=2)
    for view in (0, 3, 5):
        chain.decide(view)
    assert chain.turns(1) == [1, 2, 0]
    assert chain.turns(2) == [2, 0, 1]


def test_many_failed_views_blame_each_leader_once() -> None:
    chain = Chain(4, period=4)
    for view in (0, 2**40, 2**40):
        chain.decide(view)
    assert chain.roster.leaders.blames
    assert all(blame.count == 1 for blame in chain.roster.leaders.blames)
    assert len(chain.turns(1)) == 4


def blame(time_ms: int, count: int = 1) -> Blame:
    return Blame(3, count, time_ms, 5, 0)


@pytest.mark.parametrize(
    ("count", "lasts_ms"),
    [(1, MINUTE_MS), (2, 2 * MINUTE_MS), (3, 4 * MINUTE_MS), (6, 32 * MINUTE_MS), (7, HOUR_MS)],
)
def test_a_blame_lasts_twice_as_long_each_time_at_most_an_hour(count: int, lasts_ms: int) -> None:
    assert RULES.stands(blame(1_000, count), 1_000 + lasts_ms - 1)
    assert not RULES.stands(blame(1_000, count), 1_000 + lasts_ms)


@pytest.mark.parametrize(("gap_ms", "count"), [(1, 4), (HOUR_MS - 1, 4), (HOUR_MS, 1)])
def test_an_hour_without_blame_forgets_the_count(gap_ms: int, count: int) -> None:
    assert RULES.next(blame(0, 3), blame(gap_ms)).count == count


def test_the_count_is_bounded() -> None:
    assert RULES.next(blame(0, 32), blame(1)).count == 32


def test_a_restart_gives_the_same_roster() -> None:
    chain = Chain(7, period=3)
    for view in [0, 0, 1, 1, 3, 3, 2, 2, 2, 5, 5, 5, 0, 1, 1, 1]:
        chain.decide(view, after_ms=7_000)
        again = Roster.restore(chain.era, chain.parameters, chain, chain.headers[-1])
        assert again.leaders == chain.roster.leaders


def test_an_era_that_has_just_begun_knows_nothing_of_the_one_before() -> None:
    chain = Chain(4, period=2)
    for view in (0, 1, 1, 2):
        chain.decide(view)
    following = replace(chain.era, committee=committee(4, epoch=1), first_height=5)
    begun = Roster.restore(following, chain.parameters, chain, chain.headers[-1])
    assert (begun.leaders.epoch, begun.leaders.blames) == (1, ())


def test_heights_far_above_have_no_known_primary() -> None:
    chain = Chain(4, period=2)
    for _ in range(20):
        chain.decide()
    assert chain.roster.primary(0, 21) is not None
    assert chain.roster.primary(0, 24) is None
