"""How long to wait before dialling again: doubling, with jitter, from a source that is given."""

from collections.abc import Callable

from p2p.limits import Limits


class Backoff:
    """Delays between attempts at one peer.

    Each delay lies in the upper half of its step, so that nodes that lost each other at the same
    moment don't come back at the same moment.
    """

    __slots__ = ("_jitter", "_limits", "_step_s")

    def __init__(self, limits: Limits, jitter: Callable[[], float]) -> None:
        """`jitter` draws from [0, 1)."""
        self._limits = limits
        self._jitter = jitter
        self._step_s = limits.backoff_first_s

    def next_delay_s(self) -> float:
        """The delay before the next attempt; the one after will be longer."""
        step_s = self._step_s
        self._step_s = min(2 * step_s, self._limits.backoff_max_s)
        return step_s * (1 + self._jitter()) / 2

    def reset(self) -> None:
        """The peer was there: begin with the shortest delay again."""
        self._step_s = self._limits.backoff_first_s
