"""Who waits for a transaction's outcome or for a height, told once the block is synced."""

import asyncio

WAITERS_MAX = 20_000


class Waiters:
    """Futures by transaction id, and one condition for the height."""

    def __init__(self) -> None:
        self._by_id: dict[bytes, set[asyncio.Future[None]]] = {}
        self._count = 0
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
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await future
        except TimeoutError:
            return
        finally:
            self._count -= 1
            futures.discard(future)
            if not futures:
                self._by_id.pop(transaction_id, None)

    async def block(self, timeout_ms: int) -> None:
        """Return when the next block is synced or the time is over."""
        height = self._height
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                await height.wait()
        except TimeoutError:
            return
