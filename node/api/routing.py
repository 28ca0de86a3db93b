"""Routes and calls: what a route table holds, how a request finds its row, what a handler gets."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, cast
from urllib.parse import unquote

from aiohttp import web
from pydantic import BaseModel

from chain.errors import HushangError
from node.api.body import ByteBudget
from node.api.certificate import ApiCertificate
from node.api.connections import Connection
from node.api.epcis.desk import EpcisDesk
from node.api.parameters import Parameter
from node.api.places import Places
from node.api.problems import MethodNotAllowed, ParameterInvalid, ParameterUnknown, RouteUnknown
from node.api.replies import Reply
from node.api.reputation_book import ReputationBook
from node.api.settings import ApiSettings
from node.api.shared_pages import SharedPages
from node.api.trace_book import TraceBook
from node.api.visitors import Visitors
from node.metrics import NodeMetrics
from node.service import NodeService
from node.validation import did_you_mean

T = TypeVar("T")

QUERY_ITEMS_MAX = 32
# Permits of a read that may take long, or makes a proof.
LONG_COST = 20
PROOF_COST = 10


@dataclass(frozen=True, slots=True)
class Edge:
    """What all calls of one server share."""

    service: NodeService
    settings: ApiSettings
    metrics: NodeMetrics
    bodies: ByteBudget
    streams: Places
    pages: SharedPages
    waits: Places
    proofs: Places
    dry_runs: Places
    reputations: ReputationBook
    epcis: EpcisDesk
    traces: TraceBook
    visitors: Visitors
    threads: Executor
    # Of its own, so that reads which may take a second leave the others' threads free.
    long_reads: Executor
    stopping: asyncio.Event
    # The OpenAPI document of the server's routes, as it is sent.
    document: bytes
    # Sets the API's own gauges, before the metrics are rendered.
    gauges: Callable[[], None]
    # None where the API is plain.
    certificate: ApiCertificate | None


@dataclass(frozen=True, slots=True)
class Call:
    """One request that found its route, its parameters read."""

    edge: Edge
    route: "Route"
    request: web.BaseRequest
    values: Mapping[str, object]

    @property
    def service(self) -> NodeService:
        """The node."""
        return self.edge.service

    @property
    def block_time_ms(self) -> int:
        """The newest block's time: what holds is judged by it."""
        return self.service.ledger.tip.header.time_ms

    def get(self, parameter: Parameter[T]) -> T:
        """The value of a parameter of this route."""
        assert parameter in self.route.parameters, parameter.name
        return cast("T", self.values[parameter.name])

    def streaming(self) -> None:
        """The request has become a stream: other deadlines hold."""
        cast("Connection", self.request.protocol).stream_started()

    def discard_unsent(self) -> None:
        """What was sent and not read is nobody's: the end of the connection is its reset."""
        cast("Connection", self.request.protocol).discard_unsent()

    async def off_loop(self, function: Callable[..., T], *arguments: object) -> T:
        """Run what reads the ledger in a thread, so that a big block stops no socket."""
        loop = asyncio.get_running_loop()
        threads = self.edge.long_reads if self.route.is_long else self.edge.threads
        return await loop.run_in_executor(threads, function, *arguments)


# A reader only reads the ledger and runs in a thread; a handler runs on the event loop.
Reader: TypeAlias = Callable[[Call], Reply]
Handler: TypeAlias = Callable[[Call], Awaitable[Reply | web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row: everything that dispatch and the OpenAPI document know of a route.

    `answers` maps a status to the model of its JSON body, to a media type where it has none, or to
    "" where there is no body; `bodies` maps the media types that it takes to a model, or to None
    for raw bytes. With `open_query` the row reads the query itself, whose names are not all known.
    One that `is_long` reads in a thread for such. `cost` is what a request takes of its client's
    permits (node/api/visitors.py); without one it is the method's and the length's.
    """

    method: str
    path: str
    summary: str
    answers: Mapping[int, type[BaseModel] | str]
    read: Reader | None = None
    handle: Handler | None = None
    parameters: tuple[Parameter[Any], ...] = ()
    bodies: Mapping[str, type[BaseModel] | None] = field(default_factory=dict)
    problems: tuple[type[HushangError], ...] = ()
    open_query: bool = False
    is_long: bool = False
    cost: int | None = None

    @property
    def name(self) -> str:
        """The name of its function, which no other row has."""
        function = self.read or self.handle
        assert function is not None
        return function.__name__

    @property
    def permits(self) -> int:
        """What a request costs its client: what is only submitted is bounded elsewhere."""
        if self.cost is not None:
            return self.cost
        if self.is_long:
            return LONG_COST
        return 1 if self.method == "GET" else 0

    async def run(self, call: Call) -> Reply | web.StreamResponse:
        """Answer a call: readers off the event loop, handlers on it."""
        if self.read is not None:
            return await call.off_loop(self.read, call)
        assert self.handle is not None
        return await self.handle(call)


@dataclass(frozen=True, slots=True)
class _Template:
    """The segments of a path, and the rows that it has."""

    segments: tuple[str, ...]
    rows: tuple[Route, ...]

    def row(self, method: str) -> Route:
        """The row of a method; `MethodNotAllowed`."""
        wanted = "GET" if method == "HEAD" else method
        for row in self.rows:
            if row.method == wanted:
                return row
        raise MethodNotAllowed(sorted({row.method for row in self.rows}))


class Router:
    """Finds the route of a request: a path without parameters by itself, others by their form."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._literal: dict[str, _Template] = {}
        # By the number of segments. A row with a literal where another has a parameter comes first.
        self._forms: dict[int, list[_Template]] = {}
        for path in dict.fromkeys(route.path for route in routes):
            rows = tuple(route for route in routes if route.path == path)
            template = _Template(_segments(path), rows)
            if "{" in path:
                self._forms.setdefault(len(template.segments), []).append(template)
            else:
                self._literal[path] = template
        for forms in self._forms.values():
            forms.sort(key=lambda template: [_is_parameter(one) for one in template.segments])

    def find(self, method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """The route and its path's texts; `RouteUnknown` or `MethodNotAllowed`.

        The path is split before it is unquoted: %2F never separates segments.
        """
        literal = self._literal.get(raw_path)
        if literal is not None:
            return literal.row(method), {}
        path = _segments(raw_path)
        for template in self._forms.get(len(path), ()):
            if _matches(template.segments, path):
                return template.row(method), _texts(template.segments, path)
        msg = "no such route"
        raise RouteUnknown(msg)


def read_parameters(
    route: Route, path: Mapping[str, str], query: Sequence[tuple[str, str]]
) -> dict[str, object]:
    """Every parameter of the route, parsed; unknown, repeated or malformed ones are refused."""
    if route.open_query:
        return {p.name: _parse(p, path) for p in route.parameters if p.place == "path"}
    if len(query) > QUERY_ITEMS_MAX:
        msg = f"more than {QUERY_ITEMS_MAX} query parameters"
        raise ParameterUnknown(msg)
    known = {entry.name for entry in route.parameters if entry.place == "query"}
    texts: dict[str, str] = {}
    for name, text in query:
        if name not in known:
            msg = f"this request has no parameter {name[:64]!r}{did_you_mean(name[:64], known)}"
            raise ParameterUnknown(msg, f"query.{name[:64]}")
        if name in texts:
            msg = "the parameter stands twice"
            raise ParameterInvalid(msg, f"query.{name}")
        texts[name] = text
    return {
        entry.name: _parse(entry, path if entry.place == "path" else texts)
        for entry in route.parameters
    }


def _parse(parameter: Parameter[object], texts: Mapping[str, str]) -> object:
    if parameter.name not in texts:
        return parameter.default
    try:
        return parameter.parse(texts[parameter.name])
    except ValueError as error:
        msg = f"{parameter.name}: expected {error}"
        raise ParameterInvalid(msg, f"{parameter.place}.{parameter.name}") from error


def _segments(path: str) -> tuple[str, ...]:
    return tuple(path.split("/"))


def _is_parameter(segment: str) -> bool:
    return segment.startswith("{")


def _matches(template: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return all(
        part == text or (_is_parameter(part) and text != "")
        for part, text in zip(template, path, strict=True)
    )


def _texts(template: tuple[str, ...], path: tuple[str, ...]) -> dict[str, str]:
    return {
        name[1:-1]: unquote(text)
        for name, text in zip(template, path, strict=True)
        if _is_parameter(name)
    }
