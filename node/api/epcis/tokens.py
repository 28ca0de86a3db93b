"""DELETE of page tokens."""

from typing import Final

from node.api.epcis.page_tokens import TOKEN_SIZE_MAX
from node.api.parameters import Parameter, text_in_path
from node.api.replies import Reply
from node.api.routing import Call

TOKEN: Final[Parameter[str]] = text_in_path(
    "token", f"[A-Za-z0-9_-]{{1,{TOKEN_SIZE_MAX}}}", "a page token"
)


def release_page_token(call: Call) -> Reply:
    """DELETE /v1/epcis/nextPageToken/{token}."""
    call.edge.epcis.pages.release(call.get(TOKEN))
    return Reply(b"", 204)
