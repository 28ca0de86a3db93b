"""How many strangers may stand at the door: a slot from accept until the greeting or the end.

Whoever finds no slot, or comes in a rush, is turned away at once, before TLS costs anything. Some
slots are kept for hosts at which members were seen, so that a crowd elsewhere can't lock the
committee out.
"""

from collections import Counter
from dataclasses import dataclass

from p2p.limits import Limits


@dataclass(frozen=True, slots=True)
class DoorStatus:
    """Strangers: now at the door, turned away for want of a slot, refused by error name."""

    strangers: int
    turned_away: int
    refused: dict[str, int]


class Door:
    """Counts strangers by host. Invariant: `sum(_inside.values()) <= strangers_max`."""

    __slots__ = ("_arrived", "_inside", "_known", "_limits", "_refused", "_turned_away")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._inside: Counter[str] = Counter()
        self._known: dict[str, None] = {}  # in the order learnt
        self._arrived: Counter[str] = Counter()  # in this tick, by known host; "" for the rest
        self._turned_away = 0
        self._refused: Counter[str] = Counter()

    def enter(self, host: str) -> bool:
        """Take a slot for a connection from this host, or turn it away."""
        known = host in self._known
        free_needed = 0 if known else self._limits.strangers_reserved
        crowded = self._inside.total() + free_needed >= self._limits.strangers_max
        rush = self._arrived[host if known else ""] >= self._limits.arrivals_per_tick_max
        if crowded or rush or self._inside[host] >= self._limits.strangers_per_host_max:
            self._turned_away += 1
            return False
        self._inside[host] += 1
        self._arrived[host if known else ""] += 1
        return True

    def tick(self) -> None:
        """A beat of the heart: arrivals are counted anew."""
        self._arrived.clear()

    def leave(self, host: str) -> None:
        """Give the slot back. Requires an `enter` that said yes."""
        assert self._inside[host] > 0
        self._inside[host] -= 1
        if not self._inside[host]:
            del self._inside[host]

    def learn(self, host: str) -> None:
        """A member greeted from this host."""
        self._known.pop(host, None)
        self._known[host] = None
        if len(self._known) > self._limits.known_hosts_max:
            del self._known[next(iter(self._known))]

    def refuse(self, error: Exception) -> None:
        """Count a connection that didn't get past its greeting."""
        self._refused[type(error).__name__] += 1

    def status(self) -> DoorStatus:
        """A picture of the moment."""
        return DoorStatus(self._inside.total(), self._turned_away, dict(self._refused))
