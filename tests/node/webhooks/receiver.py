"""A real HTTP server that takes webhooks' messages, and what it was told; answers as it is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass(frozen=True, slots=True)
class Told:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """`statuses` are those of the next answers; then 200. `arrived` has every request."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    arrived: "asyncio.Queue[Told]" = field(default_factory=asyncio.Queue)
    # While it is clear, requests wait for their answer.
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        """Note a request and answer it."""
        told = Told(request.path, dict(request.headers), await request.read())
        await self.arrived.put(told)
        await self.may_answer.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        headers = {"Location": "http://127.0.0.1:1/elsewhere"} if status // 100 == 3 else {}
        return web.Response(status=status, headers=headers)

    async def next(self) -> Told:
        """The next request, when it is there."""
        async with asyncio.timeout(20):
            return await self.arrived.get()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver()
    receiver.may_answer.set()
    runner = web.ServerRunner(web.Server(receiver.take), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield receiver
    finally:
        receiver.may_answer.set()
        await runner.cleanup()
