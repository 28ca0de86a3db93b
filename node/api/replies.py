"""Answers: a JSON body or a problem, with the headers that every response carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import BytesPayload
from pydantic import BaseModel, TypeAdapter
from typing_extensions import override

from chain.errors import HushangError
from node.api.problems import (
    MEDIA_TYPE,
    ApiProblem,
    problem_json,
    retry_after_s,
    status_of,
)
from node.api.render import Json

HTML = "text/html; charset=utf-8"
# What a transport takes at once; it asks to wait above as much again.
SLICE_SIZE = 64 * 1024

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


class SlicedBody(BytesPayload):
    """A large body, handed to the transport slice by slice as its client reads.

    In one piece each transport would hold a copy for whoever doesn't read.
    """

    @override
    async def write(self, writer: AbstractStreamWriter) -> None:
        """All of it."""
        await self.write_with_length(writer, None)

    @override
    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """The first `content_length` bytes; each slice waits for room."""
        body = memoryview(self._value)[:content_length]
        for start in range(0, len(body), SLICE_SIZE):
            await writer.write(body[start : start + SLICE_SIZE])


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
        body = SlicedBody(self.body) if len(self.body) > SLICE_SIZE else self.body
        return web.Response(status=self.status, body=body, headers=headers)


def json_reply(
    value: BaseModel | Json, status: int = 200, headers: Mapping[str, str] | None = None
) -> Reply:
    """A view as JSON in UTF-8."""
    return Reply(json_bytes(value), status, headers=headers or {})


def problem_reply(error: HushangError, headers: Mapping[str, str] | None = None) -> Reply:
    """A refusal as RFC 9457 problem details."""
    return problem_of(problem_json(error), error, status_of(type(error)), headers)


def problem_of(
    problem: Mapping[str, Json],
    error: HushangError,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """The reply whose body tells a refusal so, with the headers that its kind wants."""
    extra = dict(headers or {})
    if isinstance(error, ApiProblem):
        extra |= error.headers
    seconds = retry_after_s(error)
    if seconds is not None:
        extra["Retry-After"] = str(seconds)
    body = json_bytes({name: value for name, value in problem.items() if value is not None})
    return Reply(body, status, MEDIA_TYPE, extra)
