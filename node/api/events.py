"""Asking for events: the parameters of GET /v1/events, and its answer without an upgrade."""

from node.api.cursors import CURSOR
from node.api.event_pages import EventFilter, read_page
from node.api.parameters import Parameter, account_in_query, number
from node.api.replies import Reply, json_reply
from node.api.routing import Call

PAGE_EVENTS_MAX = 1000
TYPES_MAX = 16


def _types(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if len(names) > TYPES_MAX or not all(
        name and name.isascii() and name.replace(".", "").replace("_", "").isalnum()
        for name in names
    ):
        msg = f"up to {TYPES_MAX} event types or their beginnings, separated by commas"
        raise ValueError(msg)
    return names


TYPES: Parameter[tuple[str, ...]] = Parameter(
    "types",
    "query",
    _types,
    {"type": "string", "pattern": "^[a-z0-9_.]+(,[a-z0-9_.]+)*$"},
    "only these event types, or all that begin with one up to a dot: `order,pay.transferred`",
    (),
)
ACCOUNT = account_in_query("account", "only events that name this account")
LIMIT = number("limit", 1, PAGE_EVENTS_MAX, 100, "events per page")


def filter_of(call: Call) -> EventFilter:
    """The filter that a request asks for."""
    return EventFilter(call.get(TYPES), call.get(ACCOUNT))


def read_events(call: Call) -> Reply:
    """GET /v1/events without an upgrade."""
    ledger = call.service.ledger
    page = read_page(ledger, call.get(CURSOR), call.get(LIMIT), filter_of(call))
    return json_reply(page.json())
