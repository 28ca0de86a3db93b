"""When patience ends: what is watched for how many ticks, and when to send again.

Each watched kind of work has its own start. Patience is the kind's timeout in the view where the
last block was decided; in the views entered since, the view timeout, doubled for each further one
up to the cap (PBFT §4.5.2). Every decision brings it back to base.
"""

from collections.abc import Mapping
from enum import Enum, auto

from chain.genesis import ConsensusParameters
from consensus.config import ticks

# A longer gap between two looks is this replica's own standstill; nobody is blamed for it.
STANDSTILL_TICKS = 10
# The longest gap between two looks while work is watched.
LOOK_TICKS = 4


class Watch(Enum):
    """What a replica waits for. SKIPPED: a transaction that a fair order would have placed."""

    REQUEST = auto()
    SKIPPED = auto()
    SEAL = auto()
    DEADLINE = auto()
    PROPOSAL = auto()


class Timers:
    """The tick count and everything measured by it."""

    __slots__ = (
        "_base",
        "_doublings",
        "_entered",
        "_resend",
        "_since",
        "_view",
        "resend_at",
        "tick",
    )

    def __init__(self, parameters: ConsensusParameters) -> None:
        request = ticks(parameters.request_timeout_ms)
        self._base = {
            Watch.REQUEST: request,
            Watch.SKIPPED: request,
            Watch.SEAL: ticks(parameters.seal_timeout_ms),
            # Deadlines are timed like requests (consensus.md § Sealing and rest).
            Watch.DEADLINE: request,
            Watch.PROPOSAL: ticks(parameters.view_timeout_ms),
        }
        self._view = ticks(parameters.view_timeout_ms), ticks(parameters.view_timeout_max_ms)
        self._resend = ticks(parameters.resend_ms)
        self.tick = 0
        # At once at the start: a replica that comes back says where it stands.
        self.resend_at = 0
        self._entered = 0
        self._doublings = 0
        self._since: dict[Watch, int] = {}

    def advance(self, ticks: int) -> None:
        """So many ticks have passed. While work is watched a look is due every few ticks."""
        self.tick += ticks
        unseen = ticks - STANDSTILL_TICKS
        if unseen > 0:
            self._since = {kind: at + unseen for kind, at in self._since.items()}

    def patience(self, watch: Watch) -> int:
        """How many ticks this kind of work may take now."""
        base = self._base[watch]
        if self._doublings == 0:
            return base
        timeout, cap = self._view
        # Shifts stop where the cap has long been reached: views may be many.
        return max(base, min(cap, timeout << min(self._doublings - 1, 32)))

    def watch(self, begun: Mapping[Watch, int]) -> bool:
        """Watch exactly these kinds of work, each begun at its tick; has patience ended?

        A kind already watched keeps its start; none starts before the view was entered.
        """
        self._since = {
            kind: self._since.get(kind, max(start, self._entered)) for kind, start in begun.items()
        }
        return any(self.tick >= at + self.patience(kind) for kind, at in self._since.items())

    def watches(self, kind: Watch) -> bool:
        """Was this kind of work there at the last look?"""
        return kind in self._since

    def left(self) -> dict[Watch, int]:
        """Ticks of patience left for each kind of work that was there at the last look."""
        ends = {kind: since + self.patience(kind) for kind, since in self._since.items()}
        return {kind: max(0, at - self.tick) for kind, at in ends.items()}

    def look_at(self, begun: Mapping[Watch, int]) -> int:
        """When to look again: at once where other work has begun than was watched, since its time
        runs from there; else when patience ends, or after `LOOK_TICKS`.
        """
        soon = self.tick + 1
        if begun.keys() != self._since.keys():
            return soon
        ends = min(at + self.patience(kind) for kind, at in self._since.items())
        return max(soon, min(ends, self.tick + LOOK_TICKS))

    def hold(self) -> None:
        """The own view's timer does not run now: what passes meanwhile is not its primary's time.

        Else whoever is alone in a view complains of it at the moment when it begins.
        """
        self._entered = self.tick
        self._since.clear()

    def entered_view(self) -> None:
        """A new view: its primary gets its own time."""
        self._entered = self.tick
        self._since.clear()
        self._doublings += 1

    def decided(self) -> None:
        """Progress: all timers are back at base (also for a fetched block)."""
        self._since.clear()
        self._doublings = 0
        self.resend_at = self.tick + self._resend

    def resend_due(self) -> bool:
        """Is it time to send again? If so, the next time is set."""
        if self.tick < self.resend_at:
            return False
        self.resend_at = self.tick + self._resend
        return True

    @property
    def resend_ticks(self) -> int:
        """So many ticks lie between two repetitions."""
        return self._resend

    @property
    def answer_ticks(self) -> int:
        """A member's Status is answered at most once in so many ticks."""
        return max(1, self._resend // 2)
