"""Who leads, as a replica follows it: `chain.leaders`, header by header as they are decided."""

from chain.block import Header
from chain.genesis import ConsensusParameters
from chain.leaders import LeaderRules, Leaders
from consensus.config import History
from consensus.era import Era


class Roster:
    """The leaders of one era after its newest decided header."""

    def __init__(
        self,
        era: Era,
        parameters: ConsensusParameters,
        below: Header,
        leaders: Leaders | None = None,
    ) -> None:
        """After the header `below`; without `leaders` the era begins above it."""
        self._rules = LeaderRules.of(era.committee, era.first_height, parameters)
        self._newest = below
        self.leaders = self._rules.start() if leaders is None else leaders

    @classmethod
    def restore(
        cls, era: Era, parameters: ConsensusParameters, history: History, newest: Header
    ) -> "Roster":
        """As the store's newest block left it."""
        leaders = history.leaders()
        if leaders is not None and leaders.epoch != era.epoch:
            leaders = None
        return cls(era, parameters, newest, leaders)

    def primary(self, view: int, height: int) -> int | None:
        """The member that leads; None where rosters are forgotten, and above the next height's
        period.
        """
        period = height // self._rules.period
        if period > (self._newest.height + 1) // self._rules.period:
            return None
        members = self.leaders.of_period(period)
        return None if members is None else members[(view + period) % len(members)]

    def of_height(self, height: int) -> tuple[int, ...]:
        """Who leads there, in turn; empty where rosters are forgotten."""
        return self.leaders.of_period(height // self._rules.period) or ()

    def extend(self, header: Header) -> None:
        """The next header was decided."""
        below = self._newest
        assert header.height == below.height + 1
        self.leaders = self._rules.extend(self.leaders, header, below.parent_view)
        self._newest = header
