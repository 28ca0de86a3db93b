"""Answers: a JSON body or a problem, with the headers that every response carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel, TypeAdapter

from chain.errors import HushangError
from node.api.problems import MEDIA_TYPE, problem_json, retry_after_s, status_of
from node.api.render import Json

# Nothing here is a page, nothing may be framed, sniffed, or kept by a shared cache.
SECURITY_HEADERS = {
    "Server": "hushang",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


_PLAIN: TypeAdapter[Any] = TypeAdapter(Any)


def json_bytes(value: BaseModel | Json) -> bytes:
    """A view or plain data as compact JSON in UTF-8; thrice as fast as the standard encoder."""
    return _PLAIN.dump_json(value)


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body bytes and what is to be said about them."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """The reply as aiohttp sends it."""
        headers = {**SECURITY_HEADERS, "Content-Type": self.content_type, **self.headers}
        return web.Response(status=self.status, body=self.body, headers=headers)


def json_reply(
    value: BaseModel | Json, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """A view as JSON in UTF-8."""
    return Reply(json_bytes(value), status, headers=headers or {})


def problem_reply(error: HushangError, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal as RFC 9457 problem details."""
    problem = problem_json(error)
    extra = dict(headers or {})
    seconds = retry_after_s(error)
    if seconds is not None:
        extra["Retry-After"] = str(seconds)
    body = json_bytes({name: value for name, value in problem.items() if value is not None})
    return Reply(body, status_of(type(error)), MEDIA_TYPE, extra)
