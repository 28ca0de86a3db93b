"""The relay of a test network: a port for each pair of nodes, and what is wrong on the way.

    python -m node.relay DIRECTORY

It forwards bytes that it can't read: the nodes' TLS goes through it. DIRECTORY/plan.json says which
port leads from whom to whom and which faults are in force; `POST /plan` on DIRECTORY/control.sock
makes it read that again, and is answered once it holds, also for connections that stand. The
process ends by SIGTERM, or when its plan is gone.
"""

import asyncio
import contextlib
import logging
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from aiohttp import web
from pydantic import Field, ValidationError

from chain.errors import HushangError
from node import control_socket, logs
from node.faults import NONE, Faults, Name, Rule
from node.validation import Form, complaints

logger = logging.getLogger(__name__)

PLAN_NAME: Final = "plan.json"
LOOPBACK: Final = "127.0.0.1"
# Read at once, and held for one direction of one connection: what fills a fast and long line.
CHUNK_SIZE: Final = 16 * 1024
CHUNKS_MAX: Final = 512
WATCH_S: Final = 1.0
WAYS_MAX: Final = 4_096

Port = Annotated[int, Field(ge=1, le=65535)]


class PlanUnreadable(HushangError):
    """The relay's plan is missing, or makes no sense."""

    hint = "hushang testnet heal takes the relay away; then say the faults again"


class Way(Form):
    """Who dials `port` means `target`, whose node listens on `target_port`."""

    dialler: Name
    target: Name
    port: Port
    target_port: Port


class Plan(Form):
    """What the relay does."""

    ways: Annotated[tuple[Way, ...], Field(max_length=WAYS_MAX)]
    faults: Faults = NONE

    def save(self, directory: Path) -> None:
        """Write it; it appears whole or not at all."""
        draft = directory / f"{PLAN_NAME}.new"
        draft.write_text(self.model_dump_json(indent=2) + "\n", "utf-8")
        draft.replace(directory / PLAN_NAME)


def load_plan(directory: Path) -> Plan:
    """The plan in a directory, or `PlanUnreadable`."""
    path = directory / PLAN_NAME
    try:
        return Plan.model_validate_json(path.read_bytes())
    except OSError as error:
        raise PlanUnreadable(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise PlanUnreadable(f"{path}: {'; '.join(complaints(error))}") from None


class Relay:
    """Forwards until cancelled; `apply` puts a plan into force."""

    def __init__(self, draw: random.Random) -> None:
        self._draw = draw
        self._faults = NONE
        self._changed = asyncio.Event()
        self._listening: dict[Way, asyncio.Server] = {}
        self._connections: dict[asyncio.Task[None], Way] = {}

    async def apply(self, plan: Plan) -> None:
        """From now on this plan holds; raises `OSError` where a port can't be had."""
        for way in plan.ways:
            if way not in self._listening:
                self._listening[way] = await self._listen(way)
        for way in [way for way in self._listening if way not in plan.ways]:
            self._listening.pop(way).close()
        self._faults = plan.faults
        # Whoever waits looks at the rules again; the next wait is for the next change.
        self._changed.set()
        self._changed = asyncio.Event()
        for task, way in self._connections.items():
            if self._rejects(way):
                task.cancel()

    @property
    def connections(self) -> int:
        """How many are there now."""
        return len(self._connections)

    async def close(self) -> None:
        """End everything."""
        for server in self._listening.values():
            server.close()
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(list(self._connections))

    async def _listen(self, way: Way) -> asyncio.Server:
        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._connections[task] = way
            try:
                # Cancelled by `apply` or `close`, which wait for no more.
                with contextlib.suppress(asyncio.CancelledError):
                    await self._forward(way, reader, writer)
            finally:
                writer.transport.abort()
                del self._connections[task]

        return await asyncio.start_server(accepted, LOOPBACK, way.port, limit=CHUNK_SIZE)

    def _rule(self, speaker: str, listener: str) -> Rule:
        return self._faults.rule(speaker, listener)

    def _rejects(self, way: Way) -> bool:
        there, back = (way.dialler, way.target), (way.target, way.dialler)
        return self._rule(*there).rejects or self._rule(*back).rejects

    async def _forward(
        self, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """From an accepted connection to the end of both its directions."""
        if self._rejects(way):
            return
        there = Direction(self, way.dialler, way.target, reader)
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(there.take())
            made = await self._reach(way, taking, group)
            if made is not None:
                far_reader, far_writer = made
                back = Direction(self, way.target, way.dialler, far_reader)
                try:
                    await _exchange((there, taking, far_writer), (back, writer), group)
                finally:
                    far_writer.transport.abort()
            taking.cancel()

    async def _reach(
        self, way: Way, taking: asyncio.Task[None], group: asyncio.TaskGroup
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection to the target, as soon as both directions pass; None if the dialler goes
        first or nobody listens there.
        """
        while self._rule(way.dialler, way.target).cut or self._rule(way.target, way.dialler).cut:
            changed = group.create_task(self._changed.wait())
            await asyncio.wait((changed, taking), return_when=asyncio.FIRST_COMPLETED)
            changed.cancel()
            if taking.done():
                return None
        try:
            return await asyncio.open_connection(LOOPBACK, way.target_port, limit=CHUNK_SIZE)
        except OSError:
            return None

    async def until_passing(self, speaker: str, listener: str) -> None:
        """Wait while this direction is cut."""
        while self._rule(speaker, listener).cut:
            await self._changed.wait()

    def due_s(self, speaker: str, listener: str, size: int, left_s: float) -> tuple[float, float]:
        """(when these bytes have left, when they arrive), given when the last ones had left."""
        rule, now_s = self._rule(speaker, listener), asyncio.get_running_loop().time()
        left_s = max(now_s, left_s) + rule.leaving_s(size)
        return left_s, left_s + rule.travel_s(size, self._draw)


class Direction:
    """The bytes that one end says to the other, on their way."""

    __slots__ = ("_held", "_listener", "_reader", "_relay", "_speaker")

    def __init__(
        self, relay: Relay, speaker: str, listener: str, reader: asyncio.StreamReader
    ) -> None:
        self._relay, self._speaker, self._listener = relay, speaker, listener
        self._reader = reader
        self._held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_MAX)

    async def take(self) -> None:
        """Read until the speaker is gone; empty bytes stand for its end."""
        left_s = due_s = 0.0
        data = b"."
        while data:
            try:
                data = await self._reader.read(CHUNK_SIZE)
            except OSError:
                data = b""
            left_s, arrives_s = self._relay.due_s(self._speaker, self._listener, len(data), left_s)
            due_s = max(due_s, arrives_s)
            await self._held.put((due_s, data))

    async def give(self, writer: asyncio.StreamWriter) -> None:
        """Write what is due, in order, until the end has arrived too."""
        loop = asyncio.get_running_loop()
        data = b"."
        while data:
            due_s, data = await self._held.get()
            wait_s = due_s - loop.time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await self._relay.until_passing(self._speaker, self._listener)
            writer.write(data)
            # The listener may be gone; then there is nobody to tell.
            with contextlib.suppress(OSError):
                await writer.drain()
        writer.close()


async def _exchange(
    there: tuple[Direction, asyncio.Task[None], asyncio.StreamWriter],
    back: tuple[Direction, asyncio.StreamWriter],
    group: asyncio.TaskGroup,
) -> None:
    """Both directions of a connection, each until its speaker's end has arrived.

    Nothing is said any more to who is gone: a node never closes one direction only.
    """
    (out, out_taking, far_writer), (home, writer) = there, back
    home_taking = group.create_task(home.take())
    out_giving = group.create_task(out.give(far_writer))
    home_giving = group.create_task(home.give(writer))
    out_taking.add_done_callback(lambda _: home_giving.cancel())
    home_taking.add_done_callback(lambda _: out_giving.cancel())
    await asyncio.wait((out_giving, home_giving))
    home_taking.cancel()


async def serve(directory: Path) -> None:
    """Run the relay until a signal comes or its plan is gone."""
    relay = Relay(random.Random())  # noqa: S311 - no secret is drawn
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def planned(_: web.Request) -> web.Response:
        try:
            await relay.apply(load_plan(directory))
        except (HushangError, OSError) as error:
            told = {"code": type(error).__name__, "message": str(error)}
            return web.json_response({"error": told}, status=400)
        return web.json_response({"connections": relay.connections})

    application = web.Application()
    application.router.add_post("/plan", planned)
    runner = web.AppRunner(application, access_log=None)
    await relay.apply(load_plan(directory))
    await runner.setup()
    listening = control_socket.listen(directory)
    site = web.SockSite(runner, listening)
    await site.start()
    try:
        while not stop.is_set() and (directory / PLAN_NAME).exists():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), WATCH_S)
    finally:
        await runner.cleanup()
        control_socket.remove(directory)
        await relay.close()


def main(arguments: Sequence[str]) -> int:
    """The process; its exit code."""
    logs.configure("info", None)
    try:
        asyncio.run(serve(Path(arguments[0])))
    except (HushangError, OSError) as error:
        logger.critical("stopped: %s: %s", type(error).__name__, error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
