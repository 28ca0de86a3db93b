"""Rows of the route table: the REST binding of EPCIS 2.0, with OPTIONS on every path."""

from node.api.epcis import resources
from node.api.epcis.capture_routes import CAPTURE, CAPTURE_DISCOVERY
from node.api.epcis.rows import discovered, standard
from node.api.routing import Route

_QUERY: tuple[Route, ...] = (
    Route(
        "GET",
        "/",
        "The top-level resources of the EPCIS binding",
        {200: resources.CollectionView},
        read=resources.top_level,
    ),
)

EPCIS: tuple[Route, ...] = discovered(
    tuple(standard(route) for route in (*_QUERY, *CAPTURE)), CAPTURE_DISCOVERY
)
