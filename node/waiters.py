"""Who waits for a transaction's outcome or for a height, told once the block is synced."""

import asyncio

WAITERS_MAX = 20_000
# Waits end on this grid, so that all of a batch share one timer: a timer each cost a busy node an
# eighth of its time.
GRAIN_MS = 20


class Waiters:
    """Futures by transaction id, and one condition for the height."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, set[asyncio.Future[None]]] = {}
        self._count = 0
        # By the grid's number: whose time is over then.
        self._expiring: dict[int, set[asyncio.Future[None]]] = {}
        self._height = asyncio.Event()

    def written(self, ids: tuple[bytes, ...]) -> None:
        """A block with these transactions is synced."""
        for transaction_id in ids:
            for future in self._by_id.get(transaction_id, ()):
                if not future.done():
                    future.set_result(None)
        height, self._height = self._height, asyncio.Event()
        height.set()

    async def transaction(self, transaction_id: bytes, timeout_ms: int) -> None:
        """Return when the transaction's block is synced or the time is over."""
        if self._count >= WAITERS_MAX:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        futures = self._by_id.setdefault(transaction_id, set())
        futures.add(future)
        self._count += 1
        expiring = self._expiring_after(timeout_ms)
        expiring.add(future)
        try:
            await future
        finally:
            self._count -= 1
            expiring.discard(future)
            futures.discard(future)
            if not futures:
                self._by_id.pop(transaction_id, None)

    def _expiring_after(self, timeout_ms: int) -> set[asyncio.Future[None]]:
        """Those whose time is over together, this long from now or a little later."""
        loop = asyncio.get_running_loop()
        slot = int(loop.time() * 1000 + timeout_ms) // GRAIN_MS + 1
        expiring = self._expiring.get(slot)
        if expiring is None:
            expiring = self._expiring[slot] = set()
            loop.call_at(slot * GRAIN_MS / 1000, self._expire, slot)
        return expiring

    def _expire(self, slot: int) -> None:
        for future in self._expiring.pop(slot):
            if not future.done():
                future.set_result(None)

    async def block(self, timeout_ms: int) -> None:
        """Return when the next block is synced or the time is over."""
        height = self._height
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await height.wait()
        except TimeoutError:
            return
