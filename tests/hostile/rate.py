"""So many inputs a second, of all that a run sends; without a rate as many as are taken."""

import asyncio
from dataclasses import dataclass
from time import monotonic


@dataclass(slots=True)
class Rate:
    """`per_s` of None: nobody waits."""

    per_s: int | None = None
    _taken: int = 0
    _began_s: float = 0.0

    async def take(self, count: int) -> None:
        """Wait until so many more are due."""
        if self.per_s is None:
            return
        if not self._taken:
            self._began_s = monotonic()
        due_s = self._began_s + self._taken / self.per_s
        self._taken += count
        await asyncio.sleep(max(0.0, due_s - monotonic()))
