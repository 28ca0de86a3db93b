"""Reading a request's body: media type, size, deadline, and a budget for all bodies at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from node.api.problems import BodyInvalid, BodyTimeout, BodyTooLarge, Busy, MediaTypeUnsupported
from node.strict_json import read_json

M = TypeVar("M", bound=BaseModel)
B = TypeVar("B", bytes, bytearray)

MSGPACK = "application/msgpack"
OCTETS = "application/octet-stream"
JSON = "application/json"

# A body that takes longer than a stretch brings so much in each, or its sender is dripping.
STRETCH_S = 5.0
STRETCH_SIZE_MIN = 16 * 1024

# Containers and values of a JSON body, counted before anything is built from it.
VALUES_MAX = 8_192


class ByteBudget:
    """How many bytes of bodies are held at once; a body that doesn't fit is refused at once."""

    def __init__(self, size_max: int) -> None:
        self.left = size_max

    def take(self, size: int) -> None:
        """Reserve, or `Busy`."""
        if size > self.left:
            msg = "too many bodies are being read"
            raise Busy(msg)
        self.left -= size

    def give_back(self, size: int) -> None:
        """Release what was taken."""
        self.left += size


def media_type(request: web.BaseRequest, taken: Mapping[str, object]) -> str:
    """The body's media type, one of `taken`; `MediaTypeUnsupported`."""
    given = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if given not in taken:
        msg = f"send {', '.join(sorted(taken))}"
        raise MediaTypeUnsupported(msg, "header.Content-Type")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        msg = "send the body as it is, without compression"
        raise MediaTypeUnsupported(msg, "header.Content-Encoding")
    return given


@asynccontextmanager
async def body_of(
    request: web.BaseRequest,
    budget: ByteBudget,
    size_max: int,
    timeout_s: float,
    *,
    stretch_s: float = STRETCH_S,
) -> AsyncIterator[bytes]:
    """The whole body, held against the budget until the block ends."""
    declared = request.content_length
    if declared is not None and declared > size_max:
        msg = f"{declared} bytes, at most {size_max}"
        raise BodyTooLarge(msg)
    # A chunked body doesn't say how long it gets.
    reserved = size_max if declared is None else declared
    budget.take(reserved)
    try:
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        yield await _read_within(request, size_max, timeout_s, stretch_s)
    finally:
        budget.give_back(reserved)


async def _read_within(
    request: web.BaseRequest, size_max: int, timeout_s: float, stretch_s: float
) -> bytes:
    if request.content.is_eof():
        # A small body comes with its header: nothing is waited for.
        return _bounded(request.content.read_nowait(), size_max)
    try:
        async with asyncio.timeout(timeout_s):
            return await _read(request, size_max, stretch_s)
    except TimeoutError as error:
        msg = f"the body took longer than {timeout_s:g} s"
        raise BodyTimeout(msg) from error


async def _read(request: web.BaseRequest, size_max: int, stretch_s: float) -> bytes:
    """Whoever drips waits for the deadline of a stretch, not for that of the largest body."""
    data = bytearray()
    while True:
        begun = len(data)
        try:
            async with asyncio.timeout(stretch_s):
                while len(data) - begun < STRETCH_SIZE_MIN:
                    part = await request.content.readany()
                    if not part:
                        return bytes(data)
                    data += part
                    _bounded(data, size_max)
        except TimeoutError as error:
            msg = f"{len(data) - begun} bytes of the body in {stretch_s:g} s"
            raise BodyTimeout(msg) from error


def _bounded(data: B, size_max: int) -> B:
    if len(data) > size_max:
        msg = f"more than {size_max} bytes"
        raise BodyTooLarge(msg)
    return data


def json_form(data: bytes, form: type[M]) -> M:
    """A JSON body as a form; `JsonRefused` or `BodyInvalid` names the place."""
    if data.count(b",") + data.count(b"[") + data.count(b"{") > VALUES_MAX:
        msg = f"more than {VALUES_MAX} values"
        raise BodyInvalid(msg)
    value = read_json(data, size_max=len(data))
    try:
        return form.model_validate(value, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BodyInvalid(first["msg"], f"body#{place}") from error
