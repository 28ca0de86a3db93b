"""Answers: a JSON body or a problem, with the headers that every response carries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

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


# Plain data is a tree: it needs no search for circles.
_COMPACT = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def json_text(value: Json) -> str:
    """Plain data as compact JSON, as pydantic writes its models."""
    return _COMPACT.encode(value)


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
        body = json_text(value).encode()
    return Reply(body, status, headers=headers or {})


def problem_reply(error: HushangError, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal as RFC 9457 problem details."""
    problem = problem_json(error)
    extra = dict(headers or {})
    seconds = retry_after_s(error)
    if seconds is not None:
        extra["Retry-After"] = str(seconds)
    body = json_text({name: value for name, value in problem.items() if value is not None})
    return Reply(body.encode(), status_of(type(error)), MEDIA_TYPE, extra)
