"""Rows of the route table: traces and root causes."""

from node.api import traces
from node.api.problems import BlockUnknown, Busy
from node.api.routing import LONG_COST, Route

TRACES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/trace",
        "Where something came from, or where it went, as known at a height; in pages",
        {200: traces.TRACE_MODEL},
        read=traces.read_trace,
        cost=LONG_COST,
        parameters=(
            *traces.GOODS,
            traces.DIRECTION,
            traces.HEIGHT,
            traces.CURSOR,
            traces.LIMIT,
        ),
        problems=(BlockUnknown, Busy),
    ),
    Route(
        "GET",
        "/v1/trace/cause",
        "What several bad things (epc, 2 to 20 times) have in common: nearest first",
        {200: traces.CAUSE_MODEL},
        read=traces.read_cause,
        cost=LONG_COST,
        parameters=(traces.GOODS[0], traces.HEIGHT),
        problems=(BlockUnknown,),
        open_query=True,
    ),
)
