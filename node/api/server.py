"""The API server: one low-level aiohttp server, one route table, every refusal a problem."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import web

from chain.errors import HushangError, as_value
from chain.store_contract import StorageError
from node.api.body import ByteBudget
from node.api.certificate import ApiCertificate
from node.api.code_page import refusal_page
from node.api.connections import BEGAN, Connections, GuardedServer
from node.api.epcis.desk import EpcisDesk
from node.api.epcis.problems import epcis_problem_reply
from node.api.epcis.rows import BASE as EPCIS_BASE
from node.api.guard import allow_origin, check_host, check_origin
from node.api.label_path import is_label, label_of
from node.api.listening import Listener
from node.api.openapi import openapi
from node.api.page_refusals import is_page, page_of
from node.api.places import Places
from node.api.problems import MethodNotAllowed, RequestInvalid
from node.api.replies import Reply, json_bytes, problem_reply
from node.api.reputation_book import ReputationBook
from node.api.routes import ROUTES
from node.api.routing import Call, Edge, Router, read_parameters
from node.api.settings import ApiSettings
from node.api.shared_pages import SharedPages
from node.api.trace_book import TraceBook
from node.api.visitors import Visitors
from node.metrics import NodeMetrics
from node.service import NodeService

log = logging.getLogger(__name__)

API_VERSION = "1.0.0"
THREADS = 2
LONG_READS = 1
SHUTDOWN_S = 1.0
# The status of a request that became a stream: it lasted as long as its client liked.
SWITCHED = 101
# The template of the route that a request found, for the metrics.
ROUTE = web.RequestKey("route", str)
UNKNOWN_ROUTE = "unknown"
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})

# Told of a storage error that a request met: fatal to the node (chain/store_contract.py).
Fatal = Callable[[StorageError], None]


class ApiServer:
    """Serves one node. `start` once, `stop` once."""

    def __init__(
        self,
        service: NodeService,
        metrics: NodeMetrics,
        settings: ApiSettings,
        desk: EpcisDesk,
        fatal: Fatal | None = None,
    ) -> None:
        self._settings = settings
        self.metrics = metrics
        self._fatal = fatal
        self.connections = Connections(settings)
        self._router = Router(ROUTES)
        self._threads = ThreadPoolExecutor(THREADS, "api")
        self._long_reads = ThreadPoolExecutor(LONG_READS, "long-reads")
        self._edge = Edge(
            service=service,
            settings=settings,
            metrics=metrics,
            bodies=ByteBudget(settings.bodies_size_max),
            streams=Places(settings.streams_max),
            pages=SharedPages(service.ledger, self._threads),
            waits=Places(settings.waits_max),
            proofs=Places(settings.proofs_max),
            dry_runs=Places(settings.dry_runs_max),
            reputations=ReputationBook(service.ledger),
            epcis=desk,
            traces=TraceBook(service.ledger),
            visitors=Visitors(settings),
            threads=self._threads,
            long_reads=self._long_reads,
            stopping=asyncio.Event(),
            document=json_bytes(openapi(ROUTES, API_VERSION)),
            gauges=self._set_gauges,
            certificate=ApiCertificate.of(settings),
        )
        self._listener: Listener | None = None
        self._runner: web.ServerRunner | None = None

    @property
    def dropped(self) -> Counter[str]:
        """How many connections were dropped, by reason."""
        return self.connections.dropped

    @property
    def listener(self) -> Listener:
        """Where it listens, once started."""
        assert self._listener is not None
        return self._listener

    @property
    def streams(self) -> int:
        """How many event streams are open."""
        return self._edge.streams.taken

    @property
    def bodies_left(self) -> int:
        """Bytes of bodies that may still be taken in at once."""
        return self._edge.bodies.left

    async def start(self) -> int:
        """Listen; the bound port. An address in use raises `OSError`."""
        server = GuardedServer(self._handle, self.connections, self._finished)
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        self._listener = Listener(server, self._edge.certificate)
        port = await self._listener.start(self._settings.host, self._settings.port)
        self.connections.start()
        self.metrics.loop.start()
        return port

    async def watch(self) -> None:
        """Look after the certificate until cancelled; returns at once where there is none."""
        if self._edge.certificate is not None:
            await self._edge.certificate.watch()

    async def stop(self) -> None:
        """Take no more, end streams and waits, give running requests a second, drop the rest."""
        self._edge.stopping.set()
        self._edge.service.end_waits()
        if self._listener is not None:
            await self._listener.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        self.connections.stop()
        self.metrics.loop.stop()
        # Whoever closes the store next may rely on no reader being left.
        for threads in (self._threads, self._long_reads):
            ending = partial(threads.shutdown, cancel_futures=True)
            await asyncio.get_running_loop().run_in_executor(None, ending)
        await asyncio.get_running_loop().run_in_executor(None, self._edge.epcis.gateway.close)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        request[ROUTE] = UNKNOWN_ROUTE
        origin: str | None = None
        try:
            check_host(request, self._settings)
            origin = check_origin(request, self._settings)
            answer = await self._answer(request, origin)
        except StorageError as error:
            # Nobody knows what the disk holds: not this request's fault, and the node must end.
            if self._fatal is not None:
                self._fatal(error)
            raise
        except MethodNotAllowed as error:
            answer = _refused(request, as_value(error), {"Allow": ", ".join(error.allowed)})
        except HushangError as error:
            answer = _refused(request, as_value(error))
        except web.HTTPException as error:
            answer = _refused(request, RequestInvalid(error.reason))
        if isinstance(answer, web.StreamResponse):
            return answer
        response = answer.response()
        response.headers.update(allow_origin(origin))
        return response

    async def _answer(
        self, request: web.BaseRequest, origin: str | None
    ) -> Reply | web.StreamResponse:
        is_preflight = "Access-Control-Request-Method" in request.headers
        if request.method == "OPTIONS" and origin is not None and is_preflight:
            return Reply(b"", 204)
        path = request.rel_url.raw_path
        # Whatever form a label's address has, it is one page.
        path = label_of(path).path if is_label(path) else path
        route, texts = self._router.find(request.method, path)
        request[ROUTE] = route.path
        if route.permits:
            self._edge.visitors.admit(request, route.permits)
        values = read_parameters(route, texts, list(request.rel_url.query.items()))
        return await route.run(Call(self._edge, route, request, values))

    def _finished(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        edge = self.metrics.edge
        # The method is a label: only those that a route takes, no client's invention.
        method = request.method if request.method in METHODS else "other"
        route = request.get(ROUTE, UNKNOWN_ROUTE)
        edge.requests.labels(method, route, str(response.status)).inc()
        if response.status != SWITCHED:
            edge.seconds.observe(asyncio.get_running_loop().time() - request[BEGAN])

    def _set_gauges(self) -> None:
        connections = self.connections
        self.metrics.edge.set_from(len(connections), connections.dropped, self._edge.streams.taken)
        height = self._edge.service.ledger.tip.height
        self.metrics.gateway.set_from(self._edge.epcis.counts(height))


def _refused(
    request: web.BaseRequest, error: HushangError, headers: dict[str, str] | None = None
) -> Reply:
    """A refusal as a problem: under the EPCIS binding its type is one of the standard's, and to
    whoever scanned a label it is a page.
    """
    path = request.rel_url.raw_path
    if is_label(path):
        return refusal_page(error, headers or {})
    if is_page(path):
        return page_of(error, headers)
    if path.startswith(EPCIS_BASE):
        return epcis_problem_reply(error, headers)
    return problem_reply(error, headers)
