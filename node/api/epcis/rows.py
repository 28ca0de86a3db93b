"""How a row of the EPCIS binding becomes a row of the API's route table.

`standard` puts it under /v1/epcis, asks first whether an answer is acceptable, and adds the
standard's headers; `discovered` adds an OPTIONS row for each path. What isn't there has no options
either: a resource is looked for as its GET does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from inspect import unwrap
from typing import Final, TypeAlias

from aiohttp import web

from node.api.epcis.headers import DISCOVERED, check_request, with_headers
from node.api.epcis.problems import NotAcceptable, QueryUnknown, ResourceUnknown
from node.api.replies import Reply
from node.api.routing import Call, Handler, Reader, Route

BASE: Final = "/v1/epcis"
NO_BODY: Final = ""
# What GET of a resource says that isn't there.
_ABSENT: Final = (QueryUnknown, ResourceUnknown)
# Headers that OPTIONS adds for one path, by its path below `BASE`.
ExtraHeaders: TypeAlias = Mapping[str, Mapping[str, str]]


def standard(route: Route) -> Route:
    """A row of the binding, its path being below `BASE`."""
    return replace(
        route,
        path=BASE + route.path,
        read=None if route.read is None else _reader(route.read),
        handle=None if route.handle is None else _handler(route.handle),
        problems=(*route.problems, NotAcceptable),
    )


def _reader(read: Reader) -> Reader:
    @wraps(read)
    def read_standard(call: Call) -> Reply:
        check_request(call.request)
        return with_headers(call.request, read(call))

    return read_standard


def _handler(handle: Handler) -> Handler:
    @wraps(handle)
    async def handle_standard(call: Call) -> Reply | web.StreamResponse:
        check_request(call.request)
        answer = await handle(call)
        return with_headers(call.request, answer) if isinstance(answer, Reply) else answer

    return handle_standard


def discovered(routes: Sequence[Route], extra: ExtraHeaders) -> tuple[Route, ...]:
    """The rows, and for each of their paths one that answers OPTIONS."""
    rows = list(routes)
    for path in dict.fromkeys(route.path for route in routes):
        ways = [route for route in routes if route.path == path]
        methods = sorted({route.method for route in ways} | {"OPTIONS"})
        headers = {"Allow": ", ".join(methods), **DISCOVERED, **extra.get(path[len(BASE) :], {})}
        look = _look(routes, path)
        rows.append(
            Route(
                "OPTIONS",
                path,
                "Versions, formats and methods of this resource",
                {204: NO_BODY},
                handle=_discovery(f"discover_{ways[0].name}", headers, look),
                parameters=tuple(p for p in ways[0].parameters if p.place == "path"),
                problems=() if look is None else _ABSENT,
            )
        )
    return tuple(rows)


def _look(routes: Sequence[Route], path: str) -> Reader | None:
    """What finds the resource that a path names, or refuses; None where no GET tells everybody."""
    named, brace, _ = path.partition("}")
    for route in routes:
        is_own = route.method == "GET" and route.path == named + brace
        if is_own and route.read is not None and set(_ABSENT) & set(route.problems):
            # As it was before `standard`: OPTIONS has nothing to say about what is acceptable.
            found: Reader = unwrap(route.read)
            return found
    return None


def _discovery(
    name: str, headers: Mapping[str, str], look: Reader | None
) -> Callable[[Call], Awaitable[Reply]]:
    async def discover(call: Call) -> Reply:
        if look is not None:
            await call.off_loop(look, call)
        return Reply(b"", 204, headers=headers)

    discover.__name__ = name
    return discover
