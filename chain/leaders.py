"""Who leads: the primary of a view at a height, a function of decided headers alone.

Heights come in periods of `leader_period`. A period's roster is the committee less the f members
blamed last, so that dead members do not cost a timeout each turn; primary(view, height) =
roster[(view + period) mod len]. Blame is read from headers, which cannot differ between nodes as
certificates can: with c(h) = the view of h's certificate as header h+1 names it, height h blames
the primaries of the views c(h-1) ≤ w < c(h). (The views of first proposals alone would let the
culprit escape and blame the next, innocent one.) A blame lasts `blame_ms` · 2^k of block time, k =
the blames before it; an hour (`blame_forget_ms`) without one forgets it and its k. Each epoch
begins without blames, and its first height counts from view 0.

What follows from the headers up to h is agreed state after h, one row that is written only when it
changes: so who starts from a snapshot, without the headers below, leads and is led like the others
(docs/adr/0062).
"""

from dataclasses import dataclass, replace
from typing import Annotated

from chain.block import Header
from chain.codec import U16, U32, U64, Height, Size, TimeMs, View
from chain.committee import COMMITTEE_SIZE_MAX, Committee
from chain.genesis import ConsensusParameters
from chain.state import Overlay, StateReader, Table

# So many rosters are remembered, the newest included.
ROSTERS_MAX = 4
BLAME_COUNT_MAX = 32


@dataclass(frozen=True, slots=True)
class Blame:
    """A member's standing blame: how often in a row, when last (block time), at which height."""

    member: U16
    count: U32
    time_ms: TimeMs
    height: Height
    view: View


@dataclass(frozen=True, slots=True)
class PeriodRoster:
    """Which members lead, in turn, from a period on until the next roster's."""

    period: U64
    members: Annotated[tuple[U16, ...], Size(min=1, max=COMMITTEE_SIZE_MAX)]


@dataclass(frozen=True, slots=True)
class Leaders:
    """The blames of one epoch, ascending by member, and its newest rosters, ascending by period.

    A resting chain must come to rest: nothing here changes as long as nobody is blamed or forgiven.
    """

    epoch: U64
    blames: Annotated[tuple[Blame, ...], Size(max=COMMITTEE_SIZE_MAX)]
    rosters: Annotated[tuple[PeriodRoster, ...], Size(min=1, max=ROSTERS_MAX)]

    def of_period(self, period: int) -> tuple[int, ...] | None:
        """The roster of a period that is closed; None if it is too old to be remembered."""
        for entry in reversed(self.rosters):
            if entry.period <= period:
                return entry.members
        return None


LEADERS: Table[Leaders] = Table("leaders", Leaders)


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
        return replace(blame, count=min(earlier.count + 1, BLAME_COUNT_MAX))

    def stands(self, blame: Blame, time_ms: int) -> bool:
        """Is the member still blamed at this block time?"""
        lasts_ms = min(self.blame_ms << (blame.count - 1), self.forget_ms)
        return time_ms < blame.time_ms + lasts_ms

    def excluded(self, blames: tuple[Blame, ...], time_ms: int) -> frozenset[int]:
        """The at most f members blamed last."""
        standing = [blame for blame in blames if self.stands(blame, time_ms)]
        standing.sort(key=lambda blame: (blame.height, blame.view), reverse=True)
        return frozenset(blame.member for blame in standing[: self.excluded_max])


@dataclass(frozen=True, slots=True)
class LeaderRules:
    """How the leaders of one epoch follow from its headers.

    `able`: the members that may lead. Who was convicted votes and never leads
    (docs/transactions.md, evidence.submit).
    """

    epoch: int
    able: tuple[int, ...]
    first_height: int
    period: int
    blame: BlameRules

    @classmethod
    def of(
        cls, committee: Committee, first_height: int, parameters: ConsensusParameters
    ) -> "LeaderRules":
        """Of the committee that decides the heights from `first_height` on."""
        members = committee.members
        able = tuple(index for index in range(committee.n) if not members[index].suspended)
        excluded_max = max(0, committee.f - (committee.n - len(able)))
        blame = BlameRules(parameters.blame_ms, parameters.blame_forget_ms, excluded_max)
        return cls(committee.epoch, able, first_height, parameters.leader_period, blame)

    def start(self) -> Leaders:
        """Before the first header of the epoch."""
        return Leaders(self.epoch, (), (PeriodRoster(self.first_height // self.period, self.able),))

    def extend(self, leaders: Leaders, header: Header, parent_view_below: int) -> Leaders:
        """After the next header; `parent_view_below` is what the header below it says.

        Settles the blame of the height below; a header that ends a period closes it.
        """
        if header.height > self.first_height:
            leaders = self._blamed(leaders, header, parent_view_below)
        following = header.height + 1
        if following % self.period:
            return leaders
        period = following // self.period
        excluded = self.blame.excluded(leaders.blames, header.time_ms)
        members = tuple(member for member in self.able if member not in excluded)
        if members == leaders.rosters[-1].members:
            return leaders
        rosters = (*leaders.rosters, PeriodRoster(period, members))
        return replace(leaders, rosters=rosters[-ROSTERS_MAX:])

    def _blamed(self, leaders: Leaders, header: Header, parent_view_below: int) -> Leaders:
        height = header.height - 1
        # The first height's parent was certified in a view of another epoch.
        start = parent_view_below if height > self.first_height else 0
        if header.parent_view <= start:
            return leaders
        period = height // self.period
        members = leaders.of_period(period)
        assert members is not None
        blames = {blame.member: blame for blame in leaders.blames}
        # More views than leaders blame each of them once, for its last view.
        for view in range(max(start, header.parent_view - len(members)), header.parent_view):
            member = members[(view + period) % len(members)]
            blame = Blame(member, 1, header.time_ms, height, view)
            blames[member] = self.blame.next(blames.get(member), blame)
        return replace(leaders, blames=tuple(blames[member] for member in sorted(blames)))

    def read(self, state: StateReader) -> Leaders:
        """The leaders after the block that left this state; this epoch decides the next height."""
        found = LEADERS.load(state)
        return self.start() if found is None or found.epoch != self.epoch else found

    def record(self, state: Overlay, header: Header, parent_view_below: int) -> None:
        """Keep what the header changes."""
        before = self.read(state)
        after = self.extend(before, header, parent_view_below)
        if after != before:
            LEADERS.store(state, after)
