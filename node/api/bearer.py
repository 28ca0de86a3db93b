"""The bearer token of a request (RFC 6750 §2.1)."""

from typing import Final

from aiohttp import web

_SCHEME: Final = "bearer"
_HEADER_SIZE_MAX: Final = 256


def bearer_token(request: web.BaseRequest) -> str | None:
    """The one token that the request carries, or None."""
    given = request.headers.getall("Authorization", [])
    if len(given) != 1 or len(given[0]) > _HEADER_SIZE_MAX:
        return None
    scheme, _, token = given[0].partition(" ")
    return token.strip() if scheme.lower() == _SCHEME else None
