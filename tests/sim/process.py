"""A process on its host: it starts from a disk, reads a wall clock, and ends by a crash or by name.

Every action of a process goes through `later`, so that nothing of it outlives its end.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial

from chain.errors import HushangError
from chain.store_contract import StorageError
from consensus.config import JournalIncomplete
from tests.sim.cast import Clock
from tests.sim.disk import Disk
from tests.sim.entrance import LedgerThread
from tests.sim.world import World

# Told when a storage error has ended the process at a place.
Stopped = Callable[[int, HushangError], None]


class Process(ABC):
    """One place's process, from one start to its end; `incarnation` counts starts and ends."""

    def __init__(self, world: World, place: int, disk: Disk) -> None:
        self.place = place
        self.disk = disk
        self.clock = Clock()
        self.chance = world.stream(f"node {place}")
        self.alive = False
        self.incarnation = 0
        self.stopped: Stopped = lambda _place, _error: None
        self._world = world
        self.thread = LedgerThread(self.later, self.chance)

    @property
    def has_started(self) -> bool:
        """Was it ever started?"""
        return self.incarnation > 0

    def start(self) -> None:
        """Everything anew from the disk, if it can be trusted."""
        self.incarnation += 1
        self.alive = True
        self.thread = LedgerThread(self.later, self.chance)
        try:
            self._boot()
        except (StorageError, JournalIncomplete) as error:
            self.stop(error)

    @abstractmethod
    def _boot(self) -> None:
        """Whatever this process is made of, anew from its disk."""

    def crash(self) -> None:
        """Power off: the journal keeps what was synced, the write under way is there or not."""
        assert self.alive
        self.alive = False
        self.incarnation += 1
        self.thread.crash()
        self.disk.journal.crash(self.chance)

    def stop(self, error: HushangError) -> None:
        """A storage error ends the process with its name; only a faulty disk excuses it."""
        if not self.disk.is_suspect:
            raise error
        self.crash()
        self.stopped(self.place, error)

    def later(self, delay_us: int, action: Callable[[], None]) -> None:
        """Do something later, unless this incarnation has ended."""
        self._world.after(delay_us, partial(self._run, self.incarnation, action))

    def _run(self, incarnation: int, action: Callable[[], None]) -> None:
        if self.incarnation != incarnation:
            return
        try:
            action()
        except StorageError as error:
            self.stop(error)

    def clock_ms(self) -> int:
        """The host's wall clock, UTC."""
        return self.clock.time_ms(self._world.now_us)
