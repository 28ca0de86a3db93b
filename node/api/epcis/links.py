"""Where the next page of a list or a result is (RFC 8288)."""

from collections.abc import Mapping

from aiohttp import web

from node.api.epcis.answers import time_text
from node.api.epcis.requests import PAGE_NAME


def next_page(request: web.BaseRequest, token: str, expires_ms: int) -> Mapping[str, str]:
    """The headers that lead to the next page, for as long as the token lives."""
    url = request.url.update_query({PAGE_NAME: token})
    return {
        "Link": f'<{url}>; rel="next"',
        "GS1-Next-Page-Token-Expires": time_text(expires_ms),
    }
