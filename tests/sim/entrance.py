"""The door and the ledger's thread of a simulated node, both on virtual time."""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from chain.errors import HushangError
from chain.ledger import Ledger
from chain.store_contract import StorageError
from chain.transaction import ReceivedTransaction, body_hash
from commerce.registry import Registry
from node.bodies import Bodies
from node.door import Admitted, Door
from node.mempool import Mempool
from node.verifier import TransactionVerifier
from tests.sim.bodies import Later, Reader
from tests.sim.world import MS

T = TypeVar("T")


class Entrance:
    """`node.door.Door`, verifying at once."""

    def __init__(
        self,
        ledger: Ledger,
        mempool: Mempool,
        clock_ms: Callable[[], int],
        admitted: Admitted,
        read: Reader,
    ) -> None:
        self._mempool = mempool
        self._read = read
        # Its threads are never started: everything goes through `read`.
        unused = TransactionVerifier(Registry(), 1)
        bodies = Bodies(mempool, unused, lambda *_: None)
        self._door = Door(ledger, mempool, bodies, unused, clock_ms, admitted)

    def admit(self, raw: bytes, origin: bytes | None) -> HushangError | None:
        """Take a transaction in, or say why not."""
        if self._mempool.by_body(body_hash(raw)) is not None:
            return None
        read = self._read(raw, False)  # noqa: FBT003
        if not isinstance(read, ReceivedTransaction):
            return read
        try:
            self._door._enter(read, origin)
        except HushangError as refusal:
            return refusal
        return None


@dataclass(frozen=True)
class _Job(Generic[T]):
    work: Callable[[], T]
    then: Callable[[T], None]
    # Does it write to the disk?
    writes: bool


class LedgerThread:
    """One job after another, in the order asked; each takes a while."""

    def __init__(self, later: Later, chance: Random) -> None:
        self._later = later
        self._chance = chance
        self._waiting: deque[_Job[object]] = deque()
        self._running: _Job[object] | None = None

    def ask(
        self, work: Callable[[], T], then: Callable[[T], None], *, writes: bool = False
    ) -> None:
        """Do `work`, then tell `then` what came out."""
        job: _Job[T] = _Job(work, then, writes)
        self._waiting.append(job)  # type: ignore[arg-type]
        if self._running is None:
            self._next()

    def _next(self) -> None:
        if not self._waiting:
            return
        self._running = self._waiting.popleft()
        self._later(self._chance.randint(200, 4 * MS), self._finish)

    def _finish(self) -> None:
        job = self._running
        assert job is not None
        found = job.work()
        self._running = None
        job.then(found)
        if self._running is None:
            self._next()

    def crash(self) -> None:
        """A write under way has reached the disk, or not; nobody hears of it."""
        job = self._running
        if job is not None and job.writes and self._chance.random() < 0.3:
            # The disk may be what the crash came from.
            with suppress(StorageError):
                job.work()

    @property
    def length(self) -> int:
        """Jobs that wait or run."""
        return len(self._waiting) + (self._running is not None)
