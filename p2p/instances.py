"""Which processes speak under one node key: a key that lies on two hosts is noticed here.

A process draws its `instance` at its start, so a restarted node never comes back with an earlier
one. One that does come back, after another was met, ran all the while: two processes hold the key,
each taking the connection from the other. Both sign, and will equivocate.
"""

from p2p.limits import Limits


class Instances:
    """The instances met under one key, oldest first; at most `instances_kept`."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._met: list[int] = []
        self._returns = 0
        self._calm_ticks = 0

    def met(self, instance: int) -> None:
        """A connection of this instance became the current one."""
        if self._met and self._met[-1] == instance:
            return
        # Once may be two connections that overtook each other around a restart.
        if instance in self._met:
            self._met.remove(instance)
            self._returns += 1
            self._calm_ticks = 0
        self._met.append(instance)
        del self._met[: -self._limits.instances_kept]

    def tick(self) -> None:
        """A beat with a standing connection: after a while without a return all is well again."""
        self._calm_ticks += 1
        if self._calm_ticks >= self._limits.calm_ticks:
            self._returns = 0

    @property
    def are_two(self) -> bool:
        """Do two processes use this key by turns?"""
        return self._returns >= self._limits.returns_min
