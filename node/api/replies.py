"""Answers: a JSON body or a problem, with the headers that every response carries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

from chain.errors import HushangError
from node.api.problems import MEDIA_TYPE, problem_of, retry_after_s
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
    if isinstance(value, BaseModel):
        body = value.model_dump_json().encode()
    else:
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(body, status, headers=headers or {})


def problem_reply(error: HushangError, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal as RFC 9457 problem details."""
    problem = problem_of(error)
    extra = dict(headers or {})
    seconds = retry_after_s(problem)
    if seconds is not None:
        extra["Retry-After"] = str(seconds)
    body = problem.model_dump_json(exclude_none=True).encode()
    return Reply(body, problem.status, MEDIA_TYPE, extra)
