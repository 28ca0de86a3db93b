"""What is served while a node joins and has no database: its own account of itself, and no more.

The same door as ever (`connections`, `guard`) and the same answers for the four routes that probes
and operators ask; every other request is told to come back (`NodeJoining`).
"""

import asyncio
from typing import Protocol

from aiohttp import web

from chain.context import Chain
from chain.errors import HushangError
from node.api.certificate import ApiCertificate, certified
from node.api.connections import Connections, GuardedServer
from node.api.guard import allow_origin, check_host, check_origin
from node.api.listening import Listener
from node.api.node_reads import health_reply, ready_reply
from node.api.problems import ApiProblem, MethodNotAllowed, RequestInvalid
from node.api.replies import Reply, json_reply, problem_reply
from node.api.settings import ApiSettings
from node.api.status_models import StatusView
from node.metrics import CONTENT_TYPE, NodeMetrics
from node.service import NodeStatus

SHUTDOWN_S = 1.0
METHODS = ("GET", "HEAD")


class NodeJoining(ApiProblem):
    """The node joins the chain and serves nothing of it yet."""

    status = 503
    hint = "GET /ready tells how far it is; ask another node meanwhile"


class Joining(Protocol):
    """A node that joins."""

    chain: Chain

    def status(self) -> NodeStatus:
        """What it says of itself."""
        ...


class JoiningServer:
    """Serves one node that joins. `start` once, `stop` once."""

    def __init__(self, node: Joining, metrics: NodeMetrics, settings: ApiSettings) -> None:
        self._node = node
        self._metrics = metrics
        self._settings = settings
        self._connections = Connections(settings)
        self._certificate = ApiCertificate.of(settings)
        self._listener: Listener | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self) -> int:
        """Listen; the bound port. An address in use raises `OSError`."""
        server = GuardedServer(self._handle, self._connections, _not_counted)
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        self._listener = Listener(server, self._certificate)
        port = await self._listener.start(self._settings.host, self._settings.port)
        self._connections.start()
        self._metrics.loop.start()
        return port

    async def stop(self) -> None:
        """Take no more."""
        if self._listener is not None:
            await self._listener.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        self._connections.stop()
        self._metrics.loop.stop()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        origin: str | None = None
        try:
            check_host(request, self._settings)
            origin = check_origin(request, self._settings)
            answer = await self._answer(request.method, request.rel_url.raw_path)
        except HushangError as error:
            answer = problem_reply(error)
        except web.HTTPException as error:
            answer = problem_reply(RequestInvalid(error.reason))
        response = answer.response()
        response.headers.update(allow_origin(origin))
        return response

    async def _answer(self, method: str, path: str) -> Reply:
        status = certified(self._node.status(), self._certificate)
        if path not in {"/health", "/ready", "/v1/status", "/metrics"}:
            raise NodeJoining("; ".join(status.not_ready_because))
        if method not in METHODS:
            raise MethodNotAllowed(["GET"])
        if path == "/health":
            return health_reply(self._metrics)
        if path == "/ready":
            return ready_reply(status)
        if path == "/v1/status":
            return json_reply(StatusView.of(status, self._node.chain))
        await asyncio.to_thread(self._metrics.look)
        return Reply(self._metrics.render(status), content_type=CONTENT_TYPE)


def _not_counted(_request: web.BaseRequest, _response: web.StreamResponse) -> None:
    """The metrics of requests are those of the server that comes after."""
