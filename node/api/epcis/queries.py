"""Named queries: made, listed, shown, asked for events, deleted (ISO/IEC 19987 §12.7).

Anybody may make one. One that was made with a token is its account's, and only that may delete it;
any other may be deleted by anybody while nobody is subscribed to it.
"""

import asyncio
from itertools import accumulate, takewhile
from typing import Any, ClassVar, Final

from aiohttp import web
from pydantic import ConfigDict, RootModel

from commerce.epcis.lexeme import Json, read_json
from node.api.body import JSON, body_of, media_type
from node.api.epcis.answers import SIMPLE_QUERY
from node.api.epcis.authority import require_holder
from node.api.epcis.events import answer
from node.api.epcis.exact_json import exact_json
from node.api.epcis.headers import LD_JSON, check_stated_version
from node.api.epcis.links import next_page
from node.api.epcis.page_tokens import digest_of
from node.api.epcis.problems import (
    EpcisProblem,
    QueryBodyInvalid,
    QueryUnknown,
    ResourceExists,
)
from node.api.epcis.query_book import BODY_SIZE_MAX, KnownQuery, StoredQuery, query_of
from node.api.epcis.requests import Asked, page_in
from node.api.epcis.result_pages import Start
from node.api.epcis.rows import BASE
from node.api.epcis.streaming import STREAM_PARAMETERS, serve_query_stream
from node.api.epcis.subscriptions import NAME, QUERY_NAME
from node.api.models import View
from node.api.parameters import matching
from node.api.replies import Reply
from node.api.routing import Call

TAKES: Final = {JSON: None, LD_JSON: None}
PAGE_SIZE_MAX: Final = 256 * 1024
_name: Final = matching(NAME, "a name without slashes and control characters, up to 64 characters")


class QueryNotYours(EpcisProblem):
    """The query is another account's, or others are subscribed to it."""

    status: ClassVar[int] = 403
    exception = "SecurityException"
    hint = "send the bearer token with which it was made"


class NamedQueryView(View):
    """A named query as it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    query: dict[str, Any]


class NamedQueriesView(RootModel[list[NamedQueryView]]):
    """Named queries, by name."""


async def create_query(call: Call) -> Reply:
    """POST /v1/epcis/queries."""
    check_stated_version(call.request)
    owner = None
    if "Authorization" in call.request.headers:
        owner = (await require_holder(call)).account
    else:
        _admit(call)
    media_type(call.request, TAKES)
    timeout_s = call.edge.settings.body_timeout_s
    async with body_of(call.request, call.edge.bodies, BODY_SIZE_MAX, timeout_s) as data:
        stored = await call.off_loop(_stored, data, owner)
    await call.off_loop(call.edge.epcis.queries.add, stored)
    place = call.request.rel_url.with_path(f"{BASE}/queries/{stored.name}").raw_path
    return Reply(_body(KnownQuery(stored)), 201, headers={"Location": place})


def _admit(call: Call) -> None:
    call.edge.epcis.queries.admit(asyncio.get_running_loop().time())


def _stored(data: bytes, owner: bytes | None) -> StoredQuery:
    value = read_json(data)
    if not isinstance(value, dict):
        msg = "expected an object"
        raise QueryBodyInvalid(msg, "body#")
    name, query = value.get("name"), value.get("query")
    if not isinstance(name, str) or not isinstance(query, dict) or len(value) > len(_MEMBERS):
        msg = "expected a name and a query, and nothing else"
        raise QueryBodyInvalid(msg, "body#")
    try:
        _name(name)
    except ValueError as error:
        msg = f"expected {error}"
        raise QueryBodyInvalid(msg, "body#name") from error
    if name == SIMPLE_QUERY:
        msg = "the standard's own query has this name"
        raise ResourceExists(msg, "body#name")
    query_of(query)
    return StoredQuery(name, exact_json(query).encode(), owner)


_MEMBERS: Final = ("name", "query")


def list_queries(call: Call) -> Reply:
    """GET /v1/epcis/queries."""
    page, digest = page_in(call.request)
    pages = call.edge.epcis.pages
    first = 0 if page.token is None else pages.open(digest, page.token).told
    known = call.edge.epcis.queries.all()
    shown = [_body(one) for one in known[first : first + page.per_page]]
    # A page has one query at least.
    sizes = accumulate(map(len, shown[1:]))
    shown = shown[: 1 + sum(1 for _ in takewhile(PAGE_SIZE_MAX.__ge__, sizes))]
    headers = {}
    if first + len(shown) < len(known):
        height = call.service.ledger.tip.height
        token, expires_ms = pages.seal(digest, Start(height, None, first + len(shown)))
        headers = dict(next_page(call.request, token, expires_ms))
    return Reply(b"[" + b",".join(shown) + b"]", headers=headers)


def read_query(call: Call) -> Reply:
    """GET /v1/epcis/queries/{queryName}."""
    return Reply(_body(_require(call)))


def _body(known: KnownQuery) -> bytes:
    told: dict[str, Json] = {"name": known.stored.name, "query": dict(known.definition)}
    return exact_json(told).encode()


def _require(call: Call) -> KnownQuery:
    known = call.edge.epcis.queries.get(call.get(QUERY_NAME))
    if known is None:
        msg = "no query has this name"
        raise QueryUnknown(msg, "path.queryName")
    return known


async def read_query_events(call: Call) -> Reply | web.StreamResponse:
    """GET /v1/epcis/queries/{queryName}/events: a page, or with an upgrade a WebSocket."""
    if call.request.headers.get("Upgrade", "").lower() == "websocket":
        return await serve_query_stream(call)
    return await call.off_loop(_answer, call)


def _answer(call: Call) -> Reply:
    known = _require(call)
    # What only a stream uses says nothing here.
    page, digest = page_in(call.request, *(entry.name for entry in STREAM_PARAMETERS))
    bound = digest_of(digest.hex(), known.stored.definition.decode())
    return answer(call, Asked(known.query, page, bound), known.stored.name)


async def delete_query(call: Call) -> Reply:
    """DELETE /v1/epcis/queries/{queryName}: its subscriptions end with it."""
    known, desk = _require(call), call.edge.epcis
    name, owner = known.stored.name, known.stored.owner
    told = [kept.subscription for kept in desk.subscriptions.all()]
    subscribers = {one.account for one in told if one.query == name}
    if owner is not None or subscribers:
        account = (await require_holder(call)).account
        if account != owner and (owner is not None or subscribers != {account}):
            msg = "another account made it, or is subscribed to it"
            raise QueryNotYours(msg, "path.queryName")
    else:
        _admit(call)
    if not await call.off_loop(desk.queries.remove, name):
        msg = "no query has this name"
        raise QueryUnknown(msg, "path.queryName")
    await call.off_loop(desk.subscriptions.drop_query, name)
    desk.courier.changed()
    return Reply(b"", 204)
