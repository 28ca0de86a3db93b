"""Who leads: the primary of a view at a height, a function of decided headers alone.

Heights come in periods of `leader_period`. A period's roster is the committee less the f members
blamed last, so that dead members do not cost a timeout each turn; primary(view, height) =
roster[(view + period) mod len]. Blame is read from headers, which cannot differ between nodes as
certificates can: with c(h) = the view of h's certificate as header h+1 names it, height h blames
the primaries of the views c(h-1) ≤ w < c(h). (The views of first proposals alone would let the
culprit escape and blame the next, innocent one.) A blame lasts `blame_ms` · 2^k of block time, k =
the blames before it; an hour (`blame_forget_ms`) without one forgets it and its k. Each era begins
without blames, and its first height counts from view 0.
"""

from dataclasses import dataclass

from chain.block import Header
from chain.genesis import ConsensusParameters
from consensus.config import History
from consensus.era import Era
from consensus.records import Blame, PeriodRoster, RosterRecord

# Rosters of this many periods are remembered, the newest included.
PERIODS_MAX = 4
BLAME_COUNT_MAX = 32


@dataclass(frozen=True, slots=True)
class BlameRules:
    """How long a blame lasts, in ms of block time, and how many members it may exclude."""

    blame_ms: int
    forget_ms: int
    excluded_max: int

    def next(self, earlier: Blame | None, blame: Blame) -> Blame:
        """`blame` with its count, given the member's blame before it."""
        if earlier is None or blame.time_ms - earlier.time_ms >= self.forget_ms:
            return blame
        count = min(earlier.count + 1, BLAME_COUNT_MAX)
        return Blame(blame.member, count, blame.time_ms, blame.height, blame.view)

    def stands(self, blame: Blame, time_ms: int) -> bool:
        """Is the member still blamed at this block time?"""
        lasts_ms = min(self.blame_ms << (blame.count - 1), self.forget_ms)
        return time_ms < blame.time_ms + lasts_ms

    def excluded(self, blames: dict[int, Blame], time_ms: int) -> frozenset[int]:
        """The at most f members blamed last."""
        standing = [blame for blame in blames.values() if self.stands(blame, time_ms)]
        standing.sort(key=lambda blame: (blame.height, blame.view), reverse=True)
        return frozenset(blame.member for blame in standing[: self.excluded_max])


class Roster:
    """The blame ledger and the rosters that follow from it, folded header by header."""

    def __init__(self, era: Era, parameters: ConsensusParameters, below: Header) -> None:
        """The roster of an era at its start; `below` is the header below its first height."""
        committee = era.committee
        # Who was convicted votes and never leads (docs/transactions.md, evidence.submit).
        self._leaders = tuple(
            member for member in range(committee.n) if not committee.members[member].suspended
        )
        self._first_height = era.first_height
        self._period = parameters.leader_period
        excluded_max = max(0, committee.f - (committee.n - len(self._leaders)))
        self._rules = BlameRules(parameters.blame_ms, parameters.blame_forget_ms, excluded_max)
        self._newest = below
        self._blames: dict[int, Blame] = {}
        self._rosters: dict[int, tuple[int, ...]] = {
            era.first_height // self._period: self._leaders
        }

    @classmethod
    def restore(
        cls,
        era: Era,
        parameters: ConsensusParameters,
        history: History,
        height: int,
        record: RosterRecord | None,
    ) -> "Roster":
        """The roster after the header of `height`: from `record` on, else from the era's start."""
        roster = cls(era, parameters, history.header(era.first_height - 1))
        if record is not None and era.first_height <= record.height <= height:
            roster._newest = history.header(record.height)
            roster._blames = {blame.member: blame for blame in record.blames}
            roster._rosters = {entry.period: entry.members for entry in record.periods}
        for at in range(roster._newest.height + 1, height + 1):
            roster.extend(history.header(at))
        return roster

    def record(self) -> RosterRecord:
        """What `restore` may start from."""
        blames = tuple(self._blames[member] for member in sorted(self._blames))
        periods = tuple(PeriodRoster(k, self._rosters[k]) for k in sorted(self._rosters))
        return RosterRecord(self._newest.height, blames, periods)

    def primary(self, view: int, height: int) -> int | None:
        """The member that leads; None below the periods remembered and above the next height."""
        period = height // self._period
        members = self._rosters.get(period)
        return None if members is None else members[(view + period) % len(members)]

    def extend(self, header: Header) -> None:
        """The next header was decided: settle the blame of the height below it."""
        below = self._newest
        assert header.height == below.height + 1
        if below.height >= self._first_height:
            self._blame(below, header)
        self._newest = header
        self._close_period()

    def _blame(self, below: Header, header: Header) -> None:
        period = below.height // self._period
        members = self._rosters[period]
        # The first height's parent was certified in a view of another era.
        start = below.parent_view if below.height > self._first_height else 0
        # More views than leaders blame each of them once, for its last view.
        for view in range(max(start, header.parent_view - len(members)), header.parent_view):
            member = members[(view + period) % len(members)]
            blame = Blame(member, 1, header.time_ms, below.height, view)
            self._blames[member] = self._rules.next(self._blames.get(member), blame)

    def _close_period(self) -> None:
        height = self._newest.height + 1
        if height % self._period:
            return
        excluded = self._rules.excluded(self._blames, self._newest.time_ms)
        period = height // self._period
        self._rosters[period] = tuple(m for m in self._leaders if m not in excluded)
        self._rosters.pop(period - PERIODS_MAX, None)
