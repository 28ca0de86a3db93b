"""Rows of the route table: the REST binding of EPCIS 2.0, with OPTIONS on every path."""

from collections.abc import Callable
from typing import Any

from chain.errors import HistoryPruned
from node.api.epcis import events, queries, resources, tokens
from node.api.epcis.authority import TokenRefused
from node.api.epcis.capture_routes import CAPTURE, CAPTURE_DISCOVERY
from node.api.epcis.problems import (
    PageTokenInvalid,
    QueryBodyInvalid,
    QueryParameterRefused,
    QueryTooComplex,
    QueryUnknown,
    ResourceExists,
    ResourceUnknown,
    ResultTooLarge,
    UriTooLong,
)
from node.api.epcis.query_book import TooManyChanges, TooManyQueries
from node.api.epcis.query_parameters import PAGE, QUERY
from node.api.epcis.rows import NO_BODY, discovered, standard
from node.api.epcis.streaming import STREAM_PARAMETERS
from node.api.epcis.subscriptions import QUERY_NAME
from node.api.parameters import Parameter
from node.api.problems import MediaTypeUnsupported
from node.api.replies import Reply
from node.api.routing import Call, Route

_ASKED = (QueryParameterRefused, PageTokenInvalid, UriTooLong)
_SOUGHT = (*_ASKED, QueryTooComplex, ResultTooLarge, HistoryPruned)


def _list(path: str, summary: str, read: Callable[[Call], Reply]) -> Route:
    return Route(
        "GET",
        path,
        summary,
        {200: resources.CollectionView},
        read=read,
        parameters=PAGE,
        problems=_ASKED,
        open_query=True,
    )


def _resource(
    path: str,
    what: str,
    parameter: Parameter[str],
    reads: tuple[Callable[[Call], Reply], Callable[[Call], Reply]],
) -> tuple[Route, ...]:
    """A resource that has events, and these."""
    own: tuple[Parameter[Any], ...] = (parameter,)
    return (
        Route(
            "GET",
            path,
            f"What there is of {what}",
            {200: resources.CollectionView},
            read=reads[0],
            parameters=own,
            problems=(ResourceUnknown,),
        ),
        Route(
            "GET",
            f"{path}/events",
            f"Events of {what}",
            {200: events.QueryDocumentView},
            read=reads[1],
            parameters=(*own, *QUERY),
            problems=(ResourceUnknown, *_SOUGHT),
            open_query=True,
            is_long=True,
        ),
    )


_RESOURCES: tuple[Route, ...] = (
    Route(
        "GET",
        "/",
        "The top-level resources of the EPCIS binding",
        {200: resources.CollectionView},
        read=resources.top_level,
    ),
    Route(
        "GET",
        "",
        "The same",
        {200: resources.CollectionView},
        read=resources.top_level_by_itself,
    ),
    _list("/eventTypes", "The types of events", resources.read_event_types),
    *_resource(
        "/eventTypes/{eventType}",
        "a type of events",
        resources.EVENT_TYPE,
        (resources.read_event_type, events.read_events_of_type),
    ),
    _list("/epcs", "Things that events name one by one", resources.read_epcs),
    *_resource(
        "/epcs/{epc}",
        "a thing",
        resources.EPC,
        (resources.read_epc, events.read_events_of_epc),
    ),
    _list("/bizSteps", "Business steps of captured events", resources.read_steps),
    *_resource(
        "/bizSteps/{bizStep}",
        "a business step",
        resources.BIZ_STEP,
        (resources.read_step, events.read_events_of_step),
    ),
    _list("/bizLocations", "Business locations of captured events", resources.read_locations),
    *_resource(
        "/bizLocations/{bizLocation}",
        "a business location",
        resources.BIZ_LOCATION,
        (resources.read_location, events.read_events_of_location),
    ),
    _list("/readPoints", "Read points of captured events", resources.read_points),
    *_resource(
        "/readPoints/{readPoint}",
        "a read point",
        resources.READ_POINT,
        (resources.read_point, events.read_events_of_point),
    ),
    _list("/dispositions", "Dispositions of captured events", resources.read_dispositions),
    *_resource(
        "/dispositions/{disposition}",
        "a disposition",
        resources.DISPOSITION,
        (resources.read_disposition, events.read_events_of_disposition),
    ),
)

_QUERIES: tuple[Route, ...] = (
    Route(
        "GET",
        "/events",
        "Captured events by a query",
        {200: events.QueryDocumentView},
        read=events.read_events,
        parameters=QUERY,
        problems=_SOUGHT,
        open_query=True,
        is_long=True,
    ),
    Route(
        "GET",
        "/events/{eventID}",
        "A captured event by its eventID, CBV hash or key, and those that share it",
        {200: events.QueryDocumentView},
        read=events.read_event_by_name,
        parameters=(events.EVENT_ID,),
        problems=(ResourceUnknown, HistoryPruned),
    ),
    Route(
        "GET",
        "/queries",
        "Named queries of this node",
        {200: queries.NamedQueriesView},
        read=queries.list_queries,
        parameters=PAGE,
        problems=_ASKED,
        open_query=True,
    ),
    Route(
        "POST",
        "/queries",
        "Make a named query",
        {201: queries.NamedQueryView},
        handle=queries.create_query,
        bodies=queries.TAKES,
        problems=(
            MediaTypeUnsupported,
            QueryBodyInvalid,
            QueryParameterRefused,
            QueryTooComplex,
            ResourceExists,
            TooManyQueries,
            TooManyChanges,
            TokenRefused,
        ),
    ),
    Route(
        "GET",
        "/queries/{queryName}",
        "A named query",
        {200: queries.NamedQueryView},
        read=queries.read_query,
        parameters=(QUERY_NAME,),
        problems=(QueryUnknown,),
    ),
    Route(
        "DELETE",
        "/queries/{queryName}",
        "Delete a named query and end its subscriptions",
        {204: NO_BODY},
        handle=queries.delete_query,
        parameters=(QUERY_NAME,),
        problems=(QueryUnknown, TokenRefused, queries.QueryNotYours, TooManyChanges),
    ),
    Route(
        "GET",
        "/queries/{queryName}/events",
        "Events of a named query: a page, or with an upgrade a WebSocket",
        {200: events.QueryDocumentView},
        handle=queries.read_query_events,
        parameters=(QUERY_NAME, *PAGE, *STREAM_PARAMETERS),
        problems=(QueryUnknown, *_SOUGHT),
        is_long=True,
    ),
    Route(
        "DELETE",
        "/nextPageToken/{token}",
        "Release a page token",
        {204: NO_BODY},
        read=tokens.release_page_token,
        parameters=(tokens.TOKEN,),
        problems=(PageTokenInvalid,),
    ),
)

EPCIS: tuple[Route, ...] = discovered(
    tuple(standard(route) for route in (*_RESOURCES, *_QUERIES, *CAPTURE)), CAPTURE_DISCOVERY
)
