"""What a live node does for its operator, asked over its control socket (docs/adr/0072).

    GET /status      a few words
    POST /snapshot   make a snapshot now
    POST /backup     {"file": absolute path, "force": bool}
    POST /reload     read the settings again

A job answers with a JSON object a line: {"progress": ...} now and then, and at last {"result": ...}
or {"error": {"code", "message", "hint"}}. One job of a kind runs at a time. A client that goes away
ends its job, and so does the end of the node, which waits for it.
"""

import asyncio
import json
import logging
import os
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any, Final, Protocol, TypeVar

from aiohttp import web

from chain.errors import HushangError
from chain.ledger import Ledger
from chain.store_contract import StorageError
from node import control_socket
from node.backup import BackupMade, BackupSource, BackupStopped, Progress, write_backup
from node.clock import now_ms
from node.service import NodeStatus
from node.strict_json import JsonRefused, read_json
from node.worker import ended

logger = logging.getLogger(__name__)

T = TypeVar("T")

BODY_SIZE_MAX: Final = 16 * 1024
SHUTDOWN_S: Final = 1.0
PROGRESS_S: Final = 0.25
# A job rests as long as it worked, so that blocks go on; at most this long at once.
REST_S_MAX: Final = 0.25
MEDIA_TYPE: Final = "application/x-ndjson"

Tell = Callable[[Progress], None]


class ControlRequestInvalid(HushangError):
    """The request on the control socket has no such form."""

    hint = (
        "use the command (hushang snapshot create, backup create, node reload) of the node's "
        "own release"
    )


class JobUnderWay(HushangError):
    """A job of this kind is under way already."""

    hint = "wait until it is done"


class NodeStopping(HushangError):
    """The node is about to end."""

    hint = "ask again when it runs"


class Controlled(Protocol):
    """What the control socket asks of a node."""

    @property
    def ledger(self) -> Ledger:
        """The ledger, for its readers."""
        ...

    def status(self) -> NodeStatus:
        """What the node says of itself."""
        ...

    async def look(self, job: Callable[[Ledger], T]) -> T:
        """What a reader finds between two blocks."""
        ...


@dataclass(slots=True)
class _Jobs:
    """The jobs under way by kind: set an event to stop its job."""

    stops: dict[str, threading.Event] = field(default_factory=dict)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    stopping: bool = False


class ControlServer:
    """Serves one node's operator. `start` once, `stop` before the store is closed."""

    def __init__(
        self,
        directory: Path,
        node: Controlled,
        fatal: Callable[[StorageError], None],
        snapshot: Callable[[], Awaitable[dict[str, Any]]] | None = None,
        reload: Callable[[], dict[str, Any]] | None = None,
    ) -> None:
        """`fatal` is told of a storage error that a job met; `snapshot` makes one."""
        self._directory = directory
        self._node = node
        self._fatal = fatal
        self._snapshot = snapshot
        self._reload = reload
        self._jobs = _Jobs()
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        application = web.Application(client_max_size=BODY_SIZE_MAX)
        application.router.add_get("/status", self._status)
        application.router.add_post("/backup", partial(self._job, "backup", self._backup))
        application.router.add_post("/snapshot", partial(self._job, "snapshot", self._make))
        application.router.add_post("/reload", partial(self._job, "reload", self._read_again))
        # A client that goes away cancels what it asked for.
        self._runner = web.AppRunner(
            application,
            handler_cancellation=True,
            access_log=None,
            shutdown_timeout=SHUTDOWN_S,
        )

    async def start(self) -> None:
        """Listen. Raises `ControlSocketUnusable`."""
        self._socket = control_socket.listen(self._directory)
        await self._runner.setup()
        assert self._runner.server is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._runner.server, sock=self._socket)

    async def stop(self) -> None:
        """Take no more, stop what is under way and wait for its end."""
        jobs = self._jobs
        jobs.stopping = True
        if self._server is not None:
            self._server.close()
            control_socket.remove(self._directory)
        while jobs.stops:
            jobs.ended.clear()
            for stop in jobs.stops.values():
                stop.set()
            await jobs.ended.wait()
        await self._runner.cleanup()

    async def _status(self, _: web.Request) -> web.Response:
        status, tip = self._node.status(), self._node.ledger.tip
        told = {
            "name": status.name,
            "pid": os.getpid(),
            "height": tip.height,
            "block_hash": tip.digest.hex(),
            "jobs": sorted(self._jobs.stops),
        }
        return web.json_response(told)

    async def _job(
        self,
        kind: str,
        run: Callable[[dict[str, Any], Tell, threading.Event], Awaitable[dict[str, Any]]],
        request: web.Request,
    ) -> web.StreamResponse:
        """Run one job, telling its progress as it goes."""
        try:
            form = await _read_form(request)
            stop = self._begin(kind)
        except HushangError as error:
            status = 400 if isinstance(error, ControlRequestInvalid) else 409
            return web.json_response({"error": _told(error)}, status=status)
        try:
            response = web.StreamResponse(headers={"Content-Type": MEDIA_TYPE})
            await response.prepare(request)
            async with _progress(response) as tell:
                last = await self._outcome(run(form, tell, stop))
            with suppress(ConnectionError):
                await response.write(_line(last))
                await response.write_eof()
        finally:
            del self._jobs.stops[kind]
            self._jobs.ended.set()
        return response

    def _begin(self, kind: str) -> threading.Event:
        jobs = self._jobs
        if jobs.stopping:
            raise NodeStopping("the node is stopping")
        if kind in jobs.stops:
            raise JobUnderWay(f"a {kind} is under way")
        stop = jobs.stops[kind] = threading.Event()
        return stop

    async def _outcome(self, running: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        try:
            return {"result": await running}
        except StorageError as error:
            # What the node itself would end for, were it the one to meet it.
            self._fatal(error)
            return {"error": _told(error)}
        except HushangError as error:
            return {"error": _told(error)}

    async def _make(self, _: dict[str, Any], _tell: Tell, _stop: threading.Event) -> dict[str, Any]:
        if self._snapshot is None:
            raise ControlRequestInvalid("this node makes no snapshots")
        return await self._snapshot()

    async def _read_again(
        self, _: dict[str, Any], _tell: Tell, _stop: threading.Event
    ) -> dict[str, Any]:
        if self._reload is None:
            raise ControlRequestInvalid("this node has no settings to read again")
        return self._reload()

    async def _backup(
        self, form: dict[str, Any], tell: Tell, stop: threading.Event
    ) -> dict[str, Any]:
        file, force = form.get("file"), form.get("force", False)
        if not isinstance(file, str) or not Path(file).is_absolute() or not isinstance(force, bool):
            raise ControlRequestInvalid("file: an absolute path; force: true or false")
        moment_ms = now_ms()
        data_dir = self._directory
        source = await self._node.look(lambda ledger: BackupSource.of(ledger, moment_ms, data_dir))

        def told(progress: Progress, worked_s: float) -> None:
            tell(progress)
            if stop.wait(min(worked_s, REST_S_MAX)):
                raise BackupStopped(f"at row {progress.rows}")

        logger.info("backup of height %s to %s begins", source.head.height, file)
        work = partial(write_backup, source, Path(file), told, force=force)
        made = await _on_thread("backup", work, stop)
        height = made.head.height
        done = {"event": "backup_made", "height": height, "file": file, "size": made.size}
        logger.info("backup of height %s is in %s: %s bytes", height, file, made.size, extra=done)
        return backup_view(made)


def backup_view(made: BackupMade) -> dict[str, Any]:
    """A backup as it is told."""
    return {
        "file": str(made.file),
        "height": made.head.height,
        "block_hash": made.head.digest.hex(),
        "genesis_hash": made.head.genesis_hash.hex(),
        "made_ms": made.head.made_ms,
        "rows": made.rows,
        "size": made.size,
        "sha256": made.sha256.hex(),
        "files": list(made.files),
    }


async def _on_thread(name: str, work: Callable[[], T], stop: threading.Event) -> T:
    """The result of a job on a thread of its own; it has ended on return, whatever happens."""
    pool = ThreadPoolExecutor(1, thread_name_prefix=name)
    job = asyncio.get_running_loop().run_in_executor(pool, work)
    try:
        return await ended(job, stop.set)
    finally:
        pool.shutdown()


@asynccontextmanager
async def _progress(response: web.StreamResponse) -> AsyncIterator[Tell]:
    """A teller for any thread: what it is told goes to the client, not more often than useful."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Progress | None] = asyncio.Queue()
    told_at = monotonic()

    def tell(progress: Progress) -> None:
        nonlocal told_at
        if monotonic() - told_at >= PROGRESS_S:
            told_at = monotonic()
            loop.call_soon_threadsafe(queue.put_nowait, progress)

    async def send() -> None:
        # Who has gone away is no longer told; their job is cancelled by the server.
        with suppress(ConnectionError):
            while (progress := await queue.get()) is not None:
                told = {"rows": progress.rows, "size": progress.size}
                await response.write(_line({"progress": told}))

    async with asyncio.TaskGroup() as group:
        group.create_task(send())
        yield tell
        queue.put_nowait(None)


async def _read_form(request: web.Request) -> dict[str, Any]:
    try:
        data = await request.read()
        form = read_json(data) if data else {}
    except (JsonRefused, web.HTTPRequestEntityTooLarge) as error:
        raise ControlRequestInvalid(str(error)) from error
    if not isinstance(form, dict):
        raise ControlRequestInvalid("expected an object")
    return form


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode() + b"\n"


def _told(error: HushangError) -> dict[str, str]:
    return {"code": error.code, "message": str(error), "hint": error.hint}
