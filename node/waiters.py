"""Who waits for outcomes or for a height, told once the block is synced.

The news carries the outcomes: they were executed by this process a moment ago, so nobody who waits
reads the store for them. A wait is for any number of transactions and wakes its task once.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence

from chain.execution import BlockResult
from chain.stored_chain import ReceiptPlace, Tip
from node.service import Decided

# Ids that are waited for at once; beyond them nobody waits.
WAITERS_MAX = 20_000
# Waits end on this grid, so that all of a while share one timer: a timer each cost a busy node an
# eighth of its time.
GRAIN_MS = 20


class _Wait:
    """One client's: `left` has no outcome yet; `over` is set when it is empty or the time is up."""

    __slots__ = ("found", "left", "over")

    def __init__(self, over: asyncio.Future[None]) -> None:
        self.over = over
        self.left: set[bytes] = set()
        self.found: dict[bytes, Decided] = {}

    def tell(self, decided: Decided) -> None:
        """The outcome of one of those that are left."""
        self.left.remove(decided.receipt.id)
        self.found[decided.receipt.id] = decided
        if not self.left:
            self.end()

    def end(self) -> None:
        """Wake whoever waits, unless that was done or the client has gone."""
        if not self.over.done():
            self.over.set_result(None)


class Waiters:
    """Waits by transaction id, and one event for the height."""

    def __init__(
        self, is_pending: Callable[[bytes], bool], decided: Callable[[bytes], Decided | None]
    ) -> None:
        """`is_pending`: is its news certainly still to come? `decided` reads the ledger."""
        self._is_pending = is_pending
        self._decided = decided
        self._waits: dict[bytes, list[_Wait]] = {}
        self._count = 0
        # By the grid's number: whose time is over then.
        self._expiring: dict[int, set[_Wait]] = {}
        self._height = asyncio.Event()
        # Set once: the node stops, nobody waits any more.
        self.is_over = False

    def end(self) -> None:
        """The node stops: whoever waits is answered with what is known now, and so is who comes."""
        self.is_over = True
        self._height.set()
        for waits in self._expiring.values():
            for wait in waits:
                wait.end()

    def written(self, tip: Tip, result: BlockResult) -> None:
        """The tip's block is synced, and this is what it did."""
        rows = zip(result.receipts, result.receipt_rows, strict=True)
        for index, (receipt, row) in enumerate(rows):
            waits = self._waits.pop(receipt.id, None)
            if waits is None:
                continue
            place = ReceiptPlace(tip.height, index)
            decided = Decided(place, receipt, row, tip.digest, tip.header.time_ms)
            self._count -= len(waits)
            for wait in waits:
                wait.tell(decided)
        height, self._height = self._height, asyncio.Event()
        height.set()

    async def outcomes(self, ids: Collection[bytes], timeout_ms: int) -> dict[bytes, Decided]:
        """The outcomes known here when all are, or when the time is over."""
        wait = _Wait(asyncio.get_running_loop().create_future())
        # No step of the loop lies between this look and the wait: no news can slip through.
        wanted = tuple(dict.fromkeys(ids))
        for transaction_id in wanted:
            known = None if self._is_pending(transaction_id) else self._decided(transaction_id)
            if known is not None:
                wait.found[transaction_id] = known
        room = max(0, WAITERS_MAX - self._count)
        left = [one for one in wanted if one not in wait.found][:room]
        if left and not self.is_over:
            await self._wait(wait, left, timeout_ms)
        return wait.found

    async def _wait(self, wait: _Wait, left: Sequence[bytes], timeout_ms: int) -> None:
        wait.left.update(left)
        self._count += len(left)
        for transaction_id in left:
            self._waits.setdefault(transaction_id, []).append(wait)
        expiring = self._expiring_after(timeout_ms)
        expiring.add(wait)
        try:
            await wait.over
        finally:
            expiring.discard(wait)
            for transaction_id in wait.left:
                self._leave(transaction_id, wait)

    def _leave(self, transaction_id: bytes, wait: _Wait) -> None:
        self._count -= 1
        waits = self._waits[transaction_id]
        waits.remove(wait)
        if not waits:
            del self._waits[transaction_id]

    def _expiring_after(self, timeout_ms: int) -> set[_Wait]:
        """Those whose time is over together, this long from now or a little later."""
        loop = asyncio.get_running_loop()
        slot = int(loop.time() * 1000 + timeout_ms) // GRAIN_MS + 1
        expiring = self._expiring.get(slot)
        if expiring is None:
            expiring = self._expiring[slot] = set()
            loop.call_at(slot * GRAIN_MS / 1000, self._expire, slot)
        return expiring

    def _expire(self, slot: int) -> None:
        for wait in self._expiring.pop(slot):
            wait.end()

    async def block(self, timeout_ms: int) -> None:
        """Return when the next block is synced, the time is over or the node stops."""
        if self.is_over:
            # Whoever asks again and again lets the others end meanwhile.
            await asyncio.sleep(0)
            return
        height = self._height
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await height.wait()
        except TimeoutError:
            return
